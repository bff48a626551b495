"""Normalization over a batch, a sample, a group, the last dimensions, or one axis."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def batch_normalization(
    x: Tensor,
    scale: Tensor,
    b: Tensor,
    input_mean: Tensor,
    input_var: Tensor,
    *,
    training_mode: int = 0,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """BatchNormalization: Y and, in training mode, the running mean and (population) variance."""
    wide = torch.promote_types(torch.promote_types(x.dtype, scale.dtype), input_mean.dtype)
    wide = torch.promote_types(wide, torch.float32)
    rows = x.to(wide) if x.dim() > 1 else x.to(wide).unsqueeze(1)
    scale, b, mean, var = (value.to(wide) for value in (scale, b, input_mean, input_var))
    if not training_mode:
        y = F.batch_norm(rows, mean, var, scale, b, False, 0.0, epsilon)
        return y.to(x.dtype).reshape(x.shape), None, None
    axes = [axis for axis in range(rows.dim()) if axis != 1]
    shape = [-1] + [1] * (rows.dim() - 2)
    new_mean = rows.mean(axes, keepdim=True)
    centered = rows - new_mean
    new_var = centered.square().mean(axes, keepdim=True)
    y = centered * torch.rsqrt(new_var + epsilon) * scale.reshape(shape) + b.reshape(shape)
    mean = mean * momentum + new_mean.flatten() * (1 - momentum)
    var = var * momentum + new_var.flatten() * (1 - momentum)
    return y.to(x.dtype).reshape(x.shape), mean.to(input_mean.dtype), var.to(input_var.dtype)


def instance_normalization(input: Tensor, scale: Tensor, b: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    """InstanceNormalization: every channel of every sample by its own mean and variance."""
    rows = wide_float(input).unsqueeze(-1).flatten(2)
    normalized = standardized(rows, [2], epsilon)[0].reshape(input.shape)
    shape = [-1] + [1] * (input.dim() - 2)
    return (normalized * scale.reshape(shape) + b.reshape(shape)).to(input.dtype)


def wide_float(x: Tensor) -> Tensor:
    """16-bit floats as float32; other types as they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def standardized(x: Tensor, axes: list[int], epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """x less its mean, over its deviation; then the mean and the inverse of the deviation."""
    mean = x.mean(axes, keepdim=True)
    centered = x - mean
    inverse = torch.rsqrt(centered.square().mean(axes, keepdim=True) + epsilon)
    return centered * inverse, mean, inverse


def layer_normalization(
    x: Tensor,
    scale: Tensor,
    b: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: torch.dtype = torch.float32,
) -> tuple[Tensor, Tensor, Tensor]:
    """LayerNormalization over the axes from `axis` on: Y, the mean, and the inverse of the deviation."""
    axes = list(range(axis % x.dim(), x.dim()))
    normalized, mean, inverse = standardized(x.to(stash_type), axes, epsilon)
    y = normalized.to(x.dtype) * scale
    return (y if b is None else y + b), mean, inverse


def rms_normalization(
    x: Tensor,
    scale: Tensor,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: torch.dtype = torch.float32,
) -> Tensor:
    """RMSNormalization: x over the root of its mean square over the axes from `axis` on, times scale."""
    axes = list(range(axis % x.dim(), x.dim()))
    wide = x.to(stash_type)
    normalized = wide / torch.sqrt(wide.square().mean(axes, keepdim=True) + epsilon)
    return normalized.to(x.dtype).to(scale.dtype) * scale


def group_normalization(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: torch.dtype = torch.float32,
) -> Tensor:
    """GroupNormalization: standardize the channels of each group together, then scale and shift by channel."""
    groups = torch.unflatten(x.to(stash_type), 1, (num_groups, -1)).flatten(2)
    normalized = standardized(groups, [2], epsilon)[0].reshape(x.shape).to(x.dtype)
    shape = [-1] + [1] * (x.dim() - 2)
    return normalized * scale.reshape(shape) + bias.reshape(shape)


def mean_variance_normalization(x: Tensor, *, axes: tuple[int, ...] = (0, 2, 3)) -> Tensor:
    """MeanVarianceNormalization: (x - mean) / (deviation + 1e-9) over the axes."""
    wide = wide_float(x)
    centered = wide - wide.mean(axes, keepdim=True)
    return (centered / (centered.square().mean(axes, keepdim=True).sqrt() + 1e-9)).to(x.dtype)


def lp_normalization(input: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    """LpNormalization: x over its p-norm along the axis; 0 where the norm is 0."""
    norm = torch.linalg.vector_norm(input, p, dim=axis, keepdim=True)
    return input / torch.where(norm == 0, 1, norm)
