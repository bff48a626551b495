"""LSTM, GRU and RNN against the suite, onnxruntime and torch's own layers.

onnx's evaluator knows neither lengths nor clipping nor other activations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.recurrent import gru, lstm, rnn
from tests.kernels.pytorch.functions.references import assert_same, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {"RNN": rnn, "GRU": gru, "LSTM": lstm}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
ACTIVATIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
WITH_ALPHA = ["Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu"]
WITH_BETA = ["Affine", "ScaledTanh", "HardSigmoid"]
NAMES = ["Relu", "Tanh", "Sigmoid", "Softsign", *WITH_ALPHA]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_recurrent_operators_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def drawn(kind: str, rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random recurrent operator."""
    steps, batch, size, hidden = (int(rng.integers(1, 6)) for _ in range(4))
    ways = int(rng.integers(1, 3))

    def normal(*shape: int) -> np.ndarray:
        return (0.6 * rng.standard_normal(shape)).astype(np.float32)

    def perhaps(value: np.ndarray) -> np.ndarray | None:
        return value if rng.random() < 0.5 else None

    rows = GATES[kind] * hidden
    inputs = [normal(steps, batch, size), normal(ways, rows, size), normal(ways, rows, hidden)]
    inputs += [perhaps(normal(ways, 2 * rows)), perhaps(rng.integers(1, steps + 1, batch).astype(np.int32))]
    inputs += [perhaps(normal(ways, batch, hidden))]
    if kind == "LSTM":
        inputs += [perhaps(normal(ways, batch, hidden)), perhaps(normal(ways, 3 * hidden))]
    attributes: dict[str, Any] = {"hidden_size": hidden}
    attributes["direction"] = "bidirectional" if ways == 2 else str(rng.choice(["forward", "reverse"]))
    attributes |= {"clip": 0.7} if rng.random() < 0.4 else {}
    attributes |= {"linear_before_reset": int(rng.integers(2))} if kind == "GRU" else {}
    attributes |= {"input_forget": int(rng.integers(2))} if kind == "LSTM" else {}
    return inputs, attributes | (drawn_activations(kind, ways, rng) if rng.random() < 0.5 else {})


def drawn_activations(kind: str, ways: int, rng: np.random.Generator) -> dict[str, Any]:
    names = [str(rng.choice(NAMES)) for _ in range(ACTIVATIONS[kind] * ways)]
    alphas = [float(np.float32(rng.random() + 0.1)) for name in names if name in WITH_ALPHA]
    betas = [float(np.float32(rng.random() + 0.1)) for name in names if name in WITH_BETA]
    found: dict[str, Any] = {"activations": tuple(names)}
    found |= {"activation_alpha": tuple(alphas)} if alphas else {}
    return found | ({"activation_beta": tuple(betas)} if betas else {})


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("seed", range(30))
def test_recurrent_operators_agree_with_onnxruntime(kind: str, seed: int) -> None:
    inputs, attributes = drawn(kind, np.random.default_rng(seed))
    outputs = 3 if kind == "LSTM" else 2
    want = by_runtime(kind, inputs, outputs, **attributes)
    assert_same(ours(FUNCTIONS[kind], inputs, **attributes), want, 1e-3, 1e-4)


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("seed", range(5))
def test_the_other_layout_is_a_transposition(kind: str, seed: int) -> None:
    inputs, attributes = drawn(kind, np.random.default_rng(seed))
    want = ours(FUNCTIONS[kind], inputs, **attributes)
    for place in (0, 5, 6):
        if place < len(inputs) and inputs[place] is not None:
            inputs[place] = inputs[place].swapaxes(0, 1)
    y, *ends = ours(FUNCTIONS[kind], inputs, **attributes, layout=1)
    assert_same([y.transpose(1, 2, 0, 3), *(end.swapaxes(0, 1) for end in ends)], want)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_recurrent_operators_keep_the_type(kind: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    rows = 3 * GATES[kind]
    given = [torch.randn(4, 2, 5), 0.3 * torch.randn(1, rows, 5), 0.3 * torch.randn(1, rows, 3)]
    exact = FUNCTIONS[kind](*(x.double() for x in given))
    have = FUNCTIONS[kind](*(x.to(dtype) for x in given))
    for one, other in zip(have, exact, strict=True):
        assert one.dtype == dtype
        torch.testing.assert_close(one.double(), other, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_no_step_and_no_length_leave_the_state(kind: str) -> None:
    rows = 2 * GATES[kind]
    w, r = torch.ones(1, rows, 3), torch.ones(1, rows, 2)
    start = torch.full((1, 4, 2), 0.5)
    y, y_h, *_ = FUNCTIONS[kind](torch.ones(0, 4, 3), w, r, None, None, start)
    assert y.shape == (0, 1, 4, 2)
    assert bool((y_h == start).all())
    y, y_h, *_ = FUNCTIONS[kind](torch.ones(5, 4, 3), w, r, None, torch.zeros(4, dtype=torch.int32), start)
    assert not bool(y.any())
    assert bool((y_h == start).all())


def test_gradients_reach_the_weights_as_in_torch() -> None:
    torch.manual_seed(1)
    layer = torch.nn.LSTM(3, 4)
    x = torch.randn(6, 2, 3)
    want = torch.autograd.grad(layer(x)[0].square().sum(), [layer.weight_ih_l0, layer.weight_hh_l0])
    order = [0, 3, 1, 2]  # i, f, g, o of torch as i, o, f, c of the standard

    def gates(weight: torch.Tensor) -> torch.Tensor:
        return torch.cat([weight.chunk(4)[place] for place in order]).unsqueeze(0)

    bias = torch.cat([gates(layer.bias_ih_l0), gates(layer.bias_hh_l0)], 1)
    y = lstm(x, gates(layer.weight_ih_l0), gates(layer.weight_hh_l0), bias)[0]
    torch.testing.assert_close(y[:, 0], layer(x)[0])
    have = torch.autograd.grad(y.square().sum(), [layer.weight_ih_l0, layer.weight_hh_l0])
    torch.testing.assert_close(have, want, rtol=1e-4, atol=1e-5)


def test_an_activation_that_misses_its_numbers_is_refused_by_name() -> None:
    x, w, r = torch.ones(1, 1, 1), torch.ones(1, 1, 1), torch.ones(1, 1, 1)
    with pytest.raises(ValueError, match="ScaledTanh"):
        rnn(x, w, r, activations=("ScaledTanh",))
    with pytest.raises(ValueError, match="swish"):
        rnn(x, w, r, activations=("Swish",))
