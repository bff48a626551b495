"""Drawings with zones of every kind, their files, and what a file must give back."""

import numpy as np
import torch

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.graph.zone_kinds import LOOP
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.contract.zone_drawings import (
    branches,
    countdown,
    doubled_sum,
    nested,
    plug,
    sign_flip,
    unplug,
    zone,
)
from tests.kernels.pytorch.drawing import Drawing
from tests.kernels.pytorch.test_round_trip import flat, structure

dice = np.random.default_rng(5)


def rich(store):
    """A Loop with a group, statistics, a Parameter, constants of operators, a tied weight, and an If with a Loop."""
    drawing = Drawing()
    flag = drawing.add("Input", name="flag", shape=(), dtype="bool")
    x = drawing.add("Input", name="x", shape=(4, 3))
    first = drawing.add("Linear", x, name="first", out_features=3, bias=False)
    trips = drawing.add("Constant", name="trips", value=2, dtype="int64")
    group, start, end = zone(drawing, LOOP, name="outer")
    plug(drawing, trips, start, 0)
    plug(drawing, first, start, 2)
    block = drawing.draft.add("Group", "block 1", parent=group)
    norm = drawing.add("BatchNorm1d", (start, 2), name="norm", parent=block)
    again = drawing.add("Linear", norm, name="again", parent=block, out_features=3, bias=False)
    gain = drawing.add("Parameter", name="gain", parent=block, shape=(1, 3))
    scaled = drawing.add("Mul", again, gain, name="scaled", parent=block)
    drop = drawing.add("Dropout", scaled, name="drop", parent=block, p=0.0)
    ein = drawing.add("ai.onnx:Einsum", drop, name="ein", parent=group, equation="ij,jk->ij")
    numbers = tuple(float(item) for item in dice.standard_normal(21).astype(np.float32))
    drawing.draft.set_param(ein, "$input1", {"dtype": "float32", "shape": (3, 7), "data": numbers})
    shifted = drawing.add("ai.onnx:Sum", ein, name="shifted", parent=group)
    wide = dice.standard_normal((4, 3, 8)).astype(np.float32)
    reduced = drawing.add("ai.onnx:Einsum", shifted, name="reduced", parent=group, equation="ij,ijk->ij")
    weigh(drawing, store, wide, (reduced, "input1"), name="table")
    chosen = branches(drawing, flag, reduced, group)
    drawing.draft.set_param(end, "collected", 1)
    unplug(drawing, end)
    for into, source in enumerate(((start, 1), chosen, drop)):
        plug(drawing, source, end, into)
    drawing.add("Output", end, name="y")
    drawing.add("Output", (end, 1), name="all")
    weigh(
        drawing, store, dice.standard_normal((3, 3)).astype(np.float32), (first, "weight"), (again, "weight")
    )
    return drawing


def weigh(drawing, store, values, *roles, name="tied"):
    row = add_tensor(drawing.draft, store.put(values), values.shape, "float32", name)
    for node, role in roles:
        set_weight(drawing.draft, node, role, row)


DRAWINGS = {
    "loop": (lambda store: countdown(), ((2, 3), (2, 3))),
    "scan": (lambda store: doubled_sum(), ((3,), (5, 3))),
    "if": (lambda store: sign_flip(), (None, (6, 4))),
    "nested": (lambda store: nested(), (None, (2, 3))),
    "rich": (rich, (None, (4, 3))),
}


def example(shapes):
    return tuple(
        torch.tensor(True)
        if shape is None
        else torch.from_numpy(dice.standard_normal(shape).astype(np.float32))
        for shape in shapes
    )


def written(case, tmp_path):
    """(task, network, example, path of its file)."""
    make, shapes = DRAWINGS[case]
    task, path = make_task(tmp_path), tmp_path / "m.pth"
    network = make(task.store).network(task.store)
    assert not network.errors
    report = KERNEL.export_model(network, path, {}, task)
    assert not report.losses
    return task, network, example(shapes), path


def read(path, task):
    model = KERNEL.import_model(path, {}, task)
    assert not model.losses
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name=model.name, store=task.store)


def load(path):
    return torch.load(path, weights_only=False)


def answers(module, given):
    with torch.no_grad():
        return flat(module(*given))


def same_state(one, other):
    one, other = one.state_dict(), other.state_dict()
    assert list(one) == list(other)
    assert all(torch.equal(one[name], other[name]) for name in one)


def assert_same(path, task, network, given, tmp_path):
    """The file's drawing is the network; written again it has the same weights and gives the same numbers."""
    again = read(path, task)
    assert structure(again) == structure(network)
    assert drawn_groups(again) == drawn_groups(network)
    assert (again.name, again.seed) == (network.name, network.seed)
    KERNEL.export_model(again, tmp_path / "again.pth", {}, task)
    want, have = load(path), load(tmp_path / "again.pth")
    same_state(want, have)
    for a, b in zip(answers(want, given), answers(have, given), strict=True):
        assert torch.equal(a, b)
    return again


def drawn_groups(network):
    return sorted((network.path(box), box.layer) for box in network.groups.values())
