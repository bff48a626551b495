"""Every plain call of torch against the operator's function, which the suite of ONNX has checked, on random numbers."""

import numpy as np
import pytest
import torch

from sketch.graph.attachments import set_hint
from sketch.graph.rows import FrozenDict, ValueType
from sketch.kernels.pytorch import direct_rows
from sketch.kernels.pytorch.build import build_module
from sketch.kernels.pytorch.calls import TORCH_TYPES
from tests.kernels.pytorch.drawing import Drawing

FLOATS = ("float32", "float64", "float16", "bfloat16")
WHOLE = ("int8", "int32", "int64", "uint8")
UNARY = [
    (kind, dtype)
    for kind in (
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "IsInf",
        "IsNaN", "Log", "Neg", "Reciprocal", "Relu", "Round", "Sigmoid", "Sin", "Sinh", "Sqrt", "Tan", "Tanh",
    )
    for dtype in FLOATS
]  # fmt: skip
UNARY += [(kind, dtype) for kind in ("Abs", "Neg", "Sign", "BitwiseNot") for dtype in WHOLE[:3]]
BINARY = [
    (kind, dtype)
    for kind in (
        "Add",
        "Sub",
        "Mul",
        "Equal",
        "Greater",
        "Less",
        "GreaterOrEqual",
        "LessOrEqual",
        "Max",
        "Min",
    )
    for dtype in (*FLOATS, *WHOLE)
]
BINARY += [("Div", dtype) for dtype in FLOATS] + [("Pow", dtype) for dtype in FLOATS[:2]]
BINARY += [(f"Bitwise{kind}", dtype) for kind in ("And", "Or", "Xor") for dtype in WHOLE]
BINARY += [(kind, "bool") for kind in ("And", "Or", "Xor", "Equal")]


def constant(*values, dtype="int64", shape=None):
    shape = (len(values),) if shape is None else shape
    return FrozenDict(dtype=dtype, shape=shape, data=tuple(values))


ONE = constant(1, shape=())
LOW, HIGH = (constant(number, dtype="float32", shape=()) for number in (-0.5, 0.25))
SHAPED = [
    ("Reshape", {"$input1": constant(0, -1)}, (2, 3, 4)),
    ("Reshape", {"$input1": constant(-1, 2)}, (2, 3, 4)),
    ("Expand", {"$input1": constant(5, 3, 4)}, (3, 1)),
    ("Unsqueeze", {"$input1": constant(-1, 0)}, (2, 3)),
    ("Unsqueeze", {"$input1": constant(1)}, (2, 3)),
    ("Squeeze", {"$input1": constant(0, -1)}, (1, 3, 1)),
    ("Slice", {"$input1": constant(1, -3), "$input2": constant(1 << 62, -1), "$input3": constant(-1, 0)}, (5, 4)),
    ("Slice", {"$input1": constant(0), "$input2": constant(9), "$input3": constant(1), "$input4": constant(2)}, (2, 7)),
    ("Slice", {"$input1": constant(-1), "$input2": constant(-(1 << 62)), "$input3": constant(1),
               "$input4": constant(-1)}, (2, 7)),
    ("Gather", {"$input1": constant(-2, shape=()), "axis": 1}, (2, 5)),
    ("Gather", {"$input1": constant(0, -1, 1), "axis": -1}, (2, 5)),
    ("Transpose", {"perm": (1, 2, 0)}, (2, 3, 4)),
    ("Transpose", {}, (2, 3, 4)),
    ("Tile", {"$input1": constant(2, 1)}, (2, 3)),
    ("Split", {"$input1": constant(1, 3), "axis": -1}, (2, 4)),
    ("Trilu", {"$input1": constant(-1, shape=())}, (4, 4)),
    ("Trilu", {"upper": 0}, (2, 3, 4)),
    *((f"Reduce{kind}", {"$input1": constant(-1, 0), "keepdims": kept}, (3, 4, 5))
      for kind in ("Sum", "Mean", "Max", "Min") for kept in (0, 1)),
    ("CumSum", {"$input1": ONE}, (3, 4)),
    ("Clip", {"$input1": LOW, "$input2": HIGH}, (3, 4)),
    ("Clip", {"$input2": HIGH}, (3, 4)),
    ("Cast", {"to": 11}, (3, 4)), ("Cast", {"to": 16}, (3, 4)),
    ("Det", {}, (2, 3, 3)),
]  # fmt: skip


def numbers(dtype, shape, seed):
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return torch.from_numpy(rng.random(shape) < 0.5)
    kind = getattr(torch, TORCH_TYPES[dtype])
    values = rng.standard_normal(shape) * 3
    if dtype in FLOATS:
        values.reshape(-1)[:3] = (np.nan, np.inf, -np.inf) if values.size > 4 else values.reshape(-1)[:3]
    else:
        values = values.round() % 7 if dtype == "uint8" else values.round()
    return torch.from_numpy(values).to(kind)


def both(kind, params, inputs, monkeypatch, outputs=1):
    """Results of the plain call and of the function; proves that the row was used."""
    drawing = Drawing()
    wires = [
        drawing.add(
            "Input", shape=tuple(x.shape), dtype={v: k for k, v in TORCH_TYPES.items()}[str(x.dtype)[6:]]
        )
        for x in inputs
    ]
    node = drawing.add(f"ai.onnx:{kind}", *wires, name="op", **params)
    for out in range(outputs):
        set_hint(drawing.draft, node, out, ValueType("float32", None))
        drawing.add("Output", (node, out))
    network = drawing.network()
    plain = build_module(network, None)[0]
    assert not any(hasattr(item.target, "onnx_source") for item in plain.graph.nodes), plain.code
    with monkeypatch.context() as patch:
        patch.setattr(direct_rows, "ROWS", {})
        function = build_module(network, None)[0]
    assert any(hasattr(item.target, "onnx_source") for item in function.graph.nodes), function.code
    return plain(*inputs), function(*inputs)


def assert_same(pair, exact=True):
    left, right = pair
    for one, two in zip(*((x if isinstance(x, tuple) else (x,)) for x in (left, right)), strict=True):
        close = {"rtol": 0, "atol": 0} if exact else {"rtol": 1e-6, "atol": 1e-6}
        torch.testing.assert_close(one, two, equal_nan=True, **close)


@pytest.mark.parametrize(("kind", "dtype"), UNARY)
def test_one_tensor(kind, dtype, monkeypatch):
    assert_same(both(kind, {}, [numbers(dtype, (3, 4), 0)], monkeypatch))


@pytest.mark.parametrize(("kind", "dtype"), BINARY)
def test_two_tensors(kind, dtype, monkeypatch):
    inputs = [numbers(dtype, (3, 4), 0), numbers(dtype, (4,), 1)]
    assert_same(both(kind, {}, inputs, monkeypatch), exact=kind != "Pow")


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div", "Pow", "Greater", "Equal"])
@pytest.mark.parametrize("dtype", FLOATS[:2])
def test_a_tensor_and_a_number(kind, dtype, monkeypatch):
    number = {"$input1": constant(2.0, dtype=dtype, shape=())}
    assert_same(both(kind, number, [numbers(dtype, (3, 4), 0)], monkeypatch), exact=kind != "Pow")


@pytest.mark.parametrize(("kind", "params", "shape"), SHAPED)
def test_shapes_and_axes(kind, params, shape, monkeypatch):
    outputs = 2 if kind == "Split" else 1
    x = torch.from_numpy(np.random.default_rng(2).standard_normal(shape).astype("float32"))
    assert_same(both(kind, params, [x], monkeypatch, outputs), exact=kind != "Det")


def test_the_others(monkeypatch):
    a, b = (
        torch.from_numpy(np.random.default_rng(n).standard_normal((3, 3)).astype("float32")) for n in (0, 1)
    )
    assert_same(both("Where", {}, [a > 0, a, b], monkeypatch))
    assert_same(both("MatMul", {}, [a, b], monkeypatch))
    assert_same(both("Sum", {}, [a, b, a], monkeypatch))
    assert_same(both("Max", {}, [a, b, b], monkeypatch))
    assert_same(both("Einsum", {"equation": "ij,jk->ik"}, [a, b], monkeypatch), exact=False)
    assert_same(both("Not", {}, [a > 0], monkeypatch))
