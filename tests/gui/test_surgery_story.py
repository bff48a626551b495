"""Operating on a model in the window, by menu, keys and dialogs; every command is one step of undo."""

import json
from pathlib import Path

import onnx
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QPushButton

from sketch.binder.surgery.quantising import Choice, Outcome, Weight
from sketch.graph.tables import snapshot
from sketch.gui import asides, input_shapes, merging, reading
from sketch.gui.compile_dialog import CompileRequest
from sketch.gui.input_shapes import InputShapes, sizes
from sketch.gui.merging import MergeDialog
from sketch.gui.quantising import QuantiseDialog
from sketch.gui.quantising_table import Choices
from sketch.gui.replacing import ReplaceAll
from sketch.state import commands
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


def test_input_shapes_are_set_together_and_faults_are_shown(window, qtbot) -> None:
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
    qtbot.waitUntil(lambda: document.undo_label == "Set 1 input")
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
    window.desk.view.select(window.desk.document.tables.nodes)
    window.actions_["model.replace_all"].trigger()
    idle(window, qtbot)
    assert "is an end of the model" in window.statusBar().currentMessage()
    window.desk.view.select(ids[1:3])
    window.actions_["model.replace_all"].trigger()
    idle(window, qtbot)
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
        rows = dialog.table.model()
        assert [rows.index(row, 0).data() for row in range(3)] == ["conv1", "conv2", "fc1"]
        first = dialog.total.text()
        box = next(iter(dialog.table.fields.values()))
        box.setCurrentIndex(box.findData("keep"))
        assert dialog.total.text() != first
        click(dialog.measure)
        qtbot.waitUntil(dialog.measure.isEnabled, timeout=60_000)
        assert dialog.effect.text().startswith("Outputs change by at most scores")
        click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))

    in_dialog(QuantiseDialog, act)
    window.actions_["model.quantise"].trigger()
    idle(window, qtbot)  # measured, and asked in the turn after that
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
    idle(window, qtbot)
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


def test_what_else_may_feed_an_input_is_listed_when_one_comes_to_it(window, qtbot, tmp_path) -> None:
    draw(window, [("Linear", {"out_features": 2})], ("N", 3), ("scores", "answer"))
    tail = save_document(window.desk.document, tmp_path / "tail.sketch")
    draw(window)
    document = window.desk.document
    behind = next(node.id for node in document.tables.nodes.values() if node.layer == "Linear")
    document.edit(
        "Draw", lambda draft: draft.connect(behind, 0, draft.add("Output", "also", place=(900, 0)), 0)
    )

    seen = []

    def act(dialog) -> None:
        (box,) = dialog.choices.values()
        seen.append([box.itemText(row) for row in range(box.count())])
        box.setFocus()
        QApplication.processEvents()
        seen.append([box.itemText(row) for row in range(box.count())])
        seen.append(box.currentText())
        box.setCurrentIndex(box.count() - 1)
        click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))

    in_dialog(MergeDialog, act)
    merging.read(window, tail)
    idle(window, qtbot)
    first, all_, chosen = seen
    assert first == ["stays an input", chosen]
    assert set(first) < set(all_)
    assert chosen.startswith("scores: ")
    assert all_[-1].startswith("also: ")
    assert window.statusBar().currentMessage() == "Merged tail: 1 wired."


def test_a_file_that_is_no_drawing_is_not_merged(window, qtbot, tmp_path) -> None:
    draw(window)
    file = tmp_path / "notes.sketch"
    file.write_bytes(b"no drawing")
    said = []
    in_dialog(QMessageBox, lambda box: (said.append(box.text()), box.accept()))
    merging.read(window, file)
    idle(window, qtbot)
    qtbot.waitUntil(lambda: bool(said))
    assert said == [f"{file}: this is no Sketch document."]


@pytest.fixture
def tail(window, tmp_path) -> Path:
    """A drawing that can be merged behind what `draw` draws."""
    draw(window, [("Linear", {"out_features": 2})], ("N", 3), ("scores", "answer"))
    return save_document(window.desk.document, tmp_path / "tail.sketch")


@pytest.mark.parametrize("meanwhile", ["cancel", "close the tab", "close the window"])
def test_a_drawing_that_is_read_for_nothing_is_left(window, qtbot, tail, meanwhile) -> None:
    draw(window)
    tab, before = window.desk.tab, snapshot(window.desk.document.tables)
    job = merging.read(window, tail)
    assert [job.title for job in window.jobs.running] == ["Read tail.sketch"]
    said = {"cancel": "Read tail.sketch: cancelled.", "close the window": ""}.get(
        meanwhile, f"tail.sketch was not merged: {tab.document.name} was closed meanwhile."
    )
    if meanwhile == "cancel":
        job.cancel()
    elif meanwhile == "close the tab":
        window.opener.close(tab)
    else:
        window.close()
    idle(window, qtbot)
    assert QApplication.activeModalWidget() is None
    if meanwhile == "cancel":  # the rows of a closed drawing are let go
        assert snapshot(tab.document.tables) == before
    assert any(said in record.message for record in window.services.log.records())


@pytest.mark.parametrize("meanwhile", ["edit", "another tab"])
def test_merging_asks_about_the_drawing_it_was_begun_for_as_it_is_by_then(window, qtbot, tail, meanwhile):
    draw(window)
    tab, document = window.desk.tab, window.desk.document
    merging.read(window, tail)
    if meanwhile == "edit":
        commands.rename(document, document.tables.named(None, "scores"), "result")
    else:
        window.opener.new()

    def act(dialog) -> None:
        (box,) = dialog.choices.values()
        assert box.currentText().startswith("result" if meanwhile == "edit" else "scores")
        click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))

    in_dialog(MergeDialog, act)
    idle(window, qtbot)
    assert window.desk.tab is tab
    assert document.undo_label == "Merge tail"


def test_a_merge_that_is_refused_when_the_dialog_is_gone_is_told(window, qtbot, tail, monkeypatch) -> None:
    monkeypatch.setattr(asides, "MANY", 0)
    draw(window)
    said = []

    def act(dialog) -> None:
        window.desk.document.undo()  # the layers that it is about are gone
        in_dialog(QMessageBox, lambda box: (said.append(box.text()), box.accept()))
        click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))

    in_dialog(MergeDialog, act)
    merging.read(window, tail)
    idle(window, qtbot)
    qtbot.waitUntil(lambda: bool(said))
    assert "There is no node" in said[0]


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


def test_thousands_of_weights_have_fields_where_one_looks(window, show) -> None:
    modes = (Choice("int8"), Choice("int8", False), Choice("float16"), Choice("keep"))
    found = [Weight(n, f"fc{n}", "Linear", (4, 4), "float32", "tied" if n == 7 else "") for n in range(3000)]
    sizes = {"int8": 20, "float16": 32, "keep": 64}
    made = {
        (w.node, c): Outcome(0.5, 64, sizes[c.mode] - 4 * (not c.per_channel)) for w in found for c in modes
    }
    dialog = show(QuantiseDialog(window, window.desk.document, found, Choices(found, made)))
    QApplication.processEvents()
    table, few = dialog.table, len(dialog.table.fields)
    assert 0 < few < 40
    assert 7 not in table.fields
    assert table.model().index(7, 5).data() == "tied"
    assert dialog.total.text() == f"{64 * 2999:,} to {20 * 2999:,} bytes (31 %)"
    table.scrollToBottom()
    QApplication.processEvents()
    field = table.fields[2999]
    assert len(table.fields) < 3 * few
    field.setCurrentIndex(field.findData("float16"))
    assert dialog.total.text() == f"{64 * 2999:,} to {20 * 2998 + 32:,} bytes (31 %)"
    assert table.model().index(2999, 4).data() == "32"
    dialog.per_channel.setChecked(False)
    assert dialog.total.text() == f"{64 * 2999:,} to {16 * 2998 + 32:,} bytes (25 %)"
    dialog.all.setCurrentIndex(dialog.all.findData("keep"))
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()
    assert {box.currentData() for box in table.fields.values()} == {"keep"}
    table.scrollTo(table.model().index(1500, 0))
    QApplication.processEvents()
    assert table.fields[1500].currentData() == "keep"
    assert {choice.mode for choice in dialog.choices().values()} == {"keep"}


def test_a_pattern_in_a_large_drawing_is_looked_for_in_slices(window, qtbot, monkeypatch):
    monkeypatch.setattr(reading, "FEW", 0)
    ids = draw(window)
    window.desk.view.select(ids[1:3])
    window.actions_.run("model.replace_all")
    dialog = next(d for d in QApplication.topLevelWidgets() if isinstance(d, ReplaceAll) and d.isVisible())
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert dialog.count.text().endswith("looking...")
    assert not ok.isEnabled()
    dialog.any_params.setChecked(True)  # anew, and of the first search nothing comes
    qtbot.waitUntil(ok.isEnabled)
    assert "2 occurrences" in dialog.count.text()
    dialog.close()


def test_all_inputs_are_set_however_early_ok_is_pressed(window, monkeypatch):
    monkeypatch.setattr(input_shapes, "ROWS_AT_ONCE", 1)
    draw(window)
    document = window.desk.document
    for row in range(3):
        commands.add_at(document, "Input", (400.0, 100.0 * row))
    dialog = InputShapes(window, window.desk.view)
    assert dialog.table.rowCount() == 1
    dialog.fields(0)[0].setText("first")
    dialog._apply()
    assert dialog.table.rowCount() == 4
    assert sum(node.layer == "Input" for node in document.tables.nodes.values()) == 4
    assert document.tables.named(None, "first") is not None
    dialog.deleteLater()
