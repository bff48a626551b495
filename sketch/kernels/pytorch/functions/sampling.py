"""Sampling at positions that are computed: GridSample, AffineGrid, DeformConv."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.resampling import floating


def grid_sample(
    x: Tensor, grid: Tensor, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros"
) -> Tensor:
    """GridSample: the input at the positions of `grid`, from -1 to 1 along every axis, the last axis first."""
    wide = floating(x).to(torch.promote_types(floating(x).dtype, floating(grid).dtype))
    grid = grid.to(wide.dtype)
    if x.dim() == 4 or (x.dim() == 5 and mode != "cubic"):
        kind = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
        return F.grid_sample(wide, grid, kind, padding_mode, bool(align_corners)).to(x.dtype)
    axes = []
    for given, size in zip(grid.flip(-1).unbind(-1), x.shape[2:], strict=True):
        low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
        place = low + (given + 1) / 2 * (high - low)
        axes.append(taps_with_weights(place, size, mode, padding_mode, low, high))
    return sampled(wide, axes).to(x.dtype)


def taps_with_weights(
    place: Tensor, size: int, mode: str, padding_mode: str, low: float, high: float
) -> list[tuple[Tensor, Tensor]]:
    """Along one axis: the pixels around every position and their weights, which are 0 outside with zeros."""
    base = place.round() if mode == "nearest" else place.floor()
    first, last = {"nearest": (0, 0), "linear": (0, 1), "cubic": (-1, 2)}[mode]
    taps = []
    for step in range(first, last + 1):
        pixel = base + step
        weight = torch.ones_like(place) if mode == "nearest" else 1 - (place - pixel).abs()
        if mode == "cubic":
            weight = cubic_weight((place - pixel).abs())
        if padding_mode == "zeros":
            weight = torch.where((pixel >= 0) & (pixel <= size - 1), weight, 0)
        elif padding_mode == "reflection":
            pixel = reflected(pixel, low, high)
        taps.append((pixel.clamp(0, size - 1).to(torch.int64), weight))
    return taps


def reflected(place: Tensor, low: float, high: float) -> Tensor:
    """Positions mirrored at both ends until they lie between them."""
    if low == high:
        return torch.full_like(place, low)
    return high - ((place - low) % (2 * (high - low)) - (high - low)).abs()


def cubic_weight(distance: Tensor) -> Tensor:
    """The cubic bell with a = -0.75."""
    near = (1.25 * distance - 2.25) * distance * distance + 1
    far = ((-0.75 * distance + 3.75) * distance - 6) * distance + 3
    return torch.where(distance <= 1, near, far)


def sampled(x: Tensor, axes: list[list[tuple[Tensor, Tensor]]]) -> Tensor:
    """The weighted sum of the pixels around every position; `axes` has the taps of every spatial axis."""
    shape = axes[0][0][0].shape
    pixels = [(torch.zeros_like(axes[0][0][0]), torch.ones_like(axes[0][0][1]))]
    for size, taps in zip(x.shape[2:], axes, strict=True):
        pixels = [(place * size + tap, weight * more) for place, weight in pixels for tap, more in taps]
    flat, y = x.flatten(2), x.new_zeros(())
    for place, weight in pixels:
        index = place.flatten(1).unsqueeze(1).expand(-1, x.shape[1], -1)
        y = y + flat.gather(2, index) * weight.flatten(1).unsqueeze(1)
    return y.reshape(x.shape[0], x.shape[1], *shape[1:])


def affine_grid(theta: Tensor, size: Tensor, *, align_corners: int = 0) -> Tensor:
    """AffineGrid: the positions of an image of the given size, from -1 to 1, moved by `theta`."""
    return F.affine_grid(floating(theta), size.tolist(), bool(align_corners)).to(theta.dtype)


def deform_conv(
    x: Tensor,
    w: Tensor,
    offset: Tensor,
    b: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    offset_group: int = 1,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """DeformConv: convolution whose windows take every element from a place moved by `offset`."""
    n, kernel, out = x.shape[0], tuple(w.shape[2:]), tuple(offset.shape[2:])
    rank, width = len(kernel), math.prod(kernel)
    strides, dilations, pads = strides or (1,) * rank, dilations or (1,) * rank, pads or (0,) * (2 * rank)
    wide = floating(x)
    moved = offset.to(wide.dtype).reshape(n * offset_group, width, rank, math.prod(out))
    axes = []
    for axis, size in enumerate(x.shape[2:]):
        start = (torch.arange(out[axis], device=x.device) * strides[axis] - pads[axis]).reshape(
            [-1] + [1] * (rank - axis - 1)
        )
        step = (torch.arange(kernel[axis], device=x.device) * dilations[axis]).reshape(
            [-1] + [1] * (rank - axis - 1)
        )
        place = step.expand(kernel).reshape(width, 1) + start.expand(out).reshape(1, -1) + moved[:, :, axis]
        axes.append(taps_with_weights(place, size, "linear", "zeros", 0, 0))
    columns = sampled(wide.reshape(n * offset_group, -1, *x.shape[2:]), axes)
    if mask is not None:
        columns = columns * mask.reshape(n * offset_group, 1, width, -1)
    columns = columns.reshape(n, group, -1, math.prod(out))
    y = torch.matmul(w.to(wide.dtype).reshape(group, w.shape[0] // group, -1), columns)
    y = y.reshape(n, w.shape[0], *out)
    return (y if b is None else y + b.reshape([-1] + [1] * rank)).to(x.dtype)
