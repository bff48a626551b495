"""Arithmetic, comparisons and reductions with PyTorch's rules for mixed element types."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sketch.graph.rows import FrozenDict
from sketch.graph.rule import Call
from sketch.graph.shape_rules.promotion import promoted
from sketch.kernels.onnx.bodies.activation import floating
from sketch.kernels.onnx.bodies.layout import common, reshape_to
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.program import TensorValue


def _chain(kind: str, logical: str) -> Callable[[Emitter], str]:
    """Any number of inputs folded left to right; on bool the logical operator."""

    def body(e: Emitter) -> str:
        values = common(e)
        out = e.step.types[0]
        if out is not None and out.dtype == "bool":
            kind_here = logical
        elif kind == "Add" and len(values) > 2 and out is not None and out.dtype in ("float32", "float64"):
            return e.op("Sum", *values)
        else:
            kind_here = kind
        total = values[0]
        for value in values[1:]:
            total = e.op(kind_here, total, value)
        return total

    return body


def where(e: Emitter) -> str:
    """Where in the common element type."""
    return e.op("Where", e.x[0], *common(e, 1))


def _compare(kind: str) -> Callable[[Emitter], str]:
    def body(e: Emitter) -> str:
        call = Call(e.step.spec, e.params, e.step.input_types, FrozenDict())
        shared = promoted(call, [e.type(0), e.type(1)])
        if kind != "Equal" and shared == "bool":
            shared = "int32"
        values = [e.cast(e.x[index], e.type(index).dtype, shared) for index in (0, 1)]
        return e.op(kind, *values)

    return body


equal = _compare("Equal")
"""Equal in the common element type."""


def logical_not(e: Emitter) -> str:
    """Not of the truth of each element."""
    return e.op("Not", e.cast(e.x[0], e.dtype, "bool"))


def power(e: Emitter) -> str:
    """Pow by the exponent input, or by the parameter."""
    x = floating(e)
    out = e.step.types[0]
    if e.given(1):
        return e.op("Pow", x, floating(e, 1))
    return e.op("Pow", x, e.number(e.params["exponent"], out.dtype if out else None))


def _unary(kind: str) -> Callable[[Emitter], str]:
    return lambda e: e.op(kind, floating(e))


def rounded(kind: str) -> Callable[[Emitter], str]:
    """Floor and Ceil: whole numbers are their own."""
    return lambda e: e.op(kind, e.x[0]) if e.dtype.startswith(("float", "bfloat")) else e.x[0]


def _reduce(kind: str) -> Callable[[Emitter], str]:
    def body(e: Emitter) -> str:
        x, back = floating(e), ""
        if kind in ("ReduceMax", "ReduceMin") and e.dtype == "bool":
            x, back = e.cast(e.x[0], "bool", "int32"), "bool"
        dims = e.params["dim"] or None
        axes = None if dims is None else [e.axis(dim) for dim in dims]
        y = e.reduce(kind, x, axes, e.params["keepdim"]) if e.rank() else e.op("Identity", x)
        return e.cast(y, "int32", "bool") if back else y

    return body


def extreme_at(kind: str) -> Callable[[Emitter], str]:
    """ArgMax or ArgMin along a dimension, or over all elements as one row."""

    def body(e: Emitter) -> str:
        dim = e.params["dim"]
        if dim is not None and e.rank():
            return e.op(kind, e.x[0], axis=e.axis(dim), keepdims=int(e.params["keepdim"]))
        row = e.op(kind, e.reshape(e.x[0], -1), axis=0, keepdims=0)
        out = e.out_shape()
        return reshape_to(e, row, out) if out else row

    return body


def cumulative(e: Emitter) -> str:
    """CumSum along a dimension."""
    return e.op("CumSum", floating(e), e.constant(TensorValue("int64", (), (e.axis(e.params["dim"]),))))


def norm(e: Emitter) -> str:
    """ReduceL2 and ReduceL1; UnsayableError for an order between them."""
    kind = {2.0: "ReduceL2", 1.0: "ReduceL1"}.get(e.params["ord"])
    if kind is None:
        raise UnsayableError(f"ONNX has norms of order 1 and 2, not {e.params['ord']}.")
    if not e.rank():
        return e.op("Abs", e.x[0])
    dims = e.params["dim"]
    axes = None if dims is None else [e.axis(dim) for dim in dims]
    return e.reduce(kind, e.x[0], axes, e.params["keepdim"])


def triangle(*, upper: bool) -> Callable[[Emitter], str]:
    """Trilu from a diagonal on."""

    def body(e: Emitter) -> str:
        if e.opset < 14:
            raise UnsayableError("Triangles need opset 14; choose opset 14 or newer.")
        diagonal = e.constant(TensorValue("int64", (), (e.params["diagonal"],)))
        return e.op("Trilu", e.x[0], diagonal, upper=int(upper))

    return body


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "Add": _chain("Add", "Or"),
    "Sub": _chain("Sub", "Xor"),
    "Mul": _chain("Mul", "And"),
    "Div": _chain("Div", "And"),
    "MatMul": _chain("MatMul", "And"),
    "Maximum": _chain("Max", "Or"),
    "Minimum": _chain("Min", "And"),
    "Where": where,
    "Pow": power,
    **{
        name: _unary(name)
        for name in ("Sqrt", "Exp", "Log", "Reciprocal", "Erf", "Sin", "Cos", "Sigmoid", "Tanh")
    },
    "Equal": equal,
    **{name: _compare(name) for name in ("Greater", "Less")},
    "GreaterEqual": _compare("GreaterOrEqual"),
    "LessEqual": _compare("LessOrEqual"),
    "CumSum": cumulative,
    "Norm": norm,
    "Tril": triangle(upper=False),
    "Triu": triangle(upper=True),
    "Not": logical_not,
    "NotEqual": lambda e: e.op("Not", equal(e)),
    "Floor": rounded("Floor"),
    "Ceil": rounded("Ceil"),
    "Mean": _reduce("ReduceMean"),
    "Sum": _reduce("ReduceSum"),
    "Max": _reduce("ReduceMax"),
    "Min": _reduce("ReduceMin"),
    "ArgMax": extreme_at("ArgMax"),
}
