"""Attention's neighbours: rotary positions, the linear recurrences, the causal convolution with a state."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.attention import split_heads


def rotary_embedding(
    x: Tensor,
    cos_cache: Tensor,
    sin_cache: Tensor,
    position_ids: Tensor | None = None,
    *,
    interleaved: int = 0,
    num_heads: int | None = None,
    rotary_embedding_dim: int = 0,
) -> Tensor:
    """RotaryEmbedding: turn pairs of numbers of every head by the angle of their position."""
    heads = x if x.dim() == 4 else split_heads(x, num_heads)
    size = rotary_embedding_dim or heads.shape[3]
    turned, kept = heads[..., :size], heads[..., size:]
    if position_ids is not None:
        cos_cache, sin_cache = cos_cache[position_ids], sin_cache[position_ids]
    cos, sin = cos_cache.unsqueeze(1), sin_cache.unsqueeze(1)
    if interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
    else:
        first, second = turned.chunk(2, -1)
    real, imaginary = cos * first - sin * second, sin * first + cos * second
    pairs = torch.stack([real, imaginary], -1 if interleaved else -2)
    y = torch.cat([pairs.flatten(-2), kept], -1)
    return y if x.dim() == 4 else y.transpose(1, 2).flatten(2)


def causal_conv_with_state(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    past_state: Tensor | None = None,
    *,
    activation: str = "none",
) -> tuple[Tensor, Tensor]:
    """CausalConvWithState: a convolution of each channel over the past; the output and the new state."""
    width = weight.shape[2] - 1
    padded = F.pad(input, (width, 0)) if past_state is None else torch.cat([past_state, input], 2)
    output = F.conv1d(padded, weight, bias, groups=input.shape[1])
    output = F.silu(output) if activation in ("silu", "swish") else output
    return output, padded[:, :, padded.shape[2] - width :]


def linear_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    past_state: Tensor | None = None,
    decay: Tensor | None = None,
    beta: Tensor | None = None,
    *,
    chunk_size: int = 64,
    kv_num_heads: int,
    q_num_heads: int,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[Tensor, Tensor]:
    """LinearAttention: a state (keys by values) that every step decays, corrects and reads; in float32."""
    q = torch.unflatten(query.float(), 2, (kv_num_heads, q_num_heads // kv_num_heads, -1))
    k = torch.unflatten(key.float(), 2, (kv_num_heads, -1))
    v = torch.unflatten(value.float(), 2, (kv_num_heads, -1))
    keep = torch.unflatten(decay.float(), 2, (kv_num_heads, -1)).exp() if decay is not None else None
    rate = beta.float().unsqueeze(3) if beta is not None else None
    state = k.new_zeros(k.shape[0], kv_num_heads, k.shape[3], v.shape[3])
    state = state if past_state is None else past_state.float()
    outputs = []
    for time in range(q.shape[1]):
        if keep is not None and update_rule in ("gated", "gated_delta"):
            state = state * keep[:, time].unsqueeze(3)
        written = v[:, time]
        if rate is not None and update_rule in ("delta", "gated_delta"):
            known = torch.einsum("bhkv,bhk->bhv", state, k[:, time])
            written = rate[:, time] * (written - known)
        state = state + k[:, time].unsqueeze(3) * written.unsqueeze(2)
        outputs.append(torch.einsum("bhgk,bhkv->bhgv", q[:, time], state))
    shown = torch.stack(outputs, 1) if outputs else v.new_zeros(*q.shape[:4], v.shape[3])
    output = shown.flatten(2) * (scale or 1 / math.sqrt(q.shape[4]))
    return output.to(query.dtype), state.to(query.dtype if past_state is None else past_state.dtype)
