"""A file stays whole through an edit: what was not touched goes back byte for byte."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from sketch.graph.delta import inverse
from sketch.kernels.onnx import KERNEL
from tests.kernels.onnx.edits import Opened, insert_after, nodes_of, take_out, weights_of
from tests.kernels.onnx.job import described, task_in
from tests.kernels.onnx.models import info, model_of, random, saved
from tests.kernels.onnx.round_trip import difference

node = helper.make_node
TP = onnx.TensorProto


def network_file(folder, opset=17, **changes):
    """Convolutions, a reshape by computed sizes, MatMul and Add; documentation, metadata, value_info."""
    nodes = [
        node("Conv", ["x", "w1"], ["c1"], name="conv_a", pads=[1, 1, 1, 1]),
        node("Relu", ["c1"], ["r1"], name="relu_a", doc_string="first"),
        node("Conv", ["r1", "w2", "b2"], ["c2"], name="conv_b"),
        node("Relu", ["c2"], ["r2"]),
        node("Shape", ["r2"], ["sh"]),
        node("Gather", ["sh", "zero"], ["n"]),
        node("Unsqueeze", ["n", "axis"], ["n1"]),
        node("Concat", ["n1", "rest"], ["size"], axis=0),
        node("Reshape", ["r2", "size"], ["f"], name="flat"),
        node("MatMul", ["f", "wl"], ["mm"], name="mm"),
        node("Add", ["mm", "bl"], ["y"], name="addb"),
        node("Neg", ["c1"], ["unused"], name="dead"),
    ]
    weights = {
        "w1": random(4, 3, 3, 3), "w2": random(5, 4, 3, 3), "b2": random(5), "zero": np.int64(0),
        "axis": np.array([0]), "rest": np.array([-1]), "wl": random(180, 7), "bl": random(7), "spare": random(2),
    }  # fmt: skip
    model = model_of(nodes, [info("x", "N", 3, 8, 8)], [info("y", "N", 7)], weights, opset=opset, **changes)
    model.graph.doc_string, model.producer_name, model.model_version = "what it does", "maker", 7
    model.metadata_props.add(key="licence", value="free")
    model.graph.value_info.append(info("r1", "N", 4, 8, 8))
    model.graph.input[0].doc_string = "pictures"
    return model, saved(model, folder / "model.onnx")


def changed(before, after):
    """(operators changed, gone, new; weights changed, gone, new) by name."""
    found = []
    for one, other in ((nodes_of(before), nodes_of(after)), (weights_of(before), weights_of(after))):
        both = one.keys() & other.keys()
        found += [
            {k for k in both if one[k] != other[k]},
            one.keys() - other.keys(),
            other.keys() - one.keys(),
        ]
    return tuple(found)


NOTHING = (set(), set(), set())


def same_numbers(before, after, task, shape=(2, 3, 8, 8)):
    inputs = {"x": random(*shape, seed=5)}
    want = KERNEL.run(before, inputs, task)
    have = KERNEL.run(after, inputs, task)
    np.testing.assert_allclose(next(iter(have.values())), next(iter(want.values())), rtol=1e-5, atol=1e-6)


def test_no_edit_gives_the_same_model(tmp_path):
    model, path = network_file(tmp_path)
    assert difference(model, Opened(path, task_in(tmp_path)).save()) == ""


def test_a_renamed_node_renames_its_operator_only(tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    document.edit(lambda draft: draft.rename(document.id_of("conv_a"), "stem"))
    after = document.save()
    assert changed(model, after) == ({"c1"}, set(), set(), *NOTHING)
    assert after.graph.node[0].name == "stem"
    after.graph.node[0].name = "conv_a"
    assert difference(model, after) == ""


def test_undo_gives_the_file_back(tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    delta = document.edit(lambda draft: take_out(draft, document.id_of("relu_a")))
    document.tables.apply(inverse(delta))
    assert difference(model, document.save()) == ""


def test_an_inserted_layer_touches_what_reads_it(tmp_path):
    model, path = network_file(tmp_path)
    task = task_in(tmp_path)
    document = Opened(path, task)
    document.edit(lambda draft: insert_after(draft, document.id_of("relu_a"), "Identity"))
    after = document.save()
    (new,) = nodes_of(after).keys() - nodes_of(model).keys()
    assert changed(model, after) == ({"c2"}, set(), {new}, *NOTHING)
    assert [item.op_type for item in after.graph.node][:4] == ["Conv", "Relu", "Identity", "Conv"]
    assert described(Opened(tmp_path / "again.onnx", task).network) == described(document.network)
    same_numbers(path, tmp_path / "again.onnx", task)


def test_a_layer_before_an_output_leaves_the_output_its_name(tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    document.edit(lambda draft: insert_after(draft, document.id_of("addb"), "Softmax", {"dim": -1}))
    after = document.save()
    onnx.checker.check_model(after, full_check=True)
    assert [value.name for value in after.graph.output] == ["y"]
    assert nodes_of(model).keys() - nodes_of(after).keys() == set()


def test_a_removed_layer_takes_its_weights_along(tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    end = document.id_of("addb")
    document.edit(lambda draft: take_out(draft, end))
    after = document.save()
    assert changed(model, after)[1] == {"f", "mm"}  # the value f is the output y now
    assert changed(model, after)[4] == {"wl", "bl"}
    assert "spare" in weights_of(after)


def test_a_changed_parameter_keeps_weights_where_they_are(tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    document.edit(lambda draft: draft.set_param(document.id_of("conv_b"), "padding", (1, 1)))
    after = document.save()
    assert "c2" in changed(model, after)[0]
    assert {"w1", "w2", "b2"}.isdisjoint(set.union(*changed(model, after)[3:]))


@pytest.mark.parametrize(("old", "new", "where"), [("x", "image", "input"), ("y", "scores", "output")])
def test_ends_are_renamed_everywhere(old, new, where, tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    document.edit(lambda draft: draft.rename(document.id_of(old), new))
    after = document.save()
    (value,) = getattr(after.graph, where)
    (before,) = getattr(model.graph, where)
    assert (value.name, value.type, value.doc_string) == (new, before.type, before.doc_string)
    onnx.checker.check_model(after, full_check=True)
    assert len(set.union(*map(set, changed(model, after)))) <= 2


def test_another_input_shape_changes_that_value_only(tmp_path):
    model, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    document.edit(lambda draft: draft.set_param(document.id_of("x"), "shape", (4, 3, 8, 8)))
    after = document.save()
    assert changed(model, after) == (*NOTHING, *NOTHING)
    assert after.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 4
    assert after.graph.input[0].doc_string == "pictures"


@pytest.mark.parametrize("opset", [13, 16, 18, 22, 26, 28])
def test_another_opset(opset, tmp_path):
    _, path = network_file(tmp_path)
    task = task_in(tmp_path)
    document = Opened(path, task)
    assert document.save(opset=opset).opset_import[0].version == opset
    assert described(Opened(tmp_path / "again.onnx", task).network) == described(document.network)
    same_numbers(path, tmp_path / "again.onnx", task)


def test_an_opset_without_an_operator_is_refused_by_name(tmp_path):
    from sketch.binder.kernel import BinderError

    made = node("Attention", ["q", "k", "v"], ["y"], name="att", softcap=2.0, q_num_heads=2, kv_num_heads=2)
    inputs = [info(name, 1, 4, 8) for name in "qkv"]
    path = saved(model_of([made], inputs, [info("y", 1, 4, 8)], opset=23), tmp_path / "model.onnx")
    with pytest.raises(BinderError, match=r"'att' \(Attention\) came with opset 23"):
        Opened(path, task_in(tmp_path)).save(opset=17)


def test_an_edited_file_of_an_old_opset_goes_up_with_a_note(tmp_path):
    nodes = [node("Relu", ["x"], ["r"]), node("Squeeze", ["r"], ["y"], axes=[2, 3])]
    path = saved(
        model_of(nodes, [info("x", 2, 3, 1, 1)], [info("y", 2, 3)], opset=9), tmp_path / "model.onnx"
    )
    task = task_in(tmp_path)
    document = Opened(path, task)
    document.edit(lambda draft: insert_after(draft, document.id_of("r"), "Tanh"))
    after = document.save()
    assert after.opset_import[0].version == 15
    assert "converted from opset 9" in document.report.notes


@pytest.mark.parametrize(("opset", "functions"), [(24, []), (21, ["Both"]), (17, ["Both"])])
def test_functions_that_a_conversion_inlines_are_named(opset, functions, tmp_path):
    body = [node("Relu", ["a"], ["b"]), node("Tanh", ["b"], ["c"])]
    function = helper.make_function("local", "Both", ["a"], ["c"], body, [helper.make_opsetid("", 21)])
    model = model_of([node("Both", ["x"], ["y"], domain="local")], [info("x", 4)], [info("y", 4)],
                     domains=["local"], functions=[function])  # fmt: skip
    document = Opened(saved(model, tmp_path / "model.onnx"), task_in(tmp_path))
    assert [item.name for item in document.save(opset=opset).functions] == functions
    said = "written in place of their calls: the functions Both" in document.report.notes
    assert said == (not functions)


# --- everything that a file can hold -------------------------------------------------------------------


def rich_model():
    """Functions, sparse and sub-byte tensors, text, sequences, annotations, training graphs."""
    body = [node("Relu", ["a"], ["b"]), node("Tanh", ["b"], ["c"])]
    function = helper.make_function("local", "Both", ["a"], ["c"], body, [helper.make_opsetid("", 21)])
    nodes = [
        node("Both", ["x"], ["t"], domain="local", name="call"),
        node("QuantizeLinear", ["t", "scale", "zero"], ["q"], name="quantise"),
        node("DequantizeLinear", ["q", "scale", "zero"], ["d"], name="back"),
        node("Cast", ["four"], ["wide"], to=1),
        node("SequenceConstruct", ["d", "wide"], ["s"]),
        node("SequenceAt", ["s", "at"], ["e"]),
        node("Add", ["e", "thin"], ["y"]),
        node("Identity", ["words"], ["said"]),
        node("Strange", ["x"], ["z"], domain="com.example", tensor=numpy_helper.from_array(random(3), "own")),
    ]
    outputs = [info("y", 4), info("z", 4), helper.make_tensor_value_info("said", TP.STRING, [2])]
    weights = {"scale": np.float32(0.1), "at": np.int64(0), "words": np.array(["a", "b"], object)}
    model = model_of(
        nodes, [info("x", 4)], outputs, weights, domains=["local", "com.example"], functions=[function]
    )
    model.graph.initializer.append(TP(name="zero", data_type=TP.INT8, raw_data=b"\3"))
    model.graph.initializer.append(TP(name="four", data_type=TP.INT4, dims=[4], raw_data=b"\x21\xf3"))
    model.graph.initializer.append(
        TP(name="half", data_type=TP.BFLOAT16, dims=[2], int32_data=[16256, 16320])
    )
    model.graph.initializer.append(
        TP(name="eighth", data_type=TP.FLOAT8E4M3FN, dims=[2], raw_data=b"\x38\x40")
    )
    thin = model.graph.sparse_initializer.add()
    thin.values.CopyFrom(numpy_helper.from_array(np.float32([2.0]), "thin"))
    thin.indices.CopyFrom(numpy_helper.from_array(np.int64([1])))
    thin.dims.append(4)
    note = model.graph.quantization_annotation.add(tensor_name="t")
    note.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="scale")
    model.training_info.add().algorithm.CopyFrom(
        helper.make_graph([node("Neg", ["g"], ["h"])], "train", [], [])
    )
    return model


def test_everything_comes_back(tmp_path):
    model = rich_model()
    path = saved(model, tmp_path / "model.onnx")
    assert Opened(path, task_in(tmp_path)).save() == model


def test_everything_else_comes_back_after_an_edit(tmp_path):
    model = rich_model()
    document = Opened(saved(model, tmp_path / "model.onnx"), task_in(tmp_path))
    document.edit(lambda draft: draft.rename(document.id_of("quantise"), "to_bytes"))
    after = document.save()
    assert after.graph.node[1].name == "to_bytes"
    after.graph.node[1].name = "quantise"
    assert difference(model, after) == ""


def test_a_new_input_bears_the_name_of_the_value_that_it_replaces(tmp_path):
    """What was cut off makes its value no more, so the name is free again."""
    _, path = network_file(tmp_path)
    document = Opened(path, task_in(tmp_path))
    cut, relu = document.id_of("conv_b"), document.id_of("relu_a")

    def change(draft):
        (wire,) = draft.node(cut).prior
        draft.disconnect(wire)
        draft.remove([relu, document.id_of("conv_a"), document.id_of("x")])
        draft.connect(draft.add("Input", "r1", {"shape": ("N", 4, 8, 8)}), 0, cut, 0)

    document.edit(change)
    graph = document.save().graph
    assert [item.name for item in graph.input] == ["r1"]
    assert next(item for item in graph.node if item.name == "conv_b").input[0] == "r1"
