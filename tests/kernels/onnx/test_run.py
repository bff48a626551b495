"""Running a model for the proof: onnxruntime where it can, onnx's evaluator where it cannot, plain arrays out."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.run import run


def save(path, text: str, opset: int = 20):
    graph = onnx.parser.parse_graph(text)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
    return path


def test_an_opset_that_onnxruntime_lacks(tmp_path):
    path = save(
        tmp_path / "m.onnx", "g (float[2] x) => (float[2] y) { y = Tanh(x) }", onnx.defs.onnx_opset_version()
    )
    x = np.array([0.5, -1], np.float32)
    np.testing.assert_allclose(run(path, {"x": x})["y"], np.tanh(x), rtol=1e-6)


@pytest.mark.parametrize(("dtype", "exact"), [("bfloat16", 1.0078125), ("float8e4m3fn", 1.0)])
def test_types_that_numpy_lacks_come_as_float32(tmp_path, dtype, exact):
    kind = {"bfloat16": "bfloat16", "float8e4m3fn": "float8e4m3fn"}[dtype]
    number = {"bfloat16": TensorProto.BFLOAT16, "float8e4m3fn": TensorProto.FLOAT8E4M3FN}[dtype]
    path = save(tmp_path / "m.onnx", f"g (float[1] x) => ({kind}[1] y) {{ y = Cast<to={int(number)}>(x) }}")
    y = run(path, {"x": np.array([1.01], np.float32)})["y"]
    assert (y.dtype, y[0]) == (np.float32, np.float32(exact))


def test_inputs_of_types_that_numpy_lacks(tmp_path):
    path = save(tmp_path / "m.onnx", "g (bfloat16[2] x) => (bfloat16[2] y) { y = Add(x, x) }")
    y = run(path, {"x": np.array([0.5, 3], np.float32)})["y"]
    assert y.tolist() == [1, 6]


def test_sequences_and_texts(tmp_path):
    path = save(
        tmp_path / "m.onnx",
        "g (float[2] x) => (seq(float[2]) s) { s = SequenceConstruct(x, x) }",
    )
    answers = run(path, {"x": np.ones(2, np.float32)})
    assert list(answers) == ["s[0]", "s[1]"]
    path = save(tmp_path / "t.onnx", "g (string[1] a) => (string[1] b) { b = Identity(a) }")
    answer = run(path, {"a": np.array(["word"])})["b"]
    assert (answer.dtype.kind, answer.tolist()) == ("U", ["word"])


def test_what_neither_runs_is_one_line(tmp_path):
    path = save(tmp_path / "m.onnx", "g (float[2] x) => (float[2] y) { y = com.acme.Magic(x) }")
    with pytest.raises(BinderError, match="cannot run the model"):
        run(path, {"x": np.ones(2, np.float32)})
    path = save(tmp_path / "n.onnx", "g (float[2] x) => (float[2] y) { y = Tanh(x) }")
    with pytest.raises(BinderError, match="no value is given for input 'x'"):
        run(path, {})
