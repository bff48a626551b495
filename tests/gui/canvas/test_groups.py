"""Wires at closed groups and at the border of a group canvas, with real events."""

import pytest

from sketch.graph.rows import Edge
from sketch.state import commands
from tests.gui.canvas.conftest import chain


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
