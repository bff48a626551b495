"""Scaled dot-product attention of the standard, with caches, masks and windows."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    nonpad_kv_seqlen: Tensor | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int | None = None,
    left_window_size: int = -1,
    q_num_heads: int | None = None,
    qk_matmul_output_mode: int = 0,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: torch.dtype | None = None,
    qk_matmul_output: bool = True,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Attention: Y, present key and value, and the scores (None when qk_matmul_output is False)."""
    packed = q.dim() == 3
    if packed:
        q, k, v = split_heads(q, q_num_heads), split_heads(k, kv_num_heads), split_heads(v, kv_num_heads)
    if past_key is not None and past_value is not None:
        k, v = torch.cat([past_key, k], 2), torch.cat([past_value, v], 2)
    past = 0 if past_key is None else past_key.shape[2]
    bias = attention_bias(attn_mask, q, k)
    right = 0 if is_causal else right_window_size
    allowed = allowed_keys(q, k, past, nonpad_kv_seqlen, left_window_size, right)
    if allowed is not None:
        bias = torch.where(allowed, q.new_zeros(()) if bias is None else bias, -torch.inf)
    scale = 1 / math.sqrt(q.shape[3]) if scale is None else scale
    mode = qk_matmul_output_mode if qk_matmul_output else None
    y, scores = attend(q, k, v, bias, scale, softcap, softmax_precision or q.dtype, mode)
    return y.transpose(1, 2).flatten(2) if packed else y, k, v, scores


def split_heads(x: Tensor, heads: int | None) -> Tensor:
    """(batch, length, heads * size) as (batch, heads, length, size)."""
    if heads is None:
        raise ValueError("heads in three dimensions without their number (num_heads)")
    return torch.unflatten(x, 2, (heads, -1)).transpose(1, 2)


def attention_bias(mask: Tensor | None, q: Tensor, k: Tensor) -> Tensor | None:
    """The mask (True = seen, or numbers to add) as numbers to add; keys that it does not reach are never seen."""
    if mask is None:
        return None
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=q.dtype).masked_fill(~mask, -torch.inf)
    mask = F.pad(mask.to(q.dtype), (0, k.shape[2] - mask.shape[-1]), value=-torch.inf)
    return mask.expand(q.shape[2], -1) if mask.dim() == 1 else mask


def allowed_keys(
    q: Tensor, k: Tensor, past: int, lengths: Tensor | None, left: int, right: int
) -> Tensor | None:
    """Which keys a query may see: those in the window around its position (-1: no bound) that are no padding."""
    offset: Tensor | int = past if lengths is None else lengths.reshape(-1, 1, 1, 1) - q.shape[2]
    keys = torch.arange(k.shape[2], device=q.device)
    ahead = keys - (torch.arange(q.shape[2], device=q.device).unsqueeze(1) + offset)
    if left < 0 and right < 0 and lengths is None:
        return None
    allowed = torch.ones_like(ahead, dtype=torch.bool)
    if left >= 0:
        allowed = allowed & (ahead >= -left)
    if right >= 0:
        allowed = allowed & (ahead <= right)
    return allowed if lengths is None else allowed & (keys < lengths.reshape(-1, 1, 1, 1))


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor | None,
    scale: float,
    softcap: float,
    precision: torch.dtype,
    mode: int | None,
) -> tuple[Tensor, Tensor | None]:
    """Y and the scores: products (mode 0), softcapped (1), with the bias (2), probabilities (3) or None."""
    plain = mode is None and not softcap and precision in (torch.float32, torch.float64)
    if plain and q.dtype == v.dtype == precision:
        y = F.scaled_dot_product_attention(q, k, v, bias, scale=scale, enable_gqa=True)
        if bias is None or not bool(y.isnan().any()):  # inf or NaN under the mask must not count
            return y, None
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    root = torch.tensor(math.sqrt(scale), dtype=q.dtype, device=q.device)
    products = torch.matmul(q * root, (k * root).transpose(2, 3))
    capped = softcap * torch.tanh(products / softcap) if softcap else products
    biased = capped if bias is None else torch.where(bias == -torch.inf, bias, capped + bias)
    probabilities = masked_softmax(biased.to(precision)).to(q.dtype)
    y = torch.matmul(probabilities, v.to(q.dtype))
    return y, None if mode is None else (products, capped, biased, probabilities)[mode]


def masked_softmax(scores: Tensor) -> Tensor:
    """Softmax over the last axis, rounded after every step; a row of -inf alone (nothing to see) gives zeros."""
    top = scores.amax(-1, keepdim=True)
    powers = torch.exp(scores - torch.where(top == -torch.inf, 0, top))
    total = powers.sum(-1, keepdim=True)
    return powers / torch.where(total == 0, 1, total)


def flex_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    prob_mod: Callable[..., Tensor] | None = None,
    scale: float | None = None,
    score_mod: Callable[..., Tensor] | None = None,
    softmax_precision: torch.dtype | None = None,
    captures: tuple[Tensor, ...] = (),
) -> Tensor:
    """FlexAttention: attention whose scores and probabilities go through functions of the model."""
    precision = softmax_precision or torch.promote_types(q.dtype, torch.float32)
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scale = 1 / math.sqrt(q.shape[3]) if scale is None else scale
    root = torch.tensor(math.sqrt(scale), dtype=q.dtype, device=q.device)
    scores = torch.matmul(q * root, (k * root).transpose(2, 3)).to(precision)
    if score_mod is not None:
        scores = score_mod(scores, *captures)
    probabilities = torch.softmax(scores, -1)
    if prob_mod is not None:
        probabilities = prob_mod(probabilities, *captures)
    return torch.matmul(probabilities, v.to(precision)).to(q.dtype)
