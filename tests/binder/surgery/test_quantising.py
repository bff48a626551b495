"""Quantised numbers against onnx's own QuantizeLinear and DequantizeLinear; what cannot be quantised says why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from sketch.binder.surgery import quantising
from sketch.binder.surgery.arrays import after
from sketch.binder.surgery.quantising import FLOAT16, INT8, KEEP, Choice
from sketch.binder.tensors import TensorStore
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


@pytest.fixture
def network(library, tmp_path):
    def draw(shape, *layers, dtype="float32"):
        tables = Tables()
        draft = Draft(tables, library)
        last = draft.add("Input", "x", {"shape": shape, "dtype": dtype})
        for layer, params in layers:
            node = draft.add(layer, None, params)
            draft.connect(last, 0, node, 0)
            last = node
        draft.connect(last, 0, draft.add("Output", "y"), 0)
        tables.apply(draft.delta())
        return build_network(tables, library, store=TensorStore(tmp_path / "store"))

    return draw


@pytest.mark.parametrize("axis", [None, 0, 1])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_numbers_are_those_of_onnx(axis, seed):
    values = np.random.default_rng(seed).standard_normal((4, 5)) * 10.0 ** (seed % 7 - 3)
    whole, scale = quantising.quantised(values, axis)
    attributes = {} if axis is None else {"axis": axis}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **attributes),
        helper.make_node("DequantizeLinear", ["q", "s"], ["y"], **attributes),
    ]
    size = [] if axis is None else [values.shape[axis]]
    graph = helper.make_graph(
        nodes, "q",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, values.shape),
         helper.make_tensor_value_info("s", TensorProto.FLOAT, size),
         helper.make_tensor_value_info("z", TensorProto.INT8, size)],
        [helper.make_tensor_value_info("q", TensorProto.INT8, values.shape),
         helper.make_tensor_value_info("y", TensorProto.FLOAT, values.shape)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    zero = np.zeros(size, np.int8)
    given_ = {"x": values.astype(np.float32), "s": scale.astype(np.float32), "z": zero}
    want, back = ReferenceEvaluator(model).run(None, given_)
    assert (
        np.abs(whole.astype(int) - want.astype(int)).max() <= 1
    )  # ties at the half may fall either way in float32
    ours = whole * quantising.scale_like(scale, values, axis or 0)
    step = np.broadcast_to(quantising.scale_like(scale, values, axis or 0), values.shape)
    assert (np.abs(ours - values) <= step / 2 * (1 + 1e-6)).all()
    assert (np.abs(back - values) <= step / 2 * (1 + 1e-3)).all()


def test_a_channel_of_zeros_stays_zero():
    whole, scale = quantising.quantised(np.zeros((2, 3)), 0)
    assert not whole.any()
    assert (scale == 1).all()


def test_preview_says_size_and_error(network):
    net = network(("N", 3, 8, 8), ("Conv2d", {"out_channels": 4}))
    (weight,) = quantising.weights(net)
    assert (weight.name, weight.shape, weight.reason) == ("conv1", (4, 3, 3, 3), "")
    per_channel, one = (quantising.outcome(net, weight, Choice(INT8, per)) for per in (True, False))
    assert (per_channel.bytes_before, per_channel.bytes_after, one.bytes_after) == (432, 108 + 16, 108 + 4)
    assert 0 < per_channel.max_abs_error <= one.max_abs_error
    half = quantising.outcome(net, weight, Choice(FLOAT16))
    assert (half.bytes_after, half.max_abs_error < one.max_abs_error) == (216, True)
    assert quantising.outcome(net, weight, Choice(KEEP)).max_abs_error == 0


@pytest.mark.parametrize(
    ("shape", "layer", "params", "dtype", "kinds"),
    [
        (("N", 3, 8, 8), "Conv2d", {"padding": "same", "dilation": 2}, "float32", ["DequantizeLinear", "Conv"]),
        (("N", 4, 8), "ConvTranspose1d", {"groups": 2, "out_channels": 6}, "float32",
         ["DequantizeLinear", "ConvTranspose"]),
        (("N", 16), "Linear", {}, "float32", ["DequantizeLinear", "Gemm"]),
        (("N", 7, 16), "Linear", {}, "float32", ["DequantizeLinear", "MatMul", "Add"]),
        (("N", 7), "Embedding", {"num_embeddings": 9}, "int64", ["DequantizeLinear", "Gather"]),
    ],
)  # fmt: skip
def test_layers_become_operators_that_keep_their_names_and_wires(
    network, library, shape, layer, params, dtype, kinds
):
    net = network(shape, (layer, params), dtype=dtype)
    (weight,) = quantising.weights(net)
    delta = quantising.quantise(net, {weight.node: Choice(INT8)}, library, lambda *_: None)
    made = after(net, delta, library)
    assert [s.layer.removeprefix("ai.onnx:") for s in made.steps if ":" in s.layer] == kinds
    assert made.errors == ()
    assert made.step(weight.node).name == weight.name
    assert made.outputs[0].input_types[0] == net.outputs[0].input_types[0]


def test_what_cannot_be_quantised_says_why(network, library):
    net = network(("N", 3, 8, 8), ("Conv2d", {"padding": 1, "padding_mode": "reflect"}))
    (weight,) = quantising.weights(net)
    assert "padding mode reflect" in weight.reason
    with pytest.raises(ValueError, match="'conv1': its padding mode reflect"):
        quantising.quantise(net, {weight.node: Choice(INT8)}, library, lambda *_: None)
    net = network((3, 8, 8), ("Conv2d", {}))
    assert "no batch" in quantising.weights(net)[0].reason


def test_names_are_chosen_by_a_pattern(network):
    net = network(("N", 16), ("Linear", {}), ("ReLU", {}), ("Linear", {}))
    assert [w.name for w in quantising.weights(net, "*2")] == ["fc2"]
