"""Changing the type of one or many layers: what fits stays, what does not is told; one step."""

import numpy as np
import pytest

from sketch.graph import attachments
from sketch.graph.errors import GraphError
from sketch.state import commands


def wired(document, *layers):
    ids = []
    for number, layer in enumerate(layers):
        ids.append(commands.add_layer(document, layer, (0, 100 * number)))
        if number:
            commands.connect(document, ids[-2], 0, ids[-1])
    return ids


def store(document, node_id):
    """Give every weight of a layer numbers of its own; role -> digest."""
    found = {}

    def edit(draft):
        for number, (role, kind) in enumerate(document.inference.of(node_id).weights.items()):
            array = np.full(kind.shape, number + 1, kind.dtype)
            digest = document.store.put(array, kind.dtype)
            tensor = attachments.add_tensor(draft, digest, kind.shape, kind.dtype)
            attachments.set_weight(draft, node_id, role, tensor)
            found[role] = digest

    document.edit("store", edit)
    return found


def digests(document, node_id):
    weights = document.tables.weights_of(node_id)
    return {role: document.tables.tensors[tensor].digest for role, tensor in weights.items()}


def test_a_batch_norm_becomes_a_group_norm_and_keeps_scale_and_shift(document) -> None:
    image, norm, act = wired(document, "Input", "BatchNorm2d", "ReLU")
    commands.set_param(document, [image], "shape", ("N", 8, 4, 4))
    commands.set_param(document, [norm], "eps", 1e-3)
    before = store(document, norm)
    steps = len(document.history)
    dropped = commands.replace_layers(document, [norm], "GroupNorm")
    assert document.tables.nodes[norm].layer == "GroupNorm"
    assert document.tables.nodes[norm].params["eps"] == 1e-3
    assert digests(document, norm) == {role: before[role] for role in ("weight", "bias")}
    assert set(dropped.weights) >= {"running_mean", "running_var"}
    assert "running_mean" in str(dropped)
    assert (len(document.tables.nodes[norm].prior), len(document.tables.nodes[act].prior)) == (1, 1)
    assert len(document.history) == steps + 1
    document.undo()
    assert digests(document, norm) == before


def test_many_at_once_and_wires_that_have_no_port_are_counted(document) -> None:
    a, b = (commands.add_layer(document, "Input", (x, 0)) for x in (0, 300))
    adds = [commands.add_layer(document, "Add", (x, 100)) for x in (0, 300)]
    for add in adds:
        commands.connect(document, a, 0, add)
        commands.connect(document, b, 0, add)
    dropped = commands.replace_layers(document, adds, "ReLU")
    assert [document.tables.nodes[key].layer for key in adds] == ["ReLU", "ReLU"]
    assert dropped.wires == 2
    assert str(dropped) == "Dropped: 2 wires."
    assert document.undo_label == "Change 2 layers to ReLU"
    document.undo()
    assert all(len(document.tables.nodes[key].prior) == 2 for key in adds)


def test_nothing_dropped_says_so_and_a_group_is_refused(document) -> None:
    _, act = wired(document, "Input", "ReLU")
    assert str(commands.replace_layers(document, [act], "GELU")) == "Everything was kept."
    group = commands.group(document, [act])
    steps = len(document.history)
    with pytest.raises(GraphError, match="ungroup"):
        commands.replace_layers(document, [group], "ReLU")
    assert len(document.history) == steps
