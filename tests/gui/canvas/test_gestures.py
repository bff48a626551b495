"""Every gesture with real events; what counts is what the document holds afterwards."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.graph.rows import Edge
from sketch.gui.canvas.options import CanvasOptions
from sketch.state import commands
from sketch.state.commands.aligning import drawn_box
from tests.gui.canvas.conftest import chain
from tests.gui.conftest import Hand

CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
RIGHT, MIDDLE = Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


def place(document, node_id):
    row = document.tables.places[node_id]
    return row.x, row.y


def edges(document):
    return {edge for node in document.tables.nodes.values() for edge in node.next}


# --- selecting ---------------------------------------------------------------------------------------


def test_a_click_selects_one_and_a_click_on_nothing_none(document, canvas, hand, qtbot):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    with qtbot.waitSignal(view.selection_changed) as told:
        hand(view).click((0, 0))
    assert told.args == [[a]]
    hand(view).click((0, 100))
    assert view.selected() == [b]
    hand(view).click((300, 300))
    assert view.selected() == []


def test_shift_and_ctrl_click_toggle(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    hand(view).click((0, 0))
    hand(view).click((0, 100), modifiers=SHIFT)
    assert view.selected() == [a, b]
    hand(view).click((0, 0), modifiers=CONTROL)
    assert view.selected() == [b]


def test_the_band_selects_and_shift_adds_and_ctrl_toggles(document, canvas, hand):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    view = canvas()
    hand(view).drag((-150, -50), (150, 40))
    assert view.selected() == [a]
    hand(view).drag((-150, 160), (150, 240), modifiers=SHIFT)
    assert view.selected() == [a, c]
    hand(view).drag((-150, -50), (150, 140), modifiers=CONTROL)
    assert view.selected() == [b, c]


def test_escape_takes_a_band_back(document, canvas, hand):
    a, _ = chain(document, "Input", "ReLU")
    view = canvas()
    view.select([a])
    touch = hand(view)
    touch.press((-150, 60))
    touch.move((150, 140))
    assert view.selected() != [a]
    touch.key(Qt.Key.Key_Escape)
    assert view.selected() == [a]
    touch.release((150, 140))
    assert view.selected() == [a]


# --- moving ------------------------------------------------------------------------------------------


def test_a_drag_moves_the_selection_in_one_step(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    before = len(document.history.entries())
    view.select([a, b])
    hand(view).drag((-40, 0), (60, 30))
    assert place(document, a) == (96.0, 32.0)
    assert place(document, b) == (96.0, 132.0)
    assert len(document.history.entries()) == before + 1
    document.undo()
    assert place(document, a) == (0.0, 0.0)
    assert view.canvas.nodes[a].pos().toTuple() == (0.0, 0.0)


def test_escape_cancels_a_drag(document, canvas, hand):
    (a,) = chain(document, "Input")
    view = canvas()
    before = len(document.history.entries())
    touch = hand(view)
    touch.press((0, 0))
    touch.move((80, 80))
    assert view.canvas.carrier.boundingRect().contains(80.0 + 90.0, 80.0)
    touch.key(Qt.Key.Key_Escape)
    touch.release((80, 80))
    assert view.canvas.nodes[a].pos().toTuple() == (0.0, 0.0)
    assert len(document.history.entries()) == before


def test_a_drag_snaps_where_a_wire_gets_straight(document, canvas, hand):
    _, b = chain(document, "Input", "ReLU")
    commands.move(document, {b: (90.0, 120.0)})
    view = canvas()
    hand(view).drag((50, 120), (-36, 140))
    assert place(document, b) == (0.0, 144.0)


def test_shift_turns_snapping_to_the_grid_round(document, canvas, hand):
    (a,) = chain(document, "Input")
    view = canvas()
    touch = hand(view)
    touch.press((0, 0))
    touch.move((50, 50), modifiers=SHIFT)
    touch.move((53, 29), modifiers=SHIFT)
    touch.release((53, 29), modifiers=SHIFT)
    assert place(document, a) == (53.0, 29.0)
    view.set_options(CanvasOptions(snap=False, grid_size=10))
    hand(view).drag((53, 29), (80, 70))
    assert place(document, a) == (80.0, 70.0)
    touch.press((80, 70))
    touch.move((93, 82), modifiers=SHIFT)
    touch.release((93, 82), modifiers=SHIFT)
    assert place(document, a) == (90.0, 80.0)


def test_alt_drag_duplicates(document, canvas, hand):
    (a,) = chain(document, "ReLU")
    view = canvas()
    hand(view).drag((0, 0), (250, 60), modifiers=ALT)
    (copy,) = set(document.tables.nodes) - {a}
    assert place(document, copy) == (250.0, 60.0)
    assert place(document, a) == (0.0, 0.0)
    assert view.selected() == [copy]


def test_wires_follow_while_a_node_is_dragged(document, canvas, hand):
    _, b = chain(document, "Input", "ReLU")
    view = canvas()
    touch = hand(view)
    touch.press((0, 100))
    touch.move((208, 208))
    assert view.canvas.carrier.boundingRect().contains(208, 170)
    assert view.canvas.edges.lines.at(view.canvas.nodes[b].pos(), 400) is None
    touch.release((208, 208))
    assert not view.canvas.carrier.isVisible()
    (line,) = view.canvas.wiring.lines.values()
    assert line.points[-1] == (208.0, 180.0)


def test_ctrl_arrows_nudge_in_one_step(document, canvas, hand):
    (a,) = chain(document, "ReLU")
    view = canvas()
    view.select([a])
    before = len(document.history.entries())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        hand(view).key(key, CONTROL)
    assert place(document, a) == (16.0, 8.0)
    assert len(document.history.entries()) == before + 1


# --- linking -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [(0, 28), (-92, 10), (91, -5), (40, -27)])
def test_a_link_starts_at_the_port_and_anywhere_on_the_border(document, canvas, hand, start):
    a, b = commands.add_layer(document, "Input", (0, 0)), commands.add_layer(document, "ReLU", (0, 200))
    view = canvas()
    hand(view).drag(start, (0, 200))
    assert edges(document) == {Edge(a, 0, b, 0)}
    assert place(document, a) == (0.0, 0.0)


def test_a_link_ends_at_the_port_it_is_dropped_on(document, canvas, hand):
    a, b = commands.add_layer(document, "Input", (0, 0)), commands.add_layer(document, "MatMul", (0, 200))
    view = canvas()
    hand(view).drag((0, 28), (12, 172))
    assert edges(document) == {Edge(a, 0, b, 1)}


def test_a_link_can_be_drawn_backwards_from_a_free_input(document, canvas, hand):
    a, b = commands.add_layer(document, "Input", (0, 0)), commands.add_layer(document, "ReLU", (0, 200))
    view = canvas()
    hand(view).drag((0, 172), (0, 0))
    assert edges(document) == {Edge(a, 0, b, 0)}


def test_a_loop_is_refused_with_one_line(document, canvas, hand, qtbot):
    _, b, c = chain(document, "Input", "Add", "ReLU")
    view = canvas()
    before = edges(document)
    with qtbot.waitSignal(view.message) as told:
        hand(view).drag((0, 228), (40, 100))
    assert "loop" in told.args[0]
    assert "\n" not in told.args[0]
    assert edges(document) == before
    assert not view.canvas.nodes[b].marked
    assert not view.canvas.nodes[c].targets


def test_only_targets_that_close_no_loop_light_up(document, canvas, hand):
    a, b, _ = chain(document, "Input", "Add", "ReLU")
    other = commands.add_layer(document, "Linear", (300, 100))
    view = canvas()
    touch = hand(view)
    touch.press((0, 228))
    touch.move((150, 250))
    assert view.canvas.nodes[other].targets
    assert not view.canvas.nodes[a].targets
    assert not view.canvas.nodes[b].targets
    touch.key(Qt.Key.Key_Escape)
    assert not view.canvas.nodes[other].targets
    touch.release((150, 250))


def test_a_taken_input_is_refused(document, canvas, hand, qtbot):
    chain(document, "Input", "ReLU")
    commands.add_layer(document, "Input", (300, 0))
    view = canvas()
    before = edges(document)
    with qtbot.waitSignal(view.message):
        hand(view).drag((300, 28), (0, 100))
    assert edges(document) == before


def test_a_wire_dropped_on_empty_canvas_asks_for_a_layer(document, canvas, hand, qtbot):
    (a,) = chain(document, "Input")
    view = canvas()
    with qtbot.waitSignal(view.quick_add_requested) as told:
        hand(view).drag((0, 28), (200, 200))
    where, _, wire = told.args
    assert (where.x(), where.y()) == (200.0, 200.0)
    assert wire == (a, 0, "out")


def test_a_wires_end_goes_to_another_port(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    c = commands.add_layer(document, "GELU", (300, 200))
    view = canvas()
    hand(view).drag((0, 72), (300, 200))
    assert edges(document) == {Edge(a, 0, c, 0)}
    assert len(document.tables.nodes[b].prior) == 0


def test_a_wire_taken_near_its_start_goes_to_another_source(document, canvas, hand):
    _, b = chain(document, "Input", "ReLU")
    other = commands.add_layer(document, "Input", (300, 0))
    view = canvas()
    hand(view).drag((0, 45), (300, 0))
    assert edges(document) == {Edge(other, 0, b, 0)}


def test_a_wires_end_dropped_on_empty_canvas_asks_for_a_layer_and_keeps_the_wire(
    document, canvas, hand, qtbot
):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    before = edges(document)
    with qtbot.waitSignal(view.quick_add_requested) as told:
        hand(view).drag((0, 72), (250, 250))
    assert told.args[2] == (a, 0, "out", Edge(a, 0, b, 0))
    assert edges(document) == before
    with qtbot.waitSignal(view.quick_add_requested) as told:
        hand(view).drag((0, 45), (250, -100))
    assert told.args[2] == (b, 0, "in", Edge(a, 0, b, 0))


@pytest.mark.parametrize(("press", "kept"), [((0, 128), "out"), ((-12, 72), "in")])
def test_ctrl_takes_a_wired_end_from_its_port(document, canvas, hand, press, kept):
    a, b, c = chain(document, "Input", "Add", "ReLU")
    other = commands.add_layer(document, "Add", (300, 100))
    view = canvas()
    hand(view).drag(press, (300, 100), modifiers=CONTROL)
    moved = Edge(other, 0, c, 0) if kept == "out" else Edge(a, 0, other, 0)
    rest = Edge(a, 0, b, 0) if kept == "out" else Edge(b, 0, c, 0)
    assert edges(document) == {moved, rest}
    document.undo()
    assert edges(document) == {Edge(a, 0, b, 0), Edge(b, 0, c, 0)}


def test_alt_click_on_a_port_breaks_its_wires_in_one_step(document, canvas, hand, qtbot):
    a, b = chain(document, "Input", "ReLU")
    c = commands.add_layer(document, "GELU", (300, 100))
    commands.connect(document, a, 0, c)
    view = canvas()
    steps = len(document.history)
    hand(view).click((0, 28), modifiers=ALT)
    assert edges(document) == set()
    assert len(document.history) == steps + 1
    document.undo()
    hand(view).click((300, 72), modifiers=ALT)
    assert edges(document) == {Edge(a, 0, b, 0)}
    with qtbot.waitSignal(view.message) as told:
        hand(view).click((0, 128), modifiers=ALT)
    assert "no wire" in told.args[0]


def test_alt_drag_from_a_port_still_duplicates(document, canvas, hand):
    chain(document, "Input", "ReLU")
    view = canvas()
    hand(view).drag((0, 28), (300, 28), modifiers=ALT)
    assert len(document.tables.nodes) == 3
    assert len(edges(document)) == 1


def test_ctrl_right_drag_cuts_wires_in_one_step(document, canvas, hand):
    chain(document, "Input", "ReLU")
    chain(document, "Input", "ReLU", x=250)
    view = canvas()
    before = len(document.history.entries())
    hand(view).drag((-60, 50), (320, 50), button=RIGHT, modifiers=CONTROL)
    assert edges(document) == set()
    assert len(document.history.entries()) == before + 1


def test_a_node_dropped_on_a_wire_inserts_itself(document, canvas, hand):
    a, b = chain(document, "Input", "GELU")
    commands.move(document, {b: (0.0, 240.0)})
    c = commands.add_layer(document, "ReLU", (300, 0))
    view = canvas()
    hand(view).drag((300, 0), (0, 120))
    assert edges(document) == {Edge(a, 0, c, 0), Edge(c, 0, b, 0)}
    assert place(document, c) == (0.0, 128.0)


def test_what_follows_makes_room_and_alt_leaves_the_wire_alone(document, canvas, hand):
    a, b = chain(document, "Input", "GELU")
    c = commands.add_layer(document, "ReLU", (300, 0))
    view = canvas()
    touch = hand(view)
    touch.press((300, 0))
    touch.move((0, 50))
    assert view.selected_wires() == [Edge(a, 0, b, 0)]
    touch.move((0, 50), modifiers=ALT)
    assert view.selected_wires() == []
    touch.release((0, 50), modifiers=ALT)
    assert edges(document) == {Edge(a, 0, b, 0)}
    document.undo()
    hand(view).drag((300, 0), (0, 50))
    assert edges(document) == {Edge(a, 0, c, 0), Edge(c, 0, b, 0)}
    assert (place(document, c)[1], place(document, b)[1]) == (100.0, 200.0)
    document.undo()
    assert (place(document, c), place(document, b)) == ((300.0, 0.0), (0.0, 100.0))


def test_a_click_on_a_wire_selects_it_and_it_can_be_deleted(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    hand(view).click((0, 50))
    assert view.selected_wires() == [Edge(a, 0, b, 0)]
    assert view.delete_selected_wires()
    assert edges(document) == set()
    assert not view.delete_selected_wires()


def test_a_drag_at_the_border_scrolls_on(document, canvas, hand, qtbot):
    (a,) = chain(document, "Input")
    view = canvas()
    touch = hand(view)
    before = view.view_state()["x"]
    touch.press((0, 0))
    touch.move((445, 0))
    qtbot.waitUntil(lambda: view.view_state()["x"] > before + 60)
    touch.key(Qt.Key.Key_Escape)
    rest = view.view_state()["x"]
    qtbot.wait(60)
    assert view.view_state()["x"] == rest
    touch.release((0, 0))
    assert place(document, a) == (0.0, 0.0)


# --- notes and frames ----------------------------------------------------------------------------------


def test_a_frame_moves_what_lies_in_it_by_its_title(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    c = commands.add_layer(document, "GELU", (300, 0))
    frame = commands.add_frame(document, [a, b], "Stem")
    view = canvas()
    left, top, *_ = drawn_box(document, frame)
    hand(view).drag((left + 40, top + 12), (left + 72, top + 44))
    assert [place(document, key) for key in (a, b, c)] == [(32.0, 32.0), (32.0, 132.0), (300.0, 0.0)]
    assert drawn_box(document, frame)[:2] == (left + 32, top + 32)
    document.undo()
    assert place(document, a) == (0.0, 0.0)


def test_a_band_can_start_inside_a_frame(document, canvas, hand):
    a, b = chain(document, "Input", "ReLU")
    frame = commands.add_frame(document, [a, b])
    view = canvas()
    hand(view).drag((-80, 45), (60, 110))
    assert view.selected() == [b]
    left, top, *_ = drawn_box(document, frame)
    hand(view).click((left + 30, top + 10))
    assert view.selected() == [frame]


def test_frames_and_notes_are_resized_by_their_border(document, canvas, hand):
    (a,) = chain(document, "Input")
    frame = commands.add_frame(document, [a])
    note = commands.add_note(document, "text", (300, 100))
    view = canvas()
    left, top, right, bottom = drawn_box(document, frame)
    hand(view).drag((right, bottom), (right + 80, bottom + 40), modifiers=Hand.none)
    wide = drawn_box(document, frame)
    assert wide[:2] == (left, top)
    assert (wide[2] % 16, wide[3] % 16) == (0, 0)
    assert abs(wide[2] - right - 80) <= 8
    assert place(document, a) == (0.0, 0.0)
    left, top, right, bottom = drawn_box(document, note)
    touch = hand(view)
    touch.press((left, 100))
    touch.move((left - 53, 100), modifiers=SHIFT)
    touch.release((left - 53, 100), modifiers=SHIFT)
    assert drawn_box(document, note) == (left - 53, top, right, bottom)
    document.undo()
    assert drawn_box(document, note) == (left, top, right, bottom)


def test_a_title_is_edited_in_place(document, canvas, hand):
    (a,) = chain(document, "Input")
    frame = commands.add_frame(document, [a], "old")
    view = canvas()
    left, top, *_ = drawn_box(document, frame)
    hand(view).double_click((left + 30, top + 12))
    view._edit.field.setText("Stem")
    QTest.keyClick(view._edit.field, Qt.Key.Key_Return)
    assert document.tables.notes[frame].text == "Stem"


# --- looking -----------------------------------------------------------------------------------------


def test_middle_and_space_drag_pan(document, canvas, hand):
    (a,) = chain(document, "Input")
    view = canvas()
    start = view.view_state()
    hand(view).drag((200, 200), (150, 180), button=MIDDLE, steps=1)
    moved = view.view_state()
    assert (moved["x"] - start["x"], moved["y"] - start["y"]) == (50.0, 20.0)
    QTest.keyPress(view, Qt.Key.Key_Space)
    hand(view).drag((0, 0), (30, 0), steps=1)
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.view_state()["x"] == moved["x"] - 30
    assert place(document, a) == (0.0, 0.0)


def test_a_left_drag_pans_when_the_person_wants_it_and_shift_selects(document, canvas, hand):
    (a,) = chain(document, "Input")
    view = canvas()
    view.set_options(CanvasOptions(left_drag="pan"))
    view.select([a])
    start = view.view_state()
    hand(view).drag((200, 200), (150, 180), steps=1)
    moved = view.view_state()
    assert (moved["x"] - start["x"], moved["y"] - start["y"]) == (50.0, 20.0)
    assert view.selected() == [a]
    hand(view).click((200, 200))
    assert view.selected() == []
    hand(view).drag((-150, -50), (150, 40), modifiers=SHIFT)
    assert view.selected() == [a]


def test_the_wheel_zooms_at_the_pointer(document, canvas, hand):
    chain(document, "Input")
    view = canvas()
    at = view.mapFromScene(120, 40)
    before = view.mapToScene(at)
    event = QWheelEvent(
        QPointF(at), QPointF(view.viewport().mapToGlobal(at)), QPoint(), QPoint(0, 240),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)
    assert view.scale_factor == pytest.approx(1.433, abs=0.01)
    after = view.mapToScene(at)
    assert (after - before).manhattanLength() < 2


# --- keys and clicks ---------------------------------------------------------------------------------


def test_arrows_walk_along_wires(document, canvas, hand):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    side = commands.add_layer(document, "Dropout", (300, 200))
    commands.connect(document, b, 0, side)
    view = canvas()
    touch = hand(view)
    touch.key(Qt.Key.Key_Down)
    assert view.selected() == [a]
    touch.key(Qt.Key.Key_Down)
    touch.key(Qt.Key.Key_Down)
    assert view.selected() == [c]
    touch.key(Qt.Key.Key_Right)
    assert view.selected() == [side]
    touch.key(Qt.Key.Key_Up)
    assert view.selected() == [b]


def test_double_click_on_nothing_asks_for_a_layer(canvas, hand, qtbot):
    view = canvas()
    with qtbot.waitSignal(view.quick_add_requested) as told:
        hand(view).double_click((100, 100))
    assert told.args[2] is None


def test_double_click_and_enter_enter_a_group_and_escape_leaves(document, canvas, hand, qtbot):
    ids = chain(document, "Input", "ReLU", "GELU")
    group = commands.group(document, ids[1:])
    view = canvas()
    with qtbot.waitSignal(view.group_entered) as told:
        hand(view).double_click((0, 150))
    assert told.args == [group]
    view.select([group])
    with qtbot.waitSignal(view.group_entered):
        hand(view).key(Qt.Key.Key_Return)
    view.set_group(group)
    assert set(view.canvas.nodes) == set(ids[1:])
    with qtbot.waitSignal(view.group_left):
        hand(view).key(Qt.Key.Key_Escape)


def test_rename_in_place(document, canvas, hand, qtbot):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    view.start_rename(b)
    field = view._edit.field
    field.setText("gate")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert document.tables.nodes[b].name == "gate"
    view.start_rename(b)
    view._edit.field.setText(document.tables.nodes[a].name)
    with qtbot.waitSignal(view.message):
        QTest.keyClick(view._edit.field, Qt.Key.Key_Return)
    assert view._edit.is_open
    QTest.keyClick(view._edit.field, Qt.Key.Key_Escape)
    assert document.tables.nodes[b].name == "gate"


def test_a_note_is_edited_in_place(document, canvas, hand):
    note = commands.add_note(document, "old", (0.0, 100.0))
    view = canvas()
    hand(view).double_click((0, 100))
    view._edit.field.setPlainText("new words")
    QTest.keyClick(view._edit.field, Qt.Key.Key_Return, CONTROL)
    assert document.tables.notes[note].text == "new words"
    assert view.canvas.notes[note].note.text == "new words"
