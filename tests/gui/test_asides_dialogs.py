"""A dialog is filled while a job works for the same drawing: what the job makes and what OK asks for both come in."""

import re

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from sketch.graph.tables import snapshot
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.group_blocks import PublishDialog
from sketch.gui.group_repeat import RepeatDialog
from sketch.gui.input_shapes import InputShapes
from sketch.gui.merging import MergeDialog
from sketch.gui.quantising import QuantiseDialog
from sketch.gui.replacing import ReplaceAll
from sketch.state import blocks, commands
from sketch.state.document import Document
from sketch.state.document_file import save_document
from tests.gui.canvas.conftest import chain
from tests.gui.meanwhile import (
    GONE,
    KEPT,
    ORDERS,
    Story,
    choosing,
    confirm,
    draw,
    on_wire,
    one_group,
    one_layer,
    play,
    taking,
    until,
    window_with_few,
)
from tests.gui.windows import idle


@pytest.fixture
def window(qtbot, user_folders, monkeypatch):
    with window_with_few(qtbot, monkeypatch) as found:
        yield found


@pytest.fixture
def drawing(window, tmp_path, monkeypatch):
    made = draw(window, tmp_path)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: made.said.append(box.text()) or 0)
    return made


def fill(field, text: str) -> None:
    field.selectAll()
    QTest.keyClicks(field, text)


def set_shapes(dialog, drawing, which) -> None:
    rows = map(dialog.fields, range(dialog.table.rowCount()))
    name, shape, _ = next(row for row in rows if row[0].text() == f"input{which + 1}")
    fill(name, "picture")
    fill(shape, "N, 4, 16, 16")
    confirm(dialog)


def repeat_three_times(dialog, drawing, which) -> None:
    dialog.times.selectAll()
    QTest.keyClicks(dialog.times.lineEdit(), "3")
    confirm(dialog)


def replace_by_identity(dialog, drawing, which) -> None:
    dialog.by.setCurrentIndex(dialog.by.findData("Identity"))
    confirm(dialog)


def name_block(dialog, drawing, which) -> None:
    fill(dialog.name, "my block")
    confirm(dialog)


def wire_up(dialog, drawing, which) -> None:
    (box,) = dialog.choices.values()
    box.list_all()
    box.setCurrentIndex(box.findData(drawing.outputs[which]))
    assert box.currentData() == drawing.outputs[which]
    confirm(dialog)


def quantise_one(dialog, drawing, which) -> None:
    dialog.all.setCurrentIndex(dialog.all.findData("keep"))
    name = f"What conv{2 * which + 2} becomes"
    box = next(box for box in dialog.table.fields.values() if box.accessibleName() == name)
    box.setCurrentIndex(box.findData("int8"))
    confirm(dialog)


def lone_layer(drawing, which) -> list[int]:
    return [drawing.wire(which).source]


def merge(window, drawing, which) -> None:
    tail = Document(window.services.library, store=window.services.store, folder=None, name="tail")
    ids = chain(tail, "Input", "ReLU", "Output")
    commands.set_param(tail, [ids[0]], "shape", ("N", 4 + which, 4, 4))
    save_document(tail, drawing.folder / "tail.sketch")
    tail.close()
    window.actions_.run("model.merge")


LAYERS = [
    Story(
        "quick add", FilterPopup, choosing("insert.quick_add", lambda *_: []), taking("GELU"),
        lambda drawing: "GELU" in drawing.kinds,
    ),
    Story(
        "into a wire", FilterPopup, on_wire("wire.insert"), taking("GELU"),
        lambda drawing: drawing.node(drawing.wire(KEPT).source).layer == "GELU", "There is no|no longer",
    ),
    Story(
        "draw a wire", FilterPopup, choosing("wire.draw", one_layer), taking("add"),
        lambda drawing: drawing.node(drawing.spares[KEPT]).prior[0].source == drawing.layers[KEPT],
        "There is no|no longer",
    ),
    Story(
        "move a wire", FilterPopup, on_wire("wire.move_end"), taking("add"),
        lambda drawing: drawing.node(drawing.spares[KEPT]).prior and not drawing.node(drawing.layers[KEPT]).prior,
        "There is no|no longer",
    ),
    Story(
        "another type", FilterPopup, choosing("edit.replace_layer", one_layer), taking("GELU"),
        lambda drawing: drawing.node(drawing.layers[KEPT]).layer == "GELU", "There is no",
    ),
    Story(
        "repeat", RepeatDialog, choosing("group.repeat", one_group), repeat_three_times,
        lambda drawing: drawing.kinds.count("Tanh") == 3, "There is no",
    ),
    Story(
        "publish", PublishDialog, choosing("group.publish", one_group), name_block,
        lambda drawing: "my block" in blocks.names(), "There is no", is_edit=False,
    ),
]  # fmt: skip
MODEL = [
    Story(
        "input shapes", InputShapes, choosing("model.inputs", lambda *_: []), set_shapes,
        lambda drawing: drawing.node(drawing.inputs[KEPT]).name == "picture", "There is no",
    ),
    Story(
        "replace all", ReplaceAll, choosing("model.replace_all", lone_layer), replace_by_identity,
        lambda drawing: "Identity" in drawing.kinds, "no longer",
    ),
    Story(
        "merge", MergeDialog, merge, wire_up,
        lambda drawing: "ReLU" in drawing.kinds and "Output" in drawing.kinds, "There is no",
    ),
    Story(
        "quantise", QuantiseDialog, choosing("model.quantise", lambda *_: []), quantise_one,
        lambda drawing: "ai.onnx:DequantizeLinear" in drawing.kinds, "has changed meanwhile",
    ),
]  # fmt: skip
STORIES = [*LAYERS, *MODEL]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_both_come_in_each_as_a_step(window, drawing, qtbot, monkeypatch, story, order):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(drawing.folder / "tail.sketch"), ""))
    held = play(window, drawing, story, order, KEPT)
    held.end()
    idle(window, qtbot)
    document = drawing.document
    assert story.was_done(drawing), drawing.said
    assert not document.tables.nodes.keys() & set(drawing.gone)
    assert document.undo() if story.is_edit else True
    assert snapshot(document.tables) == held.after
    assert document.undo()
    assert snapshot(document.tables) == held.before


ASKED = [(story, order) for story in STORIES for order in ORDERS if story.sentence]


@pytest.mark.parametrize(("story", "order"), ASKED, ids=str)
def test_what_was_asked_of_something_that_has_gone_by_then_is_told(
    window, drawing, qtbot, monkeypatch, story, order
):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(drawing.folder / "tail.sketch"), ""))
    held = play(window, drawing, story, order, GONE)
    held.end()
    idle(window, qtbot)
    assert snapshot(drawing.document.tables) == held.after
    assert any(re.search(story.sentence, text) for text in drawing.said), drawing.said


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_answer_stays_when_the_job_is_cancelled(window, drawing, qtbot, monkeypatch, story):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(drawing.folder / "tail.sketch"), ""))
    held = play(window, drawing, story, ORDERS[0], KEPT)
    if story.name == "quantise":
        until(lambda: [job.title for job in window.jobs.running] == ["Delete"])
    held.cancel()
    idle(window, qtbot)
    assert story.was_done(drawing), drawing.said
    if story.is_edit:
        drawing.document.undo()
    assert snapshot(drawing.document.tables) == held.before
