"""Operators that add to the borders of a tensor or cut them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.indexing import picked


def pad(
    data: Tensor,
    pads: Tensor,
    constant_value: Tensor | None = None,
    axes: Tensor | None = None,
    *,
    mode: str = "constant",
) -> Tensor:
    """Pad: elements added at both ends of the axes, or removed where `pads` is negative."""
    axis_list = range(data.dim()) if axes is None else axes.tolist()
    before, after = [0] * data.dim(), [0] * data.dim()
    for axis, first, last in zip(axis_list, *pads.reshape(2, -1).tolist(), strict=True):
        before[axis], after[axis] = first, last
    if mode == "constant":
        return padded_with(data, before, after, constant_value)
    for axis, (first, last) in enumerate(zip(before, after, strict=True)):
        if first or last:
            data = padded_from_inside(data, axis, first, last, mode)
    return data


def padded_with(data: Tensor, before: list[int], after: list[int], value: Tensor | None = None) -> Tensor:
    """Every axis with `before` and `after` elements of one value more, or fewer elements where negative."""
    widths = [width for ends in zip(reversed(before), reversed(after), strict=True) for width in ends]
    x = F.pad(data, widths)
    if value is None:
        return x
    inside = F.pad(torch.ones_like(data, dtype=torch.bool), widths)
    return torch.where(inside, x, value.reshape(()))


def padded_from_inside(data: Tensor, axis: int, before: int, after: int, mode: str) -> Tensor:
    """One axis continued by its own elements: the edge, the mirror image or the other end."""
    data = data.narrow(axis, max(-before, 0), data.shape[axis] - max(-before, 0) - max(-after, 0))
    size = data.shape[axis]
    place = torch.arange(-max(before, 0), size + max(after, 0), device=data.device)
    if mode == "edge":
        place = place.clamp(0, size - 1)
    elif mode == "wrap":
        place = place % size
    elif mode == "reflect":
        last = size - 1
        place = last - (place % max(2 * last, 1) - last).abs()
    else:
        raise ValueError(f"Pad: mode {mode} is not in the standard")
    return picked(data, axis, place)


def center_crop_pad(input_data: Tensor, shape: Tensor, *, axes: tuple[int, ...] | None = None) -> Tensor:
    """CenterCropPad: the middle of every axis cut out, or put in the middle of zeros, to the given sizes."""
    before, after = [0] * input_data.dim(), [0] * input_data.dim()
    for axis, size in zip(range(input_data.dim()) if axes is None else axes, shape.tolist(), strict=True):
        more = size - input_data.shape[axis]
        before[axis] = more // 2 if more > 0 else -(-more // 2)
        after[axis] = more - before[axis]
    return padded_with(input_data, before, after)
