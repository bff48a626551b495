"""Drawing, cutting and moving wires."""

import pytest

from sketch.graph.errors import CycleError, PortTakenError, WireError
from sketch.graph.rows import Edge
from sketch.state import commands
from tests.graph.random_edits import laws


@pytest.fixture
def parts(document):
    return {
        name: commands.add_layer(document, layer, (0, 0))
        for name, layer in (
            ("a", "Input"),
            ("b", "Input"),
            ("c", "Input"),
            ("relu", "ReLU"),
            ("cat", "Concat"),
            ("sub", "Sub"),
            ("out", "Output"),
            ("group", "Group"),
        )
    }


def into(document, node_id):
    return [edge.source for edge in document.tables.nodes[node_id].prior]


def test_connect_takes_the_first_free_input_or_says_why_not(document, parts) -> None:
    assert commands.connect(document, parts["a"], 0, parts["relu"]) == Edge(parts["a"], 0, parts["relu"], 0)
    assert document.undo_label == "Connect 'input1' to 'relu1'"
    with pytest.raises(PortTakenError, match="Every input of 'relu1'"):
        commands.connect(document, parts["b"], 0, parts["relu"])
    with pytest.raises(PortTakenError, match="takes no input"):
        commands.connect(document, parts["relu"], 0, parts["b"])
    with pytest.raises(WireError, match="open the group"):
        commands.connect(document, parts["a"], 0, parts["group"])
    other = commands.append_layer(document, "Add", [parts["relu"]])
    with pytest.raises(CycleError):
        commands.connect(document, other, 0, other)
    for name in "abc":
        commands.connect(document, parts[name], 0, parts["cat"])
    assert into(document, parts["cat"]) == [parts["a"], parts["b"], parts["c"]]


def test_cutting_several_wires_of_one_concat(document, parts) -> None:
    edges = [commands.connect(document, parts[name], 0, parts["cat"]) for name in "abc"]
    commands.disconnect(document, edges[:2])
    assert document.tables.nodes[parts["cat"]].prior == (Edge(parts["c"], 0, parts["cat"], 0),)
    assert document.undo_label == "Cut 2 wires"
    commands.disconnect(document, document.tables.nodes[parts["cat"]].prior)
    assert document.undo_label == "Cut wire to 'concat1'"
    with pytest.raises(WireError):
        commands.disconnect(document, edges)
    laws(document.tables)


def test_reconnecting_either_end(document, parts) -> None:
    edges = [commands.connect(document, parts[name], 0, parts["cat"]) for name in "ab"]
    made = commands.reconnect(document, edges[0], source_end=(parts["c"], 0))
    assert made == Edge(parts["c"], 0, parts["cat"], 0)
    assert into(document, parts["cat"]) == [parts["c"], parts["b"]]
    moved = commands.reconnect(document, made, target_end=(parts["sub"], 1))
    assert moved == Edge(parts["c"], 0, parts["sub"], 1)
    assert into(document, parts["cat"]) == [parts["b"]]
    again = commands.reconnect(document, moved, target_end=(parts["relu"], None))
    assert again == Edge(parts["c"], 0, parts["relu"], 0)
    assert (
        commands.reconnect(document, again, source_end=(parts["a"], 0), target_end=(parts["out"], 0)).source
        == parts["a"]
    )
    assert document.undo_label == "Move wire of 'relu1'"
    laws(document.tables)


def test_a_layer_goes_into_a_wire_and_the_others_keep_their_places(document, parts) -> None:
    edges = [commands.connect(document, parts[name], 0, parts["cat"]) for name in "abc"]
    commands.insert_on_wire(document, parts["relu"], edges[0])
    assert into(document, parts["cat"]) == [parts["relu"], parts["b"], parts["c"]]
    assert into(document, parts["relu"]) == [parts["a"]]
    made = commands.add_on_wire(document, "GELU", edges[1], (3, 4))
    assert into(document, parts["cat"]) == [parts["relu"], made, parts["c"]]
    assert document.undo_label == "Add GELU 'gelu1'"
    with pytest.raises(WireError, match="already has wires"):
        commands.insert_on_wire(document, parts["relu"], edges[2])
    for name in ("group", "out"):
        with pytest.raises(WireError, match="cannot stand in a wire"):
            commands.insert_on_wire(document, parts[name], edges[2])
    laws(document.tables)


def test_a_wire_dropped_on_empty_canvas_brings_a_layer(document, parts) -> None:
    made = commands.add_wired(document, "ReLU", (1, 2), parts["a"], 0, parent=parts["group"])
    assert into(document, made) == [parts["a"]]
    assert document.tables.nodes[made].parent == parts["group"]
    before = commands.add_before(document, "ReLU", (1, 2), parts["sub"], 1)
    assert document.tables.nodes[parts["sub"]].prior == (Edge(before, 0, parts["sub"], 1),)
    free = commands.add_before(document, "ReLU", (1, 2), parts["sub"], None)
    assert into(document, parts["sub"]) == [free, before]
    with pytest.raises(WireError):
        commands.add_wired(document, "Sequential", (0, 0), parts["a"], 0)
    assert len([n for n in document.tables.nodes.values() if n.layer == "Sequential"]) == 0
