"""Operators without a layer open as nodes and go back as they were."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sketch.kernels.onnx import KERNEL
from tests.kernels.onnx.job import layers_of, opened, task_in
from tests.kernels.onnx.models import FLOAT, info, model_of, random, saved

node = helper.make_node


def sent_back(path, tmp_path, name="again.onnx"):
    task = task_in(tmp_path)
    network = opened(path, task)
    again = tmp_path / name
    KERNEL.export_model(network, again, {}, task)
    return network, onnx.load(again), task, again


def test_attributes_inputs_and_weights_are_kept(tmp_path):
    made = node(
        "Bar",
        ["x", "", "w"],
        ["y", "z"],
        domain="com.example",
        alpha=0.25,
        count=3,
        names=["a", "b"],
        mode="fast",
    )
    model = model_of([made], [info("x", 2)], [info("y", 2)], {"w": random(3)}, domains=["com.example"])
    path = saved(model, tmp_path / "model.onnx")
    task = task_in(tmp_path)
    network = opened(path, task)
    (step,) = (step for step in network.steps if step.spec.is_operator)
    assert step.layer == "com.example:Bar"
    constant = {"dtype": "float32", "shape": (3,)}
    data = tuple(float(str(number)) for number in random(3))
    assert dict(step.params) == {
        "alpha": 0.25, "count": 3, "names": ("a", "b"), "mode": "fast", "$input2": {**constant, "data": data},
    }  # fmt: skip
    assert "Bar" in KERNEL.text(network).text
    again = tmp_path / "again.onnx"
    KERNEL.export_model(network, again, {}, task)
    (back,) = onnx.load(again).graph.node
    assert list(back.input) == ["x", "", "w"]
    assert len(back.output) == 2
    assert {a.name: helper.get_attribute_value(a) for a in back.attribute} == {
        a.name: helper.get_attribute_value(a) for a in made.attribute
    }


def test_bodies_and_what_they_read_from_outside_survive_renaming(tmp_path):
    def branch(name, kind):
        return helper.make_graph([node(kind, ["twice"], [name])], name, [], [info(name, 2)])

    nodes = [
        node("Add", ["x", "x"], ["twice"]),
        node("ReduceSum", ["x"], ["total"], keepdims=0),
        node("Greater", ["total", "zero"], ["positive"]),
        node("If", ["positive"], ["y"], then_branch=branch("t", "Neg"), else_branch=branch("e", "Exp")),
    ]
    model = model_of(nodes, [info("x", 2)], [info("y", 2)], {"zero": np.float32(0)})
    path = saved(model, tmp_path / "model.onnx")
    network, back, task, again = sent_back(path, tmp_path)
    assert {"Neg", "Exp"} <= set(layers_of(network))
    (kept,) = (item for item in back.graph.node if item.op_type == "If")
    assert {attribute.name for attribute in kept.attribute} == {"then_branch", "else_branch"}
    for values in ([1.0, 2.0], [-1.0, -2.0]):
        inputs = {"x": np.array(values, np.float32)}
        np.testing.assert_array_equal(
            KERNEL.run(again, inputs, task)["y"], KERNEL.run(path, inputs, task)["y"]
        )


def test_a_tensor_attribute_is_kept(tmp_path):
    value = numpy_helper.from_array(np.array([3], np.int64))
    nodes = [node("Shape", ["x"], ["s"]), node("ConstantOfShape", ["s"], ["y"], value=value)]
    path = saved(model_of(nodes, [info("x", "N", 2)], [info("y", "N", 2, kind=7)]), tmp_path / "model.onnx")
    network, _, task, again = sent_back(path, tmp_path)
    assert layers_of(network) == ["ai.onnx:Shape", "ai.onnx:ConstantOfShape"]
    inputs = {"x": random(4, 2)}
    np.testing.assert_array_equal(KERNEL.run(again, inputs, task)["y"], np.full((4, 2), 3))


def test_layers_wait_for_known_ranks(tmp_path):
    made = node("Bar", ["x"], ["a"], domain="com.example")
    model = model_of(
        [made, node("Relu", ["a"], ["y"])], [info("x", 2)], [info("y", 2)], domains=["com.example"]
    )
    network, back, _, _ = sent_back(saved(model, tmp_path / "model.onnx"), tmp_path)
    assert layers_of(network) == ["com.example:Bar", "ai.onnx:Relu"]
    assert [item.op_type for item in back.graph.node] == ["Bar", "Relu"]


def test_functions_of_the_file_become_operators(tmp_path):
    body = [node("Relu", ["a"], ["b"]), node("Tanh", ["b"], ["c"])]
    function = helper.make_function("local", "Both", ["a"], ["c"], body, [helper.make_opsetid("", 21)])
    model = model_of(
        [node("Both", ["x"], ["y"], domain="local")], [info("x", 2)], [info("y", 2)], domains=["local"],
        functions=[function],
    )  # fmt: skip
    assert layers_of(opened(saved(model, tmp_path / "model.onnx"), task_in(tmp_path))) == ["ReLU", "Tanh"]


def test_raw_types_go_through_bit_by_bit(tmp_path):
    bits = np.arange(6, dtype=np.uint16) + 0x3F80
    tensor = onnx.TensorProto(
        name="w", data_type=onnx.TensorProto.BFLOAT16, dims=[6], raw_data=bits.tobytes()
    )
    four = onnx.TensorProto(name="q", data_type=onnx.TensorProto.INT4, dims=[3], raw_data=b"\x21\x0f")
    model = model_of(
        [node("Bar", ["x", "w", "q"], ["y"], domain="com.example")],
        [info("x", 2)],
        [info("y", 2)],
        domains=["com.example"],
    )
    model.graph.initializer.extend([tensor, four])
    _, back, _, _ = sent_back(saved(model, tmp_path / "model.onnx"), tmp_path)
    kept = {item.name: item.raw_data for item in back.graph.initializer}
    assert kept == {"w": bits.tobytes(), "q": b"\x21\x0f"}
    assert FLOAT not in {item.data_type for item in back.graph.initializer}
