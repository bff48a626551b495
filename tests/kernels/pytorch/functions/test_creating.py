"""Constants, ranges and unit matrices against the suite, onnx's evaluator and onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import creating
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Constant": creating.constant,
    "ConstantOfShape": creating.constant_of_shape,
    "EyeLike": creating.eye_like,
    "Range": creating.range_,
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_creating_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16, np.int32, np.int64])
def test_random_ranges_agree_with_onnxruntime(kind: Any) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        start, limit, delta = rng.integers(-9, 10, 3)
        scale = rng.choice([1, 0.5, 0.1]) if np.dtype(kind).kind == "f" else 1
        inputs = [np.array(number * scale, kind) for number in (start, limit, delta or 1)]
        want = by_runtime("Range", inputs)
        assert_same(ours(creating.range_, inputs), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16])
def test_a_long_range_of_half_precision_goes_on(kind: Any) -> None:
    """Added up in its own type, 256 + 1 would stay 256 in bfloat16."""
    inputs = [np.array(number, kind) for number in (0, 1000, 1)]
    have = ours(creating.range_, inputs)[0]
    np.testing.assert_array_equal(have, np.arange(1000, dtype=np.float32).astype(kind))


def test_constants_of_every_attribute() -> None:
    assert creating.constant(value_float=0.5).dtype == torch.float32
    assert creating.constant(value_floats=(0.5, 1.0)).tolist() == [0.5, 1.0]
    assert creating.constant(value_int=3).dtype == torch.int64
    assert creating.constant(value_ints=()).shape == (0,)
    assert creating.constant(value_ints=()).dtype == torch.int64
    sparse = torch.sparse_coo_tensor([[1]], [2.0], (3,), check_invariants=True)
    assert creating.constant(sparse_value=sparse).tolist() == [0, 2, 0]
    with pytest.raises(ValueError, match="Constant: torch has no tensors of strings"):
        creating.constant(value_string="a")


@pytest.mark.parametrize("kind", [torch.uint64, torch.bool, torch.bfloat16, torch.float8_e5m2])
def test_constant_of_shape_has_the_type_of_its_value(kind: torch.dtype) -> None:
    y = creating.constant_of_shape(torch.tensor([2, 3]), value=torch.ones(1).to(kind))
    assert (y.dtype, y.shape) == (kind, (2, 3))
    assert bool((y.to(torch.float32) == 1).all())
    assert creating.constant_of_shape(torch.zeros(0, dtype=torch.int64)).shape == ()


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float64, np.bool_])
def test_eye_like_agrees_with_the_evaluator(kind: Any) -> None:
    for k in range(-4, 5):
        inputs = [np.ones([3, 4], kind)]
        assert_same(ours(creating.eye_like, inputs, k=k), by_evaluator("EyeLike", inputs, k=k))
