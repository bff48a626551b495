"""The canvas by keys alone: where they lead, what they select, what a screen reader is told."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.graph.rows import Edge
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_gestures import ALT, CONTROL, SHIFT, edges, place

K = Qt.Key


@pytest.fixture
def forked(document):
    """Input, ReLU and GELU below each other, and a Dropout beside the GELU that also reads the ReLU."""
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    d = commands.add_layer(document, "Dropout", (300, 200))
    commands.connect(document, b, 0, d)
    return a, b, c, d


def picture(view):
    return view.viewport().grab().toImage()


def test_shift_extends_and_ctrl_space_toggles(canvas, hand, forked):
    a, b, c, d = forked
    touch = hand(canvas())
    for key, modifiers in ((K.Key_Down, hand.none), (K.Key_Down, SHIFT), (K.Key_Down, SHIFT)):
        touch.key(key, modifiers)
    assert touch.view.selected() == [a, b, c]
    touch.key(K.Key_Space, CONTROL)
    assert touch.view.selected() == [a, b]
    assert touch.view.current == c
    touch.key(K.Key_Right, ALT | SHIFT)
    assert (touch.view.selected(), touch.view.current) == ([a, b], d)
    touch.key(K.Key_Space, CONTROL)
    assert touch.view.selected() == [a, b, d]
    touch.key(K.Key_Escape)
    assert (touch.view.selected(), touch.view.current) == ([], d)


def test_every_layer_can_be_reached_also_those_without_wires(document, canvas, hand):
    ids = [commands.add_layer(document, "ReLU", (0, 150 * n)) for n in range(4)]
    touch = hand(canvas())
    seen = []
    for _ in range(4):
        touch.key(K.Key_Down)
        seen.append(touch.view.current)
    assert seen == ids


def test_in_a_drawing_to_the_right_wires_lead_right(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    commands.turn(document, "right")
    touch = hand(canvas())
    touch.key(K.Key_Right)
    assert touch.view.selected() == [a]
    touch.key(K.Key_Right)
    assert touch.view.selected() == [b]
    touch.key(K.Key_Left)
    assert touch.view.selected() == [a]


def test_the_ring_is_there_for_keys_and_not_for_the_mouse(canvas, hand, forked):
    a, b, *_ = forked
    view = canvas()
    hand(view).click((-60, 0))
    selected = picture(view)
    hand(view).key(K.Key_Down)
    hand(view).key(K.Key_Up)
    assert view.selected() == [a]
    with_ring = picture(view)
    assert with_ring != selected
    hand(view).key(K.Key_Down, ALT | SHIFT)
    assert view.selected() == [a]
    assert picture(view) != with_ring
    hand(view).click((-60, 0))
    hand(view).view.canvas.hover(None)
    assert view.current == a
    assert picture(view) == selected
    hand(view).key(K.Key_Down)
    assert view.selected() == [b]


def test_the_ring_is_seen_from_far_away(canvas, hand, forked):
    view = canvas()
    view.restore_view({"zoom": 0.05, "x": 0.0, "y": 150.0})
    view.select([])
    before = picture(view)
    hand(view).key(K.Key_Down, ALT | SHIFT)
    assert view.selected() == []
    assert picture(view) != before


def test_e_walks_along_the_wires_of_a_layer(document, canvas, hand, forked, qtbot):
    a, b, c, d = forked
    view = canvas()
    view.select([b])
    touch = hand(view)
    seen = []
    for _ in range(4):
        touch.key(K.Key_E)
        seen += view.selected_wires()
    assert seen == [Edge(a, 0, b, 0), Edge(b, 0, c, 0), Edge(b, 0, d, 0), Edge(a, 0, b, 0)]
    assert view.accessibleDescription() == "Wire 1 of 3: input1 to relu1, float32 N×3×224×224"
    touch.key(K.Key_E, SHIFT)
    assert view.selected_wires() == [Edge(b, 0, d, 0)]
    assert view.delete_selected_wires()
    assert Edge(b, 0, d, 0) not in edges(document)
    view.select([d])
    with qtbot.waitSignal(view.message):
        touch.key(K.Key_E)


def test_the_key_that_pans_runs_a_command_when_it_is_only_tapped(canvas, hand, forked):
    view = canvas()
    ran = []
    action = QAction("add", view)
    action.setShortcut("Space")
    action.triggered.connect(lambda: ran.append(True))
    view.addAction(action)
    QTest.keyPress(view, K.Key_Space)
    before = view.view_state()["x"]
    hand(view).drag((200, 200), (150, 200), steps=1)
    QTest.keyRelease(view, K.Key_Space)
    assert (ran, view.view_state()["x"]) == ([], before + 50)
    QTest.keyPress(view, K.Key_Space)
    QTest.keyRelease(view, K.Key_Space)
    assert ran == [True]


def test_the_menu_key_asks_for_the_menu_at_the_current_layer(canvas, hand, forked, qtbot):
    _, b, *_ = forked
    view = canvas()
    view.select([b])
    with qtbot.waitSignal(view.context_menu_requested) as told:
        hand(view).key(K.Key_F10, SHIFT)
    where, thing = told.args
    assert thing == b
    here = view.mapToScene(view.viewport().mapFromGlobal(where))
    assert (here - QPointF(0, 100)).manhattanLength() <= 2


def test_enter_goes_to_the_parameters_of_a_layer(canvas, hand, forked, qtbot):
    view = canvas()
    view.select([forked[1]])
    with qtbot.waitSignal(view.parameters_wanted) as told:
        hand(view).key(K.Key_Return)
    assert told.args == [forked[1]]


def test_a_nudged_frame_takes_along_what_lies_in_it(document, canvas, hand, forked):
    a, b, *_ = forked
    frame = commands.add_frame(document, [a, b])
    view = canvas()
    view.select([frame])
    before = place(document, frame)
    hand(view).key(K.Key_Right, CONTROL)
    assert (place(document, a), place(document, b)) == ((8.0, 0.0), (8.0, 100.0))
    assert place(document, frame) == (before[0] + 8.0, before[1])


def test_a_screen_reader_is_told_what_is_current_and_what_is_selected(document, canvas, hand, forked):
    a, b, c, d = forked
    frame = commands.add_frame(document, [a], "Stem")
    view = canvas()
    touch = hand(view)
    assert view.accessibleName() == "Canvas"
    view.select([b])
    told = view.accessibleDescription()
    assert told.startswith(
        "Selected: relu1. relu1, ReLU, output float32 N×3×224×224, from input1, to gelu1, drop1"
    )
    touch.key(K.Key_Down)
    assert "gelu1, GELU" in view.accessibleDescription()
    assert "output not wired" in view.accessibleDescription()
    view.select([a, b, c, d])
    assert view.accessibleDescription() == "Selected: input1, relu1, gelu1 and 1 more"
    view.select([frame])
    assert view.accessibleDescription().endswith("Frame: Stem")
    view.select([])
    assert view.accessibleDescription() == "Nothing is selected"
    group = commands.group(document, [c, d])
    view.select([group])
    assert "group Group of 2 parts" in view.accessibleDescription()
    lost = commands.add_layer(document, "Conv2d", (600, 0))
    commands.connect(document, lost, 0, commands.add_layer(document, "ReLU", (600, 100)))
    view.select([lost])
    assert "no input wired" in view.accessibleDescription()
    assert "1 problem: " in view.accessibleDescription()
    QApplication.processEvents()


def test_a_screen_reader_that_runs_is_told_at_once(canvas, hand, forked, monkeypatch):
    told = []
    monkeypatch.setattr(QAccessible, "isActive", staticmethod(lambda: True))
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", staticmethod(lambda event: told.append(event.message()))
    )
    hand(canvas()).key(K.Key_Down)
    assert any(text.startswith("input1, Input, output float32") for text in told)
