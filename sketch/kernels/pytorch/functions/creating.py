"""Operators that make tensors: constants, ranges, unit matrices."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def constant(
    *,
    value: Tensor | None = None,
    sparse_value: Tensor | None = None,
    value_float: float | None = None,
    value_floats: tuple[float, ...] | None = None,
    value_int: int | None = None,
    value_ints: tuple[int, ...] | None = None,
    value_string: str | None = None,
    value_strings: tuple[str, ...] | None = None,
) -> Tensor:
    """Constant: the tensor, the number or the list of numbers that the node holds."""
    if value is not None:
        return value
    if sparse_value is not None:
        return sparse_value.to_dense()
    floats = value_float if value_floats is None else value_floats
    if floats is not None:
        return torch.tensor(floats, dtype=torch.float32)
    ints = value_int if value_ints is None else value_ints
    if ints is None:
        raise ValueError("Constant: torch has no tensors of strings")
    return torch.tensor(ints, dtype=torch.int64)


def constant_of_shape(input: Tensor, *, value: Tensor | None = None) -> Tensor:
    """ConstantOfShape: a tensor of the given shape filled with one value (a float zero by default)."""
    if value is None:
        value = torch.zeros(1, device=input.device)
    return value.reshape([1] * input.numel()).expand(input.tolist()).clone()


def range_(start: Tensor, limit: Tensor, delta: Tensor, *, stash_type: torch.dtype = torch.float32) -> Tensor:
    """Range: `start + i * delta` up to before `limit`; half precision is computed in `stash_type`."""
    dtype = start.dtype
    start, limit, delta = start.reshape(()), limit.reshape(()), delta.reshape(())
    if dtype.is_floating_point:
        if dtype.itemsize == 2:
            start, limit, delta = start.to(stash_type), limit.to(stash_type), delta.to(stash_type)
        count = max(math.ceil((limit - start).item() / delta.item()), 0)
    else:
        count = len(range(int(start.item()), int(limit.item()), int(delta.item())))
    steps = torch.arange(count, device=start.device)
    return (start + steps.to(start.dtype) * delta).to(dtype)


def eye_like(input: Tensor, *, dtype: torch.dtype | None = None, k: int = 0) -> Tensor:
    """EyeLike: ones on the k-th diagonal and zeros elsewhere, in the shape of the input."""
    row = torch.arange(input.shape[0], device=input.device).unsqueeze(1)
    column = torch.arange(input.shape[1], device=input.device)
    return (column - row == k).to(input.dtype if dtype is None else dtype)
