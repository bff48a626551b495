"""What feeds some nodes and what they feed."""

import pytest

from sketch.gui.canvas import tracing
from sketch.gui.canvas.tracing import traced
from sketch.state import commands
from tests.gui.canvas.conftest import chain


def wires_in(document):
    return [edge for node in document.tables.nodes.values() for edge in node.prior]


def test_wires_and_nodes_on_the_way(document):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    side = commands.add_layer(document, "Tanh", (300, 100))
    aside = commands.connect(document, a, 0, side)
    nodes, wires = traced(document.tables, [b, 999])
    assert nodes == {a, b, c}
    assert [edge for edge in wires_in(document) if edge not in wires] == [aside]
    assert None not in wires


def test_of_a_group_its_members_count_and_equal_ways_are_equal(document):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    inner = commands.group(document, [b])
    outer = commands.group(document, [inner, c])
    nodes, wires = traced(document.tables, [outer])
    assert nodes == {a, b, c, inner, outer}
    assert all(edge in wires for edge in wires_in(document))
    assert wires == traced(document.tables, [outer])[1] != traced(document.tables, [a])[1]


@pytest.mark.parametrize("portion", [1, 2, 3, 100])
def test_in_portions_the_same_is_found(document, monkeypatch, portion):
    monkeypatch.setattr(tracing, "PORTION", portion)
    ids = chain(document, "Input", *["ReLU"] * 6)
    apart = chain(document, "Input", "Tanh", x=500)
    nodes, wires = traced(document.tables, [ids[3]])
    assert nodes == {*ids}
    assert {edge.target for edge in wires_in(document) if edge not in wires} == {apart[1]}
