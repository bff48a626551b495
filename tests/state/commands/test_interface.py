"""Inputs and outputs of a model at any wire or port; shapes with names."""

import pytest

from sketch.graph.errors import GraphError, ParameterError
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.commands.interface import InputRow, InterfaceError, ends_of, value_name, wires_into
from tests.graph.random_edits import laws


@pytest.fixture
def chain(document):
    """x → conv1 → relu1 → (group) conv2 → y; the ids by name."""
    ids = {"x": document.edit("x", lambda d: d.add("Input", "x", {"shape": ("N", 3, 8, 8)}))}
    last = [ids["x"]]
    for layer, name in (("Conv2d", "conv1"), ("ReLU", "relu1"), ("Conv2d", "conv2"), ("Output", "y")):
        last = [commands.append_layer(document, layer, last)]
        ids[name] = last[0]
    commands.rename(document, ids["y"], "y")
    ids["block"] = commands.group(document, [ids["conv2"]])
    return ids


def check(document):
    laws(document.tables)


def test_an_output_shows_a_value_and_undo_takes_it_back(document, chain) -> None:
    before = snapshot(document.tables)
    (made,) = commands.make_outputs(document, [(chain["relu1"], 0)])
    assert document.tables.nodes[made].name == "relu1_output"
    assert document.tables.nodes[made].prior[0].source == chain["relu1"]
    check(document)
    with pytest.raises(InterfaceError, match="output of the model already"):
        commands.make_outputs(document, [(chain["relu1"], 0)])
    document.undo()
    assert snapshot(document.tables) == before


def test_an_input_takes_the_place_of_a_wire_with_its_type(document, chain) -> None:
    (wire,) = wires_into(document, [chain["block"]])
    assert (wire.source, wire.target) == (chain["relu1"], chain["conv2"])
    steps = len(document.history.checkpoints)
    (made,) = commands.make_inputs(document, [wire])
    node = document.tables.nodes[made]
    assert (node.name, node.parent, node.params["shape"]) == ("relu1_input", None, ("N", 64, 6, 6))
    assert document.tables.nodes[chain["conv2"]].prior[0].source == made
    assert not document.tables.nodes[chain["relu1"]].next
    assert len(document.history.checkpoints) == steps + 1
    assert not [p for p in document.problems() if p.severity == "error"]
    check(document)


def test_two_wires_of_one_value_share_an_input(document, chain) -> None:
    add = commands.add_layer(document, "Add", (0, 0))
    for name in ("conv1", "relu1"):
        commands.connect(document, chain[name], 0, add)
    made = commands.make_inputs(document, wires_into(document, [add]))
    assert len(made) == 2
    document.undo()
    both = list(document.tables.nodes[chain["conv1"]].next)
    assert len(commands.make_inputs(document, both)) == 1
    check(document)


def test_an_open_port_gets_an_input(document) -> None:
    conv = commands.add_layer(document, "Conv2d", (0, 0))
    made = commands.make_input_at(document, conv, 0)
    assert document.tables.nodes[conv].prior[0].source == made
    assert document.tables.nodes[made].layer == "Input"


def test_a_value_of_unknown_type_is_refused_by_name(document) -> None:
    conv = commands.add_layer(document, "Conv2d", (0, 0))
    relu = commands.append_layer(document, "ReLU", [conv])
    with pytest.raises(InterfaceError, match=r"The type of 'conv1' is not known yet"):
        commands.make_inputs(document, document.tables.nodes[relu].prior)
    with pytest.raises(InterfaceError, match="Select the wires"):
        commands.make_inputs(document, [])


def test_all_inputs_in_one_step_names_may_swap(document, chain) -> None:
    other = document.edit("z", lambda d: d.add("Input", "z", {"shape": (1,)}))
    steps = len(document.history.checkpoints)
    rows = {chain["x"]: InputRow("z", ("B", 3, "H", "W"), "float32"), other: InputRow("x", (2, "T"), "int64")}
    commands.set_inputs(document, rows)
    nodes = document.tables.nodes
    assert (nodes[chain["x"]].name, nodes[other].name) == ("z", "x")
    assert str(document.inference.output(chain["relu1"])) == "float32 B×64×H-2×W-2"
    assert nodes[other].params["dtype"] == "int64"
    assert len(document.history.checkpoints) == steps + 1
    with pytest.raises(ParameterError, match="shape"):
        commands.set_inputs(document, {other: InputRow("x", ("not a size",), "int64")})
    with pytest.raises(GraphError, match="same name"):
        commands.set_inputs(document, {key: InputRow("w", (1,), "float32") for key in rows})
    assert nodes[chain["x"]].name == "z"


def test_values_are_called_by_their_full_name(document, chain) -> None:
    block = document.tables.nodes[chain["block"]].name
    assert value_name(document, (chain["conv2"], 0)) == f"{block}.conv2"
    assert ends_of(document, [chain["block"]]) == [(chain["conv2"], 0)]
