"""Losses as operators, by the formulas of PyTorch's documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sketch.kernels.onnx.emitter import Emitter, UnsayableError


def _reduced(e: Emitter, values: str, reduction: str | None = None) -> str:
    """mean, sum or none over all elements."""
    how = reduction or e.params["reduction"]
    if how == "none":
        return values
    return e.reduce("ReduceMean" if how == "mean" else "ReduceSum", values, None, keepdims=False)


def _pair(e: Emitter) -> tuple[str, str]:
    """Input and target in one element type, that of the result."""
    kind = e.step.types[0]
    dtype = kind.dtype if kind else e.dtype
    return e.cast(e.x[0], e.type(0).dtype, dtype), e.cast(e.x[1], e.type(1).dtype, dtype)


def mse(e: Emitter) -> str:
    """Squares of the differences."""
    difference = e.op("Sub", *_pair(e))
    return _reduced(e, e.op("Mul", difference, difference))


def l1(e: Emitter) -> str:
    """Absolute differences."""
    return _reduced(e, e.op("Abs", e.op("Sub", *_pair(e))))


def _bent(e: Emitter, limit: float, scale: float) -> str:
    """½d² below the limit, limit·(d - ½·limit) above; times a scale."""
    size = e.op("Abs", e.op("Sub", *_pair(e)))
    inner = e.op("Mul", e.op("Mul", size, size), e.number(0.5 * scale))
    outer = e.op("Mul", e.op("Sub", size, e.number(0.5 * limit)), e.number(limit * scale))
    return _reduced(e, e.op("Where", e.op("Less", size, e.number(limit)), inner, outer))


def smooth_l1(e: Emitter) -> str:
    """SmoothL1Loss; with beta 0 it is L1Loss."""
    beta = e.params["beta"]
    return l1(e) if beta == 0 else _bent(e, beta, 1 / beta)


def huber(e: Emitter) -> str:
    """HuberLoss."""
    return _bent(e, e.params["delta"], 1.0)


def _named(e: Emitter, role: str) -> str:
    return e.weight(role)


def bce(e: Emitter) -> str:
    """-(t·log p + (1 - t)·log(1 - p)), logarithms cut at -100."""
    p, t = _pair(e)
    floor, one = e.number(-100.0), e.number(1.0)
    yes = e.op("Mul", t, e.op("Max", e.op("Log", p), floor))
    no = e.op("Mul", e.op("Sub", one, t), e.op("Max", e.op("Log", e.op("Sub", one, p)), floor))
    values = e.op("Neg", e.op("Add", yes, no))
    return _reduced(e, e.op("Mul", values, _named(e, "weight")) if e.has("weight") else values)


def bce_logits(e: Emitter) -> str:
    """(1 - t)·x + (1 + (p - 1)·t)·softplus(-x)."""
    x, t = _pair(e)
    one = e.number(1.0)
    soft = e.op("Softplus", e.op("Neg", x))
    if e.has("pos_weight"):
        soft = e.op("Mul", soft, e.op("Add", e.op("Mul", e.op("Sub", _named(e, "pos_weight"), one), t), one))
    values = e.op("Add", e.op("Mul", e.op("Sub", one, t), x), soft)
    return _reduced(e, e.op("Mul", values, _named(e, "weight")) if e.has("weight") else values)


def kl_div(e: Emitter) -> str:
    """t·(log t - x), 0 where t is 0."""
    x, t = _pair(e)
    if e.params["log_target"]:
        values = e.op("Mul", e.op("Exp", t), e.op("Sub", t, x))
    else:
        inner = e.op("Mul", t, e.op("Sub", e.op("Log", t), x))
        values = e.op("Where", e.op("Greater", t, e.number(0.0)), inner, e.number(0.0))
    if e.params["reduction"] != "batchmean":
        return _reduced(e, values)
    total = _reduced(e, values, "sum")
    if e.rank() == 0:
        return total
    count = e.op("Cast", e.squeeze(e.sizes(e.x[0])[0], 0), to=_number_of(e.dtype))
    return e.op("Div", total, count)


def _number_of(dtype: str) -> int:
    return {"float32": 1, "float64": 11, "float16": 10, "bfloat16": 16}.get(dtype, 1)


def cross_entropy(e: Emitter) -> str:
    """LogSoftmax, then NLLLoss; or probabilities as targets."""
    axis = 1 if e.rank() > 1 else 0
    logs = e.op("LogSoftmax", e.x[0], axis=axis)
    if e.type(1).dtype.startswith(("float", "bfloat")):
        return _soft_targets(e, logs, axis)
    smoothing = e.params["label_smoothing"]
    picked, weights = _picked(e, logs, axis)
    if not smoothing:
        return _averaged(e, e.op("Neg", e.op("Mul", picked, weights)), weights)
    return _smoothed(e, logs, axis, picked, weights)


def _soft_targets(e: Emitter, logs: str, axis: int) -> str:
    """-Σ t·log p; label smoothing mixes the targets with 1/C; the mean is over the examples."""
    target = e.cast(e.x[1], e.type(1).dtype, e.dtype)
    smoothing, classes = e.params["label_smoothing"], e.size(axis)
    if smoothing:
        target = e.op("Add", e.op("Mul", target, e.number(1 - smoothing)), e.number(smoothing / classes))
    terms = e.op("Mul", logs, target)
    if e.has("weight"):
        terms = e.op("Mul", terms, _class_row(e, axis))
    values = e.op("Neg", e.reduce("ReduceSum", terms, [axis], keepdims=False))
    return _reduced(e, values)


def _class_row(e: Emitter, axis: int) -> str:
    trailing = e.rank() - axis - 1
    return e.reshape(_named(e, "weight"), -1, *(1,) * trailing) if trailing else _named(e, "weight")


def _picked(e: Emitter, logs: str, axis: int) -> tuple[str, str]:
    """(the right class's entry, its weight: 0 where it is ignored), both shaped as the target."""
    target = e.cast(e.x[1], e.type(1).dtype, "int64")
    ignored = e.op("Equal", target, e.number(e.params["ignore_index"], "int64"))
    safe = e.op("Where", ignored, e.number(0, "int64"), target)
    picked = e.squeeze(e.op("GatherElements", logs, e.unsqueeze(safe, axis), axis=axis), axis)
    if e.has("weight"):
        each = e.op("Gather", _named(e, "weight"), safe, axis=0)
        return picked, e.op("Where", ignored, e.number(0.0), each)
    return picked, e.op("Where", ignored, e.number(0.0), e.number(1.0))


def _averaged(e: Emitter, values: str, weights: str) -> str:
    """The mean is over the weights."""
    if e.params["reduction"] != "mean":
        return _reduced(e, values)
    return e.op("Div", _reduced(e, values, "sum"), _reduced(e, weights, "sum"))


def _smoothed(e: Emitter, logs: str, axis: int, picked: str, weights: str) -> str:
    """(1 - s)·loss + s/C·Σ over classes; ignored places count nowhere."""
    smoothing, classes = e.params["label_smoothing"], e.size(axis)
    terms = e.op("Mul", logs, _class_row(e, axis)) if e.has("weight") else logs
    spread = e.op("Neg", e.reduce("ReduceSum", terms, [axis], keepdims=False))
    target = e.cast(e.x[1], e.type(1).dtype, "int64")
    ignored = e.op("Equal", target, e.number(e.params["ignore_index"], "int64"))
    spread = e.op("Where", ignored, e.number(0.0), spread)
    hard = e.op("Neg", e.op("Mul", picked, weights))
    parts = [
        e.op("Mul", hard, e.number(1 - smoothing)),
        e.op("Mul", spread, e.number(smoothing / classes)),
    ]
    return _averaged(e, e.op("Add", *parts), weights)


def nll(e: Emitter) -> str:
    """NLLLoss over class numbers."""
    picked, weights = _picked(e, e.x[0], 1 if e.rank() > 1 else 0)
    return _averaged(e, e.op("Neg", e.op("Mul", picked, weights)), weights)


def _norm(e: Emitter, x: str, power: float, axes: Sequence[int]) -> str:
    if power == 2.0:
        return e.op("Sqrt", e.reduce("ReduceSum", e.op("Mul", x, x), axes, keepdims=False))
    size = e.op("Abs", x)
    if power == float("inf"):
        return e.reduce("ReduceMax", size, axes, keepdims=False)
    if power == 0.0:
        raise UnsayableError("A distance of degree 0 has no ONNX form; choose p above 0.")
    return e.op(
        "Pow",
        e.reduce("ReduceSum", e.op("Pow", size, e.number(power)), axes, keepdims=False),
        e.number(1 / power),
    )


def cosine(e: Emitter) -> str:
    """1 - cos for target 1, max(0, cos - margin) for -1."""
    first, second = e.x[0], e.x[1]
    small = e.number(1e-12)

    def dot(a: str, b: str) -> str:
        return e.reduce("ReduceSum", e.op("Mul", a, b), [-1], keepdims=False)

    length = e.op("Mul", e.op("Add", dot(first, first), small), e.op("Add", dot(second, second), small))
    cos = e.op("Div", dot(first, second), e.op("Sqrt", length))
    target = e.cast(e.x[2], e.type(2).dtype, e.dtype)
    zero, one = e.number(0.0), e.number(1.0)
    alike = e.op("Where", e.op("Equal", target, one), e.op("Sub", one, cos), zero)
    apart = e.op("Max", zero, e.op("Sub", cos, e.number(e.params["margin"])))
    unlike = e.op("Where", e.op("Equal", target, e.number(-1.0)), apart, zero)
    return _reduced(e, e.op("Add", alike, unlike))


def triplet(e: Emitter) -> str:
    """max(0, d(a, p) - d(a, n) + margin)."""
    eps = e.number(e.params["eps"])

    def distance(a: str, b: str) -> str:
        return _norm(e, e.op("Add", e.op("Sub", a, b), eps), e.params["p"], [-1])

    near, far = distance(e.x[0], e.x[1]), distance(e.x[0], e.x[2])
    if e.params["swap"]:
        far = e.op("Min", far, distance(e.x[1], e.x[2]))
    gap = e.op("Add", e.op("Sub", near, far), e.number(e.params["margin"]))
    return _reduced(e, e.op("Max", gap, e.number(0.0)))


def ctc(_e: Emitter) -> str:
    """CTCLoss is a search over alignments."""
    raise UnsayableError(
        "CTCLoss is a search over alignments, which ONNX has no operator for; leave it out of the model."
    )


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "MSELoss": mse,
    "L1Loss": l1,
    "SmoothL1Loss": smooth_l1,
    "HuberLoss": huber,
    "BCELoss": bce,
    "BCEWithLogitsLoss": bce_logits,
    "KLDivLoss": kl_div,
    "CrossEntropyLoss": cross_entropy,
    "NLLLoss": nll,
    "CosineEmbeddingLoss": cosine,
    "TripletMarginLoss": triplet,
    "CTCLoss": ctc,
}
