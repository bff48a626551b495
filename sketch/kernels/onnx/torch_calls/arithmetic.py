"""Element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from sketch.kernels.onnx.bodies.elementwise import floor_quotient
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.writer import Given, Number, TypeWord, Val, Writer, scaled


def _unary(layer: str, **params: Any) -> Callable[..., Val]:
    return lambda w, x: w.layer(layer, x, **params)


def _operator(kind: str) -> Callable[..., Val]:
    return lambda w, x: w.op(kind, w.cast(x, x.dtype if x.is_real else "float32"), like=x)


def _binary(layer: str) -> Callable[..., Val]:
    def lower(w: Writer, x: Given, other: Given) -> Val:
        return w.layer(layer, *w.pair(x, other))

    return lower


def add(w: Writer, x: Given, other: Given, *, alpha: Number = 1) -> Val:
    """x + alpha·other."""
    return w.add(x, other if alpha == 1 else w.mul(other, alpha))


def sub(w: Writer, x: Given, other: Given, *, alpha: Number = 1) -> Val:
    """x - alpha·other."""
    return w.sub(x, other if alpha == 1 else w.mul(other, alpha))


def rsub(w: Writer, x: Given, other: Given, *, alpha: Number = 1) -> Val:
    """other - alpha·x."""
    return w.sub(other, x if alpha == 1 else w.mul(x, alpha))


def div(w: Writer, x: Given, other: Given, *, rounding_mode: str | None = None) -> Val:
    """x / other, rounded down or towards 0 where that is asked for."""
    first, second = w.pair(x, other)
    if rounding_mode is None:
        return w.layer("Div", first, second)
    if rounding_mode == "floor":
        return w.layer("FloorDivide", first, second)
    if not first.is_real and not second.is_real:
        joint = w.layer("Add", first, second)
        first, second = w.cast(first, joint.dtype), w.cast(second, joint.dtype)
        return w.op("Div", first, second, like=joint)
    return w.layer("Trunc", w.layer("Div", first, second))


def floor_divide(w: Writer, x: Given, other: Given) -> Val:
    """x // other."""
    return w.layer("FloorDivide", *w.pair(x, other))


def remainder(w: Writer, x: Given, other: Given) -> Val:
    """x % other."""
    return w.layer("Remainder", *w.pair(x, other))


def fmod(w: Writer, x: Given, other: Given) -> Val:
    """The rest with the sign of x."""
    first, second = w.pair(x, other)
    joint = w.layer("Add", first, second)
    return w.op("Mod", w.cast(first, joint.dtype), w.cast(second, joint.dtype), like=joint, fmod=1)


def power(w: Writer, x: Given, exponent: Given) -> Val:
    """x ** exponent; either may be a number."""
    if isinstance(x, Val) and not isinstance(exponent, Val):
        if isinstance(exponent, int) and not x.is_real:
            joint = w.number(exponent, x)
            return w.op("Pow", x, joint, like=x)
        return w.layer("Pow", x, exponent=float(exponent))
    return w.layer("Pow", *w.pair(x, exponent))


def rpow(w: Writer, x: Val, other: Given) -> Val:
    """other ** x."""
    return power(w, other, x)


def clamp(w: Writer, x: Val, min: Given | None = None, max: Given | None = None) -> Val:
    """Limits that are numbers or values."""
    found = x
    if min is not None:
        found = w.layer("Maximum", *w.pair(found, min))
    if max is not None:
        found = w.layer("Minimum", *w.pair(found, max))
    return found


def square(w: Writer, x: Val) -> Val:
    """x·x."""
    return w.mul(x, x)


def addcmul(w: Writer, x: Val, first: Val, second: Val, *, value: Number = 1) -> Val:
    """x + value·first·second."""
    return w.add(x, scaled(w, w.mul(first, second), value))


def addcdiv(w: Writer, x: Val, first: Val, second: Val, *, value: Number = 1) -> Val:
    """x + value·first/second."""
    return w.add(x, scaled(w, w.div(first, second), value))


def lerp(w: Writer, x: Val, end: Val, weight: Given) -> Val:
    """x + weight·(end - x)."""
    return w.add(x, w.mul(w.sub(end, x), weight))


def where(w: Writer, condition: Val, x: Given, other: Given) -> Val:
    """x or other."""
    return w.layer("Where", w.cast(condition, "bool"), *w.pair(x, other))


def bits(bit: str, logical: str) -> Callable[..., Val]:
    """A logical operator on truth values, one of bits on whole numbers."""

    def lower(w: Writer, x: Given, other: Given) -> Val:
        first, second = w.pair(x, other)
        if first.dtype == second.dtype == "bool":
            return w.layer(logical, first, second)
        joint = w.layer("Add", first, second)
        if joint.is_real:
            raise UnsayableError("Bits of fractions have no meaning.")
        _need(w, 18, "Operations on bits")
        return w.op(bit, w.cast(first, joint.dtype), w.cast(second, joint.dtype), like=joint)

    return lower


def bitwise_not(w: Writer, x: Val) -> Val:
    """Not of truth values, of bits otherwise."""
    if x.dtype == "bool":
        return w.layer("Not", x)
    _need(w, 18, "Operations on bits")
    return w.op("BitwiseNot", x, like=x)


def _logical(layer: str) -> Callable[..., Val]:
    return lambda w, x, other: w.layer(layer, w.cast(x, "bool"), w.cast(other, "bool"))


def _need(w: Writer, opset: int, what: str) -> None:
    if w.e.opset < opset:
        raise UnsayableError(f"{what} need opset {opset}; choose opset {opset} or newer.")


def is_nan(w: Writer, x: Val) -> Val:
    """True where x is no number."""
    return w.op("IsNaN", x, like=x, dtype="bool") if x.is_real else w.layer("NotEqual", x, x)


def is_inf(w: Writer, x: Val) -> Val:
    """True where x is endless."""
    return w.op("IsInf", x, like=x, dtype="bool") if x.is_real else w.layer("NotEqual", x, x)


def is_finite(w: Writer, x: Val) -> Val:
    """True for the others."""
    return w.layer("Not", w.layer("Or", is_nan(w, x), is_inf(w, x)))


_LARGEST = {"float32": 3.4028234663852886e38, "float16": 65504.0, "float64": 1.7976931348623157e308}


def nan_to_num(
    w: Writer, x: Val, nan: Number | None = 0.0, posinf: Number | None = None, neginf: Number | None = None
) -> Val:
    """Numbers in the place of those that are none."""
    if not x.is_real:
        return x
    most = _LARGEST.get(x.dtype, 3.3895313892515355e38)
    found = w.layer("Where", is_nan(w, x), w.number(float(nan or 0), x), x)
    high = w.layer("Equal", found, w.number(math.inf, x))
    found = w.layer("Where", high, w.number(most if posinf is None else float(posinf), x), found)
    low = w.layer("Equal", found, w.number(-math.inf, x))
    return w.layer("Where", low, w.number(-most if neginf is None else float(neginf), x), found)


def log_to(base: float) -> Callable[..., Val]:
    """The logarithm to a base."""
    return lambda w, x: w.div(w.layer("Log", x), math.log(base))


def exp2(w: Writer, x: Val) -> Val:
    """2 to the power of x."""
    return w.layer("Exp", w.mul(x, math.log(2)))


def logaddexp(w: Writer, x: Val, other: Val) -> Val:
    """log(exp(x) + exp(other))."""
    most = w.layer("Maximum", x, other)
    gap = w.layer("Neg", w.layer("Abs", w.sub(x, other)))
    return w.add(most, w.layer("Log1p", w.layer("Exp", gap)))


def logit(w: Writer, x: Val, eps: Number | None = None) -> Val:
    """log(x / (1 - x))."""
    held = x if eps is None else clamp(w, x, float(eps), 1 - float(eps))
    return w.layer("Log", w.div(held, w.sub(1.0, held)))


def atan2(w: Writer, y: Val, x: Val) -> Val:
    """The angle of a point."""
    zero = w.number(0.0, x)
    safe = w.layer("Where", w.layer("Equal", x, zero), w.number(1.0, x), x)
    angle = w.layer("Atan", w.div(y, safe))
    half = w.layer("Where", w.layer("Less", y, zero), w.number(-math.pi, x), w.number(math.pi, x))
    angle = w.layer("Where", w.layer("Less", x, zero), w.add(angle, half), angle)
    side = w.mul(w.layer("Sign", y), math.pi / 2)
    return w.layer("Where", w.layer("Equal", x, zero), side, angle)


def hypot(w: Writer, x: Val, other: Val) -> Val:
    """The length of a vector of two."""
    return w.layer("Sqrt", w.add(w.mul(x, x), w.mul(other, other)))


def to(w: Writer, x: Val, *args: Any, dtype: Any = None, **_more: Any) -> Val:
    """Another element type: that of a word, or of another value."""
    wanted = dtype
    for item in args:
        wanted = item.dtype if isinstance(item, Val) else item if isinstance(item, TypeWord) else wanted
    return w.cast(x, wanted)


def _cast_to(dtype: str) -> Callable[..., Val]:
    return lambda w, x: w.cast(x, dtype)


def same(_w: Writer, x: Val, *_args: Any, **_named: Any) -> Val:
    """Nothing changes at inference."""
    return x


def dropout(
    _w: Writer, x: Val, p: Number = 0.5, training: Any = True, inplace: Any = False, *, train: Any = None
) -> Val:
    """Nothing changes at inference; one that is always on draws random numbers."""
    del inplace
    if p and (training if train is None else train):
        raise UnsayableError(
            "A dropout that is always on draws random numbers, which ONNX's form here does not."
        )
    return x


def floored(w: Writer, x: Val, other: Given) -> Val:
    """other // x."""
    first, second = w.pair(other, x)
    joint = w.layer("Add", first, second)
    name = floor_quotient(w.e, w.cast(first, joint.dtype).name, w.cast(second, joint.dtype).name, joint.dtype)
    return Val(name, joint.kind)


_UNARY = (
    "Sqrt", "Exp", "Log", "Abs", "Neg", "Reciprocal", "Erf", "Sin", "Cos", "Floor", "Ceil", "Sign", "Round", "Rsqrt",
    "Log1p", "Expm1", "Log2", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Trunc", "Sigmoid", "Tanh",
)  # fmt: skip
_CASTS = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "int": "int32",
          "long": "int64", "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool"}  # fmt: skip

LOWERINGS: Mapping[str, Any] = {
    **{layer.lower(): _unary(layer) for layer in _UNARY},
    **{name: _cast_to(dtype) for name, dtype in _CASTS.items()},
    **{name: _binary(layer) for name, layer in (
        ("maximum", "Maximum"), ("minimum", "Minimum"), ("fmax", "Maximum"), ("fmin", "Minimum"), ("eq", "Equal"),
        ("ne", "NotEqual"), ("lt", "Less"), ("le", "LessEqual"), ("gt", "Greater"), ("ge", "GreaterEqual"))},
    **{name: _logical(layer) for name, layer in (
        ("logical_and", "And"), ("logical_or", "Or"), ("logical_xor", "Xor"))},
    **{name.lower(): _operator(name) for name in ("Asinh", "Acosh", "Atanh")},
    "logical_not": _unary("Not"),
    "bitwise_and": bits("BitwiseAnd", "And"),
    "bitwise_or": bits("BitwiseOr", "Or"),
    "bitwise_xor": bits("BitwiseXor", "Xor"),
    "bitwise_not": bitwise_not,
    "rdiv": lambda w, x, other: w.div(other, x),
    "rmod": lambda w, x, other: remainder(w, other, x),
    "frac": lambda w, x: w.sub(x, w.layer("Trunc", x)),
    "clamp_min": clamp,
    "clamp_max": lambda w, x, max: clamp(w, x, None, max),
    "log10": log_to(10.0),
    "isnan": is_nan,
    "isinf": is_inf,
    "isfinite": is_finite,
    **dict.fromkeys(("clone", "detach", "contiguous", "alias", "lift_fresh", "lift_fresh_copy", "positive"), same),
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout"), dropout),
    "type_as": to, "rfloordiv": floored,
    **{item.__name__: item for item in (
        add, sub, rsub, div, floor_divide, remainder, fmod, rpow, clamp, square, addcmul, addcdiv, lerp, where,
        nan_to_num, exp2, logaddexp, logit, atan2, hypot, to)},
    "pow": power,
    "float_power": power,
}  # fmt: skip
