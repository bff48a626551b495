"""Transformers at tiny configurations, written as the well-known implementations write them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.zoo.case import Case


class Mlp(nn.Module):
    def __init__(self, dim: int, act: nn.Module):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(dim, 2 * dim), act, nn.Linear(2 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class Attention(nn.Module):
    """One matrix for query, key and value, as in ViT and GPT; `fused` calls torch's own function."""

    def __init__(self, dim: int = 16, heads: int = 2, fused: bool = True, causal: bool = False):
        super().__init__()
        self.heads, self.fused, self.causal, self.scale = heads, fused, causal, (dim // heads) ** -0.5
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        else:
            y = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    def __init__(self, dim: int = 16, **more):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim), Attention(dim, **more)
        self.norm2, self.mlp = nn.LayerNorm(dim), Mlp(dim, nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, fused: bool = True):
        super().__init__()
        self.patch_embed, self.cls_token = nn.Conv2d(3, 16, 8, 8), nn.Parameter(torch.randn(1, 1, 16))
        self.pos_embed = nn.Parameter(torch.randn(1, 17, 16) * 0.02)
        self.blocks, self.norm, self.head = (
            nn.Sequential(Block(fused=fused), Block(fused=fused)),
            nn.LayerNorm(16),
            nn.Linear(16, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


class SwinBlock(nn.Module):
    """Windows, a cyclic shift, relative position bias."""

    def __init__(self, dim: int = 16, size: int = 8, window: int = 4, shift: int = 2, heads: int = 2):
        super().__init__()
        self.size, self.window, self.shift, self.heads = size, window, shift, heads
        self.norm1, self.norm2, self.mlp = nn.LayerNorm(dim), nn.LayerNorm(dim), Mlp(dim, nn.GELU())
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.1)
        at = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        apart = (at[:, :, None] - at[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer("index_fixed", apart[..., 0] * (2 * window - 1) + apart[..., 1])

    def attend(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        bias = self.bias[self.index_fixed.view(-1)].view(n, n, -1).permute(2, 0, 1).contiguous()
        weights = F.softmax(q * (c // self.heads) ** -0.5 @ k.transpose(-2, -1) + bias.unsqueeze(0), dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, c))

    def forward(self, x: Tensor) -> Tensor:
        b, (s, w) = x.shape[0], (self.size, self.window)
        y = torch.roll(self.norm1(x).view(b, s, s, -1), shifts=(-self.shift, -self.shift), dims=(1, 2))
        y = y.view(b, s // w, w, s // w, w, 16).permute(0, 1, 3, 2, 4, 5).reshape(-1, w * w, 16)
        y = self.attend(y).view(-1, s // w, s // w, w, w, 16).permute(0, 1, 3, 2, 4, 5).reshape(-1, s, s, 16)
        x = x + torch.roll(y, shifts=(self.shift, self.shift), dims=(1, 2)).view(b, s * s, 16)
        return x + self.mlp(self.norm2(x))


class Swin(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.layer, self.norm, self.head = (
            nn.Conv2d(3, 16, 4, 4),
            SwinBlock(),
            nn.LayerNorm(16),
            nn.Linear(16, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.layer(self.embed(x).flatten(2).transpose(1, 2)))
        return self.head(torch.flatten(F.adaptive_avg_pool1d(x.transpose(1, 2), 1), 1))


class BertSelfAttention(nn.Module):
    def __init__(self, dim: int, heads: int, fused: bool):
        super().__init__()
        self.heads, self.size, self.fused = heads, dim // heads, fused
        self.query, self.key, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.dropout = nn.Dropout(0.1)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), -1, self.heads, self.size).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self._split(self.query(x)), self._split(self.key(x)), self._split(self.value(x))
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.size) + mask
            y = torch.matmul(self.dropout(F.softmax(scores, dim=-1)), v)
        return y.permute(0, 2, 1, 3).contiguous().view(x.size(0), -1, self.heads * self.size)


class BertLayer(nn.Module):
    def __init__(self, dim: int = 16, fused: bool = False):
        super().__init__()
        self.self_attention, self.dense = BertSelfAttention(dim, 2, fused), nn.Linear(dim, dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-12), nn.LayerNorm(dim, eps=1e-12)
        self.intermediate, self.output, self.dropout = nn.Linear(dim, 32), nn.Linear(32, dim), nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.norm1(self.dropout(self.dense(self.self_attention(x, mask))) + x)
        return self.norm2(self.dropout(self.output(F.gelu(self.intermediate(x)))) + x)


class Bert(nn.Module):
    def __init__(self, fused: bool = False):
        super().__init__()
        self.word, self.position, self.token_type = (
            nn.Embedding(50, 16),
            nn.Embedding(12, 16),
            nn.Embedding(2, 16),
        )
        self.norm, self.layers = (
            nn.LayerNorm(16, eps=1e-12),
            nn.ModuleList([BertLayer(fused=fused), BertLayer(fused=fused)]),
        )
        self.pooler = nn.Linear(16, 16)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        places = torch.arange(ids.size(1), device=ids.device).unsqueeze(0)
        x = self.norm(self.word(ids) + self.token_type(torch.zeros_like(ids)) + self.position(places))
        keep = (1.0 - (mask[:, None, None, :] > 0).to(x.dtype)) * -10000.0
        for layer in self.layers:
            x = layer(x, keep)
        return x, torch.tanh(self.pooler(x[:, 0]))


class NewGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


class GPTBlock(nn.Module):
    """GPT-2's block with a mask cut out of a buffer."""

    def __init__(self, dim: int = 16, heads: int = 2):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2, self.mlp = nn.LayerNorm(dim), nn.LayerNorm(dim), Mlp(dim, NewGELU())
        self.c_attn, self.c_proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.register_buffer("causal_mask", torch.tril(torch.ones(16, 16)).view(1, 1, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.size()
        q, k, v = self.c_attn(self.ln_1(x)).split(c, dim=2)
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = scores.masked_fill(self.causal_mask[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, c)
        x = x + self.c_proj(y)
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, *blocks: nn.Module):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(50, 16), nn.Embedding(16, 16)
        self.h, self.ln_f, self.lm_head = (
            nn.ModuleList(blocks),
            nn.LayerNorm(16),
            nn.Linear(16, 50, bias=False),
        )

    def forward(self, ids: Tensor) -> Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(0, ids.size(1), dtype=torch.long))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


class LlamaNorm(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), 1e-6

    def forward(self, x: Tensor) -> Tensor:
        kind = x.dtype
        x = x.to(torch.float32)
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)).to(kind)


def rotate_half(x: Tensor) -> Tensor:
    """(-second half, first half)."""
    return torch.cat((-x[..., x.shape[-1] // 2 :], x[..., : x.shape[-1] // 2]), dim=-1)


class LlamaBlock(nn.Module):
    """Rotary positions, grouped key and value heads, SwiGLU."""

    def __init__(self, dim: int = 16, heads: int = 4, groups: int = 2):
        super().__init__()
        self.heads, self.groups, self.size = heads, groups, dim // heads
        self.q_proj, self.o_proj = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(dim, groups * self.size, bias=False) for _ in range(2))
        self.gate_proj, self.up_proj = nn.Linear(dim, 32, bias=False), nn.Linear(dim, 32, bias=False)
        self.down_proj, self.input_norm, self.post_norm = (
            nn.Linear(32, dim, bias=False),
            LlamaNorm(dim),
            LlamaNorm(dim),
        )
        self.register_buffer(
            "inv_freq_fixed", 1.0 / 10000 ** (torch.arange(0, self.size, 2).float() / self.size)
        )

    def attend(self, x: Tensor) -> Tensor:
        b, t, _ = x.shape
        q = self.q_proj(x).view(b, t, self.heads, self.size).transpose(1, 2)
        k = self.k_proj(x).view(b, t, self.groups, self.size).transpose(1, 2)
        v = self.v_proj(x).view(b, t, self.groups, self.size).transpose(1, 2)
        angle = torch.outer(torch.arange(t).float(), self.inv_freq_fixed)
        angle = torch.cat((angle, angle), dim=-1)
        cos, sin = angle.cos()[None, None], angle.sin()[None, None]
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        each = self.heads // self.groups
        k, v = (
            y[:, :, None].expand(b, self.groups, each, t, self.size).reshape(b, self.heads, t, self.size)
            for y in (k, v)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(b, t, -1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.input_norm(x))
        y = self.post_norm(x)
        return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))


class T5Layer(nn.Module):
    """No scale, a learned bias by relative position, a norm without a shift."""

    def __init__(self, dim: int = 16, heads: int = 2):
        super().__init__()
        self.heads, self.norm, self.norm2 = heads, LlamaNorm(dim), LlamaNorm(dim)
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim, bias=False) for _ in range(4))
        self.relative, self.wi, self.wo = (
            nn.Embedding(32, heads),
            nn.Linear(dim, 32, bias=False),
            nn.Linear(32, dim, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.shape
        y = self.norm(x)
        q, k, v = (
            f(y).view(b, -1, self.heads, c // self.heads).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        apart = torch.arange(t)[None, :] - torch.arange(t)[:, None] + 16
        scores = torch.matmul(q, k.transpose(3, 2)) + self.relative(apart).permute(2, 0, 1).unsqueeze(0)
        y = (
            torch.matmul(F.softmax(scores.float(), dim=-1).type_as(scores), v)
            .transpose(1, 2)
            .reshape(b, -1, c)
        )
        x = x + self.o(y)
        return x + self.wo(F.relu(self.wi(self.norm2(x))))


class Encoders(nn.Module):
    """torch's own encoder layers."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, activation="gelu", norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(16), enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)


class Decoders(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 2, 32, batch_first=True), 2)
        self.register_buffer("causal_mask", torch.full((6, 6), float("-inf")).triu(1))

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        return self.decoder(x, memory, tgt_mask=self.causal_mask, tgt_is_causal=False)


class Multihead(nn.Module):
    def __init__(self, weights: bool):
        super().__init__()
        self.attn, self.weights = nn.MultiheadAttention(16, 2, batch_first=True), weights

    def forward(self, x: Tensor, memory: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        y, seen = self.attn(x, memory, memory, need_weights=self.weights)
        return (y, seen) if self.weights else y


_SEQUENCE, _IDS = ((2, 6, 16),), ((2, 6),)
_IMAGE = ((2, 3, 32, 32),)

CASES = (
    Case("vit", ViT, _IMAGE),
    Case("vit_eager", lambda: ViT(fused=False), _IMAGE),
    Case("swin", Swin, _IMAGE),
    Case("bert", Bert, ((2, 6), (2, 6)), below=12),
    Case("bert_sdpa", lambda: Bert(fused=True), ((2, 6), (2, 6)), below=12, dynamic=False),
    Case("gpt", lambda: GPT(GPTBlock(), GPTBlock()), _IDS, below=50),
    Case("gpt_sdpa", lambda: GPT(Block(causal=True)), _IDS, below=50),
    Case("llama", lambda: GPT(LlamaBlock(), LlamaBlock()), _IDS, below=50),
    Case("t5", lambda: nn.Sequential(nn.Embedding(50, 16), T5Layer(), T5Layer()), _IDS, below=50),
    Case("transformer_encoder", Encoders, _SEQUENCE),
    Case("transformer_decoder", Decoders, ((2, 6, 16), (2, 5, 16))),
    Case("multihead", lambda: Multihead(False), ((2, 6, 16), (2, 5, 16))),
    Case("multihead_weights", lambda: Multihead(True), ((2, 6, 16), (2, 5, 16))),
)
