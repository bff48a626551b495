"""Matrix products against the suite, numpy and onnxruntime, in every element type."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.linear import einsum, gemm, mat_mul
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FLOATS = [np.float16, np.float32, np.float64, ml_dtypes.bfloat16]
WHOLE = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]


def drawn(rng: np.random.Generator, dtype: Any, *shape: int) -> np.ndarray:
    """Small numbers, or whole numbers of the full width (so that products wrap)."""
    if dtype in WHOLE:
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    return rng.standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("MatMul")])
def test_mat_mul_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, mat_mul)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("Gemm")])
def test_gemm_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, gemm)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("Einsum")])
def test_einsum_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, einsum)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((4, 3), (3,)),
        ((2, 1, 4, 3), (5, 3, 2)),
        ((3,), (2, 3, 4)),
        ((2, 0), (0, 3)),
        ((0, 3), (3, 2)),
    ],
)
@pytest.mark.parametrize("dtype", [*FLOATS, np.int32, np.int64, np.uint32, np.uint64])
def test_mat_mul_knows_every_type(left: tuple[int, ...], right: tuple[int, ...], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    inputs = [drawn(rng, dtype, *left), drawn(rng, dtype, *right)]
    wide = dtype if dtype in WHOLE else np.float64
    want = np.asarray(np.matmul(*(x.astype(wide) for x in inputs))).astype(dtype)
    exact = 0 if dtype in WHOLE else 0.02 if dtype in (np.float16, ml_dtypes.bfloat16) else 1e-5
    assert_same(ours(mat_mul, inputs), [want], exact, exact)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint32, np.int64, np.uint64])
def test_gemm_agrees_with_the_evaluator(seed: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    m, k, n = (int(rng.integers(1, 5)) for _ in range(3))
    flags = {name: int(rng.integers(2)) for name in ("transA", "transB")}
    a = drawn(rng, dtype, *((k, m) if flags["transA"] else (m, k)))
    b = drawn(rng, dtype, *((n, k) if flags["transB"] else (k, n)))
    if dtype in WHOLE:
        a, b = a % 50, b % 50
    shapes: list[tuple[int, ...]] = [(m, n), (n,), (1, n), (m, 1), (1,), ()]
    c = drawn(rng, dtype, *shapes[rng.integers(6)]) if rng.random() < 0.8 else None
    c = c % 99 if c is not None and dtype in WHOLE else c
    factors = {"alpha": float(rng.choice([1, 2, 0.5])), "beta": float(rng.choice([1, 0, 3, 0.25]))}
    inputs = [a, b, np.asarray(c)] if c is not None else [a, b]
    assert_same(
        ours(gemm, inputs, **flags, **factors), by_evaluator("Gemm", inputs, **flags, **factors), 1e-4
    )


def test_gemm_of_beta_zero_forgets_c() -> None:
    nothing = np.full((1, 1), np.nan, np.float32)
    one = np.ones((1, 1), np.float32)
    assert ours(gemm, [one, one, nothing], beta=0.0)[0] == 1


@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE])
def test_einsum_knows_every_type(dtype: Any) -> None:
    rng = np.random.default_rng(1)
    inputs = [drawn(rng, dtype, 2, 3, 4), drawn(rng, dtype, 2, 4, 2)]
    wide = dtype if dtype in WHOLE else np.float64
    want = np.einsum("bij,bjk->ki", *(x.astype(wide) for x in inputs)).astype(dtype)
    exact = 0 if dtype in WHOLE else 0.02 if dtype in (np.float16, ml_dtypes.bfloat16) else 1e-5
    assert_same(ours(einsum, inputs, equation="bij,bjk->ki"), [want], exact, exact)


EQUATIONS = [
    ("...ij,...jk->...ik", [(2, 1, 3, 4), (1, 5, 4, 2)]),
    ("...ij , ...jk", [(2, 3, 4), (2, 4, 2)]),
    ("ij,j", [(3, 4), (4,)]),
    ("bA,Ac", [(3, 4), (4, 2)]),
    ("ba", [(2, 3)]),
    ("ii->i", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("iij->j", [(3, 3, 2)]),
    ("i,j->ij", [(3,), (2,)]),
    ("ij->", [(3, 2)]),
    ("a,ab,abc->c", [(2,), (2, 3), (2, 3, 4)]),
    ("bhwc,hkc->bhwk", [(2, 3, 4, 5), (3, 6, 5)]),
    ("...->...", [(2, 3)]),
    ("...i->...", [(2, 3)]),
    ("i...->...i", [(2, 3, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 0), (0, 2)]),
]


@pytest.mark.parametrize(("equation", "shapes"), EQUATIONS)
def test_einsum_agrees_with_numpy_and_onnxruntime(equation: str, shapes: list[tuple[int, ...]]) -> None:
    rng = np.random.default_rng(2)
    inputs = [drawn(rng, np.float32, *shape) for shape in shapes]
    have = ours(einsum, inputs, equation=equation)
    assert_same(have, by_evaluator("Einsum", inputs, equation=equation))
    if all(all(shape) for shape in shapes):
        assert_same(have, by_runtime("Einsum", inputs, equation=equation))


def test_gradients_flow_through_products() -> None:
    a, b = torch.ones(2, 3, requires_grad=True), torch.ones(3, 2, requires_grad=True)
    for y in (mat_mul(a, b), gemm(a, b, torch.ones(2)), einsum(a, b, equation="ij,jk->ik")):
        assert all(bool((grad == 2).all()) for grad in torch.autograd.grad(y.sum(), [a, b]))
