"""Activations, clipping and dropout."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sketch.kernels.onnx.emitter import Emitter


def relu(e: Emitter) -> str:
    """Max(x, 0) for element types that Relu lacks."""
    return e.op("Max", e.x[0], e.number(0))


def clip(e: Emitter, low: float | None, high: float | None) -> str:
    """Clip, with either limit open."""
    x = floating(e)
    kind = e.step.types[0].dtype if e.step.types and e.step.types[0] else e.dtype
    bounds = ["" if limit is None else e.number(limit, kind) for limit in (low, high)]
    return e.op("Clip", x, *bounds)


def floating(e: Emitter, index: int = 0) -> str:
    """An input in the element type of the output."""
    out = e.step.types[0].dtype if e.step.types and e.step.types[0] else "float32"
    return e.cast(e.x[index], e.type(index).dtype, out)


def prelu(e: Emitter) -> str:
    """Slopes for channels get the trailing dimensions that broadcasting needs."""
    slope = e.weight("weight")
    if e.params["num_parameters"] > 1 and e.rank() > 2:
        slope = e.reshape(slope, -1, *(1,) * (e.rank() - 2))
    return e.op("PRelu", e.x[0], slope)


def celu(e: Emitter) -> str:
    """max(0, x) + min(0, alpha·(exp(x/alpha) - 1)) for a negative alpha."""
    alpha, zero = e.number(e.params["alpha"]), e.number(0)
    bent = e.op("Mul", e.op("Sub", e.op("Exp", e.op("Div", e.x[0], alpha)), e.number(1)), alpha)
    return e.op("Add", e.op("Max", e.x[0], zero), e.op("Min", bent, zero))


def gelu(e: Emitter, x: str | None = None, approximate: str | None = None) -> str:
    """x·Φ(x) by Erf, or its tanh formula (Hendrycks & Gimpel, 2016)."""
    x = x or e.x[0]
    if (approximate or e.params.get("approximate", "none")) == "none":
        inner = e.op("Erf", e.op("Mul", x, e.number(math.sqrt(0.5))))
    else:
        cubic = e.op("Mul", e.op("Mul", e.op("Mul", x, x), x), e.number(0.044715))
        inner = e.op("Tanh", e.op("Mul", e.op("Add", x, cubic), e.number(math.sqrt(2 / math.pi))))
    return e.op("Mul", e.op("Mul", x, e.number(0.5)), e.op("Add", inner, e.number(1)))


def silu(e: Emitter) -> str:
    """x·sigmoid(x)."""
    return e.op("Mul", e.x[0], e.op("Sigmoid", e.x[0]))


def mish(e: Emitter) -> str:
    """x·tanh(softplus(x))."""
    return e.op("Mul", e.x[0], e.op("Tanh", e.op("Softplus", e.x[0])))


def hardswish(e: Emitter) -> str:
    """x·Hardsigmoid(x)."""
    return e.op("Mul", e.x[0], e.op("HardSigmoid", e.x[0], alpha=1 / 6, beta=0.5))


def softplus(e: Emitter) -> str:
    """log(1 + exp(beta·x))/beta, x itself above the threshold."""
    scaled = e.op("Mul", e.x[0], e.number(e.params["beta"]))
    bent = e.op("Div", e.op("Softplus", scaled), e.number(e.params["beta"]))
    return e.op("Where", e.op("Greater", scaled, e.number(e.params["threshold"])), e.x[0], bent)


def hardshrink(e: Emitter) -> str:
    """0 where -lambd <= x <= lambd."""
    limit = e.params["lambd"]
    inside = e.op(
        "And", e.op("GreaterOrEqual", e.x[0], e.number(-limit)), e.op("LessOrEqual", e.x[0], e.number(limit))
    )
    return e.op("Where", inside, e.number(0), e.x[0])


def threshold(e: Emitter) -> str:
    """x where it is above threshold, else value."""
    above = e.op("Greater", e.x[0], e.number(e.params["threshold"]))
    return e.op("Where", above, e.x[0], e.number(e.params["value"]))


def log_sigmoid(e: Emitter) -> str:
    """-softplus(-x)."""
    return e.op("Neg", e.op("Softplus", e.op("Neg", e.x[0])))


def tanhshrink(e: Emitter) -> str:
    """x - tanh(x)."""
    return e.op("Sub", e.x[0], e.op("Tanh", e.x[0]))


def glu(e: Emitter) -> str:
    """a·sigmoid(b) of the two halves."""
    axis = e.axis(e.params["dim"])
    half = e.size(axis) // 2
    first, second = e.split(e.x[0], axis, (half, half))
    return e.op("Mul", first, e.op("Sigmoid", second))


def softmin(e: Emitter) -> str:
    """Softmax of -x."""
    return e.op("Softmax", e.op("Neg", e.x[0]), axis=e.params["dim"])


def dropout(e: Emitter) -> str:
    """Dropout out of training: the value passes, the ratio is kept."""
    return e.op("Dropout", e.x[0], e.number(e.params["p"], "float32"))


def _clip(low: str | float, high: str | float) -> Callable[[Emitter], str]:
    def body(e: Emitter) -> str:
        bounds = [e.params[limit] if isinstance(limit, str) else limit for limit in (low, high)]
        return clip(e, *bounds)

    return body


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "ReLU": relu,
    "ReLU6": _clip(0.0, 6.0),
    "Hardtanh": _clip("min_val", "max_val"),
    "Clamp": _clip("min", "max"),
    "PReLU": prelu,
    "CELU": celu,
    "GELU": gelu,
    "SiLU": silu,
    "Mish": mish,
    "Hardswish": hardswish,
    "Softplus": softplus,
    "Hardshrink": hardshrink,
    "Threshold": threshold,
    "LogSigmoid": log_sigmoid,
    "Tanhshrink": tanhshrink,
    "GLU": glu,
    "Softmin": softmin,
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"), dropout),
}
