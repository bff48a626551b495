"""Attention in all its forms against the suite, onnx's evaluator and the standard's own function bodies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.attention import attention, flex_attention
from sketch.kernels.pytorch.functions.linear_attention import (
    causal_conv_with_state,
    linear_attention,
    rotary_embedding,
)
from tests.kernels.pytorch.functions.references import (
    assert_same,
    body_of,
    by_body,
    by_evaluator,
    by_runtime,
    ours,
)
from tests.kernels.pytorch.functions.suite import Case, cases, check, to_torch

LAST_BIT = {
    # The suite's numbers come from a softmax whose sum is rounded to bfloat16 after each addition.
    "test_attention_4d_causal_bf16",
    "test_attention_4d_padded_kv_bf16",
    "test_attention_4d_causal_padded_kv_bf16",
    "test_attention_3d_causal_bf16",
}


def all_of(*operators: str) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in cases(*operators)]


@pytest.mark.parametrize("case", all_of("Attention"))
def test_attention_gives_the_numbers_of_the_suite(case: Case) -> None:
    if case.name in LAST_BIT:
        case = Case(case.name, case.node, case.inputs, case.outputs, 2**-6, case.atol)
    check(case, attention)


@pytest.mark.parametrize("case", [item for item in all_of("Attention") if len(item.values[0].outputs) < 2])
def test_the_fused_call_gives_the_same(case: Case) -> None:
    """Without the fourth output the function may use torch's fused attention."""
    inputs = [to_torch(value) for value in case.inputs]
    whole = attention(*inputs, **case.attributes)[0]
    fused, _, _, scores = attention(*inputs, **case.attributes, qk_matmul_output=False)
    assert scores is None
    torch.testing.assert_close(fused, whole, rtol=1e-5, atol=1e-6)


def drawn(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random attention."""
    batch, keys, group = (int(rng.integers(1, 4)) for _ in range(3))
    queries, length, size, v_size = (int(rng.integers(1, 6)) for _ in range(4))
    dtype = np.float64 if rng.random() < 0.3 else np.float32
    heads = keys * group
    cache = rng.choice(["none", "past", "lengths"])
    past = int(rng.integers(0, 4)) if cache == "past" else 0
    inputs: list[Any] = [
        rng.standard_normal((batch, heads, queries, size)).astype(dtype),
        rng.standard_normal((batch, keys, length, size)).astype(dtype),
        rng.standard_normal((batch, keys, length, v_size)).astype(dtype),
        drawn_mask(rng, (batch, heads, queries, length + past), dtype),
    ]
    if cache == "past":
        inputs.append(rng.standard_normal((batch, keys, past, size)).astype(dtype))
        inputs.append(rng.standard_normal((batch, keys, past, v_size)).astype(dtype))
    if cache == "lengths":
        inputs += [None, None, rng.integers(1, length + 1, batch)]
    attributes: dict[str, Any] = {"qk_matmul_output_mode": int(rng.integers(4))}
    if rng.random() < 0.5:
        attributes["is_causal"] = 1
    if rng.random() < 0.3:
        attributes["scale"] = 0.25
    if rng.random() < 0.3:
        attributes["softcap"] = 1.5
    if rng.random() < 0.4:
        attributes["left_window_size"] = int(rng.integers(0, 4))
    if rng.random() < 0.3:
        attributes["right_window_size"] = int(rng.integers(0, 4))
    if rng.random() < 0.4:
        inputs[:3] = [x.transpose(0, 2, 1, 3).reshape(batch, x.shape[2], -1) for x in inputs[:3]]
        attributes |= {"q_num_heads": heads, "kv_num_heads": keys}
    return inputs, attributes


def drawn_mask(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray | None:
    rank = int(rng.integers(0, 5))
    if rank < 2:
        return None
    cut = [size if rng.random() < 0.6 else 1 for size in shape[4 - rank : 3]] + [shape[3]]
    return rng.random(cut) < 0.7 if rng.random() < 0.5 else rng.standard_normal(cut).astype(dtype)


@pytest.mark.parametrize("seed", range(60))
def test_attention_agrees_with_the_function_body(seed: int) -> None:
    """Not with onnx's evaluator, which forgets the causal rule for a mask of one row."""
    inputs, attributes = drawn(np.random.default_rng(seed))
    want = by_body("Attention", inputs, 4, **attributes)
    assert_same(ours(attention, inputs, **attributes), want)
    assert_same(ours(attention, inputs, **attributes, qk_matmul_output=False)[:3], want[:3])


def test_a_mask_may_be_shorter_than_the_keys() -> None:
    rng = np.random.default_rng(5)
    q, k, v = (rng.standard_normal((2, 3, 6, 4)).astype(np.float32) for _ in range(3))
    for mask in (rng.random((6, 4)) < 0.8, rng.standard_normal((2, 1, 6, 3)).astype(np.float32)):
        inputs = [q, k, v, mask]
        assert_same(ours(attention, inputs), by_evaluator("Attention", inputs))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_softmax_precision_is_kept(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 2, 5, 8, dtype=dtype) for _ in range(3))
    y, _, _, weights = attention(q, k, v, softmax_precision=torch.float32, qk_matmul_output_mode=3)
    assert y.dtype == weights.dtype == dtype
    exact = attention(q.double(), k.double(), v.double())[0]
    torch.testing.assert_close(y.double(), exact, rtol=0.05, atol=0.02)


def test_what_is_masked_never_counts() -> None:
    """An infinite key under the mask changes nothing, in the fused call as well."""
    torch.manual_seed(1)
    q, k, v = (torch.randn(1, 1, 3, 4) for _ in range(3))
    broken = k.clone()
    broken[:, :, 2] = torch.inf
    mask = torch.tensor([True, True, False]).expand(3, 3)
    want = attention(q, k, v, mask)[0]
    for flag in (True, False):
        torch.testing.assert_close(attention(q, broken, v, mask, qk_matmul_output=flag)[0], want)


def test_gradients_reach_every_input_past_an_empty_row() -> None:
    q, k, v = (torch.randn(1, 1, 3, 4, requires_grad=True) for _ in range(3))
    mask = torch.ones(3, 3).tril(-1).bool()
    attention(q, k, v, mask)[0].sum().backward()
    assert all(bool(x.grad.isfinite().all()) for x in (q, k, v))


# ---------------------------------------------------------------- the others
@pytest.mark.parametrize("case", all_of("LinearAttention"))
def test_linear_attention_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, linear_attention)


@pytest.mark.parametrize("case", all_of("CausalConvWithState"))
def test_causal_conv_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, causal_conv_with_state)


@pytest.mark.parametrize("case", all_of("RotaryEmbedding"))
def test_rotary_embedding_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, rotary_embedding)


@pytest.mark.parametrize("seed", range(20))
def test_rotary_embedding_agrees_with_the_evaluator(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch, heads, length, half = (int(rng.integers(1, 5)) for _ in range(4))
    size = 2 * half + 2 * int(rng.integers(0, 3))
    x = rng.standard_normal((batch, heads, length, size)).astype(np.float32)
    attributes: dict[str, Any] = {"interleaved": int(rng.integers(2))}
    attributes |= {} if size == 2 * half else {"rotary_embedding_dim": 2 * half}
    if rng.random() < 0.5:
        x = x.transpose(0, 2, 1, 3).reshape(batch, length, -1)
        attributes["num_heads"] = heads
    by_place = rng.random() < 0.5
    angles = rng.standard_normal((9, half) if by_place else (batch, length, half)).astype(np.float32)
    places = [rng.integers(0, 9, (batch, length))] if by_place else []
    inputs = [x, np.cos(angles), np.sin(angles), *places]
    assert_same(
        ours(rotary_embedding, inputs, **attributes), by_evaluator("RotaryEmbedding", inputs, **attributes)
    )
    assert_same(
        ours(rotary_embedding, inputs, **attributes),
        by_runtime("RotaryEmbedding", inputs, opset=23, **attributes),
    )


@pytest.mark.parametrize("seed", range(20))
def test_linear_attention_agrees_with_the_evaluator(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch, length, keys, group, size, v_size = (int(rng.integers(1, 4)) for _ in range(6))
    rule = str(rng.choice(["linear", "gated", "delta", "gated_delta"]))

    def uniform(*shape: int) -> np.ndarray:
        return rng.random(shape).astype(np.float32)

    inputs: list[Any] = [
        uniform(batch, length, keys * group * size),
        uniform(batch, length, keys * size),
        uniform(batch, length, keys * v_size),
        uniform(batch, keys, size, v_size) if rng.random() < 0.5 else None,
        -uniform(batch, length, keys * int(rng.choice([1, size]))) if "gated" in rule else None,
        uniform(batch, length, int(rng.choice([1, keys]))) if "delta" in rule else None,
    ]
    attributes = {"q_num_heads": keys * group, "kv_num_heads": keys, "update_rule": rule}
    want = by_evaluator("LinearAttention", inputs, 2, **attributes)
    assert_same(ours(linear_attention, inputs, **attributes), want)


@pytest.mark.parametrize("case", all_of("FlexAttention"))
def test_flex_attention_gives_the_numbers_of_the_suite(case: Case) -> None:
    attributes = case.attributes
    for name in ("score_mod", "prob_mod"):
        if name in attributes:
            body = body_of(attributes[name])
            attributes[name] = lambda scores, body=body: body(scores)[0]
    check(case, lambda *inputs, **_: flex_attention(*inputs, **attributes))


def test_heads_in_three_dimensions_need_their_number() -> None:
    with pytest.raises(ValueError, match="num_heads"):
        rotary_embedding(torch.ones(1, 2, 4), torch.ones(1, 2, 2), torch.ones(1, 2, 2))
