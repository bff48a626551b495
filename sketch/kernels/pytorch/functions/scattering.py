"""Operators that write elements into a copy of a tensor."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import ordered, same_bits, unordered, widened
from sketch.kernels.pytorch.functions.indexing import from_bits, from_start

TORCH_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def scatter_elements(
    data: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """ScatterElements: `updates` written at (or combined with) the elements at `indices` along one axis."""
    places = from_start(indices, data.shape[axis])
    if reduction == "none":
        return from_bits(same_bits(data).scatter(axis, places, same_bits(updates)), data.dtype)
    kind = TORCH_REDUCTIONS[reduction]
    if reduction in ("max", "min"):
        return unordered(ordered(data).scatter_reduce(axis, places, ordered(updates), kind), data.dtype)
    return narrowed(widened(data).scatter_reduce(axis, places, widened(updates), kind), data.dtype)


def narrowed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """What was computed in the type of `widened`, back in the type it had."""
    return x.view(dtype) if dtype == torch.uint64 else x.to(dtype)


def scatter(data: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0) -> Tensor:
    """Scatter: the old name of ScatterElements without a reduction."""
    return scatter_elements(data, indices, updates, axis=axis)


def scatter_nd(data: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    """ScatterND: `updates` written at (or combined with) the elements or slices that `indices` names."""
    places = indices.unbind(-1)
    if reduction == "none":
        return from_bits(same_bits(data).index_put(places, same_bits(updates)), data.dtype)
    shape = data.shape[: len(places)]
    rows = torch.arange(math.prod(shape), device=data.device).reshape(shape)[places].flatten()
    width = math.prod(data.shape[len(places) :])
    items, rows = data.reshape(math.prod(shape), width), rows.unsqueeze(1).expand(-1, width)
    result = scatter_elements(items, rows, updates.reshape(rows.shape), reduction=reduction)
    return result.reshape(data.shape)


def tensor_scatter(
    past_cache: Tensor,
    update: Tensor,
    write_indices: Tensor | None = None,
    *,
    axis: int = -2,
    mode: str = "linear",
) -> Tensor:
    """TensorScatter: `update` written into the cache along an axis, in every sample from its write index."""
    axis = axis % past_cache.dim()
    places = torch.arange(update.shape[axis], device=update.device).expand(update.shape[0], -1)
    if write_indices is not None:
        places = places + write_indices.unsqueeze(1)
    if mode == "circular":
        places = places % past_cache.shape[axis]
    shape = [1] * past_cache.dim()
    shape[0], shape[axis] = places.shape
    return scatter_elements(past_cache, places.reshape(shape).expand(update.shape), update, axis=axis)
