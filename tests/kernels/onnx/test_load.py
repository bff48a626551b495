"""Import of files that other tools wrote: what is raised to which layer, names, ties, constants, memory."""

import numpy as np
import pytest
from onnx import helper

from sketch.binder.samples import sample_inputs
from sketch.binder.verify import compare
from sketch.kernels.onnx import KERNEL
from tests.kernels.onnx.job import layers_of, opened, task_in, weights_in
from tests.kernels.onnx.models import info, model_of, random, saved

node = helper.make_node


def equal_after_round_trip(path, network, task):
    inputs = sample_inputs(network, seed=3)
    again = path.with_name("again.onnx")
    KERNEL.export_model(network, again, {}, task)
    proof = compare("onnxruntime", KERNEL.run(path, inputs, task), KERNEL.run(again, inputs, task))
    assert proof.agrees, proof


def image(*shape):
    return [info("x", *shape)]


CASES = {
    "matmul and add are Linear": (
        [node("MatMul", ["x", "w"], ["a"]), node("Add", ["b", "a"], ["y"])],
        image(2, 5, 4), {"w": random(4, 3), "b": random(3)}, ["Linear"],
    ),
    "matmul by a matrix is Linear": ([node("MatMul", ["x", "w"], ["y"])], image(2, 4), {"w": random(4, 3)}, ["Linear"]),
    "gemm untransposed is Linear": (
        [node("Gemm", ["x", "w", "b"], ["y"])], image(2, 4), {"w": random(4, 3), "b": random(1, 3)}, ["Linear"],
    ),
    "gemm with a factor stays": (
        [node("Gemm", ["x", "w"], ["y"], alpha=0.5)], image(2, 4), {"w": random(4, 3)}, ["ai.onnx:Gemm"],
    ),
    "x sigmoid x is SiLU": (
        [node("Sigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["y"])], image(2, 4), {}, ["SiLU"],
    ),
    "erf form is GELU": (
        [node("Div", ["x", "r"], ["d"]), node("Erf", ["d"], ["e"]), node("Add", ["e", "one"], ["f"]),
         node("Mul", ["x", "f"], ["g"]), node("Mul", ["g", "half"], ["y"])],
        image(2, 4), {"r": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}, ["GELU"],
    ),
    "a used middle is no GELU": (
        [node("Div", ["x", "r"], ["d"]), node("Erf", ["d"], ["e"]), node("Add", ["e", "one"], ["f"]),
         node("Mul", ["x", "f"], ["g"]), node("Mul", ["g", "half"], ["h"]), node("Add", ["h", "e"], ["y"])],
        image(2, 4), {"r": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)},
        ["Constant", "Constant", "Constant", "Div", "Erf", "Add", "Mul", "Mul", "Add"],
    ),
    "unequal pads are a layer": (
        [node("Conv", ["x", "w"], ["y"], pads=[0, 1, 1, 2])], image(1, 3, 6, 7), {"w": random(4, 3, 3, 3)},
        ["ZeroPad2d", "Conv2d"],
    ),
    "auto_pad with a stride": (
        [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 2])], image(1, 3, 7, 8),
        {"w": random(4, 3, 3, 3)}, ["ZeroPad2d", "Conv2d"],
    ),
    "auto_pad lower": (
        [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_LOWER")], image(1, 3, 7, 8), {"w": random(4, 3, 2, 2)},
        ["ZeroPad2d", "Conv2d"],
    ),
    "max pool with unequal pads": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], pads=[0, 0, 1, 1], strides=[2, 2])], image(1, 3, 6, 6), {},
        ["ConstantPad2d", "MaxPool2d"],
    ),
    "max pool that rounds up": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], pads=[0, 0, 1, 1], strides=[2, 2], ceil_mode=1)],
        image(1, 3, 6, 6), {}, ["ConstantPad2d", "MaxPool2d"],
    ),
    "one window over all": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[7, 7], pads=[0, 0, 1, 1])], image(1, 3, 6, 6), {}, ["AvgPool2d"],  # noqa: E501
    ),
    "mean without its padding": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])], image(1, 3, 6, 6), {}, ["AvgPool2d"],  # noqa: E501
    ),
    "reshape to rows is Flatten": (
        [node("Reshape", ["x", "s"], ["y"])], image("N", 3, 4), {"s": np.array([0, -1])}, ["Flatten"],
    ),
    "reshape that keeps a size": (
        [node("Reshape", ["x", "s"], ["y"])], image("N", 6, 4), {"s": np.array([0, 2, -1])}, ["Reshape"],
    ),
    "slices of two axes": (
        [node("Slice", ["x", "a", "b", "c"], ["y"])], image(2, 6, 6),
        {"a": np.array([1, 0]), "b": np.array([5, 2**40]), "c": np.array([1, 2])}, ["Slice", "Slice"],
    ),
    "rows of a table are Embedding": (
        [node("Cast", ["x"], ["i"], to=7), node("Gather", ["w", "i"], ["y"])], image(2, 3), {"w": random(9, 4)},
        ["Cast", "Embedding"],
    ),
    "sum of three": ([node("Sum", ["x", "x", "x"], ["y"])], image(2, 3), {}, ["Add"]),
    "a constant operand": ([node("Mul", ["x", "w"], ["y"])], image(2, 30), {"w": random(30)}, ["Parameter", "Mul"]),
    "identity of a weight": (
        [node("Identity", ["w"], ["v"]), node("MatMul", ["x", "v"], ["y"])], image(2, 4), {"w": random(4, 3)}, ["Linear"],  # noqa: E501
    ),
    "clip by constants": (
        [node("Clip", ["x", "lo", "hi"], ["a"]), node("Clip", ["a", "lo"], ["y"])], image(2, 4),
        {"lo": np.float32(0), "hi": np.float32(6)}, ["ReLU6", "Clamp"],
    ),
    "upsampling by two": (
        [node("Resize", ["x", "", "s"], ["y"], mode="nearest", coordinate_transformation_mode="asymmetric",
              nearest_mode="floor")], image(1, 2, 4, 4), {"s": np.array([1, 1, 2, 2], np.float32)}, ["Upsample"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", sorted(CASES))
def test_operators_are_raised(title, tmp_path):
    nodes, inputs, weights, layers = CASES[title]
    path = saved(model_of(nodes, inputs, [info("y")], weights), tmp_path / "model.onnx")
    task = task_in(tmp_path)
    network = opened(path, task)
    assert sorted(layers_of(network)) == sorted(layers)
    assert network.errors == ()
    equal_after_round_trip(path, network, task)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("ways", [1, 2])
def test_recurrence_is_raised(kind, ways, tmp_path):
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    weights = {
        "w": random(ways, gates * 5, 3),
        "r": random(ways, gates * 5, 5, seed=1),
        "b": random(ways, 10 * gates),
    }
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    direction = "bidirectional" if ways == 2 else "forward"
    made = node(kind, ["x", "w", "r", "b"], ["y", "h"], hidden_size=5, direction=direction, **more)
    path = saved(
        model_of([made], [info("x", 6, 2, 3)], [info("y"), info("h")], weights), tmp_path / "model.onnx"
    )
    task = task_in(tmp_path)
    network = opened(path, task)
    assert layers_of(network) == [kind, "Unflatten", "Permute"]
    equal_after_round_trip(path, network, task)


def test_old_operators_are_raised_to_new_ones(tmp_path):
    nodes = [
        node("Dropout", ["x"], ["d"], ratio=0.3),
        node("Clip", ["d"], ["c"], min=0.0, max=6.0),
        node("Squeeze", ["c"], ["y"], axes=[2, 3]),
    ]
    path = saved(
        model_of(nodes, [info("x", 2, 3, 1, 1)], [info("y", 2, 3)], opset=9), tmp_path / "model.onnx"
    )
    task = task_in(tmp_path)
    network = opened(path, task)
    assert layers_of(network) == ["Dropout", "ReLU6", "Squeeze"]
    assert network.steps[1].params["p"] == pytest.approx(0.3)
    equal_after_round_trip(path, network, task)


def test_scopes_become_groups(tmp_path):
    nodes = [
        node("Relu", ["x"], ["a"], name="/layer1/layer1.0/act/Relu"),
        node("Relu", ["a"], ["b"], name="/layer1/layer1.0/act_1/Relu"),
        node("Tanh", ["b"], ["y"], name="/Tanh"),
    ]
    path = saved(model_of(nodes, [info("x", 2)], [info("y")]), tmp_path / "model.onnx")
    network = opened(path, task_in(tmp_path))
    assert [network.qualified(step) for step in network.steps] == [
        "x",
        "layer1.0.act",
        "layer1.0.act_1",
        "tanh",
        "y",
    ]


def test_one_weight_for_two_operators_is_tied_and_written_once(tmp_path):
    nodes = [node("Gemm", ["x", "w"], ["a"], transB=1), node("Gemm", ["a", "w"], ["y"], transB=1)]
    path = saved(
        model_of(nodes, [info("x", 2, 4)], [info("y")], {"w": random(4, 4)}), tmp_path / "model.onnx"
    )
    task = task_in(tmp_path)
    network = opened(path, task)
    first, second = (step for step in network.steps if step.layer == "Linear")
    assert first.stored["weight"] == second.stored["weight"]
    assert network.parameters == 16
    again = tmp_path / "again.onnx"
    KERNEL.export_model(network, again, {}, task)
    import onnx

    assert len(onnx.load(again).graph.initializer) == 1


def test_large_weights_stay_in_the_file(tmp_path):
    weight = random(64, 64)
    path = saved(
        model_of([node("Gemm", ["x", "w"], ["y"], transB=1)], [info("x", 1, 64)], [info("y")], {"w": weight}),
        tmp_path / "model.onnx",
    )
    task = task_in(tmp_path)
    network = opened(path, task)
    (row,) = weights_in(network)
    assert row.digest.startswith("at-")
    np.testing.assert_array_equal(task.store.get(row.digest, row.shape, row.dtype), weight)


def test_weights_listed_as_inputs_are_no_inputs(tmp_path):
    model = model_of(
        [node("Add", ["x", "w"], ["y"])], [info("x", 2), info("w", 2)], [info("y")], {"w": random(2)}
    )
    network = opened(saved(model, tmp_path / "model.onnx"), task_in(tmp_path))
    assert [step.name for step in network.inputs] == ["x"]


def test_symbolic_sizes_keep_their_names(tmp_path):
    nodes = [node("Relu", ["x"], ["y"])]
    path = saved(
        model_of(nodes, [info("x", "batch", 3, "2*len", None)], [info("y")]), tmp_path / "model.onnx"
    )
    task = task_in(tmp_path)
    network = opened(path, task)
    assert network.inputs[0].params["shape"][:3] == ("batch", 3, "2*len")
    again = tmp_path / "again.onnx"
    KERNEL.export_model(network, again, {}, task)
    assert [step.params["shape"] for step in opened(again, task).inputs] == [
        network.inputs[0].params["shape"]
    ]
