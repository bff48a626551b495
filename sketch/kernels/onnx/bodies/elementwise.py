"""Functions of single elements that ONNX has not as one operator, written so that small numbers stay exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sketch.kernels.onnx.bodies.activation import floating
from sketch.kernels.onnx.bodies.layout import common
from sketch.kernels.onnx.emitter import Emitter


def out_dtype(e: Emitter) -> str:
    """Element type of the first output."""
    kind = e.step.types[0] if e.step.types else None
    return kind.dtype if kind else e.dtype


def is_real(dtype: str) -> bool:
    """True for floating point."""
    return dtype.startswith(("float", "bfloat"))


def rsqrt(e: Emitter) -> str:
    """1/√x."""
    return e.op("Reciprocal", e.op("Sqrt", floating(e)))


def log1p(e: Emitter) -> str:
    """log(u)·x/(u-1) for u = 1 + x: what 1 + x loses is lost on both sides (Kahan)."""
    x, one = floating(e), e.number(1.0, out_dtype(e))
    u = e.op("Add", x, one)
    gap = e.op("Sub", u, one)
    exact = e.op("Equal", gap, e.number(0.0, out_dtype(e)))
    ratio = e.op("Div", x, e.op("Where", exact, one, gap))
    wide = e.op("Equal", gap, x)  # infinity and large numbers
    return e.op("Where", exact, x, e.op("Mul", e.op("Log", u), e.op("Where", wide, one, ratio)))


def expm1(e: Emitter) -> str:
    """2t/(1-t) with t = tanh(x/2) near 0, exp(x) - 1 elsewhere."""
    kind = out_dtype(e)
    x, one = floating(e), e.number(1.0, kind)
    near = e.op("Less", e.op("Abs", x), one)
    t = e.op("Tanh", e.op("Mul", e.op("Where", near, x, e.number(0.0, kind)), e.number(0.5, kind)))
    small = e.op("Div", e.op("Mul", t, e.number(2.0, kind)), e.op("Sub", one, t))
    return e.op("Where", near, small, e.op("Sub", e.op("Exp", x), one))


def log2(e: Emitter) -> str:
    """log(x)/log(2)."""
    return e.op("Div", e.op("Log", floating(e)), e.number(math.log(2), out_dtype(e)))


def trunc(e: Emitter) -> str:
    """sign(x)·floor(|x|)."""
    return e.op("Mul", e.op("Sign", e.x[0]), e.op("Floor", e.op("Abs", e.x[0])))


def remainder(e: Emitter) -> str:
    """The rest with the sign of the divisor."""
    a, b = common(e)
    return modulo(e, a, b, out_dtype(e))


def modulo(e: Emitter, a: str, b: str, dtype: str) -> str:
    """ONNX's whole Mod is this; its other one has the dividend's sign."""
    if not is_real(dtype):
        return e.op("Mod", a, b)
    rest = e.op("Mod", a, b, fmod=1)
    return e.op("Where", _other_sign(e, rest, b, dtype), e.op("Add", rest, b), rest)


def _other_sign(e: Emitter, rest: str, b: str, dtype: str) -> str:
    zero = e.number(0, dtype)
    signs = e.op("Xor", e.op("Less", rest, zero), e.op("Less", b, zero))
    return e.op("And", e.op("Not", e.op("Equal", rest, zero)), signs)


def floor_divide(e: Emitter) -> str:
    """(a - a mod b) / b; of fractions rounded as PyTorch does it."""
    a, b = common(e)
    return floor_quotient(e, a, b, out_dtype(e))


def floor_quotient(e: Emitter, a: str, b: str, dtype: str) -> str:
    """a // b of two values of one element type."""
    quotient = e.op("Div", e.op("Sub", a, modulo(e, a, b, dtype)), b)
    if not is_real(dtype):
        return quotient
    whole = e.op("Floor", quotient)
    more = e.op("Greater", e.op("Sub", quotient, whole), e.number(0.5, dtype))
    return e.op("Where", more, e.op("Add", whole, e.number(1.0, dtype)), whole)


def _plain(kind: str) -> Callable[[Emitter], str]:
    return lambda e: e.op(kind, floating(e))


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    **{name: _plain(name) for name in ("Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh")},
    "Rsqrt": rsqrt,
    "Log1p": log1p,
    "Expm1": expm1,
    "Log2": log2,
    "Trunc": trunc,
    "Remainder": remainder,
    "FloorDivide": floor_divide,
}
