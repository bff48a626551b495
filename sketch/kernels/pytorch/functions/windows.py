"""The geometry that convolutions and pools share: padding, windows, sizes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def window_pads(
    auto_pad: str,
    pads: tuple[int, ...] | None,
    sizes: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> tuple[list[int], list[int]]:
    """How much to add before and after every spatial axis, by `pads` or by `auto_pad`."""
    rank = len(sizes)
    if auto_pad == "NOTSET" and pads is not None:
        return list(pads[:rank]), list(pads[rank:])
    if auto_pad in ("NOTSET", "VALID"):
        return [0] * rank, [0] * rank
    total = [
        max((-(-size // stride) - 1) * stride + (width - 1) * dilation + 1 - size, 0)
        for size, width, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True)
    ]
    smaller, larger = [pad // 2 for pad in total], [pad - pad // 2 for pad in total]
    return (smaller, larger) if auto_pad == "SAME_UPPER" else (larger, smaller)


def overhang(
    sizes: tuple[int, ...],
    before: list[int],
    after: list[int],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> list[int]:
    """How far the last window of every axis reaches past the padding when the number of windows is rounded up."""
    extra = []
    for axis, size in enumerate(sizes):
        padded, reach = size + before[axis] + after[axis], (kernel[axis] - 1) * dilations[axis] + 1
        last = -(-(padded - reach) // strides[axis]) * strides[axis]
        if last >= size + before[axis]:
            last -= strides[axis]
        extra.append(last + reach - padded)
    return extra


def spatially_padded(x: Tensor, before: list[int], after: list[int], value: float = 0.0) -> Tensor:
    """The spatial axes with `before` and `after` elements of one value more (fewer where negative)."""
    widths = [width for ends in zip(reversed(before), reversed(after), strict=True) for width in ends]
    return F.pad(x, widths, value=value) if any(widths) else x


def windows(
    x: Tensor, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]
) -> Tensor:
    """Every window of the spatial axes: a view with one more axis at the end for every spatial axis."""
    for axis, width in enumerate(kernel):
        x = x.unfold(axis + 2, (width - 1) * dilations[axis] + 1, strides[axis])[..., :: dilations[axis]]
    return x
