"""What no layer says exactly stays an operator, and constants keep their numbers and get readable names."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.naming import constant_path
from sketch.kernels.onnx.raising.site import short_decimal
from sketch.kernels.pytorch.live import to_torch
from tests.kernels.onnx.job import opened, task_in
from tests.kernels.pytorch.suite_cases import cases

LOWEST = float(np.finfo(np.float32).min)


def network_of(text, folder, opset=20, name="g", **weights):
    """Open a model that is one graph in ONNX's text form, with constants."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]> {name} {text}')
    model.graph.initializer.extend(numpy_helper.from_array(array, key) for key, array in weights.items())
    path = folder / "model.onnx"
    onnx.save(model, path)
    task = task_in(folder)
    return opened(path, task), task


def layers(network):
    return [step.layer for step in network.steps if step.layer not in ("Input", "Output")]


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("(float[2,3] x) => (float[2,3] y) { y = Selu<alpha=2.0, gamma=3.0>(x) }", "ai.onnx:Selu"),
        ("(float[2,3] x) => (float[2,3] y) { y = Selu(x) }", "SELU"),
        ("(uint8[1,1,4,4] x) => (uint8[1,1,3,3] y) { y = MaxPool<kernel_shape=[2,2]>(x) }", "ai.onnx:MaxPool"),
        ("(float[1,1,4,4] x) => (float[1,1,3,3] y) { y = MaxPool<kernel_shape=[2,2]>(x) }", "MaxPool2d"),
    ],
)  # fmt: skip
def test_only_what_a_layer_says_exactly_becomes_one(text, layer, tmp_path):
    network, _ = network_of(text, tmp_path)
    assert layers(network) == [layer]


@pytest.mark.parametrize(("size", "layer"), [(0, "ai.onnx:ReduceMax"), (3, "Max")])
def test_the_largest_of_nothing_is_left_to_the_operator(size, layer, tmp_path):
    text = f"(float[2,{size}] x) => (float[2,1] y) {{ y = ReduceMax(x, axes) }}"
    network, _ = network_of(text, tmp_path, axes=np.array([1]))
    assert layers(network) == [layer]


def test_slopes_of_an_old_prelu_are_one_a_channel(tmp_path):
    slope = np.array([0.5, 0.25, -1.0], np.float32)
    text = "(float[2,3,3] x) => (float[2,3,3] y) { y = PRelu(x, s) }"
    network, task = network_of(text, tmp_path, opset=6, s=slope)
    x = np.random.default_rng(2).standard_normal((2, 3, 3)).astype(np.float32)
    got = to_torch(network, task.store)(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(got, np.where(x < 0, x * slope[:, None], x), rtol=1e-6)
    assert layers(network) == ["PReLU"]


def test_a_scan_over_a_batch_is_no_zone(tmp_path):
    case = next(case for case in cases() if case.name == "test_scan_sum")
    path = tmp_path / "scan.onnx"
    onnx.save(case.model, path)
    assert "ai.onnx:Scan" in layers(opened(path, task_in(tmp_path)))


@pytest.mark.parametrize("number", [LOWEST, -LOWEST, 1e-5, 0.1])
def test_a_short_decimal_is_the_same_number_and_not_beyond_the_range(number):
    assert np.float32(short_decimal(np.float32(number))) == np.float32(number)
    assert abs(short_decimal(np.float32(number))) <= -LOWEST


def test_a_mask_that_is_not_finite_is_no_parameter(tmp_path):
    text = "(float[2,3] x) => (float[2,3] y) { y = Add(x, m) }"
    network, task = network_of(text, tmp_path, m=np.array(-np.inf, np.float32))
    assert "Parameter" not in layers(network)
    got = to_torch(network, task.store)(torch.zeros(2, 3))
    assert torch.isneginf(got).all()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("/position/Gather_output_0", ("position", "gather")),
        ("/Constant_1_output_0", ("constant",)),
        ("/h/h.0/attn/Where_3_output_0", ("h", "0", "attn", "where")),
        ("onnx::Add_17", ("constant",)),
        ("blocks.0.gamma", ("blocks", "0", "gamma")),
        ("my table", ("my table",)),
    ],
)
def test_constants_are_named_like_operators(name, wanted):
    assert constant_path(name) == wanted


@pytest.mark.parametrize(("graph", "name"), [("main_graph", "model"), ("mine", "mine")])
def test_a_graph_without_a_name_of_its_own_is_called_like_its_file(graph, name, tmp_path):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    end = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    made = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], graph, [value], [end])
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)]), path)
    assert KERNEL.import_model(path, {}, task_in(tmp_path)).name == name
