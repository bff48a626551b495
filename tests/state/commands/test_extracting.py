"""A part of a network as a network of its own: names, groups, numbers and weights stay."""

import pytest

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.errors import UnknownNodeError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables, snapshot
from sketch.state import commands
from sketch.state.commands.extracting import ExtractError
from tests.graph.random_edits import laws


@pytest.fixture
def net(document):
    """x → conv1 → relu1 → block(conv2, c·) → y, with a Constant that block multiplies; ids by name."""

    def edit(draft):
        ids = {"x": draft.add("Input", "x", {"shape": ("N", 3, 8, 8)}), "block": draft.add("Group", "block")}
        for name, layer, parent in (
            ("conv1", "Conv2d", None), ("relu1", "ReLU", None), ("conv2", "Conv2d", ids["block"]),
            ("half", "Constant", ids["block"]), ("scale", "Mul", ids["block"]), ("y", "Output", None),
        ):  # fmt: skip
            ids[name] = draft.add(layer, name, parent=parent)
        for source, target, into in (
            ("x", "conv1", 0), ("conv1", "relu1", 0), ("relu1", "conv2", 0), ("conv2", "scale", 0),
            ("half", "scale", 1), ("scale", "y", 0),
        ):  # fmt: skip
            draft.connect(ids[source], 0, ids[target], into)
        set_weight(draft, ids["conv2"], "bias", add_tensor(draft, "digest", (64,), "float32"))
        return ids

    return document.edit("draw", edit)


def built(document, found):
    tables = Tables()
    tables.apply(found.delta)
    laws(tables)
    return build_network(tables, document.library)


def test_a_selection_stands_alone_with_the_names_of_its_wires(document, net) -> None:
    before = snapshot(document.tables)
    network = built(document, commands.extract(document, [net["block"]]))
    assert {step.layer for step in network.steps} == {"Input", "Constant", "Conv2d", "Mul", "Output"}
    assert [step.name for step in network.inputs] == ["relu1"]
    assert str(network.inputs[0].types[0]) == "float32 N×64×6×6"
    assert [step.name for step in network.outputs] == ["y"]
    conv = network.step(net["conv2"])
    assert (network.qualified(conv), conv.stored) == ("block.conv2", {"bias": next(iter(network.tensors))})
    assert network.errors == ()
    assert snapshot(document.tables) == before


def test_an_output_is_called_like_its_value(document, net) -> None:
    network = built(document, commands.extract(document, [net["conv1"], net["relu1"]]))
    assert [step.name for step in network.inputs] == ["x"]
    assert [step.name for step in network.outputs] == [
        "relu1_output"
    ]  # the layer itself bears the name relu1
    network = built(document, commands.extract(document, [net["conv2"]]))
    assert [step.name for step in network.outputs] == ["block.conv2"]


def test_by_names_of_layers_and_values(document, net) -> None:
    def found(sources, targets):
        return {document.tables.nodes[k].name for k in commands.between(document, sources, targets)}

    assert found(["relu1"], ["block.conv2"]) == {"relu1", "conv2"}
    assert found([], ["relu1"]) == {"conv1", "relu1"}
    assert found(["block.conv2"], []) == {"conv2", "scale"}
    assert found(["x"], ["y"]) == {"conv1", "relu1", "conv2", "scale"}
    with pytest.raises(ExtractError, match=r"No way leads from block\.conv2 to conv1"):
        found(["block.conv2"], ["conv1"])
    with pytest.raises(UnknownNodeError, match="There is no layer or value 'conv9'"):
        found(["conv9"], [])


def test_nothing_selected_is_refused(document, net) -> None:
    with pytest.raises(ExtractError, match="Select the layers"):
        commands.extract(document, [net["x"]])
