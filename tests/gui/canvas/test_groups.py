"""Wires at closed groups and at the border of a group canvas, with real events."""

import pytest
from PySide6.QtCore import Qt

from sketch.graph.folding import is_open
from sketch.graph.rows import Edge
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.theme import load_theme
from sketch.state import commands
from sketch.state.commands.aligning import drawn_box
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_dropping import drop


def edges(document):
    return {edge for node in document.tables.nodes.values() for edge in node.next}


@pytest.fixture
def grouped(document):
    """(outer input, the two inside, their group at (0, 200)): not wired to each other."""
    a = commands.add_layer(document, "Input", (0, 0))
    b, c = chain(document, "ReLU", "GELU", y=150)
    return a, b, c, commands.group(document, [b, c])


def test_a_link_to_a_group_ends_at_its_open_input(document, canvas, hand, grouped):
    a, b, c, _ = grouped
    view = canvas()
    hand(view).drag((0, 28), (30, 200))
    assert edges(document) == {Edge(b, 0, c, 0), Edge(a, 0, b, 0)}


def test_a_link_from_a_group_starts_at_its_open_output(document, canvas, hand, grouped):
    _, b, c, group = grouped
    d = commands.add_layer(document, "Output", (0, 350))
    view = canvas()
    hand(view).drag((0, document.tables.places[group].y + 28), (0, 350))
    assert edges(document) == {Edge(b, 0, c, 0), Edge(c, 0, d, 0)}


def test_a_group_without_open_input_says_what_to_do(document, canvas, hand, grouped, qtbot):
    a, *_ = grouped
    commands.connect(document, a, 0, grouped[1])
    other = commands.add_layer(document, "Input", (300, 0))
    view = canvas()
    with qtbot.waitSignal(view.message) as told:
        hand(view).drag((300, 28), (40, 200))
    assert "open the group" in told.args[0]
    assert not document.tables.nodes[other].next


def test_a_link_from_an_entering_stub(document, canvas, hand, grouped):
    a, b, c, group = grouped
    commands.connect(document, a, 0, b)
    d = commands.add_layer(document, "Dropout", (300, 250), parent=group)
    view = canvas(group)
    (stub,) = view.canvas.stubs.values()
    hand(view).drag((stub.box.x, stub.box.y), (300, 250))
    assert edges(document) == {Edge(a, 0, b, 0), Edge(b, 0, c, 0), Edge(a, 0, d, 0)}


def test_a_link_to_a_leaving_stub_takes_over_its_wire(document, canvas, hand, grouped):
    _, b, c, group = grouped
    out = commands.add_layer(document, "Output", (0, 400))
    commands.connect(document, c, 0, out)
    view = canvas(group)
    (stub,) = view.canvas.stubs.values()
    start = document.tables.places[b]
    hand(view).drag((start.x - 90, start.y), (stub.box.x, stub.box.y))
    assert edges(document) == {Edge(b, 0, c, 0), Edge(b, 0, out, 0)}


def test_a_leaving_stubs_wire_can_be_taken_to_another_source(document, canvas, hand, grouped):
    _, b, c, group = grouped
    out = commands.add_layer(document, "Output", (0, 400))
    commands.connect(document, c, 0, out)
    view = canvas(group)
    (stub,) = view.canvas.stubs.values()
    start = document.tables.places[b]
    hand(view).drag((stub.box.x, stub.box.y), (start.x, start.y))
    assert edges(document) == {Edge(b, 0, c, 0), Edge(b, 0, out, 0)}


# --- groups that are open in place ---------------------------------------------------------------------


@pytest.fixture
def opened(document, grouped):
    """The same, wired through and open in place, with an Output below."""
    a, b, c, group = grouped
    commands.connect(document, a, 0, b)
    out = commands.add_layer(document, "Output", (0, 400))
    commands.connect(document, c, 0, out)
    commands.fold(document, [group], True)
    return a, b, c, group, out


def at(view, key, dx=0.0, dy=0.0):
    """A point of the box of a node as it is drawn."""
    box = view.canvas.wiring.boxes[key]
    return box.x + dx, box.y + dy


def test_a_member_is_dragged_inside_its_open_group(document, canvas, hand, opened):
    *_, c, _, _ = opened
    view = canvas()
    before, drawn = document.tables.places[c], at(view, c)
    x, y = at(view, c, 60)
    hand(view).drag((x, y), (x + 16, y + 32), modifiers=hand.none)
    after = document.tables.places[c]
    assert (after.x - before.x, after.y - before.y) != (0, 0)
    now = at(view, c)
    assert abs(now[0] - drawn[0] - 16) <= 8
    assert document.tables.nodes[c].parent is not None
    document.undo()
    assert at(view, c) == drawn


def test_an_open_group_is_dragged_by_its_header_with_all_that_is_in_it(document, canvas, hand, opened):
    _, b, c, group, _ = opened
    view = canvas()
    rect = view.canvas.wiring.frames[group].rect
    inner = [document.tables.places[key] for key in (b, c)]
    start = (rect.right - 30, rect.top + 12)
    before = at(view, b)
    hand(view).drag(start, (start[0] + 160, start[1]))
    assert [document.tables.places[key] for key in (b, c)] == inner
    moved = at(view, b)
    assert 140 <= moved[0] - before[0] <= 200
    document.undo()
    assert at(view, b) == before


def test_the_mark_of_a_group_opens_and_closes_it(document, canvas, hand, opened):
    *_, group, _ = opened
    view = canvas()
    hand(view).click(view.canvas.wiring.frames[group].fold_mark)
    assert not is_open(document.tables, group)
    hand(view).click(view.canvas.wiring.boxes[group].fold_mark)
    assert is_open(document.tables, group)
    assert document.undo_label == "Unfold 'block1'"


def test_what_is_dropped_into_an_open_group_becomes_a_member(document, canvas, hand, opened):
    *_, group, _ = opened
    view = canvas()
    rect = view.canvas.wiring.frames[group].rect
    assert drop(view, "Tanh", (rect.left + 14, rect.bottom - 8))
    (made,) = [n.id for n in document.tables.nodes.values() if n.layer == "Tanh"]
    assert document.tables.nodes[made].parent == group


def test_a_wire_is_drawn_across_the_border_of_an_open_group(document, canvas, hand, opened):
    _, b, *_ = opened
    other = commands.add_layer(document, "Dropout", (400, 0))
    view = canvas()
    hand(view).drag(at(view, b, 90, 10), at(view, other))
    assert Edge(b, 0, other, 0) in edges(document)


def test_keys_walk_into_an_open_group_and_a_band_takes_it_whole(document, canvas, hand, opened):
    a, b, c, group, out = opened
    view = canvas()
    view.select([a])
    for wanted in (b, c, out):
        hand(view).key(Qt.Key.Key_Down)
        assert view.selected() == [wanted]
    rect = view.canvas.wiring.frames[group].rect
    hand(view).drag((rect.left - 20, rect.top - 12), (rect.right + 20, rect.bottom + 12))
    assert view.selected() == [group]


def test_an_unwired_layer_dropped_on_a_wire_inside_joins_that_group(document, canvas, hand, opened):
    _, b, c, group, _ = opened
    lone = commands.add_layer(document, "Tanh", (400, 0))
    view = canvas()
    (line,) = [view.canvas.wiring.lines[Edge(b, 0, c, 0)]]
    middle = [(one + other) / 2 for one, other in zip(line.points[0], line.points[-1], strict=True)]
    hand(view).drag((400, 0), tuple(middle))
    assert {Edge(b, 0, lone, 0), Edge(lone, 0, c, 0)} <= edges(document)
    assert document.tables.nodes[lone].parent == group
    boxes = view.canvas.wiring.boxes
    assert boxes[b].bottom < boxes[lone].top < boxes[lone].bottom < boxes[c].top


def test_the_canvas_above_is_kept_up_to_date_while_one_is_inside_a_group(document, canvas, grouped):
    a, b, c, group = grouped
    view = canvas()
    view.select([group])
    top = view.canvas
    view.set_group(group)
    assert view.selected() == []
    other = commands.add_layer(document, "Dropout", (300, 0))
    commands.connect(document, a, 0, b)
    commands.remove(document, [c])
    view.set_group(None)
    assert view.canvas is top
    assert set(view.canvas.wiring.boxes) == {a, group, other}
    assert set(view.canvas.wiring.lines) == {Edge(a, 0, b, 0)}
    assert view.selected() == []
    view.set_group(group)
    commands.ungroup(document, group)
    view.set_group(None)
    assert set(view.canvas.wiring.boxes) == {a, b, other}


def test_the_canvas_above_takes_the_theme_and_the_options_of_now(document, canvas, grouped):
    *_, group = grouped
    view = canvas()
    view.set_group(group)
    view.set_theme(load_theme("dark"))
    view.set_options(CanvasOptions(shapes=False))
    view.set_group(None)
    assert view.canvas.ink.theme.is_dark
    assert view.canvas.ink.options.shapes is False


def test_a_frame_around_an_open_group_is_drawn_around_all_of_it(document, canvas, hand, opened):
    *_, group, out = opened
    commands.fold(document, [group], False)
    frame = commands.add_frame(document, [group, out])
    view = canvas()
    item = view.canvas.notes[frame]
    closed = item.rect().translated(item.pos())
    stored = drawn_box(document, frame)
    assert closed.getCoords() == stored
    commands.fold(document, [group], True)
    rect = view.canvas.wiring.frames[group].rect
    opened_rect = item.rect().translated(item.pos())
    margin = 14.0
    assert (opened_rect.left(), opened_rect.right()) == (rect.left - margin, rect.right + margin)
    assert opened_rect.bottom() == at(view, out)[1] + 28 + margin
    assert drawn_box(document, frame) == stored
    right, bottom = opened_rect.right(), opened_rect.bottom()
    hand(view).drag((right, bottom - 60), (right + 64, bottom - 60))
    assert drawn_box(document, frame)[:2] == stored[:2]
    assert drawn_box(document, frame)[2] > stored[2] + 50
    commands.fold(document, [group], False)
    assert item.rect().translated(item.pos()).getCoords() == drawn_box(document, frame)


def test_what_is_dragged_into_an_open_group_joins_it_in_one_step(document, canvas, hand, opened):
    *_, c, group, _ = opened
    lone = commands.add_layer(document, "Tanh", (500, 100))
    view = canvas()
    rect = view.canvas.wiring.frames[group].rect
    steps = len(document.history)
    x, y = at(view, lone)
    touch = hand(view)
    touch.press((x - 80, y))
    touch.move((rect.right - 10, rect.bottom - 30))
    assert view.canvas.item_of(group).marked
    touch.release((rect.right - 10, rect.bottom - 30))
    assert not view.canvas.item_of(group).marked
    assert document.tables.nodes[lone].parent == group
    assert len(document.history) == steps + 1
    assert document.undo_label == "Move 'tanh1' into 'block1'"
    document.undo()
    assert (document.tables.nodes[lone].parent, at(view, lone)) == (None, (x, y))
    hand(view).drag(at(view, c, 60), at(view, c, 70, 300))
    assert document.tables.nodes[c].parent == group
