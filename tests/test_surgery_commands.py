"""extract, merge, fold, fuse and quantise from the command line, measured with onnx's own evaluator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import sketch
from sketch import cli
from sketch.api import Workbench
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables

RANDOM = np.random.default_rng(5)


def tensor(name: str, *shape: int, scale: float = 0.3, positive: bool = False) -> onnx.TensorProto:
    values = RANDOM.standard_normal(shape).astype(np.float32) * scale
    return numpy_helper.from_array(np.abs(values) + 0.5 if positive else values, name)


def save(path: Path, nodes, inputs, outputs, weights=()) -> Path:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        list(weights),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def evaluate(path: Path, **inputs: np.ndarray) -> list[np.ndarray]:
    return ReferenceEvaluator(str(path)).run(None, inputs)


@pytest.fixture
def run(engine: Workbench, capfd: pytest.CaptureFixture[str]):
    """Run a subcommand that answers in JSON: (exit code, answer, standard error)."""

    def call(*argv: object) -> tuple[int, dict, str]:
        code = cli.main([*(str(part) for part in argv), "--json"])
        out, err = capfd.readouterr()
        return code, json.loads(out) if out else {}, err

    return call


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> Path:
    """x → conv1 → bn1 → relu1 → conv2 (stride 2) → flatten → fc → y, weights and statistics random."""
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], name="conv1", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c1", "g", "o", "m", "v"], ["n1"], name="bn1"),
        helper.make_node("Relu", ["n1"], ["r1"], name="relu1"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], name="conv2", strides=[2, 2]),
        helper.make_node("Flatten", ["c2"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "wf", "bf"], ["y"], name="fc", transB=1),
    ]
    weights = [
        tensor("w1", 8, 3, 3, 3), tensor("b1", 8), tensor("g", 8), tensor("o", 8), tensor("m", 8),
        tensor("v", 8, positive=True), tensor("w2", 4, 8, 3, 3), tensor("wf", 5, 36), tensor("bf", 5),
    ]  # fmt: skip
    return save(
        tmp_path_factory.mktemp("net") / "net.onnx", nodes, {"x": ["N", 3, 8, 8]}, {"y": ["N", 5]}, weights
    )


def image() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)


def test_fuse_keeps_the_numbers_and_drops_the_norm(run, net, tmp_path):
    code, answer, err = run("fuse", net, tmp_path / "fused.onnx")
    assert (code, err, answer["fused"], answer["kept"]) == (0, "", 1, [])
    kinds = [node.op_type for node in onnx.load(tmp_path / "fused.onnx").graph.node]
    assert "BatchNormalization" not in kinds
    want, got = evaluate(net, x=image())[0], evaluate(tmp_path / "fused.onnx", x=image())[0]
    assert np.abs(want - got).max() < 1e-5 * np.abs(want).max()


def test_extract_cuts_at_names_and_keeps_weights(run, net, tmp_path):
    target = tmp_path / "part.onnx"
    code, answer, err = run("extract", net, target, "--from", "relu1", "--to", "c2")
    assert (code, err) == (0, "")
    assert (answer["model"]["inputs"], answer["model"]["outputs"]) == (
        ["n1"],
        ["c2"],
    )  # as the file calls them
    model = onnx.load(target)
    assert [node.op_type for node in model.graph.node] == ["Relu", "Conv"]
    inner = onnx.load(net)
    inner.graph.output.extend([onnx.ValueInfoProto(name="n1"), onnx.ValueInfoProto(name="c2")])
    _, before, after = ReferenceEvaluator(inner).run(None, {"x": image()})
    got = evaluate(target, **{model.graph.input[0].name: before})[0]
    np.testing.assert_allclose(got, after, rtol=1e-5, atol=1e-6)


def test_merge_wires_what_fits_and_refuses_what_does_not(run, net, tmp_path):
    tail = save(
        tmp_path / "tail.onnx",
        [helper.make_node("Gemm", ["y", "w"], ["z"], name="fc", transB=1)],
        {"y": ["N", 5]}, {"z": ["N", 2]}, [tensor("w", 2, 5)],
    )  # fmt: skip
    target = tmp_path / "both.onnx"
    code, answer, err = run("merge", net, tail, target, "--prefix", "tail_")
    assert (code, err) == (0, "")
    assert (answer["model"]["inputs"], answer["model"]["outputs"], answer["wired"]) == (["x"], ["z"], 1)
    want = evaluate(tail, y=evaluate(net, x=image())[0])[0]
    np.testing.assert_allclose(evaluate(target, x=image())[0], want, rtol=1e-4, atol=1e-5)
    code, _, err = run("merge", net, net, target, "--wire", "y=x")
    assert code == 2
    assert err.count("\n") == 1
    assert "Output 'y' gives float32 N×5, input 'x' takes float32 N×3×8×8" in err


@pytest.fixture
def with_constants(engine: Workbench, tmp_path) -> Path:
    """y = x + sin(a·a)·2, drawn, with a of 40 stored numbers."""
    tables = Tables()
    draft = Draft(tables, engine.library)
    rows = (
        ("x", "Input", {"shape": ("N", 40)}), ("a", "Constant", {"shape": (40,)}), ("two", "Constant", {"value": 2.0}),
        ("square", "Mul", {}), ("sine", "Sin", {}), ("double", "Mul", {}), ("add", "Add", {}), ("y", "Output", {}),
    )  # fmt: skip
    ids = {name: draft.add(layer, name, params) for name, layer, params in rows}
    values = np.linspace(-2, 2, 40, dtype=np.float32)
    set_weight(draft, ids["a"], "value", add_tensor(draft, engine.store.put(values), (40,), "float32"))
    for source, target, into in (
        ("a", "square", 0), ("a", "square", 1), ("square", "sine", 0), ("sine", "double", 0), ("two", "double", 1),
        ("x", "add", 0), ("double", "add", 1), ("add", "y", 0),
    ):  # fmt: skip
        draft.connect(ids[source], 0, ids[target], into)
    tables.apply(draft.delta())
    return sketch.save(build_network(tables, engine.library, store=engine.store), tmp_path / "c.sketch")


def test_fold_computes_constants_once(run, with_constants, tmp_path):
    target = tmp_path / "folded.onnx"
    code, answer, err = run("fold", with_constants, target)
    assert (code, err) == (0, "")
    assert (answer["nodes_before"], answer["nodes_after"]) == (8, 4)
    assert (answer["bytes_before"], answer["bytes_after"]) == (160, 160)
    assert [node.op_type for node in onnx.load(target).graph.node] == ["Add"]
    x = RANDOM.standard_normal((2, 40)).astype(np.float32)
    want = x + 2 * np.sin(np.linspace(-2, 2, 40, dtype=np.float32) ** 2)
    np.testing.assert_allclose(evaluate(target, x=x)[0], want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("to", "share", "error"), [("int8", 0.27, 0.02), ("float16", 0.51, 2e-3)])
def test_quantise_makes_the_file_smaller(run, net, tmp_path, to, share, error):
    target = tmp_path / "small.onnx"
    code, answer, err = run("quantise", net, target, "--to", to)
    assert (code, err) == (0, "")
    weights = {row["name"]: row for row in answer["weights"]}
    assert set(weights) == {"conv1", "conv2", "fc"}
    assert answer["bytes_after"] <= share * answer["bytes_before"] + 100
    model = onnx.load(target)
    onnx.checker.check_model(model, full_check=True)
    stored = {w.data_type for w in model.graph.initializer if len(w.dims) > 1}
    assert stored == {TensorProto.INT8 if to == "int8" else TensorProto.FLOAT16}
    want, got = evaluate(net, x=image())[0], evaluate(target, x=image())[0]
    assert np.abs(want - got).max() <= error * np.abs(want).max()
    original = numpy_helper.to_array(onnx.load(net).graph.initializer[0])
    code, again, _ = run("convert", target, tmp_path / "small.pth")
    assert (code, again["verified"], again["against"]) == (0, True, "small.onnx")
    largest = np.abs(original).max()
    assert 0 < weights["conv1"]["max_abs_error"] <= (largest / 254 * 1.01 if to == "int8" else largest / 1024)


def test_quantise_only_some_layers(run, net, tmp_path):
    code, answer, _ = run("quantise", net, tmp_path / "s.onnx", "--only", "conv*", "--per-tensor")
    assert (code, [row["name"] for row in answer["weights"]]) == (0, ["conv1", "conv2"])
    scales = [n for n in onnx.load(tmp_path / "s.onnx").graph.node if n.op_type == "DequantizeLinear"]
    assert len(scales) == 2
    code, _, err = run("quantise", net, tmp_path / "t.onnx", "--only", "nothing")
    assert (code, err.count("\n")) == (2, 1)
    assert not (tmp_path / "t.onnx").exists()


def test_a_network_that_needs_larger_images_is_still_proved(run, tmp_path):
    """Three poolings of four need 64 pixels; the small numbers that symbols get first are not enough."""
    nodes = [
        helper.make_node("MaxPool", [a], [b], kernel_shape=[4, 4], strides=[4, 4], name=f"pool{b}")
        for a, b in ("xa", "ab", "by")
    ]  # fmt: skip
    source = save(tmp_path / "p.onnx", nodes, {"x": ["N", 1, "H", "W"]}, {"y": ["N", 1, "h", "w"]})
    code, answer, err = run("convert", source, tmp_path / "p.pth", "--report")
    assert (code, err, answer["verified"]) == (0, "", True)
    kept = json.loads((tmp_path / "p.pth.proof.json").read_text())
    assert kept["proof"]["inputs"][0]["shape"] == [1, 1, 224, 224]


def test_symbolic_input_shapes_and_the_report(run, net, tmp_path):
    report = tmp_path / "proof.json"
    code, answer, err = run(
        "convert", net, tmp_path / "o.onnx", "--input", "x=batchx3x8x8", "--report", report
    )
    assert (code, err) == (0, "")
    dims = onnx.load(tmp_path / "o.onnx").graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in dims] == ["batch", 3, 8, 8]
    kept = json.loads(report.read_text())
    assert kept["proof"]["agrees"] is True
    assert kept["proof"]["inputs"][0]["shape"] == [2, 3, 8, 8]
    assert kept["proof"]["outputs"][0]["name"] == answer["outputs"][0]["name"] == "y"
    assert kept["versions"]["onnx"] == onnx.__version__
    assert kept["files"] == [{"name": "o.onnx", "bytes": (tmp_path / "o.onnx").stat().st_size}]


def test_a_wrong_result_is_exit_1_and_names_the_node(net, tmp_path):
    """A kernel with a planted fault (every Tanh becomes a Sigmoid), in a package of its own."""
    model = save(
        tmp_path / "curve.onnx",
        [helper.make_node("Neg", ["x"], ["n"], name="minus"), helper.make_node("Tanh", ["n"], ["t"], name="curve"),
         helper.make_node("Exp", ["t"], ["y"], name="grow")],
        {"x": ["N", 4]}, {"y": ["N", 4]},
    )  # fmt: skip
    faulty = Path(__file__).parent / "data" / "faulty"
    path = os.pathsep.join((str(Path(__file__).parents[1]), str(faulty)))
    done = subprocess.run(
        [sys.executable, "-m", "sketch", "convert", model, tmp_path / "o.faulty", "--report"],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert "NOT EQUAL to curve.onnx: output y differs" in done.stdout
    assert "the first node that differs is curve" in done.stdout
    kept = json.loads((tmp_path / "o.faulty.proof.json").read_text())
    assert (kept["proof"]["agrees"], kept["proof"]["first_node"]) == (False, "curve")
