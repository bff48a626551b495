"""Normalisations that no single operator says: without weights, without running statistics, without a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sketch.kernels.onnx.bodies.window import END, pad
from sketch.kernels.onnx.emitter import Emitter
from sketch.kernels.onnx.program import TensorValue

_SMALLEST = {"float32": 2.0**-23, "float64": 2.0**-52, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def _filled(e: Emitter, count: int, value: float) -> str:
    return e.op("ConstantOfShape", e.ints(count), value=TensorValue(e.dtype, (1,), (value,)))


def _per_channel(e: Emitter, values: str, trailing: int) -> str:
    return e.reshape(values, -1, *(1,) * trailing) if trailing else values


def standardise(e: Emitter, x: str, axes: Sequence[int]) -> str:
    """(x - mean) / sqrt(variance + eps) over axes."""
    centred = e.op("Sub", x, e.reduce("ReduceMean", x, axes))
    variance = e.reduce("ReduceMean", e.op("Mul", centred, centred), axes)
    return e.op("Div", centred, e.op("Sqrt", e.op("Add", variance, e.number(e.params["eps"]))))


def _affine(e: Emitter, y: str, trailing: int) -> str:
    """Scale and shift for each channel, if the layer has them."""
    if e.has("weight"):
        y = e.op("Mul", y, _per_channel(e, e.weight("weight"), trailing))
    if e.has("bias"):
        y = e.op("Add", y, _per_channel(e, e.weight("bias"), trailing))
    return y


def _with_statistics(e: Emitter, x: str) -> str:
    """BatchNormalization with running statistics; ones and zeros where there are no weights."""
    count = e.params["num_features"]
    scale = e.weight("weight") if e.has("weight") else _filled(e, count, 1.0)
    shift = e.weight("bias") if e.has("bias") else _filled(e, count, 0.0)
    return e.op(
        "BatchNormalization", x, scale, shift, e.weight("running_mean"), e.weight("running_var"),
        epsilon=e.params["eps"],
    )  # fmt: skip


def batch_norm(e: Emitter) -> str:
    """By running statistics, or by those of the batch when none are kept."""
    if e.has("running_mean"):
        return _with_statistics(e, e.x[0])
    axes = [axis for axis in range(e.rank()) if axis != 1]
    return _affine(e, standardise(e, e.x[0], axes), e.rank() - 2)


def instance_norm(e: Emitter, dims: int) -> str:
    """Each channel of each sample by itself, or by running statistics when they are kept."""
    batched = e.rank() == dims + 2
    if e.has("running_mean"):
        x = e.x[0] if batched else e.unsqueeze(e.x[0], 0)
        y = _with_statistics(e, x)
        return y if batched else e.squeeze(y, 0)
    axes = list(range(e.rank() - dims, e.rank()))
    return _affine(e, standardise(e, e.x[0], axes), dims)


def _eps(e: Emitter) -> float:
    return float(e.params["eps"] if "eps" in e.params else e.params["layer_norm_eps"])


def layer_norm(e: Emitter, x: str | None = None, prefix: str = "", last: int | None = None) -> str:
    """LayerNormalization, or written out where the opset or the weights call for it."""
    x = x or e.x[0]
    last = last or len(e.params["normalized_shape"])
    if e.opset >= 17 and e.has(f"{prefix}weight"):
        shift = (e.weight(f"{prefix}bias"),) if e.has(f"{prefix}bias") else ()
        return e.op("LayerNormalization", x, e.weight(f"{prefix}weight"), *shift, axis=-last, epsilon=_eps(e))
    axes = list(range(-last, 0))
    centred = e.op("Sub", x, e.reduce("ReduceMean", x, axes))
    variance = e.reduce("ReduceMean", e.op("Mul", centred, centred), axes)
    y = e.op("Div", centred, e.op("Sqrt", e.op("Add", variance, e.number(_eps(e)))))
    if e.has(f"{prefix}weight"):
        y = e.op("Mul", y, e.weight(f"{prefix}weight"))
    return e.op("Add", y, e.weight(f"{prefix}bias")) if e.has(f"{prefix}bias") else y


def rms_norm(e: Emitter) -> str:
    """x / sqrt(mean of squares + eps), scaled."""
    eps = _SMALLEST.get(e.dtype, 2.0**-23) if e.params["eps"] is None else e.params["eps"]
    axes = list(range(-len(e.params["normalized_shape"]), 0))
    power = e.reduce("ReduceMean", e.op("Mul", e.x[0], e.x[0]), axes)
    y = e.op("Div", e.x[0], e.op("Sqrt", e.op("Add", power, e.number(eps))))
    return e.op("Mul", y, e.weight("weight")) if e.has("weight") else y


def group_norm(e: Emitter) -> str:
    """The channels of a group and all places as one row, standardised."""
    rows = e.reshape(e.x[0], 0, e.params["num_groups"], -1)
    y = e.op("Reshape", standardise(e, rows, [2]), e.op("Shape", e.x[0]))
    return _affine(e, y, e.rank() - 2)


def local_response(e: Emitter) -> str:
    """x / (k + alpha·mean of squares in the neighbouring channels)^beta."""
    size = e.params["size"]
    squares = pad(e, e.op("Mul", e.x[0], e.x[0]), {1: (size // 2, (size - 1) // 2)})
    total = ""
    for place in range(size):
        part = e.slice(squares, 1, place, (place - size + 1) or END)
        total = e.op("Add", total, part) if total else part
    divisor = e.op("Add", e.op("Mul", total, e.number(e.params["alpha"] / size)), e.number(e.params["k"]))
    return e.op("Div", e.x[0], e.op("Pow", divisor, e.number(e.params["beta"])))


def _of(dims: int) -> Callable[[Emitter], str]:
    return lambda e: instance_norm(e, dims)


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    **{f"BatchNorm{dims}d": batch_norm for dims in (1, 2, 3)},
    **{f"InstanceNorm{dims}d": _of(dims) for dims in (1, 2, 3)},
    "LayerNorm": layer_norm,
    "RMSNorm": rms_norm,
    "GroupNorm": group_norm,
    "LocalResponseNorm": local_response,
}
