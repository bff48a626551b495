"""Comparison, logic and choice against the suite and onnx's evaluator."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import comparison
from tests.kernels.pytorch.functions.samples import (
    EIGHT_BITS,
    FLOATS,
    NUMBERS,
    PAIRS,
    agree,
    check_cases,
    named,
    sample,
)

COMPARED = {
    "Equal": comparison.equal,
    "Greater": comparison.greater,
    "GreaterOrEqual": comparison.greater_or_equal,
    "Less": comparison.less,
    "LessOrEqual": comparison.less_or_equal,
}
LOGIC = {"And": comparison.and_, "Or": comparison.or_, "Xor": comparison.xor}
ALL = (
    COMPARED
    | LOGIC
    | {
        "Not": comparison.not_,
        "Where": comparison.where,
        "IsNaN": comparison.is_nan,
        "IsInf": comparison.is_inf,
        "Identity": comparison.identity,
    }
)
REFUSED = {
    "test_equal_string": "torch has no strings",
    "test_equal_string_broadcast": "torch has no strings",
}


def test_the_suite() -> None:
    assert check_cases(ALL, REFUSED) == 80


@pytest.mark.parametrize("name", NUMBERS)
def test_every_type(name: str) -> None:
    for left, right in PAIRS:
        inputs = [sample(name, left), sample(name, right, 1)]
        for kind, function in COMPARED.items():
            agree(function, kind, inputs, rtol=0)
        condition = np.random.default_rng(2).random(left) < 0.5
        agree(comparison.where, "Where", [np.asarray(condition), *inputs], rtol=0)


def test_logic_broadcasts() -> None:
    draw = np.random.default_rng(0)
    for kind, function in LOGIC.items():
        agree(function, kind, [draw.random((3, 1)) < 0.5, draw.random(7) < 0.5], rtol=0)


@pytest.mark.parametrize("name", FLOATS)
def test_no_numbers_and_infinities(name: str) -> None:
    x = sample(name, (3, 7))
    agree(comparison.is_nan, "IsNaN", [x], rtol=0)
    for negative in (0, 1):
        for positive in (0, 1):
            agree(comparison.is_inf, "IsInf", [x], rtol=0, detect_negative=negative, detect_positive=positive)


@pytest.mark.parametrize("name", EIGHT_BITS)
def test_no_numbers_and_infinities_of_eight_bits(name: str) -> None:
    every = np.arange(256, dtype=np.uint8).view(named(name))
    values = torch.from_numpy(every.view(np.uint8).copy()).view(getattr(torch, name))
    wide = every.astype(np.float32)
    assert np.array_equal(comparison.is_nan(values).numpy(), np.isnan(wide))
    assert np.array_equal(comparison.is_inf(values).numpy(), np.isinf(wide))
    assert np.array_equal(comparison.is_inf(values, detect_positive=0).numpy(), np.isneginf(wide))
