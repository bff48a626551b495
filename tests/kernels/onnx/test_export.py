"""Export: opsets, names, sizes, refusals, external data, what a lost claim leaves."""

import numpy as np
import onnx
import pytest

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.program import IMPORT_OPSET, NEWEST_OPSET, OLDEST_OPSET
from tests.contract.networks import library
from tests.kernels.onnx.job import chain, described, layers_of, opened, task_in

VISION = (
    ("Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": "same"}), "BatchNorm2d", "GELU", ("AdaptiveAvgPool2d",
    {"output_size": 3}), ("Upsample", {"scale_factor": 2.0, "mode": "bilinear"}), "Flatten", "Dropout",
    ("Linear", {"out_features": 5}), ("LayerNorm", {}), "SiLU", ("Mean", {"dim": (1,)}),
)  # fmt: skip


def test_newest_opset_is_the_newest_that_onnxruntime_runs(tmp_path):
    import onnxruntime

    def runs(opset):
        node = onnx.helper.make_node("Relu", ["x"], ["y"])
        ends = [onnx.helper.make_tensor_value_info(name, 1, [2]) for name in "xy"]
        graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:])
        model = onnx.helper.make_model(
            graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=10
        )
        try:
            onnxruntime.InferenceSession(model.SerializeToString())
        except Exception:  # noqa: BLE001  onnxruntime has no public base class of its errors
            return False
        return True

    assert runs(NEWEST_OPSET)


@pytest.mark.parametrize("opset", [OLDEST_OPSET, 16, 18, 20, 23, NEWEST_OPSET])
def test_every_opset_gives_the_same_numbers(opset, tmp_path):
    task = task_in(tmp_path)
    network = chain(*VISION, store=task.store)
    assert network.errors == ()
    inputs = {"x": np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)}
    results = []
    for version in (opset, NEWEST_OPSET):
        path = tmp_path / f"{version}.onnx"
        KERNEL.export_model(network, path, {"opset": version}, task)
        assert onnx.load(path).opset_import[0].version == version
        results.append(KERNEL.run(path, inputs, task)["y"])
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)
    assert layers_of(opened(tmp_path / f"{opset}.onnx", task)) == layers_of(network)


@pytest.mark.parametrize("opset", [5, IMPORT_OPSET + 1, "new"])
def test_an_opset_out_of_range_is_refused(opset, tmp_path):
    with pytest.raises(BinderError, match="choose one from 13 to"):
        KERNEL.export_model(chain("ReLU"), tmp_path / "a.onnx", {"opset": opset}, task_in(tmp_path))


def test_names_sizes_and_initializers(tmp_path):
    task = task_in(tmp_path)
    KERNEL.export_model(chain(*VISION, store=task.store), tmp_path / "a.onnx", {}, task)
    graph = onnx.load(tmp_path / "a.onnx").graph
    assert [value.name for value in (*graph.input, *graph.output)] == ["x", "y"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert {"conv1.weight", "conv1.bias", "bn1.running_var", "fc1.weight"} <= {
        item.name for item in graph.initializer
    }


def test_weights_in_a_file_of_their_own(tmp_path):
    task = task_in(tmp_path)
    network = chain(("Linear", {"out_features": 40}), shape=("N", 30), store=task.store)
    report = KERNEL.export_model(network, tmp_path / "a.onnx", {"external_data": True}, task)
    assert [path.name for path in report.files] == ["a.onnx", "a.onnx.data"]
    KERNEL.export_model(network, tmp_path / "b.onnx", {}, task)
    inputs = {"x": np.ones((2, 30), np.float32)}
    first, second = (KERNEL.run(tmp_path / name, inputs, task)["y"] for name in ("a.onnx", "b.onnx"))
    np.testing.assert_array_equal(first, second)
    assert described(opened(tmp_path / "a.onnx", task)) == described(opened(tmp_path / "b.onnx", task))


def test_the_same_network_gives_the_same_bytes(tmp_path):
    task = task_in(tmp_path)
    for name in ("a.onnx", "b.onnx"):
        KERNEL.export_model(chain(*VISION, store=task.store), tmp_path / name, {}, task)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_step_that_cannot_be_said_is_named(tmp_path):
    task = task_in(tmp_path)
    network = chain(
        ("Interpolate", {"mode": "area", "scale_factor": 0.5}), shape=("N", 3, "H", "W"), store=task.store
    )
    step = next(step for step in network.steps if step.layer == "Interpolate")
    assert "give the Input numbers" in (KERNEL.refusal(step) or "")
    with pytest.raises(BinderError, match="'interpolate1'"):
        KERNEL.export_model(network, tmp_path / "a.onnx", {}, task)
    assert "interpolate1 is not written" in KERNEL.text(network).text


def without_metadata(path):
    model = onnx.load(path)
    del model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def test_layers_are_found_again_when_another_tool_dropped_the_metadata(tmp_path):
    task = task_in(tmp_path)
    layers = (
        ("Conv2d", {"out_channels": 4, "kernel_size": (3, 2), "stride": 2}), "BatchNorm2d", "ReLU6", ("MaxPool2d", {}),
        "LogSigmoid", ("GLU", {"dim": 1}), "Flatten", ("Linear", {"out_features": 5}), ("Softmax", {}),
    )  # fmt: skip
    network = chain(*layers, shape=(2, 3, 12, 12), store=task.store)
    path = tmp_path / "a.onnx"
    KERNEL.export_model(network, path, {}, task)
    without_metadata(path)
    again = opened(path, task)
    assert layers_of(again) == layers_of(network)
    for step, back in zip(network.steps, again.steps, strict=True):
        same = {key: value for key, value in step.params.items() if key in back.params and value is not None}
        assert {key: back.params[key] for key in same} == same


def test_a_claim_about_a_changed_operator_is_not_believed(tmp_path):
    task = task_in(tmp_path)
    path = tmp_path / "a.onnx"
    KERNEL.export_model(chain(("Softmax", {"dim": 1}), shape=(2, 3, 4), store=task.store), path, {}, task)
    model = onnx.load(path)
    model.graph.node[0].attribute[0].i = 2
    path.write_bytes(model.SerializeToString())
    assert opened(path, task).steps[1].params["dim"] == 2


def test_groups_come_back(tmp_path):
    from sketch.graph.draft import Draft
    from sketch.graph.grouping import group

    task = task_in(tmp_path)
    network = chain("ReLU", "Tanh", "Sigmoid", store=task.store)
    draft = Draft(network.tables, library())
    inner = group(draft, [step.id for step in network.steps[1:3]], "Sequential", "body")
    group(draft, [inner, network.steps[3].id], "Group", "all")
    network.tables.apply(draft.delta())
    network = build_network(network.tables, library(), store=task.store)
    path = tmp_path / "a.onnx"
    KERNEL.export_model(network, path, {}, task)
    again = opened(path, task)
    assert described(again) == described(network)
    assert {"/".join(again.path(box)): box.layer for box in again.groups.values()} == {
        "all": "Group", "all/body": "Sequential",
    }  # fmt: skip
