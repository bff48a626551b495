"""Operators that pick elements: by position, by condition, by order."""

from __future__ import annotations

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import ordered, same_bits


def slice_(
    data: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    """Slice: every `steps[i]`-th element from `starts[i]` to before `ends[i]` along `axes[i]`."""
    axis_list = range(starts.numel()) if axes is None else axes.tolist()
    step_list = [1] * starts.numel() if steps is None else steps.tolist()
    for axis, start, end, step in zip(axis_list, starts.tolist(), ends.tolist(), step_list, strict=True):
        data = sliced(data, axis % data.dim(), start, end, step)
    return data


def sliced(data: Tensor, axis: int, start: int, end: int, step: int) -> Tensor:
    """The part of one axis; start and end are clamped as the standard says."""
    size = data.shape[axis]
    lowest, highest = (0, size) if step > 0 else (-1, size - 1)
    start, end = (place + size if place < 0 else place for place in (start, end))
    start, end = min(max(start, 0), highest), min(max(end, lowest), highest)
    places = range(start, end, step)
    before = (slice(None),) * axis
    if step > 0 or not places:
        return data[(*before, slice(start, start + len(places) * step if places else start, abs(step)))]
    return data[(*before, slice(places[-1], start + 1, -step))].flip(axis)


def from_start(indices: Tensor, size: int) -> Tensor:
    """Positions as int64 that count from the start: negative ones count from the end."""
    indices = indices.to(torch.int64)
    return torch.where(indices < 0, indices + size, indices)


def gather(data: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """Gather: the slices of an axis at `indices`, in the shape of `indices`."""
    return data[(slice(None),) * (axis % data.dim()) + (indices.to(torch.int64),)]


def gather_elements(data: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """GatherElements: the element at `indices` along one axis for every position of `indices`."""
    return from_bits(same_bits(data).gather(axis, from_start(indices, data.shape[axis])), data.dtype)


def gather_nd(data: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    """GatherND: the last axis of `indices` holds positions in the axes of `data` after the batch axes."""
    shape = indices.shape[:-1]
    batch = [
        torch.arange(shape[axis], device=data.device).reshape([-1] + [1] * (len(shape) - axis - 1))
        for axis in range(batch_dims)
    ]
    return data[(*batch, *indices.unbind(-1))]


def one_hot(indices: Tensor, depth: Tensor, values: Tensor, *, axis: int = -1) -> Tensor:
    """OneHot: `values[1]` at the positions of a new axis that `indices` names, `values[0]` elsewhere."""
    count = int(depth.item())
    positions = indices.to(torch.int64)
    if indices.dtype.is_signed:
        positions = torch.where(positions < 0, positions + count, positions)
    hot = positions.unsqueeze(-1) == torch.arange(count, device=indices.device)
    return torch.where(hot, values[1], values[0]).movedim(-1, axis)


def non_zero(x: Tensor) -> Tensor:
    """NonZero: one column for every element that is not zero, one row for every axis."""
    return (x != 0).nonzero().T


def compress(input: Tensor, condition: Tensor, *, axis: int | None = None) -> Tensor:
    """Compress: the slices of an axis (or the elements of the flattened input) where `condition` holds."""
    places = condition.nonzero().flatten()
    return picked(input.flatten() if axis is None else input, axis or 0, places)


def picked(x: Tensor, axis: int, places: Tensor) -> Tensor:
    """The slices of one axis at the given places (a list), of any element type."""
    return from_bits(same_bits(x).index_select(axis, places), x.dtype)


def from_bits(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Back from `same_bits`; what it left alone stays, since a view as another type has no gradient."""
    return x if x.dtype == dtype else x.view(dtype)


def unique(x: Tensor, *, axis: int | None = None, sorted: int = 1) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Unique: the different values (or slices), where each is first, where each went, how often it occurs."""
    y, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True, dim=axis)
    inverse = inverse.flatten()
    if axis is None and x.dtype.is_floating_point:
        y, inverse, counts = one_nan(y, inverse, counts)
    places = torch.arange(len(inverse), device=x.device)
    first = torch.full_like(counts, len(inverse)).scatter_reduce(0, inverse, places, "amin")
    if sorted:
        return y, first, inverse, counts
    order = first.argsort()
    return picked(y, axis or 0, order), first[order], order.argsort()[inverse], counts[order]


def one_nan(y: Tensor, inverse: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """All NaNs (which are sorted to the end) as one value, as numpy.unique has it, which the standard follows."""
    first = len(y) - int(y.isnan().sum())
    if first >= len(y) - 1:
        return y, inverse, counts
    return y[: first + 1], inverse.clamp(max=first), torch.cat([counts[:first], counts[first:].sum(0, True)])


def top_k(
    x: Tensor, k: Tensor, *, axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[Tensor, Tensor]:
    """TopK: the k largest or smallest elements of an axis in order (of equals the first first) and their places."""
    places = ordered(x).sort(dim=axis, descending=bool(largest), stable=True).indices
    places = places.narrow(axis, 0, int(k.item()))
    return from_bits(same_bits(x).gather(axis, places), x.dtype), places


def trilu(input: Tensor, k: Tensor | None = None, *, upper: int = 1) -> Tensor:
    """Trilu: the part of the matrices on and above (or on and below) the k-th diagonal, zero elsewhere."""
    rows, columns = input.shape[-2:]
    diagonal = 0 if k is None else max(-rows, min(int(k.item()), columns))
    x = same_bits(input)
    return from_bits(x.triu(diagonal) if upper else x.tril(diagonal), input.dtype)
