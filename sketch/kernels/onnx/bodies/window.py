"""Convolutions, folding and explicit padding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sketch.kernels.onnx.emitter import Emitter, UnsayableError, same_padding

_MODES = {
    "zeros": "constant",
    "constant": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}
END = 2**63 - 1
"""The `to the end` of Slice."""


def pad(
    e: Emitter,
    x: str,
    pads: Mapping[int, tuple[int, int]],
    mode: str = "constant",
    value: float = 0.0,
    rank: int = 0,
) -> str:
    """Add (before, after) entries per axis; negative numbers cut, also in the modes where ONNX leaves that open."""
    for axis, (before, after) in pads.items():
        if before < 0 or after < 0:
            x = e.slice(x, axis, max(-before, 0), min(after, 0) or END)
    wide = {axis: (max(b, 0), max(a, 0)) for axis, (b, a) in pads.items() if b > 0 or a > 0}
    if not wide:
        return x
    kind = _MODES[mode]
    if kind == "wrap" and e.opset < 19:
        raise UnsayableError("Circular padding needs opset 19; choose opset 19 or newer.")
    befores, afters = zip(*wide.values(), strict=True)
    inputs = [x, e.ints(*befores, *afters), e.number(value) if kind == "constant" else "", e.ints(*wide)]
    if e.opset < 18:
        full = [wide.get(axis, (0, 0)) for axis in range(rank or e.rank())]
        inputs = [x, e.ints(*(b for b, _ in full), *(a for _, a in full)), inputs[2]]
    return e.op("Pad", *inputs, mode=kind)


def conv(e: Emitter, dims: int) -> str:
    """A convolution with any padding, with or without a batch."""
    params, x = e.params, e.x[0]
    batched = e.rank() == dims + 2
    before, after = _sides(e, dims)
    if params["padding_mode"] != "zeros" and any((*before, *after)):
        first = e.rank() - dims
        sides = {first + axis: (before[axis], after[axis]) for axis in range(dims)}
        x = pad(e, x, sides, params["padding_mode"])
        before = after = [0] * dims
    x = x if batched else e.unsqueeze(x, 0)
    y = e.op(
        "Conv", x, e.weight("weight"), *bias(e), kernel_shape=params["kernel_size"], strides=params["stride"],
        pads=(*before, *after), dilations=params["dilation"], group=params["groups"],
    )  # fmt: skip
    return y if batched else e.squeeze(y, 0)


def _sides(e: Emitter, dims: int) -> tuple[list[int], list[int]]:
    padding = e.params["padding"]
    if padding == "same":
        return same_padding(e.params["kernel_size"], e.params["dilation"])
    numbers = [0] * dims if padding == "valid" else list(padding)
    return numbers, list(numbers)


def bias(e: Emitter, role: str = "bias") -> tuple[str, ...]:
    """The bias as an input, nothing when the layer has none."""
    return (e.weight(role),) if e.has(role) else ()


def conv_transpose(e: Emitter) -> str:
    """A transposed convolution without a batch, or with more output_padding than onnxruntime takes.

    Output padding shows more of what `padding` cuts off at the end; beyond that only the bias is left.
    """
    params, dims = e.params, len(e.params["kernel_size"])
    batched = e.rank() == dims + 2
    ends = [p - more for p, more in zip(params["padding"], params["output_padding"], strict=True)]
    y = e.op(
        "ConvTranspose", e.x[0] if batched else e.unsqueeze(e.x[0], 0), e.weight("weight"),
        kernel_shape=params["kernel_size"], strides=params["stride"], dilations=params["dilation"],
        pads=(*params["padding"], *(max(end, 0) for end in ends)), group=params["groups"],
    )  # fmt: skip
    beyond = {2 + axis: (0, -end) for axis, end in enumerate(ends) if end < 0}
    y = pad(e, y, beyond, rank=dims + 2)
    if e.has("bias"):
        y = e.op("Add", y, e.reshape(e.weight("bias"), -1, *(1,) * dims))
    return y if batched else e.squeeze(y, 0)


def fold(e: Emitter) -> str:
    """Col2Im."""
    if e.opset < 18:
        raise UnsayableError("Fold needs Col2Im, which ONNX has from opset 18 on; choose opset 18 or newer.")
    params = e.params
    batched = e.rank() == 3
    x = e.x[0] if batched else e.unsqueeze(e.x[0], 0)
    y = e.op(
        "Col2Im", x, e.ints(*params["output_size"]), e.ints(*params["kernel_size"]), dilations=params["dilation"],
        pads=(*params["padding"], *params["padding"]), strides=params["stride"],
    )  # fmt: skip
    return y if batched else e.squeeze(y, 0)


def unfold(e: Emitter) -> str:
    """im2col: one strided Slice for each place of the block, side by side."""
    params, first = e.params, e.rank() - 2
    x = pad(e, e.x[0], {first + axis: (p, p) for axis, p in enumerate(params["padding"])})
    places = []
    for row in range(params["kernel_size"][0]):
        band = _taps(e, x, first, 0, row)
        columns = [_taps(e, band, first + 1, 1, column) for column in range(params["kernel_size"][1])]
        places += [e.unsqueeze(column, first) for column in columns]
    channels = e.size(first - 1) * len(places)
    return e.reshape(e.op("Concat", *places, axis=first), *(0,) * (first - 1), channels, -1)


def _taps(e: Emitter, x: str, axis: int, dim: int, place: int) -> str:
    """What one place of the window sees along one axis."""
    kernel, dilation, stride = (e.params[name][dim] for name in ("kernel_size", "dilation", "stride"))
    return e.slice(x, axis, place * dilation, (place - kernel + 1) * dilation or END, stride)


def _of(dims: int) -> Callable[[Emitter], str]:
    return lambda e: conv(e, dims)


def padding_layer(mode: str) -> Callable[[Emitter], str]:
    """A padding layer: its numbers go from the last dimension to the first, before and after."""

    def body(e: Emitter) -> str:
        numbers: Sequence[int] = e.params["pad"] if "pad" in e.params else e.params["padding"]
        rank = e.rank()
        pads = {rank - 1 - n: (numbers[2 * n], numbers[2 * n + 1]) for n in range(len(numbers) // 2)}
        return pad(
            e, e.x[0], dict(sorted(pads.items())), e.params.get("mode", mode), e.params.get("value", 0.0)
        )

    return body


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    **{f"Conv{dims}d": _of(dims) for dims in (1, 2, 3)},
    **{f"ConvTranspose{dims}d": conv_transpose for dims in (1, 2, 3)},
    "Fold": fold,
    "Unfold": unfold,
    "Pad": padding_layer("constant"),
    **{f"ZeroPad{dims}d": padding_layer("constant") for dims in (1, 2, 3)},
    **{f"ConstantPad{dims}d": padding_layer("constant") for dims in (1, 2, 3)},
    **{f"ReflectionPad{dims}d": padding_layer("reflect") for dims in (1, 2, 3)},
    **{f"ReplicationPad{dims}d": padding_layer("replicate") for dims in (1, 2, 3)},
}
