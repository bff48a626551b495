"""Pools over windows, over whole planes, and local response normalization."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.windows import overhang, spatially_padded, window_pads, windows


def average_pool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: tuple[int, ...] | None = None,
    kernel_shape: tuple[int, ...],
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """AveragePool: the mean of every window, with or without the padding counted."""
    rank = len(kernel_shape)
    sizes, strides, dilations = tuple(x.shape[2:]), strides or (1,) * rank, dilations or (1,) * rank
    before, after = window_pads(auto_pad, pads, sizes, kernel_shape, strides, dilations)
    rounded_up = bool(ceil_mode) and auto_pad == "NOTSET"
    if rank <= 3 and set(dilations) == {1} and torch_can_pad(before, after, kernel_shape):
        pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]
        return pool(x, kernel_shape, strides, before, rounded_up, bool(count_include_pad))
    counted = spatially_padded(torch.ones_like(x[:1, :1]), before, after, float(count_include_pad))
    x = spatially_padded(x, before, after)
    if rounded_up:
        extra = overhang(sizes, before, after, kernel_shape, strides, dilations)
        x, counted = (spatially_padded(item, [0] * rank, extra) for item in (x, counted))
    inner = tuple(range(-rank, 0))
    total = windows(x, kernel_shape, strides, dilations).sum(inner)
    return total / windows(counted, kernel_shape, strides, dilations).sum(inner)


def torch_can_pad(before: list[int], after: list[int], kernel: tuple[int, ...]) -> bool:
    """Whether torch's own pools take this padding: the same at both ends, at most half of the window."""
    return before == after and all(2 * pad <= width for pad, width in zip(before, kernel, strict=True))


def max_pool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: tuple[int, ...] | None = None,
    kernel_shape: tuple[int, ...],
    pads: tuple[int, ...] | None = None,
    storage_order: int = 0,
    strides: tuple[int, ...] | None = None,
    indices: bool = True,
) -> tuple[Tensor, Tensor | None]:
    """MaxPool: the largest element of every window and, if `indices`, its position in the flattened input."""
    rank = len(kernel_shape)
    if rank > 3:
        raise ValueError(f"MaxPool: torch has no pool over {rank} spatial axes")
    sizes, strides, dilations = tuple(x.shape[2:]), strides or (1,) * rank, dilations or (1,) * rank
    before, after = window_pads(auto_pad, pads, sizes, kernel_shape, strides, dilations)
    rounded_up = bool(ceil_mode) and auto_pad == "NOTSET"
    wide = x if x.dtype.is_floating_point else x.to(torch.int16)
    padding, cut = before, [0] * rank
    if not torch_can_pad(before, after, kernel_shape):
        if rounded_up:
            extra = overhang(sizes, before, after, kernel_shape, strides, dilations)
            after = [pad + more for pad, more in zip(after, extra, strict=True)]
        lowest = -math.inf if x.dtype.is_floating_point else -0x8000
        wide = spatially_padded(wide, before, after, lowest)
        padding, cut, rounded_up = [0] * rank, before, False
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank - 1]
    if not indices:
        return pool(wide, kernel_shape, strides, padding, dilations, rounded_up).to(x.dtype), None
    y, places = pool(wide, kernel_shape, strides, padding, dilations, rounded_up, True)
    return y.to(x.dtype), places_in_batch(places, tuple(wide.shape[2:]), cut, sizes, storage_order)


def places_in_batch(
    places: Tensor, padded: tuple[int, ...], before: list[int], sizes: tuple[int, ...], storage_order: int
) -> Tensor:
    """Positions in padded planes as positions in the whole tensor without padding, rows or columns first."""
    plane = torch.zeros_like(places)
    order = range(len(sizes)) if storage_order else reversed(range(len(sizes)))
    step = 1
    for axis in order:
        along = places // math.prod(padded[axis + 1 :]) % padded[axis] - before[axis]
        plane = plane + along * step
        step *= sizes[axis]
    count = places.shape[0] * places.shape[1]
    first = torch.arange(count, device=places.device) * math.prod(sizes)
    return plane + first.reshape([*places.shape[:2]] + [1] * len(sizes))


def max_unpool(
    x: Tensor,
    i: Tensor,
    output_shape: Tensor | None = None,
    *,
    kernel_shape: tuple[int, ...],
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """MaxUnpool: every element at its position in the tensor that was pooled, zero elsewhere."""
    rank = len(kernel_shape)
    strides, pads = strides or (1,) * rank, pads or (0,) * (2 * rank)
    sizes = [
        (x.shape[axis + 2] - 1) * strides[axis] + kernel_shape[axis] - pads[axis] - pads[rank + axis]
        for axis in range(rank)
    ]
    shape = [*x.shape[:2], *sizes]
    y = x.new_zeros(math.prod(shape)).scatter(0, i.flatten(), x.flatten()).reshape(shape)
    if output_shape is None:
        return y
    more = [want - size for want, size in zip(output_shape.tolist()[-rank:], sizes, strict=True)]
    return spatially_padded(y, [0] * rank, more)


def lp_pool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: tuple[int, ...] | None = None,
    kernel_shape: tuple[int, ...],
    p: int = 2,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """LpPool: the p-norm of every window."""
    rank = len(kernel_shape)
    sizes, strides, dilations = tuple(x.shape[2:]), strides or (1,) * rank, dilations or (1,) * rank
    before, after = window_pads(auto_pad, pads, sizes, kernel_shape, strides, dilations)
    if ceil_mode and auto_pad == "NOTSET":
        extra = overhang(sizes, before, after, kernel_shape, strides, dilations)
        after = [pad + more for pad, more in zip(after, extra, strict=True)]
    x = spatially_padded(x, before, after)
    norm: Tensor = torch.linalg.vector_norm(
        windows(x, kernel_shape, strides, dilations), p, tuple(range(-rank, 0))
    )
    return norm


def global_average_pool(x: Tensor) -> Tensor:
    """GlobalAveragePool: the mean of every channel."""
    return x.flatten(2).mean(2).reshape([*x.shape[:2]] + [1] * (x.dim() - 2))


def global_max_pool(x: Tensor) -> Tensor:
    """GlobalMaxPool: the largest element of every channel."""
    return x.flatten(2).amax(2).reshape([*x.shape[:2]] + [1] * (x.dim() - 2))


def global_lp_pool(x: Tensor, *, p: int = 2) -> Tensor:
    """GlobalLpPool: the p-norm of every channel."""
    norm: Tensor = torch.linalg.vector_norm(x.flatten(2), p, 2)
    return norm.reshape([*x.shape[:2]] + [1] * (x.dim() - 2))


def lrn(x: Tensor, *, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, size: int) -> Tensor:
    """LRN: divided by a power of the sum of squares over `size` neighbouring channels."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    ends = [(size - 1) // 2, size // 2]
    squares = F.pad(wide.square(), [0] * (2 * x.dim() - 4) + ends)
    total = squares.unfold(1, size, 1).sum(-1)
    return (wide / (bias + alpha / size * total).pow(beta)).to(x.dtype)
