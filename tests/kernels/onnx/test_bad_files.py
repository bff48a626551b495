"""Files that lie, are cut off or are no models: one clear line, and nothing is allocated for a claim."""

import contextlib
import random as dice
import resource

import numpy as np
import onnx
import pytest
from onnx import helper

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.wire_format import looks_like_model, read_structure
from tests.kernels.onnx.job import opened, task_in, weights_in
from tests.kernels.onnx.models import info, model_of, random, saved

node = helper.make_node


def refusal_of(path):
    with pytest.raises(BinderError) as caught:
        opened(path, task_in(path.parent))
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


def linear_model(size=64):
    return model_of(
        [node("Gemm", ["x", "w"], ["y"], transB=1)],
        [info("x", 1, size)],
        [info("y")],
        {"w": random(size, size)},
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "no ONNX model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "no ONNX model"),
        (b"\x08\x0a", "no ONNX graph"),
        (bytes(range(256)) * 20, "ONNX"),
    ],
)
def test_what_is_no_model_is_said(content, words, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert words in refusal_of(path)


def test_a_missing_file_and_a_folder(tmp_path):
    assert "cannot be read" in refusal_of(tmp_path / "none.onnx")
    assert "no file" in refusal_of(tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_model(share, tmp_path):
    data = linear_model().SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(data[: int(len(data) * share)])
    assert "cut off" in refusal_of(path)


@pytest.mark.parametrize("dims", [[10**6, 10**6], [2**32, 2**32], [64, 63], [-1, 64]])
def test_a_tensor_that_lies_about_its_size(dims, tmp_path):
    model = linear_model()
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(dims)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = refusal_of(saved(model, tmp_path / "model.onnx"))
    assert "'w'" in text
    assert "claims" in text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_constant_beyond_any_machine(tmp_path):
    nodes = [node("ConstantOfShape", ["s"], ["w"]), node("Add", ["x", "w"], ["y"])]
    model = model_of(nodes, [info("x", 1)], [info("y")], {"s": np.array([10**6, 10**6])})
    assert "too large" in refusal_of(saved(model, tmp_path / "model.onnx"))


def test_a_loop_is_named(tmp_path):
    nodes = [node("Add", ["x", "b"], ["a"], name="first"), node("Relu", ["a"], ["b"], name="second")]
    text = refusal_of(saved(model_of(nodes, [info("x", 2)], [info("b", 2)]), tmp_path / "model.onnx"))
    assert "first" in text
    assert "second" in text
    assert "loop" in text


def test_operators_out_of_order_are_sorted(tmp_path):
    nodes = [node("Tanh", ["a"], ["y"]), node("Relu", ["x"], ["a"])]
    network = opened(
        saved(model_of(nodes, [info("x", 2)], [info("y", 2)]), tmp_path / "m.onnx"), task_in(tmp_path)
    )
    assert [step.layer for step in network.steps] == ["Input", "ReLU", "Tanh", "Output"]


def test_functions_that_double_are_refused(tmp_path):
    functions = [
        helper.make_function(
            "f", f"f{n}", ["a"], ["c"],
            [node(f"f{n + 1}", ["a"], ["b"], domain="f"), node(f"f{n + 1}", ["b"], ["c"], domain="f")],
            [helper.make_opsetid("", 21), helper.make_opsetid("f", 1)],
        )
        for n in range(40)
    ]  # fmt: skip
    functions.append(
        helper.make_function(
            "f", "f40", ["a"], ["c"], [node("Relu", ["a"], ["c"])], [helper.make_opsetid("", 21)]
        )
    )
    model = model_of(
        [node("f0", ["x"], ["y"], domain="f")],
        [info("x", 2)],
        [info("y", 2)],
        domains=["f"],
        functions=functions,
    )
    assert "expand to" in refusal_of(saved(model, tmp_path / "model.onnx"))


def external(tmp_path, location, **more):
    model = linear_model()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=str(value))
    return saved(model, tmp_path / "model.onnx")


def test_external_data_beside_the_model(tmp_path):
    weight = random(64, 64, seed=4)
    (tmp_path / "weights.bin").write_bytes(b"\0" * 8 + weight.tobytes())
    task = task_in(tmp_path)
    network = opened(external(tmp_path, "weights.bin", offset=8), task)
    (row,) = weights_in(network)
    assert row.digest.startswith("at-")
    np.testing.assert_array_equal(task.store.get(row.digest, row.shape, row.dtype), weight)


@pytest.mark.parametrize(
    "location", ["../secret.bin", "/etc/passwd", "a\\b", "", "missing.bin", "link.bin", "folder"]
)
def test_external_data_elsewhere_is_refused(location, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "folder").mkdir()
    (tmp_path / "secret.bin").write_bytes(b"\0" * 64 * 64 * 4)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    assert "'w'" in refusal_of(external(folder, location))


def test_external_data_beyond_the_end_is_refused(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"\0" * 100)
    assert "claims" in refusal_of(external(tmp_path, "weights.bin"))


def test_random_damage_never_surprises(tmp_path):
    data = linear_model(40).SerializeToString()
    path, task = tmp_path / "model.onnx", task_in(tmp_path)
    for seed in range(60):
        random_ = dice.Random(seed)
        damaged = bytearray(data)
        for _ in range(random_.randint(1, 4)):
            damaged[random_.randrange(min(200, len(damaged)) if seed % 2 else len(damaged))] = (
                random_.randrange(256)
            )
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(BinderError):
            KERNEL.import_model(path, {}, task)


def test_structure_leaves_large_weights_out(tmp_path):
    path = saved(linear_model(512), tmp_path / "model.onnx")
    light = read_structure(path)
    assert path.stat().st_size > 512 * 512 * 4
    assert len(light) < 1000
    whole = onnx.ModelProto.FromString(light)
    assert whole.graph.node[0].op_type == "Gemm"
    assert looks_like_model(path.read_bytes()[:4096])
    assert not looks_like_model(b"PK\x03\x04 a zip archive")
