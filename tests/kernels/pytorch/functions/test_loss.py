"""Losses against the suite, onnx's evaluator and onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.loss import negative_log_likelihood_loss, softmax_cross_entropy_loss
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS = {
    "NegativeLogLikelihoodLoss": negative_log_likelihood_loss,
    "SoftmaxCrossEntropyLoss": softmax_cross_entropy_loss,
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_losses_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("seed", range(25))
def test_losses_agree_with_the_evaluator_and_onnxruntime(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch, classes = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    rest = [int(rng.integers(1, 4)) for _ in range(int(rng.integers(0, 4)))]
    labels = rng.integers(0, classes, (batch, *rest)).astype(rng.choice([np.int32, np.int64]))
    attributes: dict[str, Any] = {"reduction": str(rng.choice(["none", "sum", "mean"]))}
    if rng.random() < 0.5:
        attributes["ignore_index"] = int(rng.choice([-1, 0, 7]))
        labels[rng.random(labels.shape) < 0.3] = attributes["ignore_index"]
        labels.flat[0] = 1
    inputs = [rng.standard_normal((batch, classes, *rest)).astype(np.float32), labels]
    inputs += [rng.random(classes).astype(np.float32) + 0.1] if rng.random() < 0.5 else []
    outputs = 2 if kind.startswith("Soft") else 1
    have = ours(FUNCTIONS[kind], inputs, **attributes)
    assert_same(have, by_evaluator(kind, inputs, outputs, **attributes))
    if attributes.get("ignore_index", 0) in (-1, 0) and len(rest) != 1:
        assert_same(have, by_runtime(kind, inputs, outputs, opset=13, **attributes))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_losses_keep_the_type(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    scores, labels, weights = torch.randn(5, 3, 2), torch.randint(3, (5, 2)), torch.rand(3)
    loss, log_prob = softmax_cross_entropy_loss(scores.to(dtype), labels, weights.to(dtype))
    assert loss.dtype == log_prob.dtype == dtype
    want = torch.nn.functional.cross_entropy(scores, labels, weights)
    torch.testing.assert_close(loss.float(), want, rtol=0.02, atol=0.02)


def test_nothing_but_ignored_targets_has_no_mean() -> None:
    labels = torch.zeros(2, dtype=torch.int64)
    assert bool(negative_log_likelihood_loss(torch.ones(2, 3), labels, ignore_index=0).isnan())


def test_a_mean_of_many_16_bit_losses_does_not_overflow() -> None:
    loss = softmax_cross_entropy_loss(torch.zeros(90000, 2).half(), torch.zeros(90000, dtype=torch.int64))[0]
    assert loss.item() == pytest.approx(0.6931, abs=1e-3)
