"""RotaryEmbedding in ONNX: every opset, a head size that is no number, and the Llama of the zoo."""

import numpy as np
import pytest

from sketch.binder.verify import compare
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.program import NEWEST_OPSET, OLDEST_OPSET
from tests.contract import oracle
from tests.contract.cases import cases
from tests.contract.networks import inputs_of, library, network_of
from tests.kernels.onnx.job import task_in
from tests.kernels.pytorch.drawing import picture
from tests.zoo.conformance import check
from tests.zoo.exports import exported
from tests.zoo.networks import NETWORKS

ROTARY = "RotaryEmbedding"


@pytest.mark.parametrize("opset", [OLDEST_OPSET, 16, 18, 20, 23, NEWEST_OPSET])
def test_each_opset_gives_torch_s_numbers(opset, tmp_path):
    task = task_in(tmp_path)
    spec = library()[ROTARY]
    for case in cases(spec, seed=opset, count=4):
        network = network_of(case, task.store)
        KERNEL.export_model(network, tmp_path / "m.onnx", {"opset": opset}, task)
        got = KERNEL.run(tmp_path / "m.onnx", inputs_of(case), task)
        step = next(step for step in network.steps if step.layer == ROTARY)
        want = {"out0": oracle.expected(case, spec, step.params, {})[0]}
        assert compare("torch", want, got).agrees, str(case)


@pytest.mark.parametrize("interleaved", [False, True])
def test_the_head_size_may_be_a_symbol(interleaved, tmp_path):
    task = task_in(tmp_path)
    shape = {"shape": ("N", "L", "E")}
    rows = [(name, "Input", shape, []) for name in ("x", "cos", "sin")]
    network = picture(
        *rows, ("r", ROTARY, {"interleaved": interleaved}, ["x", "cos", "sin"]), ("y", "Output", {}, ["r"])
    )
    assert network.errors == ()
    KERNEL.export_model(network, tmp_path / "m.onnx", {}, task)
    random = np.random.default_rng(3)
    feed = {name: random.standard_normal((2, 3, 6)).astype(np.float32) for name in ("x", "cos", "sin")}
    got = next(iter(KERNEL.run(tmp_path / "m.onnx", feed, task).values()))
    x = feed["x"].reshape(2, 3, 3, 2) if interleaved else feed["x"].reshape(2, 3, 2, 3).swapaxes(-1, -2)
    turned = np.stack([-x[..., 1], x[..., 0]], -1 if interleaved else -2).reshape(2, 3, 6)
    np.testing.assert_allclose(got, feed["x"] * feed["cos"] + turned * feed["sin"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("exporter", ["dynamo", "script"])
def test_llama_shows_its_rotary_embeddings(exporter, tmp_path):
    result = check(NETWORKS["llama"], exporter, ways=("raised",))
    assert set(result.verdicts.values()) == {"equal"}
    model = KERNEL.import_model(exported(NETWORKS["llama"], exporter), {}, task_in(tmp_path))
    tables = Tables()
    tables.apply(model.delta)
    network = build_network(tables, library())
    assert sum(step.layer == ROTARY for step in network.steps) == 4
