"""Reductions that ONNX says by several operators: variance, logical ones, products, and vectors of length 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from sketch.graph.dims import product
from sketch.kernels.onnx.bodies.arithmetic import extreme_at
from sketch.kernels.onnx.bodies.elementwise import is_real
from sketch.kernels.onnx.emitter import Emitter


def axes_of(e: Emitter, dims: Sequence[int] | None) -> list[int]:
    """Dimensions counted from the front; all of them for none."""
    return [e.axis(dim) for dim in dims] if dims else list(range(e.rank()))


def moments(e: Emitter, x: str, axes: Sequence[int], correction: float, keepdims: bool) -> tuple[str, str]:
    """(variance, mean) over axes."""
    mean = e.reduce("ReduceMean", x, axes)
    centred = e.op("Sub", x, mean)
    total = e.reduce("ReduceSum", e.op("Mul", centred, centred), axes, keepdims)
    variance = e.op("Div", total, _divisor(e, axes, correction))
    return variance, mean if keepdims or not axes else e.squeeze(mean, *axes)


def _divisor(e: Emitter, axes: Sequence[int], correction: float) -> str:
    """How many elements there are, less the correction, but not below 0."""
    count = product([e.shape()[axis] for axis in axes])
    if isinstance(count, int):
        return e.number(float(max(count - correction, 0)))
    found = e.op("Sub", e.cast(e.measure(count), "int64", e.dtype), e.number(float(correction)))
    return e.squeeze(e.op("Max", found, e.number(0.0)), 0)


def variance(e: Emitter) -> str:
    """The mean square of the distance from the mean."""
    return moments(e, e.x[0], axes_of(e, e.params["dim"]), e.params["correction"], e.params["keepdim"])[0]


def deviation(e: Emitter) -> str:
    """Its root."""
    return e.op("Sqrt", variance(e))


def variance_and_mean(e: Emitter) -> tuple[str, str]:
    """Both."""
    return moments(e, e.x[0], axes_of(e, e.params["dim"]), e.params["correction"], e.params["keepdim"])


def log_sum_exp(e: Emitter) -> str:
    """m + log(sum(exp(x - m))) with m the largest one where that is finite."""
    axes, keep = axes_of(e, e.params["dim"]), e.params["keepdim"]
    most = e.reduce("ReduceMax", e.x[0], axes)
    endless = e.op("Equal", e.op("Abs", most), e.number(math.inf))
    most = e.op("Where", endless, e.number(0.0), most)
    total = e.reduce("ReduceSum", e.op("Exp", e.op("Sub", e.x[0], most)), axes, keep)
    return e.op("Add", e.op("Log", total), most if keep or not axes else e.squeeze(most, *axes))


def _logical(kind: str) -> Callable[[Emitter], str]:
    """The largest (any) or smallest (all) truth as a number."""

    def body(e: Emitter) -> str:
        truth = e.cast(e.cast(e.x[0], e.dtype, "bool"), "bool", "int32")
        axes = axes_of(e, e.params["dim"])
        found = e.reduce(kind, truth, axes, e.params["keepdim"]) if axes else truth
        return e.cast(found, "int32", "bool")

    return body


def prod(e: Emitter) -> str:
    """ReduceProd along one dimension, or over all."""
    x = e.x[0] if is_real(e.dtype) else e.cast(e.x[0], e.dtype, "int64")
    if not e.rank():
        return x
    dim = e.params["dim"]
    return e.reduce(
        "ReduceProd", x, None if dim is None else [e.axis(dim)], dim is not None and e.params["keepdim"]
    )


def normalize(e: Emitter) -> str:
    """x / max(length, eps)."""
    axis, degree = e.axis(e.params["dim"]), e.params["p"]
    if degree in (1.0, 2.0):
        length = e.reduce("ReduceL1" if degree == 1.0 else "ReduceL2", e.x[0], [axis])
    else:
        powers = e.op("Pow", e.op("Abs", e.x[0]), e.number(degree))
        length = e.op("Pow", e.reduce("ReduceSum", powers, [axis]), e.number(1.0 / degree))
    return e.op("Div", e.x[0], e.op("Max", length, e.number(e.params["eps"])))


BODIES: Mapping[str, Callable[[Emitter], str | tuple[str, ...]]] = {
    "Var": variance,
    "Std": deviation,
    "VarMean": variance_and_mean,
    "LogSumExp": log_sum_exp,
    "Any": _logical("ReduceMax"),
    "All": _logical("ReduceMin"),
    "Prod": prod,
    "ArgMin": extreme_at("ArgMin"),
    "Normalize": normalize,
}
