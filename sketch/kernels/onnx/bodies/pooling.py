"""Pools with partly filled windows, LP pools and adaptive pools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sketch.kernels.onnx.bodies.window import pad
from sketch.kernels.onnx.emitter import Emitter, lowest
from sketch.kernels.onnx.program import TensorValue


def _stride(e: Emitter) -> tuple[int, ...]:
    stride: tuple[int, ...] | None = e.params["stride"]
    return tuple(e.params["kernel_size"]) if stride is None else stride


def _ends(e: Emitter, dims: int) -> list[int]:
    """Entries after each axis so that windows fill up exactly as PyTorch's ceil_mode rounds."""
    padding = e.params.get("padding", (0,) * dims)
    if not e.params["ceil_mode"]:
        return list(padding)
    dilation = e.params.get("dilation", (1,) * dims)
    out = e.out_shape()[-dims:]
    ends = []
    for axis, (kernel, step, before, spread) in enumerate(
        zip(e.params["kernel_size"], _stride(e), padding, dilation, strict=True)
    ):
        extent = spread * (kernel - 1) + 1
        ends.append((int(out[axis]) - 1) * step + extent - e.size(e.rank() - dims + axis) - before)
    return ends


def _padded(e: Emitter, x: str, dims: int, value: float) -> str:
    first = e.rank() - dims
    padding = e.params.get("padding", (0,) * dims)
    ends = _ends(e, dims)
    return pad(e, x, {first + axis: (padding[axis], ends[axis]) for axis in range(dims)}, value=value)


def _batch(e: Emitter, x: str, dims: int) -> str:
    return x if e.rank() == dims + 2 else e.unsqueeze(x, 0)


def _unbatch(e: Emitter, y: str, dims: int) -> str:
    return y if e.rank() == dims + 2 else e.squeeze(y, 0)


def max_pool(e: Emitter, dims: int) -> str:
    """MaxPool over explicitly padded values."""
    x = _batch(e, _padded(e, e.x[0], dims, lowest(e.dtype)), dims)
    y = e.op(
        "MaxPool", x, kernel_shape=e.params["kernel_size"], strides=_stride(e), dilations=e.params["dilation"]
    )
    return _unbatch(e, y, dims)


def avg_pool(e: Emitter, dims: int) -> str:
    """Means of each window by PyTorch's own count of entries."""
    return _unbatch(e, _means(e, e.x[0], dims), dims)


def _means(e: Emitter, x: str, dims: int) -> str:
    """The mean of zero-padded windows, corrected axis by axis where another number of entries counts."""
    kernel = e.params["kernel_size"]
    x = _batch(e, _padded(e, x, dims, 0.0), dims)
    y = e.op("AveragePool", x, kernel_shape=kernel, strides=_stride(e))
    divisor = e.params.get("divisor_override")
    if divisor is not None:
        total = 1
        for size in kernel:
            total *= size
        return e.op("Mul", y, e.number(total / divisor))
    for axis in range(dims):
        counts = _counts(e, axis, dims)
        if any(count != kernel[axis] for count in counts):
            factors = tuple(kernel[axis] / count for count in counts)
            shape = (len(counts), *(1,) * (dims - 1 - axis))
            y = e.op("Mul", y, e.constant(TensorValue(e.dtype, shape, factors)))
    return y


def _counts(e: Emitter, axis: int, dims: int) -> Sequence[int]:
    """How many entries each window counts along an axis; empty when all count their whole length."""
    padding = e.params.get("padding", (0,) * dims)[axis]
    include = e.params.get("count_include_pad", True)
    if (include or not padding) and not e.params["ceil_mode"]:
        return ()
    size, kernel, step = e.size(e.rank() - dims + axis), e.params["kernel_size"][axis], _stride(e)[axis]
    out = e.out_shape()[axis - dims]
    counts = []
    for window in range(int(out)):
        start = window * step - padding
        end = min(start + kernel, size + padding)
        counts.append(end - start if include else min(end, size) - max(start, 0))
    return counts


def lp_pool(e: Emitter, dims: int) -> str:
    """(mean of x^p times the window's size)^(1/p), as PyTorch computes it."""
    power = e.params["norm_type"]
    total = 1
    for size in e.params["kernel_size"]:
        total *= size
    means = _means(e, e.op("Pow", e.x[0], e.number(power)), dims)
    positive = e.op("Mul", e.op("Sign", means), e.op("Relu", e.op("Abs", means)))
    y = e.op("Pow", e.op("Mul", positive, e.number(total)), e.number(1 / power))
    return _unbatch(e, y, dims)


def adaptive_pool(e: Emitter, dims: int, kind: str) -> str:
    """Windows chosen by the output's size: a global pool, a plain pool, or one slice for each output entry."""
    wanted = e.params["output_size"]
    batched = e.rank() == dims + 2
    if all(size == 1 for size in wanted) and batched:
        return e.op("GlobalAveragePool" if kind == "Mean" else "GlobalMaxPool", e.x[0])
    first, x = e.rank() - dims, e.x[0]
    whole = [first + axis for axis, size in enumerate(wanted) if size == 1]
    if whole:
        x = e.reduce(f"Reduce{kind}", x, whole)
    for axis, size in enumerate(wanted):
        if size not in (None, 1) and e.size(first + axis) != size:
            x = shrink(e, x, first + axis, size, kind)
    return x


def shrink(e: Emitter, x: str, axis: int, size: int, kind: str) -> str:
    """Reduce windows floor(i·n/size) to ceil((i+1)·n/size) along one axis to one entry each."""
    have = e.size(axis)
    parts = []
    for place in range(size):
        start, end = place * have // size, -(-(place + 1) * have // size)
        part = e.slice(x, axis, start, end)
        parts.append(part if end - start == 1 else e.reduce(f"Reduce{kind}", part, [axis]))
    return e.op("Concat", *parts, axis=axis)


def _of(body: Callable[..., str], *args: object) -> Callable[[Emitter], str]:
    return lambda e: body(e, *args)


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    **{f"MaxPool{dims}d": _of(max_pool, dims) for dims in (1, 2, 3)},
    **{f"AvgPool{dims}d": _of(avg_pool, dims) for dims in (1, 2, 3)},
    **{f"LPPool{dims}d": _of(lp_pool, dims) for dims in (1, 2, 3)},
    **{f"AdaptiveAvgPool{dims}d": _of(adaptive_pool, dims, "Mean") for dims in (1, 2, 3)},
    **{f"AdaptiveMaxPool{dims}d": _of(adaptive_pool, dims, "Max") for dims in (1, 2, 3)},
}
