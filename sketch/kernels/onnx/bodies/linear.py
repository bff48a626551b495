"""Linear, Bilinear and Embedding."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sketch.kernels.onnx.bodies.window import bias
from sketch.kernels.onnx.emitter import Emitter


def project(e: Emitter, x: str, weight: str, shift: tuple[str, ...]) -> str:
    """x·Wᵀ + b over the last dimension."""
    y = e.op("MatMul", x, e.op("Transpose", weight, perm=(1, 0)))
    return e.op("Add", y, *shift) if shift else y


def linear(e: Emitter) -> str:
    """Linear over inputs of any rank."""
    return project(e, e.x[0], e.weight("weight"), bias(e))


def bilinear(e: Emitter) -> str:
    """Σ x1ᵢ·W_oij·x2ⱼ."""
    y = e.op("Einsum", e.x[0], e.weight("weight"), e.x[1], equation="...i,oij,...j->...o")
    return e.op("Add", y, *bias(e)) if e.has("bias") else y


def embedding(e: Emitter) -> str:
    """Rows of the table; longer ones shortened when max_norm says so."""
    index = e.x[0] if e.dtype in ("int32", "int64") else e.cast(e.x[0], e.dtype, "int64")
    rows = e.op("Gather", e.weight("weight"), index, axis=0)
    limit = e.params["max_norm"]
    if limit is None:
        return rows
    dtype = e.step.weights["weight"].dtype
    norm = _norm(e, rows, e.params["norm_type"], dtype)
    factor = e.op("Div", e.number(limit, dtype), e.op("Add", norm, e.number(1e-7, dtype)))
    kept = e.op("Where", e.op("Greater", norm, e.number(limit, dtype)), factor, e.number(1.0, dtype))
    return e.op("Mul", rows, kept)


def _norm(e: Emitter, x: str, degree: float, dtype: str) -> str:
    size = e.op("Abs", x)
    if math.isinf(degree):
        return e.reduce("ReduceMax", size, [-1])
    total = e.reduce("ReduceSum", e.op("Pow", size, e.number(degree, dtype)), [-1])
    return e.op("Pow", total, e.number(1 / degree, dtype))


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "Linear": linear,
    "Bilinear": bilinear,
    "Embedding": embedding,
}
