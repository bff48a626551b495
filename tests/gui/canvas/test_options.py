"""The person's choices change what is drawn and what keys do."""

import itertools

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from sketch.gui.canvas.options import DEFAULT_KEYS, CanvasOptions
from sketch.gui.canvas.wire_shape import wire_path
from sketch.resources_root import resource_root
from sketch.state import commands
from sketch.state.settings import Settings
from tests.gui.canvas.conftest import chain


def picture(view):
    return view.viewport().grab().toImage()


@pytest.mark.parametrize(
    "options",
    [
        CanvasOptions(grid=False),
        CanvasOptions(grid_size=40),
        CanvasOptions(shapes=False),
        CanvasOptions(parameters=False),
        CanvasOptions(wires="straight"),
        CanvasOptions(wires="square"),
    ],
)
def test_each_choice_is_seen_and_can_be_taken_back(document, canvas, options):
    _, b, *_ = chain(document, "Input", "Conv2d", "ReLU")
    commands.move(document, {b: (150.0, 100.0)})
    commands.set_param(document, [b], "kernel_size", 5)
    view = canvas()
    before = picture(view)
    view.set_options(options)
    assert picture(view) != before
    view.set_options(CanvasOptions())
    assert picture(view) == before


def test_choices_stay_when_a_group_is_entered(document, canvas):
    ids = chain(document, "Input", "ReLU")
    group = commands.group(document, ids)
    view = canvas()
    view.set_options(CanvasOptions(shapes=False))
    view.set_group(group)
    assert view.canvas.ink.options.shapes is False


def test_square_wires_have_only_upright_and_level_pieces():
    path = wire_path(((0.0, 0.0), (100.0, 50.0)), "square")
    places = [(path.elementAt(n).x, path.elementAt(n).y) for n in range(path.elementCount())]
    for (x1, y1), (x2, y2) in itertools.pairwise(places):
        assert x1 == x2 or y1 == y2


def wheel(view, delta, modifiers=Qt.KeyboardModifier.NoModifier):
    at = QPoint(300, 300)
    event = QWheelEvent(
        QPointF(at), QPointF(view.viewport().mapToGlobal(at)), QPoint(), delta,
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_the_wheel_scrolls_when_told_and_zooms_with_ctrl(document, canvas):
    chain(document, "Input")
    view = canvas()
    view.set_options(CanvasOptions(wheel="scroll"))
    before = view.view_state()
    wheel(view, QPoint(0, -120))
    assert view.scale_factor == 1.0
    assert view.view_state()["y"] == before["y"] + 120
    wheel(view, QPoint(0, 120), Qt.KeyboardModifier.ControlModifier)
    assert view.scale_factor == pytest.approx(1.197, abs=0.01)


def test_settings_fill_every_choice(tmp_path):
    settings = Settings(resource_root() / "settings.yaml", tmp_path)
    options = CanvasOptions.of(settings.get, settings.shortcut)
    assert options == CanvasOptions(), "the defaults of the canvas are those of the settings"


def test_other_keys_walk_when_the_settings_say_so(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    keys = {**DEFAULT_KEYS, "canvas.walk_down": ["J"]}
    view.set_options(CanvasOptions.of(lambda name: getattr(CanvasOptions(), name.split(".")[1]), keys.get))
    view.select([a])
    hand(view).key(Qt.Key.Key_Down)
    assert view.selected() == [a]
    hand(view).key(Qt.Key.Key_J)
    assert view.selected() == [b]
