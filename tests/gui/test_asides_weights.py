"""Weights are chosen in a dialog while a job works for the same drawing."""

import re

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from sketch.graph.tables import snapshot
from sketch.gui.weights_initialise import InitialiseWeights
from sketch.gui.weights_load import LoadWeights
from sketch.gui.weights_viewer import TensorViewer
from sketch.state import commands
from tests.gui.meanwhile import (
    BEFORE,
    GONE,
    KEPT,
    MEANWHILE,
    ORDERS,
    Held,
    Story,
    choosing,
    confirm,
    draw,
    meet,
    one_layer,
    play,
    until,
    window_with_few,
)
from tests.gui.windows import click, idle, press


@pytest.fixture
def window(qtbot, user_folders, monkeypatch):
    with window_with_few(qtbot, monkeypatch) as found:
        yield found


@pytest.fixture
def drawing(window, tmp_path, monkeypatch):
    made = draw(window, tmp_path)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: made.said.append(box.text()) or 0)
    return made


def load_file(dialog, drawing, which) -> None:
    click(dialog.file)
    confirm(dialog)


def choose_first(dialog, drawing, which) -> None:
    press(dialog, Qt.Key.Key_Return)


def has_weight(drawing) -> bool:
    return (drawing.layers[KEPT], "weight") in drawing.document.tables.weights


STORIES = [
    Story(
        "initialise", InitialiseWeights, choosing("weights.initialise", one_layer), confirm, has_weight,
        "no longer in the drawing",
    ),
    Story(
        "load", LoadWeights, choosing("weights.load", lambda *_: []), load_file, has_weight,
        "no longer in the drawing|0 matched",
    ),
    Story(
        "set", QInputDialog, choosing("weights.set", one_layer), choose_first, has_weight, "no longer in the drawing",
    ),
    Story(
        "freeze", TensorViewer, choosing("weights.view", one_layer),
        lambda viewer, _drawing, _which: click(viewer.frozen),
        lambda drawing: "frozen" in str(drawing.document.tables.meta),
        "no trainable weight|no longer in the drawing",
    ),
]  # fmt: skip


@pytest.fixture
def arrays(drawing, monkeypatch):
    """A file dialog that finds arrays for the weights of a layer."""

    def made(which: int) -> None:
        array = np.ones((4 + which, 4 + which, 3, 3), np.float32)
        np.savez(drawing.folder / "found.npz", **{f"conv{2 * which + 2}.weight": array})
        monkeypatch.setattr(
            QFileDialog, "getOpenFileName", lambda *_: (str(drawing.folder / "found.npz"), "")
        )

    return made


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_both_come_in_each_as_a_step(window, drawing, qtbot, arrays, story, order):
    arrays(KEPT)
    held = play(window, drawing, story, order, KEPT)
    held.end()
    idle(window, qtbot)
    document = drawing.document
    assert story.was_done(drawing), drawing.said
    assert document.undo()
    assert snapshot(document.tables) == held.after
    assert document.undo()
    assert snapshot(document.tables) == held.before


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_what_was_asked_of_weights_that_have_gone_by_then_is_told(
    window, drawing, qtbot, arrays, story, order
):
    arrays(GONE)
    held = play(window, drawing, story, order, GONE)
    held.end()
    idle(window, qtbot)
    assert snapshot(drawing.document.tables) == held.after
    assert any(re.search(story.sentence, text) for text in drawing.said), drawing.said


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_weights_stay_when_the_job_is_cancelled(window, drawing, qtbot, arrays, story):
    arrays(KEPT)
    held = play(window, drawing, story, MEANWHILE, KEPT)
    held.cancel()
    idle(window, qtbot)
    assert story.was_done(drawing), drawing.said


@pytest.mark.parametrize("which", [KEPT, GONE])
@pytest.mark.parametrize("order", [MEANWHILE, BEFORE])
def test_a_question_of_shapes_is_asked_when_it_is_its_turn(window, tmp_path, qtbot, order, which):
    """Weights of another shape are pasted; the job begins before that, or while the question stands."""
    drawing = draw(window, tmp_path)
    document, held = drawing.document, Held(window, drawing)
    source = commands.add_layer(document, "Conv2d", (0.0, 900.0))
    entry = commands.add_layer(document, "Input", (0.0, 800.0), params={"shape": ("N", 4, 8, 8)})
    commands.connect(document, entry, 0, source)
    commands.set_param(document, [source], "out_channels", 7)
    window.desk.view.select([source])
    window.actions_.run("weights.copy")
    idle(window, qtbot)
    window.statusBar().messageChanged.connect(drawing.said.append)
    window.desk.view.select([drawing.layers[which]])

    def answer(box) -> None:
        if order == BEFORE:
            held.begin()
        click(next(b for b in box.buttons() if b.text().replace("&", "") == "Keep the overlap"))

    if order == MEANWHILE:
        held.begin()
    met = meet(QMessageBox, answer)
    window.actions_.run("weights.paste")
    if order == MEANWHILE:
        assert not met()
        held.end()
    if order == BEFORE or which == KEPT:
        until(met)
    held.end()
    idle(window, qtbot)
    assert not document.tables.nodes.keys() & set(drawing.gone)
    if which == KEPT:
        assert has_weight(drawing), drawing.said
    else:
        assert any("no longer in the drawing" in text for text in drawing.said), drawing.said
