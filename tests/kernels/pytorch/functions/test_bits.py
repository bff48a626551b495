"""Bits of integers against the suite and onnx's evaluator."""

from __future__ import annotations

import numpy as np
import pytest

from sketch.kernels.pytorch.functions import bits
from tests.kernels.pytorch.functions.samples import INTEGERS, PAIRS, agree, check_cases, sample

ALL = {
    "BitwiseAnd": bits.bitwise_and,
    "BitwiseOr": bits.bitwise_or,
    "BitwiseXor": bits.bitwise_xor,
    "BitwiseNot": bits.bitwise_not,
    "BitShift": bits.bit_shift,
}


def test_the_suite() -> None:
    assert check_cases(ALL) == 43


@pytest.mark.parametrize("name", INTEGERS)
def test_every_integer_type(name: str) -> None:
    for left, right in PAIRS:
        inputs = [sample(name, left), sample(name, right, 1)]
        for kind in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
            agree(ALL[kind], kind, inputs, rtol=0)
        agree(bits.bitwise_not, "BitwiseNot", inputs[:1], rtol=0)


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
@pytest.mark.parametrize("name", INTEGERS)
def test_shifts_by_any_number_of_places(name: str, direction: str) -> None:
    draw = np.random.default_rng(1)
    for left, right in PAIRS:
        near = draw.integers(0, 70, size=right).astype(name)
        places = np.where(draw.random(right) < 0.8, near, sample(name, right))
        agree(bits.bit_shift, "BitShift", [sample(name, left), places], rtol=0, direction=direction)
