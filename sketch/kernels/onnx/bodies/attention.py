"""Attention and Transformer layers, written out over N×heads×L×E."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sketch.kernels.onnx.bodies.activation import gelu
from sketch.kernels.onnx.bodies.linear import project
from sketch.kernels.onnx.bodies.norm import layer_norm
from sketch.kernels.onnx.bodies.window import bias
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.program import TensorValue


@dataclass(frozen=True)
class Heads:
    """What the core of attention needs beside query, key and value (all N×L×E).

    `mask` and `padding` are numbers of inputs (-1: none); `prefix` stands before the roles of the weights.
    """

    prefix: str
    embed_dim: int
    heads: int
    mask: int = -1
    padding: int = -1
    batched: bool = True


def _additive(e: Emitter, index: int) -> str:
    """A mask as numbers to add: -inf where a bool mask is true."""
    if e.type(index).dtype != "bool":
        return e.cast(e.x[index], e.type(index).dtype, e.dtype)
    return e.op("Where", e.x[index], e.number(-math.inf), e.number(0.0))


def attend(e: Emitter, query: str, key: str, value: str, about: Heads) -> tuple[str, str]:
    """(N×L×embed_dim, attention weights N×heads×L×S)."""
    sources = _projected(e, (query, key, value), about)
    kinds = [(e.weight(f"{about.prefix}bias_k"), sources[1]), (e.weight(f"{about.prefix}bias_v"), sources[2])]
    if e.has(f"{about.prefix}bias_k"):
        sources[1:] = [_appended(e, rows, extra) for extra, rows in kinds]
    size = about.embed_dim // about.heads
    split = [e.op("Transpose", e.reshape(x, 0, 0, about.heads, size), perm=(0, 2, 1, 3)) for x in sources]
    if e.params.get("add_zero_attn"):
        split[1:] = [_zero_row(e, rows, about.heads, size) for rows in split[1:]]
    scaled = e.op("Mul", split[0], e.number(1 / math.sqrt(size)))
    scores = e.op("MatMul", scaled, e.op("Transpose", split[1], perm=(0, 1, 3, 2)))
    mask = _masks(e, about)
    weights = e.op("Softmax", e.op("Add", scores, mask) if mask else scores, axis=-1)
    joined = e.reshape(
        e.op("Transpose", e.op("MatMul", weights, split[2]), perm=(0, 2, 1, 3)), 0, 0, about.embed_dim
    )
    name = f"{about.prefix}out_proj."
    return project(e, joined, e.weight(f"{name}weight"), bias(e, f"{name}bias")), weights


def _projected(e: Emitter, sources: Sequence[str], about: Heads) -> list[str]:
    """Query, key and value through their own matrices."""
    size, prefix = about.embed_dim, about.prefix
    if e.has(f"{prefix}in_proj_weight"):
        matrices: Sequence[str] = e.split(e.weight(f"{prefix}in_proj_weight"), 0, (size,) * 3)
    else:
        matrices = [e.weight(f"{prefix}{letter}_proj_weight") for letter in "qkv"]
    shifts: list[tuple[str, ...]] = [(), (), ()]
    if e.has(f"{prefix}in_proj_bias"):
        shifts = [(part,) for part in e.split(e.weight(f"{prefix}in_proj_bias"), 0, (size,) * 3)]
    return [project(e, x, w, b) for x, w, b in zip(sources, matrices, shifts, strict=True)]


def _appended(e: Emitter, rows: str, extra: str) -> str:
    """N×S×E with one learned row (1×1×E) at the end of each sample."""
    batch = e.slice(e.op("Shape", rows), 0, 0, 1)
    repeated = e.op("Expand", extra, e.op("Concat", batch, e.ints(1, 1), axis=0))
    return e.op("Concat", rows, repeated, axis=1)


def _zero_row(e: Emitter, rows: str, heads: int, size: int) -> str:
    """N×heads×S×E with a row of zeros at the end."""
    batch = e.slice(e.op("Shape", rows), 0, 0, 1)
    shape = e.op("Concat", batch, e.ints(heads, 1, size), axis=0)
    zeros = e.op("ConstantOfShape", shape, value=TensorValue(e.dtype, (1,), (0.0,)))
    return e.op("Concat", rows, zeros, axis=2)


def _masks(e: Emitter, about: Heads) -> str:
    """Both masks as one that broadcasts to N×heads×L×S."""
    parts = []
    if e.given(about.mask) and about.mask >= 0:
        mask = _additive(e, about.mask)
        if e.rank(about.mask) == 3:
            whole = e.op("Shape", mask)
            shape = e.op("Concat", e.ints(-1, about.heads), e.slice(whole, 0, 1, 3), axis=0)
            mask = e.op("Reshape", mask, shape)
        parts.append(mask)
    if e.given(about.padding) and about.padding >= 0:
        padding = _additive(e, about.padding)
        parts.append(e.unsqueeze(padding, 1, 2) if e.rank(about.padding) == 2 else padding)
    extra = int(e.has(f"{about.prefix}bias_k")) + int(bool(e.params.get("add_zero_attn")))
    if extra:
        parts = [_widened(e, part, extra) for part in parts]
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else e.op("Add", *parts)


def _widened(e: Emitter, mask: str, count: int) -> str:
    """A mask that lets the appended keys through."""
    if e.opset >= 18:
        return e.op("Pad", mask, e.ints(0, count), e.number(0.0), e.ints(-1), mode="constant")
    zeros = e.op("Mul", e.slice(mask, -1, 0, 1), e.number(0.0))
    free = e.op("Where", e.op("IsNaN", zeros), e.number(0.0), zeros)
    return e.op("Concat", mask, *(free,) * count, axis=-1)


def _batch_first(e: Emitter, x: str, rank: int) -> str:
    """N×L×E from any of the layouts."""
    if rank == 2:
        return e.unsqueeze(x, 0)
    return x if e.params["batch_first"] else e.op("Transpose", x, perm=(1, 0, 2))


def _back(e: Emitter, y: str, rank: int) -> str:
    if rank == 2:
        return e.squeeze(y, 0)
    return y if e.params["batch_first"] else e.op("Transpose", y, perm=(1, 0, 2))


def multihead(e: Emitter) -> tuple[str, ...]:
    """MultiheadAttention; an open key is the query, an open value the key."""
    rank, params = e.rank(), e.params
    key = 1 if e.given(1) else 0
    value = 2 if e.given(2) else key
    made = {index: _batch_first(e, e.x[index], rank) for index in dict.fromkeys((0, key, value))}
    about = Heads("", params["embed_dim"], params["num_heads"], 4, 3, rank == 3)
    y, weights = attend(e, made[0], made[key], made[value], about)
    result = _back(e, y, rank)
    if not params["need_weights"]:
        return (result,)
    if params["average_attn_weights"]:
        weights = e.reduce("ReduceMean", weights, [1], keepdims=False)
    return (result, weights if rank == 3 else e.squeeze(weights, 0))


def dot_product(e: Emitter) -> str:
    """softmax(q·kᵀ·scale + mask)·v; a query that may look nowhere gives zeros, as in PyTorch."""
    if e.params["dropout_p"]:
        raise UnsayableError(
            "It drops attention weights at inference too, which ONNX cannot; set dropout_p to 0."
        )
    query, key, value = e.x[:3]
    if e.params["enable_gqa"]:
        key, value = _repeated(e, key, 1), _repeated(e, value, 2)
    size = e.size(e.rank() - 1)
    scale = e.params["scale"] if e.params["scale"] is not None else 1 / math.sqrt(size)
    order = (*range(e.rank(1) - 2), e.rank(1) - 1, e.rank(1) - 2)
    scores = e.op("MatMul", e.op("Mul", query, e.number(scale)), e.op("Transpose", key, perm=order))
    mask = _keep(e)
    if not mask:
        return e.op("MatMul", e.op("Softmax", scores, axis=-1), value)
    weights = e.op("Softmax", e.op("Add", scores, mask), axis=-1)
    safe = e.op("Where", e.op("IsNaN", weights), e.number(0.0), weights)
    return e.op("MatMul", safe, value)


def rotary(e: Emitter) -> str:
    """x·cos + turned·sin; with one angle a pair (a, b) the pairs a·cos - b·sin, b·cos + a·sin."""
    x, cos, sin = e.x[:3]
    first, second = _of_pairs(e, x)
    wide = e.shape()[-1]
    if isinstance(wide, int) and e.shape(1)[-1] == wide // 2:
        above = e.op("Sub", e.op("Mul", first, cos), e.op("Mul", second, sin))
        return _pairs(e, above, e.op("Add", e.op("Mul", second, cos), e.op("Mul", first, sin)))
    turned = _pairs(e, e.op("Neg", second), first)
    return e.op("Add", e.op("Mul", x, cos), e.op("Mul", turned, sin))


def _of_pairs(e: Emitter, x: str) -> tuple[str, ...]:
    """The first and the second of all pairs."""
    if e.params["interleaved"]:
        return tuple(e.slice(x, -1, start, 2**31 - 1, 2) for start in (0, 1))
    parts = {"num_outputs": 2} if e.opset >= 18 else {}
    return e.many("Split", 2, x, axis=-1, **parts)


def _pairs(e: Emitter, first: str, second: str) -> str:
    """Pairs back in their places."""
    if not e.params["interleaved"]:
        return e.op("Concat", first, second, axis=-1)
    pairs = e.op("Concat", e.unsqueeze(first, -1), e.unsqueeze(second, -1), axis=-1)
    return e.reshape(pairs, *(0,) * (e.rank() - 1), -1)


def _repeated(e: Emitter, x: str, index: int) -> str:
    """Each key head as often as query heads share it."""
    heads, have = e.size(e.rank() - 3), e.size(e.rank(index) - 3, index)
    if heads == have:
        return x
    axis = e.rank(index) - 2
    wide = e.op("Concat", *(e.unsqueeze(x, axis),) * (heads // have), axis=axis)
    return (
        e.reshape(wide, *(0,) * (axis - 1), heads, *e.shape(index)[-2:])
        if _numbers(e, index)
        else _merged(e, wide, axis)
    )


def _numbers(e: Emitter, index: int) -> bool:
    return all(isinstance(size, int) for size in e.shape(index)[-2:])


def _merged(e: Emitter, x: str, axis: int) -> str:
    """Join dimension `axis` with the one before it; the sizes behind are read at run time."""
    whole = e.op("Shape", x)
    before = e.slice(whole, 0, 0, axis - 1)
    behind = e.slice(whole, 0, axis + 1, axis + 3)
    return e.op("Reshape", x, e.op("Concat", before, e.ints(-1), behind, axis=0))


def _keep(e: Emitter) -> str:
    """The mask as numbers to add; a bool one keeps where it is true."""
    if e.given(3):
        if e.type(3).dtype == "bool":
            return e.op("Where", e.x[3], e.number(0.0), e.number(-math.inf))
        return e.cast(e.x[3], e.type(3).dtype, e.dtype)
    if not e.params["is_causal"]:
        return ""
    if e.opset < 14:
        raise UnsayableError("Causal attention needs opset 14; choose opset 14 or newer.")
    rows, columns = e.sizes(e.x[0], 0)[-2], e.sizes(e.x[1], 1)[-2]
    ones = e.op(
        "ConstantOfShape", e.op("Concat", rows, columns, axis=0), value=TensorValue("float32", (1,), (1.0,))
    )
    seen = e.op("Cast", e.op("Trilu", ones, upper=0), to=9)
    return e.op("Where", seen, e.number(0.0), e.number(-math.inf))


def _feed_forward(e: Emitter, x: str) -> str:
    inner = project(e, x, e.weight("linear1.weight"), bias(e, "linear1.bias"))
    active = e.op("Relu", inner) if e.params["activation"] == "relu" else gelu(e, inner, "none")
    return project(e, active, e.weight("linear2.weight"), bias(e, "linear2.bias"))


def _blocks(e: Emitter, x: str, blocks: Sequence[Callable[[str], str]]) -> str:
    """Residual blocks, normalised before (norm_first) or after."""
    for number, block in enumerate(blocks, 1):
        if e.params["norm_first"]:
            x = e.op("Add", x, block(layer_norm(e, x, f"norm{number}.", 1)))
        else:
            x = layer_norm(e, e.op("Add", x, block(x)), f"norm{number}.", 1)
    return x


def encoder(e: Emitter) -> str:
    """Self-attention and feed-forward."""
    rank, params = e.rank(), e.params
    about = Heads("self_attn.", params["d_model"], params["nhead"], 1, 2)
    x = _batch_first(e, e.x[0], rank)
    blocks = [lambda x: attend(e, x, x, x, about)[0], lambda x: _feed_forward(e, x)]
    return _back(e, _blocks(e, x, blocks), rank)


def decoder(e: Emitter) -> str:
    """Self-attention, attention to the memory, feed-forward."""
    rank, params = e.rank(), e.params
    own = Heads("self_attn.", params["d_model"], params["nhead"], 2, 4)
    cross = Heads("multihead_attn.", params["d_model"], params["nhead"], 3, 5)
    x, memory = _batch_first(e, e.x[0], rank), _batch_first(e, e.x[1], rank)
    blocks = [
        lambda x: attend(e, x, x, x, own)[0],
        lambda x: attend(e, x, memory, memory, cross)[0],
        lambda x: _feed_forward(e, x),
    ]
    return _back(e, _blocks(e, x, blocks), rank)


BODIES: Mapping[str, Callable[[Emitter], str | tuple[str, ...]]] = {
    "MultiheadAttention": multihead,
    "ScaledDotProductAttention": dot_product,
    "RotaryEmbedding": rotary,
    "TransformerEncoderLayer": encoder,
    "TransformerDecoderLayer": decoder,
}
