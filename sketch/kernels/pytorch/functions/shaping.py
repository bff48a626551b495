"""Operators that give the same elements another shape or order, or join and part tensors."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def reshape(data: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    """Reshape: 0 keeps the size of that axis (unless `allowzero`), -1 takes what is left."""
    sizes = shape.tolist()
    if not allowzero:
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return data.reshape(sizes)


def shape(data: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    """Shape: the sizes of the axes from `start` to before `end`."""
    return torch.tensor(data.shape[start:end], dtype=torch.int64, device=data.device)


def size(data: Tensor) -> Tensor:
    """Size: the number of elements."""
    return torch.tensor(data.numel(), device=data.device)


def flatten(input: Tensor, *, axis: int = 1) -> Tensor:
    """Flatten: a matrix with the axes before `axis` as rows and the rest as columns."""
    split_at = axis + input.dim() if axis < 0 else axis
    return input.reshape(math.prod(input.shape[:split_at]), math.prod(input.shape[split_at:]))


def squeeze(data: Tensor, axes: Tensor | None = None) -> Tensor:
    """Squeeze: without the given axes, or without every axis of size one."""
    if axes is None:
        return data.squeeze()
    dropped = [axis % data.dim() for axis in axes.tolist()]
    if any(data.shape[axis] != 1 for axis in dropped):
        raise ValueError(f"Squeeze: axes {dropped} of shape {tuple(data.shape)} are not all of size 1")
    return data.squeeze(dropped)


def unsqueeze(data: Tensor, axes: Tensor) -> Tensor:
    """Unsqueeze: with axes of size one; `axes` count in the result."""
    rank = data.dim() + axes.numel()
    for axis in sorted(axis % rank for axis in axes.tolist()):
        data = data.unsqueeze(axis)
    return data


def transpose(data: Tensor, *, perm: tuple[int, ...] | None = None) -> Tensor:
    """Transpose: the axes in the order of `perm`, or in reversed order."""
    return data.permute(tuple(reversed(range(data.dim()))) if perm is None else perm)


def expand(input: Tensor, shape: Tensor) -> Tensor:
    """Expand: broadcast with a shape, where 1 keeps the size that the input has."""
    wanted = shape.tolist()
    wanted = [1] * (input.dim() - len(wanted)) + wanted
    own = [1] * (len(wanted) - input.dim()) + list(input.shape)
    return input.expand([size if want == 1 else want for size, want in zip(own, wanted, strict=True)])


def tile(input: Tensor, repeats: Tensor) -> Tensor:
    """Tile: the tensor repeated along every axis."""
    return input.repeat(repeats.tolist())


def concat(*inputs: Tensor, axis: int) -> Tensor:
    """Concat: the tensors one after the other along an axis."""
    return torch.cat(inputs, axis)


def split(
    input: Tensor, split: Tensor | None = None, *, num_outputs: int | None = None, axis: int = 0
) -> tuple[Tensor, ...]:
    """Split: parts of the given lengths, or `num_outputs` equal parts of which the last may be smaller."""
    if split is not None:
        return torch.split(input, split.tolist(), axis)
    if num_outputs is None:
        raise ValueError("Split: give the input split or the attribute num_outputs")
    total = input.shape[axis]
    part = -(-total // num_outputs)
    return torch.split(input, [part] * (num_outputs - 1) + [total - part * (num_outputs - 1)], axis)


def depth_to_space(input: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """DepthToSpace: channels become blocks of `blocksize` by `blocksize` pixels."""
    n, c, h, w = input.shape
    block, depth = blocksize, c // blocksize**2
    if mode == "DCR":
        x = input.reshape(n, block, block, depth, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        x = input.reshape(n, depth, block, block, h, w).permute(0, 1, 4, 2, 5, 3)
    return x.reshape(n, depth, h * block, w * block)


def space_to_depth(input: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """SpaceToDepth: blocks of `blocksize` by `blocksize` pixels become channels."""
    n, c, h, w = input.shape
    block = blocksize
    x = input.reshape(n, c, h // block, block, w // block, block)
    x = x.permute(0, 3, 5, 1, 2, 4) if mode == "DCR" else x.permute(0, 1, 3, 5, 2, 4)
    return x.reshape(n, c * block**2, h // block, w // block)


def reverse_sequence(
    input: Tensor, sequence_lens: Tensor, *, time_axis: int = 0, batch_axis: int = 1
) -> Tensor:
    """ReverseSequence: the first `sequence_lens[i]` steps of every sequence i in reversed order."""
    x = input.movedim((batch_axis, time_axis), (0, 1))
    step = torch.arange(x.shape[1], device=x.device)
    length = sequence_lens.unsqueeze(1)
    order = torch.where(step < length, length - 1 - step, step)
    batch = torch.arange(x.shape[0], device=x.device).unsqueeze(1)
    return x[batch, order].movedim((0, 1), (batch_axis, time_axis))
