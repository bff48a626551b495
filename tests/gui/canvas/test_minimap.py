"""The map shows all of the canvas and takes the view along."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sketch.gui.canvas.minimap import MiniMap
from sketch.state import commands
from tests.gui.canvas.conftest import chain


@pytest.fixture
def both(document, canvas, qtbot):
    view = canvas()
    shown = MiniMap(view)
    qtbot.addWidget(shown)
    shown.resize(220, 160)
    shown.show()
    qtbot.waitExposed(shown)
    yield view, shown
    shown.close()


def test_a_click_goes_there_and_a_drag_on(document, both):
    view, shown = both
    chain(document, *["ReLU"] * 60)
    shown._forget()
    shown.grab()
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(110, 150))
    low = view.view_state()["y"]
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(110, 10))
    high = view.view_state()["y"]
    assert low > 5000
    assert high < 400


def test_the_map_shows_the_categories_and_follows_edits(document, both, light, qtbot):
    _, shown = both
    (node,) = chain(document, "ReLU")
    colour = light.category("Activation").name()

    def has_colour() -> bool:
        shown.grab()
        image = shown._picture.toImage()
        return any(
            image.pixelColor(x, y).name() == colour
            for x in range(image.width())
            for y in range(image.height())
        )

    qtbot.waitUntil(has_colour)
    commands.remove(document, [node])
    qtbot.waitUntil(lambda: not has_colour())


def test_the_frame_is_what_is_in_view(document, both):
    view, shown = both
    chain(document, *["ReLU"] * 60)
    shown._forget()
    shown.grab()
    before = shown._frame()
    view.restore_view({"zoom": 1.0, "x": 0.0, "y": 3000.0})
    assert shown._frame().top() > before.top()
    assert shown._frame().height() == pytest.approx(before.height(), abs=0.5)


def test_arrow_keys_move_the_view(document, both):
    view, shown = both
    chain(document, *["ReLU"] * 60)
    before = view.view_state()["y"]
    QTest.keyClick(shown, Qt.Key.Key_Down)
    assert view.view_state()["y"] == pytest.approx(before + 350, abs=2)
