"""Optimizer steps against the suite and torch's own optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.training import adagrad, adam, momentum
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {"Adam": adam, "Adagrad": adagrad, "Momentum": momentum}
KINDS = {"Adam": 4, "Adagrad": 3, "Momentum": 3}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_optimizers_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("step", [0, 1, 5])
@pytest.mark.parametrize("count", [1, 3])
def test_optimizers_agree_with_the_evaluator(kind: str, step: int, count: int) -> None:
    rng = np.random.default_rng(step)
    inputs: list[Any] = [np.array(0.1, np.float32), np.array(step, np.int64)]
    shapes = [(2, 3), (4,), (1, 1, 2)][:count]
    inputs += [rng.random(shape).astype(np.float32) for _ in range(KINDS[kind]) for shape in shapes]
    attributes: dict[str, Any] = {"norm_coefficient": 0.3}
    if kind == "Adam":
        attributes |= {"alpha": 0.8, "beta": 0.7, "epsilon": 0.01, "norm_coefficient_post": 0.2}
    elif kind == "Adagrad":
        attributes |= {"decay_factor": 0.1, "epsilon": 0.01}
    else:
        attributes |= {"alpha": 0.9, "beta": 0.5, "mode": "nesterov" if step else "standard"}
    outputs = (KINDS[kind] - 1) * count
    want = by_evaluator(kind, inputs, outputs, domain="ai.onnx.preview.training", **attributes)
    want = [value.astype(np.float32) for value in want]  # the evaluator's Adam of one tensor gives float64
    assert_same(ours(FUNCTIONS[kind], inputs, **attributes), want)


def test_adam_is_torchs_adam() -> None:
    x = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([x], lr=0.1, eps=0.0)
    have, first, second = x.detach().clone(), torch.zeros(3), torch.zeros(3)
    for step in range(1, 4):
        gradient = torch.tensor([0.5, -1.0, 2.0]) * step
        x.grad = gradient
        optimizer.step()
        have, first, second = adam(
            torch.tensor(0.1), torch.tensor(step), have, gradient, first, second, epsilon=0.0
        )
    torch.testing.assert_close(have, x.detach())
