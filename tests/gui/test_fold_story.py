"""A person opens groups in place, works in them, and closes them again; badges stand for the wires of a mask."""

import os

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.graph.arrange import arrange_all
from sketch.graph.folding import open_groups
from sketch.graph.rows import Edge
from sketch.state import commands
from tests.gui.windows import main_window

PICTURES = os.environ.get("SKETCH_PICTURES")


@pytest.fixture
def window(qtbot, user_folders):
    with main_window(qtbot) as found:
        yield found


def snap(window, name: str) -> None:
    QApplication.processEvents()
    if PICTURES:
        window.grab().save(f"{PICTURES}/levels_{name}.png")


def wired(document, layer: str, *sources: int, **params) -> int:
    made = commands.add_layer(document, layer, (0, 0), params=params)
    for into, source in enumerate(sources):
        commands.connect(document, source, 0, made, into)
    return made


def residual(document, x: int, channels: int) -> tuple[int, int]:
    """A residual block as a group: (group, its output)."""
    one = wired(document, "Conv2d", x, out_channels=channels, kernel_size=3, padding=1)
    norm = wired(document, "BatchNorm2d", one)
    act = wired(document, "ReLU", norm)
    two = wired(document, "Conv2d", act, out_channels=channels, kernel_size=3, padding=1)
    add = wired(document, "Add", two, x)
    return commands.group(document, [one, norm, act, two, add]), add


def network(window):
    """Input, a stage of two residual blocks (groups in a group), a third block, Output."""
    tab = window.opener.new()
    document = tab.document
    source = commands.add_layer(document, "Input", (0, 0), params={"shape": (1, 8, 32, 32)})
    first, x = residual(document, source, 8)
    second, x = residual(document, x, 8)
    stage = commands.group(document, [first, second])
    third, y = residual(document, x, 8)
    joined = wired(document, "Add", y, x)
    side = wired(document, "ReLU", x)
    end = wired(document, "Output", joined)
    commands.place_all(document, arrange_all(document.tables, document.library))
    tab.view.frame_all()
    return tab, {"source": source, "first": first, "second": second, "stage": stage, "third": third,
                 "joined": joined, "side": side, "end": end}  # fmt: skip


def click(view, point: tuple[float, float]) -> None:
    where = view.mapFromScene(QPointF(*point))
    QTest.mouseMove(view.viewport(), where)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    QApplication.processEvents()


def press(window, key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.desk.view.viewport(), key, modifiers)
    QApplication.processEvents()


def test_groups_open_in_place_by_mark_key_and_command(window):
    tab, ids = network(window)
    view, document = tab.view, tab.document
    snap(window, "closed")
    click(view, view.canvas.wiring.boxes[ids["stage"]].fold_mark)
    assert open_groups(document.tables) == [ids["stage"]]
    assert {ids["first"], ids["second"]} <= view.canvas.wiring.boxes.keys()
    view.frame_all()
    snap(window, "stage")
    view.setFocus()
    view.select([ids["first"]])
    press(window, Qt.Key.Key_O)
    assert set(open_groups(document.tables)) == {ids["stage"], ids["first"]}
    view.frame_all()
    snap(window, "nested")
    member = document.tables.children(ids["first"])[0]
    view.select([member])
    press(window, Qt.Key.Key_O)
    assert open_groups(document.tables) == [ids["stage"]]
    assert view.selected() == [ids["first"]]
    window.actions_["group.unfold_all"].trigger()
    assert len(open_groups(document.tables)) == 4
    view.frame_all()
    snap(window, "all")
    window.actions_["view.theme"].trigger()
    snap(window, "all_other_theme")
    frame = view.canvas.wiring.frames[ids["third"]]
    click(view, frame.fold_mark)
    assert ids["third"] not in open_groups(document.tables)
    window.actions_["group.fold_all"].trigger()
    assert open_groups(document.tables) == []
    assert not view.canvas.wiring.frames


def test_a_member_of_an_open_group_is_dragged_where_the_pointer_goes(window):
    tab, ids = network(window)
    view, document = tab.view, tab.document
    commands.fold(document, [ids["stage"], ids["first"]], True)
    view.restore_view({"zoom": 1.0, "x": 0.0, "y": 300.0})
    QApplication.processEvents()
    member = document.tables.children(ids["first"])[2]
    before, place = view.canvas.wiring.boxes[member], document.tables.places[member]
    start = view.mapFromScene(QPointF(before.x, before.y))
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 9):
        QTest.mouseMove(view.viewport(), start + QPoint(16 * step, 2 * step))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(128, 16))
    QApplication.processEvents()
    after, moved = view.canvas.wiring.boxes[member], document.tables.places[member]
    assert moved.x - place.x == pytest.approx(128, abs=16)
    assert after.x - before.x == pytest.approx(moved.x - place.x, abs=1)
    frame = view.canvas.wiring.frames[ids["first"]].rect
    assert frame.left < after.left < after.right < frame.right
    snap(window, "dragged")


def test_a_shared_mask_is_shown_as_badges(window):
    tab = window.opener.new()
    document, view = tab.document, tab.view
    mask = commands.add_layer(document, "Input", (0, 0), params={"shape": (1, 8)})
    x = commands.add_layer(document, "Input", (0, 0), params={"shape": (1, 8)})
    for _ in range(8):
        x = wired(document, "Add", wired(document, "Linear", x, out_features=8), mask)
    commands.place_all(document, arrange_all(document.tables, document.library))
    view.frame_all()
    QApplication.processEvents()
    snap(window, "badges")
    assert len(view.canvas.wiring.badges) == 8
    assert not any(edge.source == mask for edge in view.canvas.wiring.lines)
    view.select([mask])
    snap(window, "badges_selected")
    window.actions_["group.show_wires"].trigger()
    assert sum(edge.source == mask for edge in view.canvas.wiring.lines) == 8
    snap(window, "badges_wired")
    assert Edge(mask, 0, x, 1) in view.canvas.wiring.lines
