"""Values inside a run: both kernels give the same ones, node by node, so that a proof can say where two files part."""

from __future__ import annotations

import numpy as np

from sketch.binder.registry import KernelRegistry
from sketch.binder.samples import sample_inputs
from sketch.graph.examples import build
from sketch.graph.grouping import group
from tests.kernels.onnx.job import task_in
from tests.kernels.pytorch.drawing import Drawing


def values(kernel, network, folder, wanted, inputs):
    task = task_in(folder)
    task.trusted = True
    path = folder / f"net{kernel.info.writes[0]}"
    kernel.export_model(network, path, {}, task)
    return kernel.run_values(network, path, wanted, inputs, task)


def drawing(store):
    """An LSTM with all outputs in use, a Chunk, and a group with a convolution of the same name inside and outside."""
    made = Drawing()
    x = made.add("Input", name="x", shape=("N", 6, 8))
    rnn = made.add("LSTM", x, hidden_size=4, batch_first=True)
    first, second = made.add("Tanh", (rnn, 0)), made.add("Tanh", (rnn, 1))
    parts = made.add("Chunk", first, chunks=2, dim=1)
    total = made.add("Add", (parts, 0), (parts, 1))
    inner = made.add("Linear", total, out_features=5, name="fc1")
    group(made.draft, [inner], "Group", "block")
    outer = made.add("Linear", inner, out_features=3, name="fc1")
    made.add("Output", outer, name="y")
    made.add("Output", second, name="h")
    return made.network(store)


def test_every_value_is_the_same_in_both(tmp_path):
    network = drawing(task_in(tmp_path).store)
    wanted = [
        (s.id, out)
        for s in network.steps
        if s.layer not in ("Input", "Output")
        for out in range(len(s.types))
    ]
    inputs = sample_inputs(network, 1)
    found = {k.info.name: values(k, network, tmp_path, wanted, inputs) for k in KernelRegistry.discover()}
    one, two = found["onnx"], found["pytorch"]
    shared = one.keys() & two.keys()
    assert {f"{node}:{out}" for node, out in wanted} - shared <= {
        f"{wanted[2][0]}:2"
    }  # the cell state is not in use
    for key in shared:
        np.testing.assert_allclose(one[key], two[key], rtol=1e-4, atol=1e-5, err_msg=key)


def test_an_example_has_a_value_for_each_node(tmp_path):
    made = Drawing()
    build("lenet5", made.draft)
    network = made.network(task_in(tmp_path).store)
    wanted = [(s.id, 0) for s in network.steps if s.layer not in ("Input", "Output")]
    inputs = sample_inputs(network, 1)
    for kernel in KernelRegistry.discover():
        assert len(values(kernel, network, tmp_path, wanted, inputs)) == len(wanted), kernel.info.name
