"""Every layer × ONNX: onnxruntime agrees with torch on the same weights, and the file gives the same drawing again."""

import numpy as np
import onnx.parser
import pytest

from sketch.binder.initial import initial_tensor
from sketch.binder.verify import compare
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from tests.contract import oracle
from tests.contract.cases import cases
from tests.contract.networks import inputs_of, library, network_of
from tests.kernels.onnx.job import described, opened, task_in

LAYERS = [spec.name for spec in library() if not spec.group]
COUNT = 3

REFUSED = {
    "CTCLoss": "search over alignments",
    "LSTM": "has no projection",
    "Interpolate": "cannot antialias with align_corners",
    "ScaledDotProductAttention": "drops attention weights at inference",
}
"""What may be refused, and the words that say why."""


def with_weights(network, case):
    """The network with stored weights: initial ones, statistics and shifts moved off their zeros and ones."""
    node = next((step for step in network.steps if step.layer == case.layer and step.weights), None)
    if node is None:
        return network, {}
    random = np.random.default_rng(case.seed)
    draft, arrays = Draft(network.tables, library()), {}
    for role, kind in node.weights.items():
        array = np.asarray(initial_tensor(kind, node.weights, node.params, 7, node.id))
        if array.dtype.kind == "f" and role in ("bias", "running_mean", "running_var"):
            array = array + random.uniform(0.1, 0.6, array.shape).astype(array.dtype)
        arrays[role] = array
        digest = network.store.put(array, kind.dtype)
        set_weight(draft, node.id, role, add_tensor(draft, digest, array.shape, kind.dtype))
    network.tables.apply(draft.delta())
    return build_network(network.tables, library(), name=network.name, store=network.store), arrays


def test_limits_name_layers_and_cover_what_is_refused():
    assert set(REFUSED) <= set(KERNEL.info.limits) <= set(LAYERS)


@pytest.mark.parametrize("layer", ["AdaptiveAvgPool2d", "AdaptiveMaxPool1d"])
def test_a_limit_on_sizes_is_said_on_the_node(layer, tmp_path):
    """With a symbolic height the pool is refused with what to do; with a number it is not."""
    reasons = []
    for length in ("L", 12):
        shape = ("N", 3, length) if layer.endswith("1d") else ("N", 3, length, 8)
        tables = Tables()
        draft = Draft(tables, library())
        x = draft.add("Input", "x", {"shape": shape})
        pool = draft.add(layer, "pool", {"output_size": 2})
        draft.connect(x, 0, pool, 0)
        tables.apply(draft.delta())
        reasons.append(KERNEL.refusal(build_network(tables, library()).step(pool)))
    assert "give the Input a number there" in reasons[0]
    assert reasons[1] is None


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_is_the_same_in_onnx(layer, tmp_path):
    task = task_in(tmp_path)
    for case in cases(library()[layer], seed=0, count=COUNT):
        network, weights = with_weights(network_of(case, task.store), case)
        reasons = [reason for step in network.steps if (reason := KERNEL.refusal(step))]
        assert onnx.parser.parse_model(KERNEL.text(network).text).graph.name == network.name
        if reasons:
            assert REFUSED[layer] in reasons[0]
            assert layer in KERNEL.info.limits
            continue
        path = tmp_path / "case.onnx"
        KERNEL.export_model(network, path, {}, task)
        if layer not in ("Input", "Output"):
            step = next(step for step in network.steps if step.layer == layer)
            wanted = oracle.expected(case, library()[layer], step.params, weights)
            expected = {f"out{out}": value for out, value in enumerate(wanted) if value is not None}
            got = KERNEL.run(path, inputs_of(case), task)
            assert {name: value.dtype for name, value in got.items()} == {
                n: v.dtype for n, v in expected.items()
            }
            proof = compare("torch", expected, got)
            assert proof.agrees, f"{case}: {proof}"
        assert described(opened(path, task)) == described(network), str(case)
