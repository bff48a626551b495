"""Random operators: shapes, types, seeds and moments (their numbers are torch's own)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import random
from tests.kernels.pytorch.functions.samples import check_cases
from tests.kernels.pytorch.functions.suite import cases, run

COUNT = 20_000
DRAWN = {
    "test_training_dropout_default": "the numbers are drawn",
    "test_training_dropout_default_mask": "the numbers are drawn",
    "test_training_dropout": "the numbers are drawn",
    "test_training_dropout_mask": "the numbers are drawn",
}


def test_the_suite() -> None:
    assert check_cases({"Dropout": random.dropout}, DRAWN) == 6
    for case in cases("Bernoulli", "Dropout"):
        got = run(case, random.bernoulli if case.node.op_type == "Bernoulli" else random.dropout)
        for have, want in zip(got, case.outputs, strict=False):
            assert (have.dtype, have.shape) == (want.dtype, want.shape)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_moments(kind: torch.dtype) -> None:
    normal = random.random_normal(shape=(COUNT,), dtype=kind, mean=1.0, scale=2.0, seed=1.0)
    assert normal.dtype == kind
    assert normal.double().mean().item() == pytest.approx(1, abs=0.05)
    assert normal.double().std().item() == pytest.approx(2, abs=0.05)
    uniform = random.random_uniform_like(torch.zeros(COUNT), dtype=kind, low=2.0, high=5.0, seed=1.0)
    assert uniform.dtype == kind
    assert uniform.min() >= 2
    assert uniform.max() <= 5
    assert uniform.double().mean().item() == pytest.approx(3.5, abs=0.05)


def test_a_seed_repeats_and_none_does_not() -> None:
    like = torch.zeros(3, 4, dtype=torch.float64)
    calls: list[Any] = [
        lambda seed: random.random_normal_like(like, seed=seed),
        lambda seed: random.random_uniform_like(like, seed=seed),
        lambda seed: random.bernoulli(torch.full((100,), 0.5), seed=seed),
        lambda seed: random.multinomial(torch.zeros(1, 50), sample_size=20, seed=seed),
        lambda seed: random.dropout(torch.ones(100), torch.tensor(0.5), torch.tensor(True), seed=seed)[1],
    ]
    for call in calls:
        assert torch.equal(call(7), call(7))
        assert not torch.equal(call(None), call(None))


def test_shares() -> None:
    drawn = random.bernoulli(torch.full((COUNT,), 0.3), dtype=torch.bool, seed=1.0)
    assert drawn.dtype == torch.bool
    assert drawn.double().mean().item() == pytest.approx(0.3, abs=0.02)
    logits = torch.log(torch.tensor([[0.1, 0.9], [0.5, 0.5]]))
    places = random.multinomial(logits, sample_size=COUNT, dtype=torch.int64, seed=1.0)
    assert (places.dtype, places.shape) == (torch.int64, (2, COUNT))
    np.testing.assert_allclose(places.double().mean(1).numpy(), [0.9, 0.5], atol=0.02)
    kept, mask = random.dropout(torch.ones(COUNT), torch.tensor(0.75), torch.tensor(True), seed=1)
    assert kept.unique().tolist() == [0, 4]
    assert torch.equal(mask, kept != 0)
    assert mask.double().mean().item() == pytest.approx(0.25, abs=0.02)


def test_dropout_does_nothing_outside_training() -> None:
    data = torch.arange(6.0).reshape(2, 3)
    for given in (
        (),
        (torch.tensor(0.9),),
        (torch.tensor(0.9), torch.tensor(False)),
        (torch.tensor(0.0), torch.tensor(True)),
    ):
        kept, mask = random.dropout(data, *given)
        assert torch.equal(kept, data)
        assert mask.dtype == torch.bool
        assert mask.all()
