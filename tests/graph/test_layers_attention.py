"""Attention and transformer layers: lengths, widths, heads, masks and weights are torch's."""

import pytest

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.contract.dice import Dice
from tests.graph.layer_checks import (
    check_cases,
    check_same_verdict,
    errors,
    floats,
    layers_in,
    look,
    refusal,
    shapes,
    sized,
)

NAMES = layers_in("Attention")


def _near(dice: Dice, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape itself, or one with a size changed."""
    if not shape or dice.flip(0.75):
        return shape
    place = dice.number(0, len(shape) - 1)
    return (*shape[:place], dice.number(1, 3), *shape[place + 1 :])


def wild_attention(dice: Dice):
    shape = dice.some(dice.pick(2, 3, 3, 3), 1, 4)
    first = dice.flip()
    params = {
        "num_heads": dice.number(1, 2),
        "batch_first": first,
        **dice.maybe(0.1, embed_dim=dice.number(1, 4)),
    }
    key = _near(dice, shape)
    inputs = [dice.floats(*shape), dice.floats(*key), dice.floats(*_near(dice, key)), None, None]
    length, keys = (shape[1], key[1]) if first and len(shape) == 3 else (shape[0], key[0])
    batch = (shape[0 if first else 1],) if len(shape) == 3 else ()
    if dice.flip(0.3):
        inputs[3] = dice.bools(*_near(dice, (*batch, keys)), chance=0.0)
    if dice.flip(0.4):
        rows = dice.pick((), (params["num_heads"] * (batch[0] if batch else 1),))
        inputs[4] = dice.bools(*_near(dice, (*rows, length, keys)), chance=0.0)
    return params, inputs


def wild_dot_product(dice: Dice):
    """Some of torch's paths let a causal mask beside a mask and other numbers of values pass; not drawn here."""
    lead = dice.some(dice.number(0, 2), 1, 3)
    length, keys, width, out = dice.some(4, 1, 3)
    key = _near(dice, (*lead, keys, width))
    inputs = [
        dice.floats(*_near(dice, (*lead, length, width))),
        dice.floats(*key),
        dice.floats(*key[:-1], out),
    ]
    if dice.flip(0.4):
        inputs.append(dice.bools(*_near(dice, (*dice.pick((), lead), length, keys)), chance=1.0))
        return {}, inputs
    return {"is_causal": dice.flip(0.3)}, inputs


def wild_rotary(dice: Dice):
    shape = (*dice.some(dice.number(0, 2), 1, 3), dice.pick(1, 2, 3), dice.pick(2, 4, 4, 6, 3))
    rows = shape[dice.number(0, len(shape) - 1) : -1]
    angles = [dice.floats(*_near(dice, (*rows, shape[-1] // dice.pick(1, 1, 2)))) for _ in "cs"]
    return {"interleaved": dice.flip()}, [dice.floats(*shape), *angles]


def wild_encoder(dice: Dice):
    shape = dice.some(dice.pick(1, 2, 3, 3, 3, 4), 1, 4)
    params = {"nhead": dice.number(1, 2), "dim_feedforward": 3, "batch_first": dice.flip()}
    params |= dice.maybe(0.1, d_model=dice.number(1, 4))
    inputs = [dice.floats(*shape), None, None]
    if len(shape) in (2, 3) and dice.flip():
        first = params["batch_first"] and len(shape) == 3
        length, batch = shape[1 if first else 0], ((shape[0 if first else 1],) if len(shape) == 3 else ())
        inputs[1] = dice.bools(*_near(dice, (length, length)), chance=0.0)
        inputs[2] = dice.bools(*_near(dice, (*batch, length)), chance=0.0)
    return params, inputs


def wild_decoder(dice: Dice):
    shape = dice.some(dice.pick(2, 3, 3, 3), 1, 4)
    params = {"nhead": dice.number(1, 2), "dim_feedforward": 3, "batch_first": dice.flip()}
    return params, [dice.floats(*shape), dice.floats(*_near(dice, _near(dice, shape)))]


WILD = {
    "MultiheadAttention": wild_attention,
    "ScaledDotProductAttention": wild_dot_product,
    "RotaryEmbedding": wild_rotary,
    "TransformerEncoderLayer": wild_encoder,
    "TransformerDecoderLayer": wild_decoder,
}


def test_all_of_them_are_there():
    assert set(NAMES) == set(WILD)


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 100)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    accepted = sum(check_same_verdict(layer, *WILD[layer](Dice(seed, layer))) for seed in range(250))
    assert 40 <= accepted <= 230


def test_lengths_and_batch_stay_symbolic():
    n, length, seen = symbol("N"), symbol("T"), symbol("S")
    attended = shapes("MultiheadAttention", {"batch_first": True}, floats(n, length, 64), floats(n, seen, 32))
    assert attended == [sized("N", "T", 64), sized("N", "T", "S")]
    assert shapes("TransformerEncoderLayer", {}, floats(length, n, 64)) == [sized("T", "N", 64)]
    assert shapes("ScaledDotProductAttention", {}, *[floats(n, 8, length, 16)] * 3) == [
        sized("N", 8, "T", 16)
    ]


def test_two_symbols_that_surely_differ_are_refused():
    n = symbol("N")
    assert refusal("MultiheadAttention", {}, floats(4, n, 64), floats(4, n + 1, 64)).port == 1


def test_keys_and_values_default_to_the_query():
    found = look("MultiheadAttention", {"num_heads": 4}, [floats(5, 2, 64)])
    assert (found.params["kdim"], found.params["vdim"]) == (64, 64)
    assert (found.parameters, set(found.weights)) == (
        16640,
        {"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"},
    )


def test_values_default_to_the_keys():
    found = look("MultiheadAttention", {}, [floats(5, 2, 64), floats(7, 2, 24)])
    assert not errors(found)
    assert found.weights["v_proj_weight"].shape == (64, 24)


def test_no_weights_no_second_output():
    found = look("MultiheadAttention", {"need_weights": False}, [floats(5, 2, 64)])
    assert found.outputs == (floats(5, 2, 64), None)


def test_heads_divide_the_width():
    problem = refusal("MultiheadAttention", {"num_heads": 3}, floats(5, 2, 10))
    assert problem.message == "embed_dim 10 cannot be split among 3 heads."
    problem = refusal("TransformerEncoderLayer", {"nhead": 3}, floats(5, 2, 10))
    assert problem.message == "d_model 10 cannot be split among 3 heads."


def test_batches_differ():
    problem = refusal("TransformerDecoderLayer", {}, floats(5, 2, 64), floats(5, 3, 64))
    assert problem.message == "tgt and memory have different batches: 5×2×64 and 5×3×64."


def test_a_mask_of_another_shape():
    problem = refusal("MultiheadAttention", {}, floats(5, 2, 64), None, None, None, ValueType("bool", (5, 4)))
    assert problem.message == "MultiheadAttention reads attn_mask as queries×keys = 5×5, gets 5×4."
    assert problem.port == 4


def test_a_mask_beside_causal():
    triple = [floats(2, 4, 5, 8)] * 3
    problem = refusal("ScaledDotProductAttention", {"is_causal": True}, *triple, ValueType("bool", (5, 5)))
    assert (problem.message, problem.param) == ("is_causal and attn_mask are both given.", "is_causal")


def test_published_counts():
    found = look("TransformerEncoderLayer", {"nhead": 8}, [floats(10, 32, 512)])
    assert found.parameters == 3_152_384


def test_masks_are_bool_or_of_the_query_s_type():
    triple = [floats(2, 4, 5, 8)] * 3
    problem = refusal("ScaledDotProductAttention", {}, *triple, ValueType("float64", (5, 5)))
    assert (
        problem.message
        == "ScaledDotProductAttention needs one element type, gets float32 and, on attn_mask, float64."
    )
    assert (problem.cure, problem.port) == ("Insert a Cast to float32.", 3)
    assert not errors(look("ScaledDotProductAttention", {}, [*triple, ValueType("bool", (5, 5))]))


def test_grouped_heads_divide_the_query_s():
    shapes_ = [floats(2, 4, 5, 8), floats(2, 3, 5, 8), floats(2, 3, 5, 8)]
    problem = refusal("ScaledDotProductAttention", {"enable_gqa": True}, *shapes_)
    assert problem.message == "4 query heads cannot share 3 key or value heads evenly."
    flat = [floats(5, 8)] * 3
    assert refusal("ScaledDotProductAttention", {"enable_gqa": True}, *flat).param == "enable_gqa"


def test_vectors_are_no_sequences():
    problem = refusal("ScaledDotProductAttention", {}, floats(8), floats(5, 8), floats(5, 8))
    assert problem.message == "query needs at least 2 dimensions, gets 8."
