"""Rules of layers that slide a window: convolutions, pools, transposed convolutions, fold and unfold.

Sizes follow PyTorch's documentation of the layers. H is a size, k the kernel, s the stride, p the padding,
d the dilation; all hold for symbolic H as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim, product
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import expect_rank, expect_size, layout, sizes_differ, times, typed

Sizes = tuple[Dim, ...]
Numbers = tuple[int, ...]


def window(call: Call) -> tuple[ValueType | None, ...]:
    """Convolution: (H + 2p - d(k-1) - 1) // s + 1; `same` keeps H, `valid` is p = 0."""
    dims = call.arg("dims")
    parts = layout(call, dims)
    expect_size(call, "in_channels", parts.channels, "channels")
    _check_same(call)
    _check_border(call, parts.space)
    if call.param("padding") == "same":
        space = parts.space
    else:
        padding = _numbers(call.param("padding"), dims)
        space = _windows(call, parts.space, padding, call.param("stride"))
    return (typed(call, *parts.lead, call.param(call.arg("channels")), *space),)


def pool(call: Call) -> tuple[ValueType | None, ...]:
    """Max, average and LP pools; with ceil_mode a last window counts that starts inside input or left padding.

    Argument `inside`: the kernel may not be larger than the input without its padding (PyTorch's AvgPool3d).
    """
    dims = call.arg("dims")
    parts = layout(call, dims)
    kernel = call.param("kernel_size")
    stride = kernel if call.param("stride") is None else call.param("stride")
    if None in stride:
        raise ShapeError(
            "stride is only partly given.", "Give a step for each dimension, or none.", param="stride"
        )
    padding = call.params.get("padding", (0,) * dims)
    _check_pool_padding(call, padding)
    if call.arg("inside"):
        _check_positive(call, _fitting(call, parts.space), parts.space, (0,) * dims)
    if call.param("ceil_mode"):
        space = _ceil_windows(parts.space, _extents(call), stride, padding)
        _check_positive(call, space, parts.space, padding)
    else:
        space = _windows(call, parts.space, padding, stride)
    return (typed(call, *parts.lead, parts.channels, *space),)


def adaptive_pool(call: Call) -> tuple[ValueType | None, ...]:
    """The output size that is asked for; None keeps the input's."""
    parts = layout(call, call.arg("dims"))
    wanted = call.param("output_size") or (None,) * len(parts.space)
    space = tuple(size if want is None else want for want, size in zip(wanted, parts.space, strict=True))
    return (typed(call, *parts.lead, parts.channels, *space),)


def transposed_window(call: Call) -> tuple[ValueType | None, ...]:
    """Transposed convolution: (H-1)s - 2p + d(k-1) + output_padding + 1."""
    parts = layout(call, call.arg("dims"))
    expect_size(call, "in_channels", parts.channels, "channels")
    kernel, stride, dilation = call.param("kernel_size"), call.param("stride"), call.param("dilation")
    padding, extra = call.param("padding"), call.param("output_padding")
    for more, step, spread in zip(extra, stride, dilation, strict=True):
        if more >= max(step, spread):
            raise ShapeError(
                f"output_padding {more} is not smaller than stride {step} or dilation {spread}.",
                f"Set output_padding to {max(step, spread) - 1} or less.",
                param="output_padding",
            )
    rows = zip(parts.space, kernel, stride, padding, dilation, extra, strict=True)
    space = tuple((size - 1) * s - 2 * p + d * (k - 1) + o + 1 for size, k, s, p, d, o in rows)
    if any(isinstance(size, int) and size < 1 for size in space):
        raise ShapeError(
            f"Padding {times(padding)} cuts the whole output off: its size would be {shape_text(space)}.",
            "Use less padding or a larger kernel.",
            param="padding",
        )
    return (typed(call, *parts.lead, call.param(call.arg("channels")), *space),)


def unfold(call: Call) -> tuple[ValueType | None, ...]:
    """N×C×H×W to N×(C·k·k)×blocks."""
    parts = layout(call, 2)
    space = _windows(call, parts.space, call.param("padding"), call.param("stride"))
    return (typed(call, *parts.lead, parts.channels * product(call.param("kernel_size")), product(space)),)


def fold(call: Call) -> tuple[ValueType | None, ...]:
    """N×(C·k·k)×blocks to N×C×H×W; the number of blocks must be what the output size gives."""
    expect_rank(call, (3, 2), "N×(C·block)×blocks, or without a batch")
    *lead, rows, blocks = call.shape()
    size, block = call.param("output_size"), product(call.param("kernel_size"))
    if isinstance(rows, int) and isinstance(block, int) and rows % block:
        raise ShapeError(
            f"{rows} rows cannot be split in blocks of {times(call.param('kernel_size'))}.",
            f"Give a number of rows that {block} divides, or change kernel_size.",
            port=0,
            param="kernel_size",
        )
    space = _windows(call, size, call.param("padding"), call.param("stride"))
    if sizes_differ(product(space), blocks):
        raise ShapeError(
            f"An output of {times(size)} has {times(space)} = {product(space)} blocks, the input has {blocks}.",
            "Change output_size, or give Fold the same numbers as the Unfold before it.",
            port=0,
            param="output_size",
        )
    return (typed(call, *lead, rows // block, *size),)


def _numbers(padding: str | tuple[int, ...], dims: int) -> tuple[int, ...]:
    return (0,) * dims if isinstance(padding, str) else padding


def _windows(call: Call, space: Sizes, padding: Numbers, stride: Numbers) -> Sizes:
    """(H + 2p - e) // s + 1 in each dimension, e the kernel's extent; ShapeError where no window fits."""
    rows = zip(space, _extents(call), stride, padding, strict=True)
    found = tuple((size + 2 * p - e) // s + 1 for size, e, s, p in rows)
    _check_positive(call, found, space, padding)
    return found


def _fitting(call: Call, space: Sizes) -> Sizes:
    """Places at which a kernel lies wholly in the input, padding not counted."""
    return tuple(size - extent + 1 for size, extent in zip(space, _extents(call), strict=True))


def _ceil_windows(space: Sizes, extents: Numbers, stride: Numbers, padding: Numbers) -> Sizes:
    """ceil((H + 2p - e) / s) + 1, but no window starts behind H + p.

    That is the smaller one of this number and ceil((H + p) / s); which one is smaller does not depend on H.
    """
    rows = zip(space, extents, stride, padding, strict=True)
    return tuple(
        (size + p + s - 1) // s if p - e + s > 0 else (size + 2 * p - e + s - 1) // s + 1
        for size, e, s, p in rows
    )


def _check_positive(call: Call, found: Sizes, space: Sizes, padding: Numbers) -> None:
    if not any(isinstance(size, int) and size < 1 for size in found):
        return
    kernel, extent = call.param("kernel_size"), _extents(call)
    spread = "" if extent == kernel else f", spread to {times(extent)} by its dilation,"
    padded = tuple(size + 2 * p for size, p in zip(space, padding, strict=True))
    with_padding = "" if padded == space else f" ({shape_text(padded)} with padding)"
    raise ShapeError(
        f"A kernel of {times(kernel)}{spread} is larger than its input of {shape_text(space)}{with_padding}.",
        "Use a smaller kernel, add padding, or shrink the input less before.",
        port=0,
        param="kernel_size",
    )


def _check_same(call: Call) -> None:
    stride = call.param("stride")
    if call.param("padding") == "same" and any(step != 1 for step in stride):
        even = times(_border(call))
        raise ShapeError(
            f"padding 'same' does not go with stride {times(stride)}.",
            f"Set padding to {even}, or stride to 1.",
            param="padding",
        )


def _check_border(call: Call, space: Sizes) -> None:
    """Mirrored and wrapped borders need an input that is large enough to take them from."""
    mode = call.param("padding_mode")
    if mode not in ("reflect", "circular") or call.param("padding") == "valid":
        return
    verb, rest = ("mirror", 1) if mode == "reflect" else ("wrap", 0)
    for size, before in zip(space, _border(call), strict=True):
        if isinstance(size, int) and before > size - rest:
            raise ShapeError(
                f"padding {before} is too large to {verb} an input of {size}.",
                f"Use padding of at most {size - rest}, or padding_mode zeros.",
                param="padding",
            )


def _border(call: Call) -> tuple[int, ...]:
    """The larger one of the two paddings of each dimension."""
    padding = call.param("padding")
    if padding != "same":
        return tuple(padding)
    return tuple((extent - 1) // 2 + (extent - 1) % 2 for extent in _extents(call))


def _extents(call: Call) -> tuple[int, ...]:
    """d(k-1) + 1: how far the kernel reaches."""
    kernel = call.param("kernel_size")
    dilation = call.params.get("dilation", (1,) * len(kernel))
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def _check_pool_padding(call: Call, padding: Numbers) -> None:
    """At most half of the kernel, its dilation not counted (PyTorch allows more on some of its paths only)."""
    for width, places in zip(call.param("kernel_size"), padding, strict=True):
        if places > width // 2:
            raise ShapeError(
                f"Padding {places} is more than half of the {width} wide kernel.",
                f"Set padding to {width // 2} or less.",
                param="padding",
            )


RULES: Mapping[str, Rule] = {
    "window": window,
    "pool": pool,
    "adaptive_pool": adaptive_pool,
    "transposed_window": transposed_window,
    "fold": fold,
    "unfold": unfold,
}
