"""Layers added where a person points: wired, into a wire with room made, at a wire's end that was taken away."""

import pytest

from sketch.graph.geometry import GAP_Y, NODE_HEIGHT
from sketch.graph.rows import Edge
from sketch.state import commands

PITCH = NODE_HEIGHT + GAP_Y


def edges(document):
    return {edge for node in document.tables.nodes.values() for edge in node.next}


def height(document, key):
    return document.tables.places[key].y


@pytest.fixture
def chain(document):
    """Input, ReLU and Output below each other, as close as the layout puts them."""
    ids = [
        commands.add_layer(document, layer, (0, PITCH * n))
        for n, layer in enumerate(("Input", "ReLU", "Output"))
    ]
    commands.connect(document, ids[0], 0, ids[1])
    commands.connect(document, ids[1], 0, ids[2])
    return ids


def test_a_wire_says_where_the_new_layer_goes(document, chain) -> None:
    a, b, c = chain
    plain = commands.add_at(document, "GELU", (500, 0))
    assert not document.tables.nodes[plain].prior
    behind = commands.add_at(document, "GELU", (500, 0), (b, 0, "out"))
    assert Edge(b, 0, behind, 0) in edges(document)
    add = commands.add_at(document, "Add", (500, 0))
    before = commands.add_at(document, "Input", (500, 0), (add, 1, "in"))
    assert Edge(before, 0, add, 1) in edges(document)
    into = commands.add_at(document, "Tanh", (0, 50), Edge(a, 0, b, 0))
    assert {Edge(a, 0, into, 0), Edge(into, 0, b, 0)} <= edges(document)
    assert Edge(a, 0, b, 0) not in edges(document)
    assert Edge(b, 0, c, 0) in edges(document)


@pytest.mark.parametrize("side", ["out", "in"])
def test_the_end_of_a_wire_goes_to_the_new_layer_in_one_step(document, chain, side) -> None:
    a, b, c = chain
    steps = len(document.history)
    if side == "out":
        made = commands.add_at(document, "GELU", (500, 100), (a, 0, "out", Edge(a, 0, b, 0)))
        assert edges(document) == {Edge(a, 0, made, 0), Edge(b, 0, c, 0)}
    else:
        made = commands.add_at(document, "GELU", (500, 100), (c, 0, "in", Edge(b, 0, c, 0)))
        assert edges(document) == {Edge(a, 0, b, 0), Edge(made, 0, c, 0)}
    assert len(document.history) == steps + 1
    document.undo()
    assert edges(document) == {Edge(a, 0, b, 0), Edge(b, 0, c, 0)}


def test_what_stands_behind_makes_room_for_an_inserted_layer(document, chain) -> None:
    a, b, c = chain
    beside = commands.add_layer(document, "ReLU", (400, PITCH))
    above = commands.add_layer(document, "ReLU", (400, 0))
    steps = len(document.history)
    made = commands.add_on_wire(document, "GELU", Edge(a, 0, b, 0), (0, 50))
    assert [height(document, key) for key in (a, made, b, c)] == [0, PITCH, 2 * PITCH, 3 * PITCH]
    assert (height(document, above), height(document, beside)) == (0, PITCH)
    assert len(document.history) == steps + 1
    document.undo()
    assert [height(document, key) for key in (a, b, c)] == [0, PITCH, 2 * PITCH]


def test_nothing_moves_where_there_is_room(document, chain) -> None:
    a, b, c = chain
    commands.move(document, {b: (0.0, 300.0), c: (0.0, 400.0)})
    made = commands.add_on_wire(document, "GELU", Edge(a, 0, b, 0), (0, 150))
    assert [height(document, key) for key in (made, b, c)] == [150, 300, 400]


def test_a_drawing_to_the_right_makes_room_to_the_right(document, chain) -> None:
    a, b, c = chain
    document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    commands.move(document, {a: (0.0, 0.0), b: (230.0, 0.0), c: (460.0, 0.0)})
    commands.add_on_wire(document, "GELU", Edge(a, 0, b, 0), (115, 0))
    places = document.tables.places
    assert places[c].x - places[b].x == 230
    assert places[b].x > 300
    assert {place.y for place in places.values()} == {0}


@pytest.mark.parametrize("side", ["out", "in"])
def test_a_layer_wired_to_one_end_covers_nothing(document, chain, side) -> None:
    a, b, c = chain
    made = commands.add_at(
        document, "GELU", (10, PITCH), (a, 0, "out") if side == "out" else (c, 0, "in", Edge(b, 0, c, 0))
    )
    one, two = document.tables.places[made], document.tables.places[b]
    assert abs(one.x - two.x) >= 184 or abs(one.y - two.y) >= NODE_HEIGHT
    assert height(document, b) == PITCH
