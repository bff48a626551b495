"""Operating on a model in the window, by menu, keys and dialogs; every command is one step of undo."""

import json
from pathlib import Path

import onnx
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QPushButton

from sketch.graph.tables import snapshot
from sketch.gui import asides, merging
from sketch.gui.compile_dialog import CompileRequest
from sketch.gui.input_shapes import InputShapes, sizes
from sketch.gui.merging import MergeDialog
from sketch.gui.quantising import QuantiseDialog
from sketch.gui.replacing import ReplaceAll
from sketch.state.document_file import save_document
from tests.gui.windows import CTRL, SHIFT, click, idle, main_window, press

LAYERS = (
    ("Conv2d", {"out_channels": 4, "padding": 1}), ("BatchNorm2d", {}), ("ReLU", {}),
    ("Conv2d", {"out_channels": 4, "padding": 1}), ("BatchNorm2d", {}), ("ReLU", {}),
    ("Flatten", {}), ("Linear", {"out_features": 3}),
)  # fmt: skip


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def draw(window, layers=LAYERS, shape=("N", 3, 8, 8), ends=("image", "scores")):
    """A chain with an Input and an Output; ids of the layers."""
    window.opener.new()
    document = window.desk.document

    def edit(draft):
        last, ids = draft.add("Input", ends[0], {"shape": shape}), []
        for number, (layer, params) in enumerate(layers):
            ids.append(draft.add(layer, None, params, place=(0, 100 * number + 100)))
            draft.connect(last, 0, ids[-1], 0)
            last = ids[-1]
        draft.connect(last, 0, draft.add("Output", ends[1], place=(0, 1000)), 0)
        return ids

    made = document.edit("Draw", edit)
    window.desk.view.frame_all()
    return made


def layers(document):
    return sorted(node.layer for node in document.tables.nodes.values())


def in_dialog(kind: type[QDialog], act) -> None:
    """Wait for a dialog of this type to be in front, then act on it."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind):
            act(dialog)
        else:
            QTimer.singleShot(50, look)

    QTimer.singleShot(50, look)


def palette(window, words: str) -> None:
    """Ctrl+Shift+P, type, Enter."""
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    window.desk.view.setFocus()
    press(window.desk.view, Qt.Key.Key_P, CTRL | SHIFT)
    popup = QApplication.focusWidget()
    QTest.keyClicks(popup, words)
    press(popup, Qt.Key.Key_Return)


def test_outputs_and_inputs_from_the_palette_and_back(window) -> None:
    ids = draw(window)
    document, view = window.desk.document, window.desk.view
    before = snapshot(document.tables)
    view.select([ids[2]])
    palette(window, "make output")
    assert "Made an output: relu1_output." in window.statusBar().currentMessage()
    view.select([ids[3]])
    palette(window, "make input")
    assert layers(document).count("Input") == 2
    document.undo()
    document.undo()
    assert snapshot(document.tables) == before


def test_a_disabled_command_says_why(window) -> None:
    why = window.actions_.why_not
    assert why("model.extract") == "Open or start a network first."
    window.opener.new()
    assert why("model.inputs") == "This network has no Input; add one first."
    assert why("model.fuse") == "This network has no BatchNorm."
    assert why("model.make_output") == "Select layers or wires first."
    ids = draw(window)
    assert why("model.fuse") is None
    window.desk.view.select(ids[:1])
    assert why("model.extract") is None


def test_input_shapes_are_set_together_and_faults_are_shown(window) -> None:
    draw(window)
    document = window.desk.document

    def act(dialog) -> None:
        name, shape, _dtype = dialog.fields(0)
        shape.setText("B, 3, no size")
        ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
        click(ok)
        assert dialog.fault.isVisible()
        assert "shape" in dialog.fault.text()
        name.setText("picture")
        shape.setText("B, 3, 8, 8")
        click(ok)

    in_dialog(InputShapes, act)
    window.actions_["model.inputs"].trigger()
    found = next(node for node in document.tables.nodes.values() if node.layer == "Input")
    assert (found.name, found.params["shape"]) == ("picture", ("B", 3, 8, 8))
    document.undo()
    assert document.tables.nodes[found.id].name == "image"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("N, 3, 8", ("N", 3, 8)),
        ("1x3x8", (1, 3, 8)),
        ("N×3", ("N", 3)),
        ("(2,)", (2,)),
        ("", ()),
        ("max, H/2", ("max", "H/2")),
    ],
)
def test_sizes_as_people_write_them(text, want) -> None:
    assert sizes(text) == want


def test_the_selection_becomes_a_network_in_a_tab_of_its_own(window) -> None:
    ids = draw(window)
    window.desk.view.select(ids[3:6])
    window.actions_["model.extract"].trigger()
    document = window.desk.document
    assert document.name == "untitled part"
    assert layers(document) == ["BatchNorm2d", "Conv2d", "Input", "Output", "ReLU"]
    assert "Extracted: relu1 to relu2_output." in window.statusBar().currentMessage()
    assert not document.can_undo
    assert not [p for p in document.problems() if p.severity == "error"]


@pytest.fixture(params=["at once", "beside"])
def either_way(request, monkeypatch) -> None:
    """Once as for few layers, once as for very many."""
    if request.param == "beside":
        monkeypatch.setattr(asides, "MANY", 0)


def test_all_occurrences_are_counted_shown_and_replaced(window, qtbot, either_way) -> None:
    ids = draw(window)
    window.desk.view.select(ids[1:3])
    window.actions_["model.replace_all"].trigger()
    dialog = next(d for d in QApplication.topLevelWidgets() if isinstance(d, ReplaceAll) and d.isVisible())
    assert "2 occurrences" in dialog.count.text()
    dialog.step(1)
    dialog.step(1)
    assert window.desk.selection == ids[4:6]
    dialog.by.setCurrentIndex(dialog.by.findData("MatMul"))
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    click(ok)
    idle(window, qtbot)
    assert dialog.fault.isVisible()
    assert ok.isEnabled()
    dialog.by.setCurrentIndex(dialog.by.findData("Tanh"))
    click(ok)
    idle(window, qtbot)
    assert len(window.desk.selection) == 2
    assert layers(window.desk.document).count("Tanh") == 2
    assert "BatchNorm2d" not in layers(window.desk.document)
    assert window.desk.document.undo() == "Replace 2 occurrences by Tanh"
    assert layers(window.desk.document).count("BatchNorm2d") == 2


def test_fusing_and_quantising_run_beside_the_window_and_are_one_step_each(window, qtbot) -> None:
    draw(window)
    document = window.desk.document
    window.actions_["model.fuse"].trigger()
    idle(window, qtbot)
    assert "BatchNorm2d" not in layers(document)
    assert "Verified: the outputs agree" in window.statusBar().currentMessage()
    assert document.undo() == "Fuse 2 BatchNorms"
    assert layers(document).count("BatchNorm2d") == 2

    def act(dialog) -> None:
        assert [dialog.table.item(row, 0).text() for row in range(3)] == ["conv1", "conv2", "fc1"]
        first = dialog.total.text()
        box = next(iter(dialog.boxes.values()))
        box.setCurrentIndex(box.findData("keep"))
        assert dialog.total.text() != first
        click(dialog.measure)
        qtbot.waitUntil(dialog.measure.isEnabled, timeout=60_000)
        assert dialog.effect.text().startswith("Outputs change by at most scores")
        click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))

    in_dialog(QuantiseDialog, act)
    window.actions_["model.quantise"].trigger()
    idle(window, qtbot)
    found = layers(document)
    assert found.count("ai.onnx:DequantizeLinear") == 2
    assert found.count("Conv2d") == 1
    assert "25 %" not in window.statusBar().currentMessage()
    assert document.undo() == "Quantise 2 weights"
    assert layers(document).count("Conv2d") == 2


@pytest.mark.parametrize("command", ["model.fuse", "model.quantise", "model.lower"])
def test_what_was_worked_out_for_a_tab_that_is_closed_is_left_out(window, qtbot, command) -> None:
    draw(window)
    window.actions_.run("edit.select_all")
    window.actions_.run(command)
    (job,) = window.jobs.running
    window.opener.close()
    idle(window, qtbot)
    assert job.state == "done"
    assert QApplication.activeModalWidget() is None


def test_fold_says_when_nothing_folds(window, qtbot) -> None:
    draw(window)
    window.actions_["model.fold"].trigger()
    assert window.statusBar().currentMessage() == "No layer depends on constants only."


def test_merge_asks_for_the_wires(window, qtbot, tmp_path, either_way) -> None:
    draw(window, [("Linear", {"out_features": 2})], ("N", 3), ("scores", "answer"))
    tail = tmp_path / "tail.sketch"
    save_document(window.desk.document, tail)
    draw(window)
    document = window.desk.document

    def act(dialog) -> None:
        (box,) = dialog.choices.values()
        assert box.currentText().startswith("scores: float32 N×3")
        dialog.prefix.setText("head_")
        click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))

    in_dialog(MergeDialog, act)
    merging.read(window, tail)
    idle(window, qtbot)
    assert window.statusBar().currentMessage() == "Merged tail: 1 wired."
    names = {node.name: node for node in document.tables.nodes.values()}
    assert "head_fc1" in names
    source = names["head_fc1"].prior[0].source
    assert document.tables.nodes[source].name == "fc1"
    assert document.undo() == "Merge tail"
    assert "head_fc1" not in {node.name for node in document.tables.nodes.values()}


def test_a_file_that_is_no_drawing_is_not_merged(window, tmp_path) -> None:
    draw(window)
    file = tmp_path / "notes.sketch"
    file.write_bytes(b"no drawing")
    said = []
    in_dialog(QMessageBox, lambda box: (said.append(box.text()), box.accept()))
    assert merging.read(window, file) is None
    assert said == [f"{file}: this is no Sketch document."]


def test_a_model_that_was_read_for_a_tab_that_is_closed_is_left(window, qtbot, tmp_path) -> None:
    graph = onnx.parser.parse_graph("g (float[N,4] x) => (float[N,4] y) { y = Tanh(x) }")
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, tmp_path / "m.onnx")
    draw(window)
    job = merging.read(window, tmp_path / "m.onnx")
    window.opener.close()
    idle(window, qtbot)
    assert job.state == "done"
    assert QApplication.activeModalWidget() is None


def test_the_proof_runs_the_source_after_a_restart_and_is_saved(qtbot, tmp_path, monkeypatch) -> None:
    graph = onnx.parser.parse_graph("g (float[N,4] x) => (float[N,4] y) { y = Tanh(x) }")
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, tmp_path / "m.onnx")
    with main_window(qtbot) as window:
        window.opener.open_file(tmp_path / "m.onnx")
        idle(window, qtbot)
        assert window.desk.document is not None
    with main_window(qtbot) as window:
        qtbot.waitUntil(lambda: window.desk.document is not None)
        window.compiler.run(CompileRequest("pytorch", tmp_path / "m.pth", {}, verify=True))
        idle(window, qtbot)
        result = window.compiler.results[-1]
        assert result.report.verification.against == "m.onnx"
        place = tmp_path / "m.pth.proof.json"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (a[2], ""))
        click(next(b for b in result.findChildren(QPushButton) if b.text() == "Save report..."))
        assert json.loads(Path(place).read_text())["proof"]["against"] == "m.onnx"
        result.close()


def test_layers_as_operators_and_back(window, qtbot) -> None:
    ids = draw(
        window, [("Linear", {"out_features": 4}), ("GELU", {}), ("Linear", {"out_features": 3})], ("N", 8)
    )
    document = window.desk.document
    window.desk.view.select(ids[:2])
    assert window.actions_.why_not("model.raise") == "Select operators first."
    window.actions_["model.lower"].trigger()
    idle(window, qtbot)
    found = layers(document)
    assert found.count("Linear") == 1, window.statusBar().currentMessage()
    assert "GELU" not in found
    assert not [p for p in document.problems() if p.severity == "error"]
    operators = [n.id for n in document.tables.nodes.values() if ":" in n.layer]
    window.desk.view.select(operators)
    assert window.actions_.why_not("model.lower") == "These are operators already."
    window.actions_["model.raise"].trigger()
    idle(window, qtbot)
    assert [x for x in layers(document) if ":" in x] == [], window.statusBar().currentMessage()
    assert layers(document).count("GELU") == 1
    assert document.undo() == "Raise to layers"
    assert document.undo() == "Show as operators"
    assert layers(document).count("Linear") == 2
