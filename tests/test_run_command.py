"""`sketch run`: outputs against onnxruntime, files and pictures as inputs, what is refused."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from PySide6.QtGui import QColor, QImage

from sketch import cli


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A convolution, a logarithm and a mean, as a file that onnxruntime runs."""
    random = np.random.default_rng(1)
    weight = random.standard_normal((4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], name="pool"),
        helper.make_node("Log", ["p"], ["y"], name="log"),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4, 1, 1])],
        [numpy_helper.from_array(weight, "w")],
    )  # fmt: skip
    path = tmp_path_factory.mktemp("models") / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def run(capsys, *words: object) -> tuple[int, str, str]:
    code = cli.main(["run", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_outputs_are_those_of_onnxruntime(engine, capsys, model, tmp_path) -> None:
    x = np.random.default_rng(2).standard_normal((2, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    target = tmp_path / "out.npz"
    code, out, _ = run(
        capsys, model, "--input", f"x={tmp_path / 'x.npy'}", "--json", "--all", "--save", target
    )
    found = json.loads(out)
    (expected,) = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    assert code == 0
    with np.load(target) as arrays:
        np.testing.assert_allclose(arrays["y"], expected, rtol=1e-4, atol=1e-5)
    (fact,) = found["outputs"]
    assert (fact["name"], fact["shape"], fact["nan"]) == ("y", [2, 4, 1, 1], 0)
    assert fact["mean"] == pytest.approx(float(expected.mean()), rel=1e-4)
    assert {"x", "conv", "relu"} <= {node["name"] for node in found["nodes"]}
    assert (found["failures"], found["origin"], found["files"]) == ([], None, [str(target)])


def test_random_numbers_follow_the_seed_and_the_shape(engine, capsys, model) -> None:
    texts = [run(capsys, model, "--seed", seed, "--input", "x=3x3x8x8")[1] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert "3×4×1×1 float32" in texts[0]


def test_a_picture_can_be_given_and_where_inf_begins_is_said(engine, capsys, model, tmp_path) -> None:
    picture = QImage(20, 10, QImage.Format.Format_RGB888)
    picture.fill(QColor(0, 0, 0))
    picture.save(str(tmp_path / "black.png"))
    code, out, _ = run(capsys, model, "--input", f"x={tmp_path / 'black.png'}", "--all")
    assert code == 0
    assert "x     1×3×8×8 float32; 0 to 0; mean 0, std 0; 100.0% zeros" in out
    assert "Inf begins at 'log' (Log): 4 of 4 values; what comes in is finite, from 0 to 0." in out


def test_an_operator_that_torch_lacks_runs_through_onnxruntime(engine, capsys, tmp_path) -> None:
    nodes = [
        helper.make_node("Tanh", ["x"], ["t"], name="tanh"),
        helper.make_node("QuickGelu", ["t"], ["y"], name="own", domain="com.microsoft", alpha=1.5),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in ("x", "y")]
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    path = tmp_path / "own.onnx"
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    x = np.random.default_rng(3).standard_normal((2, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    words = (path, "--input", f"x={tmp_path / 'x.npy'}", "--all", "--save", tmp_path / "out.npz")
    code, out, _ = run(capsys, *words)
    (expected,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    assert code == 0
    with np.load(tmp_path / "out.npz") as arrays:
        np.testing.assert_allclose(arrays["y"], expected, rtol=1e-5)
    assert [line.split()[0] for line in out.splitlines()] == ["x", "tanh", "own"]
    code, out, _ = run(capsys, *words, "--train")
    assert code == 1
    assert "failed: own: It cannot run: " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--input", "z=1x3x8x8"), "no input 'z'"),
        (("--input", "x=Nx3x8x8"), "give numbers for all sizes"),
        (("--input", "x=1x3x9x8"), "Input 'x' takes 1×3×8×8, got 1×3×9×8"),
        (("--input", "x=nowhere.npy"), "nowhere.npy: cannot be read"),
        (("--input", "x=nowhere.png"), "nowhere.png: there is no such file"),
        (("--save", "out.txt"), "ends in .npz"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(engine, capsys, model, words, said) -> None:
    code, out, err = run(capsys, model, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_the_command_runs_without_a_screen_and_without_a_framework_beside_the_worker(model, tmp_path) -> None:
    picture = QImage(9, 9, QImage.Format.Format_RGB888)
    picture.fill(QColor(255, 255, 255))
    picture.save(str(tmp_path / "white.png"))
    code = (
        "import sys; from sketch.__main__ import main; code = main(['run', *sys.argv[1:]]);"
        "print([m for m in ('torch', 'onnx', 'onnxruntime') if m in sys.modules]); sys.exit(code)"
    )
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    words = [sys.executable, "-c", code, model, "--input", f"x={tmp_path / 'white.png'}", "--all"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=bare)
    assert done.returncode == 0, done.stderr
    assert "1×3×8×8 float32; 1 to 1" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
