"""Rules of attention: multihead, scaled dot product, transformer encoder and decoder layers."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import (
    expect_least,
    expect_rank,
    expect_same_dtype,
    expect_shape,
    expect_size,
    sizes_differ,
    typed,
)

QUERY, KEY, VALUE, PADDING_MASK, ATTENTION_MASK = range(5)


def multihead_attention(call: Call) -> tuple[ValueType | None, ...]:
    """The query's shape, and N×L×S weights (N×heads×L×S when they are not averaged)."""
    key = KEY if call.given(KEY) else QUERY
    value = VALUE if call.given(VALUE) else key
    expect_same_dtype(call, KEY, VALUE, PADDING_MASK, ATTENTION_MASK)
    query_length, batch = _tokens(call, QUERY)
    key_length = _same_batch(call, key, batch, QUERY)
    if sizes_differ(key_length, _same_batch(call, value, batch, QUERY)):
        raise ShapeError(
            f"There are {key_length} keys, but {_tokens(call, value)[0]} values.",
            "Give keys and values of the same length.",
            port=VALUE,
        )
    for port, param in ((QUERY, "embed_dim"), (key, "kdim"), (value, "vdim")):
        expect_size(
            call, param, call.shape(port)[-1], f"features in {call.spec.input_port(port).name}", port=port
        )
    heads = call.param("num_heads")
    _check_padding_mask(call, PADDING_MASK, batch, key_length)
    _check_attention_mask(call, ATTENTION_MASK, batch, heads, query_length, key_length)
    if not call.param("need_weights"):
        return (call.input(), None)
    seen = key_length + int(call.param("add_bias_kv")) + int(call.param("add_zero_attn"))
    split = () if call.param("average_attn_weights") else (heads,)
    return (call.input(), typed(call, *batch, *split, query_length, seen))


def scaled_dot_product_attention(call: Call) -> tuple[ValueType | None, ...]:
    """...×L×E, ...×S×E and ...×S×Ev to ...×L×Ev."""
    expect_same_dtype(call, KEY, VALUE, 3)
    shapes = [call.shape(port) for port in (QUERY, KEY, VALUE)]
    for port, shape in enumerate(shapes):
        if len(shape) < 2:
            name = call.spec.input_port(port).name
            raise ShapeError(
                f"{name} needs at least 2 dimensions, gets {shape_text(shape)}.",
                "Insert an Unsqueeze.",
                port=port,
            )
    (*lead, length, width), (*key_lead, keys, key_width), (*value_lead, values, out) = shapes
    _agree(call, width, key_width, "features in a query and in a key", KEY)
    _agree(call, keys, values, "keys and values", VALUE)
    if call.param("enable_gqa"):
        key_lead, value_lead = _repeat_heads(call, lead, key_lead), _repeat_heads(call, lead, value_lead)
    joint = _broadcast(_broadcast(lead, key_lead, KEY), value_lead, VALUE)
    _check_dot_mask(call, joint, length, keys)
    return (typed(call, *joint, length, out),)


def rotary_embedding(call: Call) -> tuple[ValueType | None, ...]:
    """The shape of x; cos and sin broadcast to it and are as wide as it or half as wide."""
    expect_least(call, 2, "...×L×E")
    *lead, width = call.shape()
    if isinstance(width, int) and width % 2:
        raise ShapeError(
            f"{call.spec.name} turns pairs of features, gets {width} features.",
            "Give x an even last size.",
            port=0,
        )
    expect_same_dtype(call, 1, 2)
    first = call.shape(1)
    half = isinstance(width, int) and bool(first) and first[-1] == width // 2
    for port in (1, 2):
        _check_angles(call, port, (*lead, width // 2 if half else width))
    return (call.input(),)


def _check_angles(call: Call, port: int, wanted: tuple[Dim, ...]) -> None:
    """Angles are as wide as `wanted` and broadcast to it."""
    shape = call.shape(port)
    behind = wanted[len(wanted) - len(shape) :]
    fits = 0 < len(shape) <= len(wanted) and not sizes_differ(shape[-1], wanted[-1])
    if not fits or any(a != 1 and sizes_differ(a, b) for a, b in zip(shape[:-1], behind[:-1], strict=True)):
        raise ShapeError(
            f"{call.spec.input_port(port).name} {shape_text(shape)} does not fit x {shape_text(call.shape())}.",
            "Give cos and sin the sizes of x, or 1 where they repeat; their last size may be half of x's.",
            port=port,
        )


def transformer_encoder(call: Call) -> tuple[ValueType | None, ...]:
    """The source's shape."""
    expect_same_dtype(call, 1, 2)
    length, batch = _tokens(call, 0)
    expect_size(call, "d_model", call.shape()[-1], "features in a token")
    _check_attention_mask(call, 1, batch, call.param("nhead"), length, length)
    _check_padding_mask(call, 2, batch, length)
    return (call.input(),)


def transformer_decoder(call: Call) -> tuple[ValueType | None, ...]:
    """The target's shape; the memory has the same batch and width."""
    expect_same_dtype(call, *range(1, 6))
    length, batch = _tokens(call, 0)
    memory = _same_batch(call, 1, batch, 0)
    for port in (0, 1):
        expect_size(call, "d_model", call.shape(port)[-1], "features in a token", port=port)
    heads = call.param("nhead")
    _check_attention_mask(call, 2, batch, heads, length, length)
    _check_attention_mask(call, 3, batch, heads, length, memory)
    _check_padding_mask(call, 4, batch, length)
    _check_padding_mask(call, 5, batch, memory)
    return (call.input(),)


def _tokens(call: Call, port: int) -> tuple[Dim, tuple[Dim, ...]]:
    """(length, batch) of a sequence; the batch is empty for an L×features input."""
    first = call.param("batch_first")
    wording = "N×L×features" if first else "L×N×features"
    expect_rank(call, (3, 2), f"{wording}, or L×features without a batch", port)
    shape = call.shape(port)
    if len(shape) == 2:
        return shape[0], ()
    return (shape[1], shape[:1]) if first else (shape[0], shape[1:2])


def _same_batch(call: Call, port: int, batch: tuple[Dim, ...], other: int) -> Dim:
    """The length of a second sequence; ShapeError when its batch is not the first one's."""
    length, found = _tokens(call, port)
    if len(found) == len(batch) and not any(map(sizes_differ, found, batch)):
        return length
    first, second = call.spec.input_port(other).name, call.spec.input_port(port).name
    raise ShapeError(
        f"{first} and {second} have different batches: "
        f"{shape_text(call.shape(other))} and {shape_text(call.shape(port))}.",
        "Give both the same batch; check batch_first.",
        port=port,
    )


def _check_padding_mask(call: Call, port: int, batch: tuple[Dim, ...], length: Dim) -> None:
    if call.given(port):
        expect_shape(call, port, (*batch, length), "N×length" if batch else "length")


def _check_attention_mask(
    call: Call, port: int, batch: tuple[Dim, ...], heads: int, length: Dim, keys: Dim
) -> None:
    if not call.given(port):
        return
    if len(call.shape(port)) == 3:
        rows = (batch[0] if batch else 1) * heads
        expect_shape(call, port, (rows, length, keys), "N·heads×queries×keys")
    else:
        expect_shape(call, port, (length, keys), "queries×keys")


def _agree(call: Call, first: Dim, second: Dim, what: str, port: int) -> None:
    if sizes_differ(first, second):
        raise ShapeError(
            f"{call.spec.name} needs as many {what}, gets {first} and {second}.",
            "Make both sizes equal.",
            port=port,
        )


def _repeat_heads(call: Call, lead: list[Dim], other: list[Dim]) -> list[Dim]:
    """Grouped queries: key and value heads are repeated up to the query's."""
    if not lead or not other:
        raise ShapeError(
            "enable_gqa needs heads×L×E inputs.", "Add a dimension for the heads.", param="enable_gqa"
        )
    heads, shared = lead[-1], other[-1]
    if isinstance(heads, int) and isinstance(shared, int) and heads % shared:
        raise ShapeError(
            f"{heads} query heads cannot share {shared} key or value heads evenly.",
            "Choose a number of heads that divides the query's.",
            param="enable_gqa",
        )
    return [*other[:-1], heads]


def _broadcast(first: list[Dim], second: list[Dim], port: int) -> list[Dim]:
    """Leading sizes joined from the right; 1 stretches."""
    width = max(len(first), len(second))
    left, right = [1] * (width - len(first)) + first, [1] * (width - len(second)) + second
    if any(a != 1 and b != 1 and sizes_differ(a, b) for a, b in zip(left, right, strict=True)):
        raise ShapeError(
            f"Batch and heads differ: {shape_text(tuple(first))} and {shape_text(tuple(second))}.",
            "Give query, key and value the same batch and heads.",
            port=port,
        )
    return [b if a == 1 else a for a, b in zip(left, right, strict=True)]


def _check_dot_mask(call: Call, lead: list[Dim], length: Dim, keys: Dim) -> None:
    if not call.given(3):
        return
    if call.param("is_causal"):
        raise ShapeError(
            "is_causal and attn_mask are both given.",
            "Turn is_causal off, or disconnect the mask.",
            param="is_causal",
        )
    mask, full = call.shape(3), (*lead, length, keys)
    behind = full[len(full) - len(mask) :]
    if len(mask) > len(full) or any(a != 1 and sizes_differ(a, b) for a, b in zip(mask, behind, strict=True)):
        raise ShapeError(
            f"attn_mask {shape_text(mask)} does not fit {shape_text(full)} (batch×heads×queries×keys).",
            "Give the mask these sizes, or 1 where it repeats.",
            port=3,
        )


RULES: Mapping[str, Rule] = {
    "multihead_attention": multihead_attention,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "rotary_embedding": rotary_embedding,
    "transformer_encoder": transformer_encoder,
    "transformer_decoder": transformer_decoder,
}
