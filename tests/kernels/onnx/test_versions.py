"""Models in older opsets: the same numbers by onnx's evaluator, or one sentence that says which opset it takes."""

import re

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.versions import converted
from tests.kernels.onnx.models import info, model_of, random

node = helper.make_node
TARGETS = (13, 17, 20, 24)
HAVE = 26
EVALUATOR_ERRS = {("BatchNormalization", 13), ("GridSample", 17)}
"""It takes the momentum of the first for training, and does not know the older words of the second."""


def ints(*numbers):
    return np.array(numbers, np.int64)


def case(kind, oldest, *weights, shape=(2, 4, 6), outputs=1, **attributes):
    """(operator, the oldest opset that can say it, its constant inputs, shape of x, outputs, attributes)."""
    label = kind + "".join(f"-{name}" for name in attributes)
    return pytest.param(kind, oldest, weights, shape, outputs, attributes, id=label)


NORM = (random(4), random(4, seed=1), random(4, seed=2), np.abs(random(4, seed=3)))
CASES = [
    *(
        case(f"Reduce{kind}", 13, ints(-1), keepdims=place % 2)
        for place, kind in enumerate(("Sum", "Mean", "Max", "Min", "L1", "L2", "Prod", "LogSumExp", "SumSquare"))
    ),
    case("ReduceMean", 13),
    case("ReduceMean", 18, ints(), noop_with_empty_axes=1),
    case("Split", 13, ints(1, 3, 2), outputs=3, axis=-1),
    case("Split", 18, outputs=3, axis=2, num_outputs=3),
    case("Squeeze", 13, ints(1), shape=(2, 1, 6)),
    case("Unsqueeze", 13, ints(0, -1)),
    case("Pad", 13, ints(0, 1, 0, 0, 0, 2), np.float32(0.5)),
    case("Pad", 18, ints(1, 2), np.float32(0.5), ints(1)),
    case("Pad", 19, ints(0, 0, 1, 0, 0, 1), mode="wrap"),
    case("Clip", 13, np.float32(-0.3), np.float32(0.4)),
    case("Resize", 13, None, np.array([1, 1, 2], np.float32), mode="linear"),
    case("Resize", 18, None, None, ints(8), mode="linear", axes=[2]),
    case("Resize", 18, None, np.array([1, 1, 0.5], np.float32), mode="linear", antialias=1),
    case("BatchNormalization", 13, *NORM, epsilon=1e-3),
    case("Gelu", 20),
    case("Gelu", 20, approximate="tanh"),
    case("LayerNormalization", 17, random(6), random(6, seed=1)),
    case("GroupNormalization", 21, random(4), random(4, seed=1), num_groups=2),
    case("RMSNormalization", 23, random(6)),
    case("Attention", 23, random(2, 4, 6, seed=1), random(2, 4, 6, seed=2), q_num_heads=2, kv_num_heads=2),
    case("Softmax", 13, axis=1),
    case("LogSoftmax", 13),
    case("HardSwish", 14),
    case("Mish", 18),
    case("Trilu", 14, ints(1)[0], shape=(4, 6)),
    case("CumSum", 13, ints(1)[0]),
    case("TopK", 13, ints(2), outputs=2),
    case("Reshape", 13, ints(2, -1)),
    case("Flatten", 13, axis=2),
    case("Transpose", 13, perm=[2, 0, 1]),
    case("Gather", 13, ints(2, 0), axis=1),
    case("ScatterElements", 16, np.zeros((1, 4, 6), np.int64), random(1, 4, 6), reduction="add"),
    case("Cast", 13, to=onnx.TensorProto.FLOAT16),
    case("DepthToSpace", 13, shape=(1, 8, 2, 2), blocksize=2, mode="CRD"),
    case("GridSample", 16, random(1, 3, 3, 2), shape=(1, 2, 4, 4), mode="linear"),
    case("AveragePool", 13, shape=(1, 2, 6, 6), kernel_shape=[2, 2]),
    case("AveragePool", 19, shape=(1, 2, 6, 6), kernel_shape=[2, 2], dilations=[2, 2]),
    case("PRelu", 13, random(6)),
    case("Equal", 13, random(2, 4, 6)),
    case("IsInf", 13),
    case("Size", 13),
    case("Shape", 13),
    case("Shape", 15, start=1),
]  # fmt: skip


def made(kind, weights, shape, outputs, attributes):
    """A model of one operator in opset HAVE."""
    named = {f"w{at}": array for at, array in enumerate(weights) if array is not None}
    inputs = ["x", *("" if array is None else f"w{at}" for at, array in enumerate(weights))]
    names = [f"y{at}" for at in range(outputs)]
    body = [node(kind, inputs, names, name="it", **attributes)]
    shapeless = [onnx.ValueInfoProto(name=name) for name in names]
    model = onnx.shape_inference.infer_shapes(
        model_of(body, [info("x", *shape)], shapeless, named, opset=HAVE)
    )
    for value in model.graph.output:  # GroupNormalization is a function, of which nothing is inferred
        if not value.type.tensor_type.elem_type:
            value.CopyFrom(info(value.name, *shape))
    return model


def run(model, feed):
    """Outputs by onnx's evaluator, or by onnxruntime where the evaluator does not follow the older standard."""
    if (model.graph.node[0].op_type, model.opset_import[0].version) in EVALUATOR_ERRS:
        return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feed)
    return ReferenceEvaluator(model).run(None, feed)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("kind", "oldest", "weights", "shape", "outputs", "attributes"), CASES)
def test_an_older_opset_means_the_same_or_is_refused(
    kind, oldest, weights, shape, outputs, attributes, target
):
    model = made(kind, weights, shape, outputs, attributes)
    feed = {"x": random(*shape, seed=9)}
    older, failures = converted(model, target, "m.onnx")
    if target < oldest:
        (error,) = failures.values()
        assert isinstance(error, BinderError)
        assert re.fullmatch(rf"m\.onnx: 'it' \({kind}\) .*; choose opset {oldest} or newer\.", str(error))
        return
    assert not failures, next(iter(failures.values()))
    assert older.opset_import[0].version == target
    onnx.checker.check_model(older, full_check=True)
    for one, other in zip(run(model, feed), run(older, feed), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
        assert one.dtype == other.dtype
