"""Sizes that a layer's own inputs do not say: read from the inputs of the model, and no nodes of a drawing."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from sketch.binder.kernel import BinderError
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.kernels.onnx import KERNEL
from tests.contract.networks import library
from tests.kernels.onnx.job import described, opened, task_in
from tests.kernels.pytorch.drawing import Drawing


def tokens(store, *, given=("N", 4, 8), wanted="N"):
    """A class token in front of a sequence: Parameter, Expand, Concat."""
    made = Drawing()
    x = made.add("Input", name="x", shape=given, dtype="float32")
    token = made.add("Parameter", name="token", shape=(1, 1, 8))
    grown = made.add("Expand", token, name="grown", shape=(wanted, -1, -1))
    made.add("Output", made.add("Concat", grown, x, name="joined", dim=1), name="y")
    return made, made.network(store)


def run(path, task, batch):
    x = np.random.default_rng(1).standard_normal((batch, 4, 8)).astype(np.float32)
    y = KERNEL.run(path, {"x": x}, task)["y"]
    np.testing.assert_array_equal(y[:, 1:], x)
    assert np.ptp(y[:, 0], axis=0).max() == 0
    return y.shape


def test_a_token_is_expanded_to_any_batch(tmp_path):
    task = task_in(tmp_path)
    _, network = tokens(task.store)
    path = tmp_path / "tokens.onnx"
    KERNEL.export_model(network, path, {}, task)
    assert [run(path, task, batch) for batch in (1, 5)] == [(1, 5, 8), (5, 5, 8)]
    again, drawn = described(opened(path, task)), described(network)
    assert [row[:4] for row in again] == [row[:4] for row in drawn]


@pytest.mark.parametrize(("given", "batch"), [("2*N", 6), ("3*N+1", 10), ("N*2", 4)])
def test_a_size_is_worked_out_from_a_multiple(tmp_path, given, batch):
    task = task_in(tmp_path)
    made = Drawing()
    x = made.add("Input", name="x", shape=(given, 8))
    grown = made.add("Expand", made.add("Parameter", shape=(1, 8)), shape=("N", -1))
    made.add("Output", x, name="same")
    made.add("Output", grown, name="y")
    path = tmp_path / "part.onnx"
    KERNEL.export_model(made.network(task.store), path, {}, task)
    y = KERNEL.run(path, {"x": np.zeros((batch, 8), np.float32)}, task)["y"]
    assert y.shape == {"2*N": (3, 8), "3*N+1": (3, 8), "N*2": (2, 8)}[given]


def test_one_reading_serves_all_layers(tmp_path):
    task = task_in(tmp_path)
    made = Drawing()
    made.add("Output", made.add("Input", name="x", shape=("N", "L", 8)), name="same")
    for number in range(3):
        token = made.add("Parameter", shape=(1, 1, 8))
        made.add("Output", made.add("Expand", token, shape=("N", "L", -1)), name=f"y{number}")
    path = tmp_path / "three.onnx"
    KERNEL.export_model(made.network(task.store), path, {}, task)
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert (kinds.count("Shape"), kinds.count("Gather")) == (1, 2)


def test_an_edited_file_keeps_its_sizes(tmp_path):
    task = task_in(tmp_path)
    _, network = tokens(task.store)
    path = tmp_path / "tokens.onnx"
    KERNEL.export_model(network, path, {}, task)
    again = opened(path, task)
    draft = Draft(again.tables, library())
    draft.rename(draft.named(None, "grown"), "longer")
    again.tables.apply(draft.delta())
    KERNEL.export_model(build_network(again.tables, library(), store=task.store), path, {}, task)
    assert run(path, task, 3) == (3, 5, 8)


def test_a_size_that_nothing_says_is_named(tmp_path):
    task = task_in(tmp_path)
    _, network = tokens(task.store, given=("N", 4, 8), wanted="M")
    with pytest.raises(BinderError, match="The size M is no size of an input"):
        KERNEL.export_model(network, tmp_path / "m.onnx", {}, task)
