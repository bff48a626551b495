"""The map shows all of the canvas and takes the view along."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sketch.gui.canvas.extents import Extents
from sketch.gui.canvas.group_frame import swatch_of
from sketch.gui.canvas.minimap import MOST_MARKS, MiniMap
from sketch.gui.canvas.sampling import longest, spread
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


def test_a_big_drawing_is_sampled_evenly():
    boxes: Extents[int] = Extents()
    grid = [(n % 100 * 200.0, n // 100 * 100.0) for n in range(10_000)]
    boxes.put_all(list(range(10_000)), [(x, y, x + 184, y + 56) for x, y in grid])
    found = spread(boxes, (0.012, 0.012), 2.0, MOST_MARKS)
    assert MOST_MARKS / 4 < len(found) <= MOST_MARKS
    quarters = [sum((grid[n][0] < 10_000) == left and (grid[n][1] < 5000) == top for n in found)
                for left in (True, False) for top in (True, False)]  # fmt: skip
    assert max(quarters) < 1.5 * min(quarters)


def test_the_longest_wires_are_kept_and_short_ones_left_out():
    wires: Extents[str] = Extents()
    for name, length in (("short", 100.0), ("long", 9000.0), ("longer", 20_000.0)):
        wires.put_all([name], [(0, 0, 0, length)])
    assert longest(wires, (0.01, 0.01), 3.0, 5) == ["longer", "long"]
    assert longest(wires, (0.01, 0.01), 3.0, 1) == ["longer"]


def test_the_map_shows_frames_and_the_selection(document, both, light, qtbot):
    view, shown = both
    ids = chain(document, "Input", "ReLU", "GELU")
    group = commands.group(document, ids[1:])
    commands.fold(document, [group], True)

    def drawn() -> set[str]:
        shown.grab()
        image = shown._picture.toImage()
        return {
            image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(image.height())
        }

    ground = swatch_of(view.canvas.ink, view.canvas.frames[group]).ground.color().name()
    qtbot.waitUntil(lambda: {ground, light.category("Activation").name()} <= drawn())
    before = shown.grab().toImage()
    view.select([ids[1]])
    assert shown.grab().toImage() != before
    view.select([])
    assert shown.grab().toImage() == before


def test_a_burst_of_changes_is_drawn_once(document, both):
    _, shown = both
    chain(document, "ReLU")
    shown._forget()
    shown.grab()
    drawn = shown._picture
    for _ in range(50):
        shown._wait()
        shown.grab()
    assert shown._picture is drawn
