"""Draws of embeddings, recurrent layers and attention."""

from functools import partial
from typing import Any

from tests.contract.dice import UNBATCHED, Array, Dice, Draw, Drawn

MINUS = -10_000.0
"""Stands for minus infinity in float masks, so that products with it stay numbers."""


def embedding(dice: Dice) -> Drawn:
    count = dice.number(2, 9)
    params: dict[str, Any] = {"num_embeddings": count, "embedding_dim": dice.number(1, 5)}
    params |= dice.maybe(0.3, padding_idx=dice.number(-count, count - 1))
    params |= dice.maybe(0.15, max_norm=dice.real(0.2, 1.0), norm_type=dice.pick(1.0, 2.0))
    x = dice.ints(*dice.some(dice.number(1, 3), 1, 4), high=count - 1)
    return Drawn(params, [x], (0,))


def recurrent(dice: Dice, kind: str) -> Drawn:
    hidden, layers, length = dice.number(2, 5), dice.number(1, 2), dice.number(1, 5)
    params: dict[str, Any] = {
        "hidden_size": hidden,
        "num_layers": layers,
        "bias": dice.flip(0.8),
        "batch_first": dice.flip(),
        "bidirectional": dice.flip(),
    }
    if layers > 1:
        params |= dice.maybe(0.3, dropout=0.3)
    if kind == "RNN":
        params |= dice.maybe(0.5, nonlinearity=dice.pick("tanh", "relu"))
    if kind == "LSTM":
        params |= dice.maybe(0.3, proj_size=dice.number(1, hidden - 1))
    batch = () if dice.flip(0.15) else (dice.number(1, 3),)
    shape = (*batch, length) if params["batch_first"] else (length, *batch)
    inputs: list[Array | None] = [dice.floats(*shape, dice.number(1, 4))]
    stack = (layers * (2 if params["bidirectional"] else 1), *batch)
    if dice.flip(0.4):
        inputs.append(dice.floats(*stack, params.get("proj_size", hidden)))
    if len(inputs) == 2 and kind == "LSTM":
        inputs.append(dice.floats(*stack, hidden))
    if not batch:
        return Drawn(params, inputs, (None,) * len(inputs), UNBATCHED)
    return Drawn(params, inputs, (0 if params["batch_first"] else 1, 1, 1)[: len(inputs)])


def _tokens(dice: Dice, batch: tuple[int, ...], length: int, width: int, batch_first: bool) -> Array:
    return dice.floats(*((*batch, length) if batch_first else (length, *batch)), width)


def _mask(dice: Dice, kind: str, *shape: int) -> Array:
    """True (or a large negative number) hides a place; the first one of each row always stays in sight."""
    hidden = dice.bools(*shape, chance=0.4)
    hidden[..., 0] = False
    if kind == "bool":
        return hidden
    return hidden.astype("float32") * MINUS


def multihead_attention(dice: Dice) -> Drawn:
    heads = dice.number(1, 3)
    embed, first = heads * dice.number(1, 3), dice.flip()
    batch = () if dice.flip(0.15) else (dice.number(1, 3),)
    length = keys = dice.number(1, 4)
    params = {
        "num_heads": heads,
        "bias": dice.flip(0.7),
        "batch_first": first,
        "need_weights": dice.flip(0.7),
        "average_attn_weights": dice.flip(0.7),
        **dice.maybe(0.2, add_bias_kv=True),
        **dice.maybe(0.2, add_zero_attn=True),
        **dice.maybe(0.2, dropout=0.2),
    }
    inputs: list[Array | None] = [_tokens(dice, batch, length, embed, first), None, None, None, None]
    given = dice.number(1, 3)
    if given > 1:
        keys = dice.number(1, 5)
        inputs[1] = _tokens(dice, batch, keys, dice.pick(embed, dice.number(1, 5)), first)
    if given > 2:
        inputs[2] = _tokens(dice, batch, keys, dice.pick(embed, dice.number(1, 5)), first)
    kind = dice.pick("bool", "float")
    if dice.flip(0.3):
        inputs[3] = _mask(dice, kind, *batch, keys)
    if dice.flip(0.3):
        rows = dice.pick((), (heads * (batch[0] if batch else 1),))
        inputs[4] = _mask(dice, kind, *rows, length, keys)
    return _attended(params, inputs, batch, (first, first, first), 3)


def _attended(
    params: dict[str, Any],
    inputs: list[Array | None],
    batch: tuple[int, ...],
    firsts: tuple[bool, ...],
    mask: int,
) -> Drawn:
    """Batch axes of token inputs and of the padding masks from port `mask` on; none while a mask holds N·heads."""
    fixed = any(x is not None and x.ndim == 3 for x in inputs[len(firsts) :])
    axes: list[int | None] = [0 if first else 1 for first in firsts]
    axes += [
        0 if index >= mask and x is not None and x.ndim == 2 else None for index, x in enumerate(inputs)
    ][len(firsts) :]
    if not batch:
        return Drawn(params, inputs, (None,) * len(inputs), UNBATCHED)
    return Drawn(params, inputs, (None,) * len(inputs) if fixed else tuple(axes))


def scaled_dot_product_attention(dice: Dice) -> Drawn:
    batch, shared = dice.some(dice.number(0, 1), 1, 3), dice.number(1, 2)
    gqa = dice.flip(0.2)
    heads = shared * dice.number(1, 2) if gqa else shared
    length, keys, width, out = dice.some(4, 1, 4)
    params: dict[str, Any] = {
        **dice.maybe(0.3, scale=dice.real(0.1, 1.0)),
        **({"enable_gqa": True} if gqa else {}),
    }
    inputs: list[Array | None] = [
        dice.floats(*batch, heads, length, width),
        dice.floats(*batch, shared, keys, width),
        dice.floats(*batch, shared, keys, out),
    ]
    choice = dice.pick("none", "causal", "bool", "float")
    if choice == "causal":
        params["is_causal"] = True
    elif choice != "none":
        hidden = _mask(dice, choice, *dice.pick((), (*batch, heads)), length, keys)
        inputs.append(~hidden if choice == "bool" else hidden)
    return Drawn(params, inputs, (0, 0, 0) if batch and len(inputs) == 3 else (None,) * len(inputs))


def rotary_embedding(dice: Dice) -> Drawn:
    lead, half = dice.some(dice.number(0, 2), 1, 3), dice.number(1, 4)
    shape = (*lead, dice.number(1, 5), 2 * half)
    width = dice.pick(half, 2 * half)
    rows = [dice.pick(1, size) for size in shape[:-1]][dice.number(0, len(shape) - 1) :]
    angles = [dice.floats(*rows, width, low=-1.0, high=1.0) for _ in "cs"]
    return Drawn(dice.maybe(0.5, interleaved=True), [dice.floats(*shape), *angles], (None,) * 3)


def _transformer(dice: Dice) -> tuple[dict[str, Any], int]:
    heads = dice.number(1, 3)
    params = {
        "nhead": heads,
        "dim_feedforward": dice.number(1, 8),
        "dropout": dice.pick(0.1, 0.0),
        "activation": dice.pick("relu", "gelu"),
        "layer_norm_eps": dice.pick(1e-5, 0.001),
        "batch_first": dice.flip(),
        "norm_first": dice.flip(),
        "bias": dice.flip(0.7),
    }
    return params, heads * dice.number(1, 3)


def encoder(dice: Dice) -> Drawn:
    params, width = _transformer(dice)
    first, length = params["batch_first"], dice.number(1, 4)
    batch = () if dice.flip(0.15) else (dice.number(1, 3),)
    kind = dice.pick("bool", "float")
    inputs: list[Array | None] = [_tokens(dice, batch, length, width, first), None, None]
    if dice.flip(0.4):
        rows = dice.pick((), (params["nhead"] * (batch[0] if batch else 1),))
        inputs[1] = _mask(dice, kind, *rows, length, length)
    if dice.flip(0.4):
        inputs[2] = _mask(dice, kind, *batch, length)
    return _attended(params, inputs, batch, (first,), 2)


def decoder(dice: Dice) -> Drawn:
    params, width = _transformer(dice)
    first, length, memory = params["batch_first"], dice.number(1, 4), dice.number(1, 4)
    batch = () if dice.flip(0.15) else (dice.number(1, 3),)
    kind = dice.pick("bool", "float")
    inputs: list[Array | None] = [_tokens(dice, batch, size, width, first) for size in (length, memory)]
    shapes = [(length, length), (length, memory), (*batch, length), (*batch, memory)]
    inputs += [_mask(dice, kind, *shape) if dice.flip(0.4) else None for shape in shapes]
    return _attended(params, inputs, batch, (first, first), 4)


DRAWS: dict[str, Draw] = {
    "Embedding": embedding,
    **{kind: partial(recurrent, kind=kind) for kind in ("RNN", "LSTM", "GRU")},
    "MultiheadAttention": multihead_attention,
    "ScaledDotProductAttention": scaled_dot_product_attention,
    "RotaryEmbedding": rotary_embedding,
    "TransformerEncoderLayer": encoder,
    "TransformerDecoderLayer": decoder,
}
