"""Twelve gestures of the canvas, each with the mouse and each with keys alone; what counts is the network."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.graph.folding import is_open
from sketch.graph.rows import Edge
from sketch.graph.tables import snapshot
from sketch.state import commands
from tests.gui.gesture_desk import ALT, Desk, Story
from tests.gui.windows import CTRL, SHIFT, main_window, pick_layer, press

K = Qt.Key
RIGHT = Qt.MouseButton.RightButton


def nothing(_desk: Desk) -> None:
    """The network of every desk is what the gesture starts from."""


@dataclass(frozen=True)
class Told:
    """One gesture: what is there, how the mouse and how the keys do it, what must be drawn then, in how many steps."""

    mouse: Story
    keys: Story
    check: Callable[[Desk], None]
    before: Story = nothing
    steps: int = 1


# --- 1: add a layer ----------------------------------------------------------------------------------


def add_by_mouse(desk):
    desk.click((-60, 200))
    pick_layer(desk.window, "GELU")


def add_by_keys(desk):
    desk.walk_to(desk.relu)
    desk.key(K.Key_Tab)
    desk.type_in_popup("GELU")


def added(desk):
    (made,) = desk.layers("GELU")
    assert Edge(desk.relu, 0, made, 0) in desk.edges
    assert desk.view.selected() == [made]


# --- 2: wire two layers ------------------------------------------------------------------------------


def wire_by_mouse(desk):
    desk.drag((88, 110), (300, 200))


def wire_by_keys(desk):
    desk.walk_to(desk.conv)
    desk.key(K.Key_W)
    desk.type_in_popup("tanh")


def wired(desk):
    assert Edge(desk.conv, 0, desk.tanh, 0) in desk.edges
    assert len(desk.edges) == 4


# --- 3: insert on a wire -----------------------------------------------------------------------------


def insert_by_mouse(desk):
    desk.drag((300, 200), (0, 150))


def insert_by_keys(desk):
    desk.walk_to(desk.conv)
    desk.key(K.Key_E, times=2)
    desk.key(K.Key_Tab)
    desk.type_in_popup("Tanh")


def inserted(desk):
    made = next(key for key in desk.layers("Tanh") if desk.document.tables.nodes[key].prior)
    assert {Edge(desk.conv, 0, made, 0), Edge(made, 0, desk.relu, 0)} < desk.edges
    assert Edge(desk.conv, 0, desk.relu, 0) not in desk.edges
    assert desk.place(made)[1] == 200.0
    assert (desk.place(desk.relu), desk.place(desk.output)) == ((0.0, 300.0), (0.0, 400.0))


# --- 4: delete and re-join ---------------------------------------------------------------------------


def delete_by_mouse(desk):
    desk.context_menu((0, 200), "Delete and rejoin")


def delete_by_keys(desk):
    desk.walk_to(desk.relu)
    desk.key(K.Key_Delete)


def deleted(desk):
    assert desk.relu not in desk.document.tables.nodes
    assert desk.edges == {Edge(desk.input, 0, desk.conv, 0), Edge(desk.conv, 0, desk.output, 0)}


# --- 5: move a wire's end ----------------------------------------------------------------------------


def move_end_by_mouse(desk):
    desk.drag((0, 272), (300, 200))


def move_end_by_keys(desk):
    desk.walk_to(desk.output)
    desk.key(K.Key_E)
    desk.key(K.Key_M)
    desk.type_in_popup("tanh")


def end_moved(desk):
    assert Edge(desk.relu, 0, desk.tanh, 0) in desk.edges
    assert not desk.document.tables.nodes[desk.output].prior


# --- 6: cut wires ------------------------------------------------------------------------------------


def cut_by_mouse(desk):
    hand = desk.hand
    hand.press((-60, 150), RIGHT, CTRL)
    for point in ((60, 150), (150, 200), (60, 250), (-60, 250)):
        hand.move(point, RIGHT, CTRL)
    hand.release((-60, 250), RIGHT, CTRL)


def cut_by_keys(desk):
    desk.walk_to(desk.relu)
    desk.key(K.Key_Delete, ALT)


def cut(desk):
    assert desk.edges == {Edge(desk.input, 0, desk.conv, 0)}
    assert desk.relu in desk.document.tables.nodes


# --- 7: extend the selection and group it ------------------------------------------------------------


def group_by_mouse(desk):
    desk.drag((-150, 60), (150, 130))
    desk.drag((-150, 160), (150, 240), modifiers=SHIFT)
    desk.context_menu((0, 200), "Group")


def group_by_keys(desk):
    desk.walk_to(desk.conv)
    desk.key(K.Key_Down, SHIFT)
    desk.key(K.Key_G, CTRL)


def grouped(desk):
    (group,) = desk.layers("Group")
    assert desk.document.tables.children(group) == (desk.conv, desk.relu)
    assert desk.document.tables.nodes[desk.tanh].parent is None


# --- 8: enter, edit and leave a group, open it in place ----------------------------------------------


def with_group(desk):
    desk.group = commands.group(desk.document, [desk.conv, desk.relu])
    desk.look()


def edit_group_by_mouse(desk):
    desk.hand.double_click(desk.place(desk.group))
    QApplication.processEvents()
    assert desk.window.desk.tab.group == desk.group
    desk.context_menu(desk.place(desk.relu), "Delete and rejoin")
    crumb = next(
        b for b in desk.window.desk.tab.crumbs.findChildren(type_of_button()) if b.text() == "untitled"
    )
    QTest.mouseClick(crumb, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert desk.window.desk.tab.group is None
    desk.hand.click(desk.view.canvas.wiring.boxes[desk.group].fold_mark)


def type_of_button():
    from PySide6.QtWidgets import QToolButton

    return QToolButton


def edit_group_by_keys(desk):
    desk.walk_to(desk.group)
    desk.key(K.Key_Return)
    assert desk.window.desk.tab.group == desk.group
    desk.walk_to(desk.relu)
    desk.key(K.Key_Delete)
    desk.key(K.Key_Escape)
    assert desk.window.desk.tab.group is None
    desk.walk_to(desk.group)
    desk.key(K.Key_O)


def group_edited(desk):
    assert desk.document.tables.children(desk.group) == (desk.conv,)
    assert is_open(desk.document.tables, desk.group)
    assert desk.conv in desk.view.canvas.wiring.boxes
    assert Edge(desk.conv, 0, desk.output, 0) in desk.edges


# --- 9: copy -----------------------------------------------------------------------------------------


def copy_by_mouse(desk):
    desk.drag((300, 200), (300, 320), modifiers=ALT)


def copy_by_keys(desk):
    desk.walk_to(desk.tanh)
    desk.key(K.Key_C, CTRL)
    desk.key(K.Key_V, CTRL)


def copied(desk):
    one, two = desk.layers("Tanh")
    assert one == desk.tanh
    assert desk.view.selected() == [two]
    assert desk.place(two) != desk.place(one)


# --- 10: one parameter of many layers ----------------------------------------------------------------


def with_two_convs(desk):
    desk.other = commands.add_layer(desk.document, "Conv2d", (300.0, 100.0))
    commands.set_param(desk.document, [desk.conv], "bias", False)
    desk.look()


def bias_field(desk):
    row = desk.window.panels.editor.rows["bias"]
    desk.window.panels.editor.ensureWidgetVisible(row)
    assert row.field.box.text() == "mixed"
    return row.field.box


def set_by_mouse(desk):
    desk.click((0, 100), (300, 100))
    QTest.mouseClick(
        bias_field(desk), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(8, 8)
    )


def set_by_keys(desk):
    desk.walk_to(desk.conv)
    desk.key(K.Key_Right, SHIFT)
    box = bias_field(desk)
    for _ in range(12):
        if desk.window.docks["editor"].isAncestorOf(QApplication.focusWidget()):
            break
        desk.key(K.Key_F6)
    for _ in range(20):
        if box.hasFocus():
            break
        desk.key(K.Key_Tab)
    assert box.hasFocus()
    desk.key(K.Key_Space)


def both_set(desk):
    values = [desk.document.inference.of(key).params["bias"] for key in (desk.conv, desk.other)]
    assert values == [True, True]


# --- 11: another type --------------------------------------------------------------------------------


def retype_by_mouse(desk):
    desk.click((0, 200), (300, 200))
    desk.context_menu((0, 200), "Replace by")
    desk.click_in_popup("GELU")


def retype_by_keys(desk):
    desk.walk_to(desk.relu)
    desk.key(K.Key_Right, SHIFT)
    desk.key(K.Key_R, CTRL)
    desk.type_in_popup("GELU")


def retyped(desk):
    nodes = desk.document.tables.nodes
    assert [nodes[key].layer for key in (desk.relu, desk.tanh)] == ["GELU", "GELU"]
    assert len(desk.edges) == 3


# --- 12: jump, bookmark, align -----------------------------------------------------------------------


def align_by_mouse(desk):
    desk.click((0, 200))
    desk.menu("Go", "Bookmarks", "Set", "Set bookmark 1")
    desk.menu("Go", "To its consumer")
    assert desk.view.selected() == [desk.output]
    desk.menu("View", "Zoom out")
    before = desk.view.view_state()
    desk.menu("Go", "Bookmarks", title_of_bookmark(desk))
    assert desk.view.scale_factor == 1.0 != before["zoom"]
    desk.click((0, 100), (300, 200))
    desk.menu("Edit", "Align", "Top")


def align_by_keys(desk):
    desk.walk_to(desk.relu)
    desk.key(K.Key_1, CTRL | SHIFT)
    desk.key(K.Key_BracketRight)
    assert desk.view.selected() == [desk.output]
    desk.key(K.Key_Minus, CTRL)
    before = desk.view.view_state()
    desk.key(K.Key_1)
    assert desk.view.scale_factor == 1.0 != before["zoom"]
    desk.walk_to(desk.tanh)
    desk.walk_to(desk.relu)
    desk.walk_to(desk.conv)
    desk.key(K.Key_Down, ALT | SHIFT)
    desk.key(K.Key_Right, ALT | SHIFT)
    assert desk.view.selected() == [desk.conv]
    desk.key(K.Key_Space, CTRL)
    desk.key(K.Key_T, ALT | SHIFT)


def title_of_bookmark(desk):
    return desk.window.actions_["bookmark.go_1"].text().replace("&", "")


def aligned(desk):
    assert (desk.place(desk.conv), desk.place(desk.tanh)) == ((0.0, 100.0), (300.0, 100.0))
    assert commands.bookmarks(desk.document.tables)[1].name == "relu1"


STORIES = {
    "add a layer": Told(add_by_mouse, add_by_keys, added),
    "wire two layers": Told(wire_by_mouse, wire_by_keys, wired),
    "insert on a wire": Told(insert_by_mouse, insert_by_keys, inserted),
    "delete and re-join": Told(delete_by_mouse, delete_by_keys, deleted),
    "move the end of a wire": Told(move_end_by_mouse, move_end_by_keys, end_moved),
    "cut wires": Told(cut_by_mouse, cut_by_keys, cut),
    "select and group": Told(group_by_mouse, group_by_keys, grouped),
    "edit a group": Told(edit_group_by_mouse, edit_group_by_keys, group_edited, with_group, steps=2),
    "copy": Told(copy_by_mouse, copy_by_keys, copied),
    "set many": Told(set_by_mouse, set_by_keys, both_set, with_two_convs),
    "change the type": Told(retype_by_mouse, retype_by_keys, retyped),
    "jump, bookmark and align": Told(align_by_mouse, align_by_keys, aligned, steps=2),
}


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


@pytest.mark.parametrize("hand", ["mouse", "keys"])
@pytest.mark.parametrize("name", STORIES)
def test_a_gesture_does_what_it_says_and_is_undone(window, name, hand):
    told, desk = STORIES[name], Desk(window)
    told.before(desk)
    before, steps = snapshot(desk.document.tables), len(desk.document.history)
    if hand == "keys":
        desk.view.setFocus()
    (told.mouse if hand == "mouse" else told.keys)(desk)
    QApplication.processEvents()
    told.check(desk)
    assert len(desk.document.history) == steps + told.steps
    desk.view.setFocus()
    for _ in range(told.steps):
        press(desk.view, K.Key_Z, CTRL)
    assert snapshot(desk.document.tables) == before
