"""Compiling what was drawn: the files run without Sketch, and undo followed by redo gives the same tensors."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from sketch.gui import background
from sketch.gui.compile_check import NetworkCheck
from sketch.gui.compile_dialog import CompileDialog, CompileRequest
from sketch.state import commands
from tests.gui.windows import (
    CTRL,
    bring_to_front,
    draw_lenet,
    main_window,
    press,
    redo_everything,
    undo_everything,
)

RUN_PTH = """
import sys, numpy as np, torch
sys.modules["sketch"] = None
program = torch.load(sys.argv[1], weights_only=False)
x = torch.from_numpy(np.load(sys.argv[2]))
np.save(sys.argv[3], program.eval()(x).detach().numpy())
"""
RUN_ONNX = """
import sys, numpy as np, onnxruntime
sys.modules["sketch"] = sys.modules["torch"] = None
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
x = np.load(sys.argv[2])
np.save(sys.argv[3], session.run(None, {session.get_inputs()[0].name: x})[0])
"""


def fill_compile_dialog(path: Path) -> None:
    """Wait for the compile dialog, give it a file and press Enter."""
    dialog = QApplication.activeModalWidget()
    if not isinstance(dialog, CompileDialog):
        QTimer.singleShot(50, lambda: fill_compile_dialog(path))
        return
    kernel = {".pth": "pytorch", ".onnx": "onnx"}[path.suffix]
    dialog.kernel.setCurrentIndex(dialog.kernel.findData(kernel))
    dialog.path.setText(str(path))
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()


def compile_by_keys(window, qtbot, path: Path) -> None:
    """Ctrl+B, the dialog, and wait for the result."""
    bring_to_front(window)
    QTimer.singleShot(50, lambda: fill_compile_dialog(path))
    press(window, Qt.Key.Key_B, CTRL)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=120_000)
    assert path.exists(), window.statusBar().currentMessage()
    result = window.compiler.results[-1]
    assert result.report.files == (path,)
    assert result.report.verification is not None, result.report.notes
    assert result.report.verification.agrees
    assert result.report.verification.max_abs_error <= 1e-5
    result.close()


def answers(program: str, path: Path, folder: Path) -> np.ndarray:
    """What a file computes in a clean interpreter."""
    given, got = folder / "x.npy", folder / "y.npy"
    np.save(given, np.random.default_rng(7).standard_normal((2, 1, 28, 28)).astype(np.float32))
    command = [sys.executable, "-I", "-c", program, str(path), str(given), str(got)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return np.load(got)


def tensor_digests(path: Path) -> list[str]:
    """Digests of all tensors in an .onnx file, by name."""
    import onnx
    from onnx import numpy_helper

    weights = sorted(onnx.load(path).graph.initializer, key=lambda tensor: tensor.name)
    return [f"{w.name} {hashlib.sha256(numpy_helper.to_array(w).tobytes()).hexdigest()}" for w in weights]


@pytest.mark.xvfb
def test_lenet_is_drawn_compiled_and_runs_without_sketch(qtbot, tmp_path):
    with main_window(qtbot) as window:
        draw_lenet(window)
        pth, onnx = tmp_path / "lenet.pth", tmp_path / "lenet.onnx"
        compile_by_keys(window, qtbot, pth)
        compile_by_keys(window, qtbot, onnx)
        one, other = answers(RUN_PTH, pth, tmp_path), answers(RUN_ONNX, onnx, tmp_path)
        assert one.shape == (2, 10)
        assert np.abs(one - other).max() <= 1e-5

        first = tensor_digests(onnx)
        first_bytes = pth.read_bytes()
        assert undo_everything(window) == redo_everything(window)
        compile_by_keys(window, qtbot, pth)
        compile_by_keys(window, qtbot, onnx)
        assert tensor_digests(onnx) == first
        assert pth.read_bytes() == first_bytes


def test_a_cancelled_compile_leaves_no_file(qtbot, tmp_path):
    with main_window(qtbot) as window:
        window.opener.example("vgg16")
        path = tmp_path / "vgg.onnx"
        window.compiler.run(CompileRequest("onnx", path, {}, verify=False))
        assert window.actions_.why_not("compile.cancel") is None
        window.actions_["compile.cancel"].trigger()
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=20_000)
        assert not path.exists()
        assert "cancelled" in window.statusBar().currentMessage()
        assert window.job_bar.isHidden()


@pytest.fixture
def lenet(qtbot, monkeypatch):
    """A window with a network that counts as large."""
    monkeypatch.setattr(background, "FEW", 0)
    with main_window(qtbot) as window:
        window.opener.example("lenet5")
        yield window


def test_a_large_network_is_checked_while_the_dialog_is_open(lenet, qtbot):
    document = lenet.desk.document
    commands.add_layer(document, "Linear", (900.0, 0.0))  # nothing feeds it
    check = NetworkCheck(lenet, document)
    dialog = CompileDialog(lenet, lenet.services.registry, check, "pytorch", lenet.folder)
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert (dialog.obstacle.text(), ok.isEnabled()) == ("Checking the network...", False)
    qtbot.waitUntil(lambda: not lenet.jobs.running)
    assert "fc" in dialog.obstacle.text()
    assert not ok.isEnabled()
    document.undo()
    again = NetworkCheck(lenet, document)
    dialog = CompileDialog(lenet, lenet.services.registry, again, "pytorch", lenet.folder)
    qtbot.waitUntil(lambda: not lenet.jobs.running)
    assert dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()


def test_a_dialog_that_is_left_while_the_network_is_checked(lenet, qtbot):
    check = NetworkCheck(lenet, lenet.desk.document)
    CompileDialog(lenet, lenet.services.registry, check, "pytorch", lenet.folder).reject()
    check.deleteLater()
    qtbot.waitUntil(lambda: not lenet.jobs.running)


def test_what_is_compiled_is_what_was_drawn_at_the_command(lenet, qtbot, tmp_path):
    document, path = lenet.desk.document, tmp_path / "lenet.onnx"
    lenet.compiler.run(CompileRequest("onnx", path, {}, verify=False))
    commands.remove(document, [document.tables.named(None, "conv1")])
    qtbot.waitUntil(lambda: not lenet.jobs.running, timeout=60_000)
    assert path.exists(), lenet.statusBar().currentMessage()
    assert any(name.startswith("conv1") for name in tensor_digests(path))
    lenet.compiler.results[-1].close()
