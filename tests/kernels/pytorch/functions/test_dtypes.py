"""The ways around torch's missing arithmetic are exact there and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import dtypes
from tests.kernels.pytorch.functions.samples import INTEGERS, NUMBERS, UNSIGNED, sample
from tests.kernels.pytorch.functions.suite import to_torch


@pytest.mark.parametrize("kind", NUMBERS)
def test_there_and_back_is_the_same(kind: str) -> None:
    x = to_torch(sample(kind, (40,), edges=False))
    assert torch.equal(dtypes.widened(x).to(x.dtype), x)
    assert torch.equal(dtypes.unordered(dtypes.ordered(x), x.dtype), x)
    assert torch.equal(dtypes.same_bits(x).view(x.dtype), x)


@pytest.mark.parametrize("kind", INTEGERS)
def test_order_is_that_of_numpy(kind: str) -> None:
    x = sample(kind, (200,))
    order = torch.argsort(dtypes.ordered(to_torch(x)), stable=True)
    assert np.array_equal(order.numpy(), np.argsort(x, stable=True))


@pytest.mark.parametrize("kind", UNSIGNED)
def test_sums_and_products_are_right_after_going_back(kind: str) -> None:
    a, b = sample(kind, (200,), 1), sample(kind, (200,), 2)
    x, y = dtypes.widened(to_torch(a)), dtypes.widened(to_torch(b))
    back = getattr(torch, kind)
    assert np.array_equal((x + y).to(back).numpy(), a + b)
    assert np.array_equal((x * y).to(back).numpy(), a * b)


def test_what_a_type_is() -> None:
    assert [dtypes.is_float8(kind) for kind in (torch.float8_e8m0fnu, torch.uint8, torch.float16)] == [
        True,
        False,
        False,
    ]
    assert [dtypes.is_unsigned(kind) for kind in (torch.uint8, torch.bool, torch.int8)] == [
        True,
        False,
        False,
    ]
    assert dtypes.accumulating(torch.ones(1, dtype=torch.bfloat16)).dtype == torch.float32
    assert dtypes.accumulating(torch.ones(1, dtype=torch.float64)).dtype == torch.float64
    assert dtypes.integer_range(torch.int4) == (-8, 7)
    assert dtypes.integer_range(torch.uint2) == (0, 3)
    assert dtypes.integer_range(torch.int16) == (-32768, 32767)
    assert dtypes.held_in(torch.uint4) == torch.uint8
    assert dtypes.held_in(torch.int64) == torch.int64
