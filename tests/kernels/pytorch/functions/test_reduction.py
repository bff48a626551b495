"""Reductions, positions and running sums against the suite, onnx's evaluator and, without NaN, onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import reduction
from tests.kernels.pytorch.functions.references import assert_same, by_runtime, ours
from tests.kernels.pytorch.functions.samples import (
    FLOATS,
    NUMBERS,
    TOLERANCE,
    agree,
    check_cases,
    named,
    sample,
)

REDUCTIONS = {
    "ReduceL1": reduction.reduce_l1,
    "ReduceL2": reduction.reduce_l2,
    "ReduceLogSum": reduction.reduce_log_sum,
    "ReduceLogSumExp": reduction.reduce_log_sum_exp,
    "ReduceMax": reduction.reduce_max,
    "ReduceMean": reduction.reduce_mean,
    "ReduceMin": reduction.reduce_min,
    "ReduceProd": reduction.reduce_prod,
    "ReduceSum": reduction.reduce_sum,
    "ReduceSumSquare": reduction.reduce_sum_square,
}
POSITIONS = {"ArgMax": reduction.arg_max, "ArgMin": reduction.arg_min}
RUNNING = {"CumSum": reduction.cum_sum, "CumProd": reduction.cum_prod}
ALL = REDUCTIONS | POSITIONS | RUNNING
WHOLE = ("int32", "int64", "uint32", "uint64")
AXES = (None, (), (0,), (-1,), (0, -1), (1, 2))


def types_of(kind: str) -> tuple[str, ...]:
    """The element types that a reduction takes."""
    if "Log" in kind:
        return FLOATS
    return FLOATS + WHOLE + (("int8", "uint8") if kind in ("ReduceMax", "ReduceMin") else ())


def settings(rank: int) -> Iterator[tuple[list[Any], dict[str, int]]]:
    """Axes as an input, none, empty, negative and several, with every combination of the attributes."""
    for axes in AXES:
        if axes and max(abs(axis + 0.5) for axis in axes) > rank:
            continue
        if axes and len({axis % rank for axis in axes}) < len(axes):
            continue
        inputs = [] if axes is None else [np.array(axes, np.int64)]
        for keep in (0, 1):
            for noop in (0, 1):
                yield inputs, {"keepdims": keep, "noop_with_empty_axes": noop}


def numbers(kind: str, name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Small enough for a sum or product in the type."""
    x = sample(name, shape, edges=False)
    if name not in FLOATS:
        return x if kind in ("ReduceMax", "ReduceMin") else (x % 7).astype(name)
    x = np.clip(x, -2, 2).astype(x.dtype) if kind == "ReduceProd" else x
    return abs(x) if kind == "ReduceLogSum" or name == "bfloat16" else x


def test_the_suite() -> None:
    assert check_cases(ALL) == 141


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_every_form(kind: str) -> None:
    for name in types_of(kind):
        if kind == "ReduceSumSquare" and name not in FLOATS:
            continue  # the evaluator leaves the type
        for shape in ((3, 4, 5), (2, 0, 3), (1,), ()):
            if 0 in shape and kind == "ReduceMean":
                continue  # the standard leaves a mean over nothing open
            for axes, given in settings(len(shape)):
                if shape == () and kind == "ReduceLogSumExp":
                    continue  # the evaluator fails
                x = numbers(kind, name, shape)
                rtol = 3 * TOLERANCE.get(name, 0)
                agree(REDUCTIONS[kind], kind, [x, *axes], rtol=rtol, **given)


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_onnxruntime_agrees(kind: str) -> None:
    for name in ("float32", "int32", "int64"):
        if name not in types_of(kind):
            continue
        x = numbers(kind, name, (3, 4, 5))
        for axes, given in settings(3):
            want = by_runtime(kind, [x, *axes], **given)
            assert_same(ours(REDUCTIONS[kind], [x, *axes], **given), want, 1e-5, 1e-5)


def test_squares_of_integers_keep_the_type() -> None:
    for name in WHOLE:
        x = numbers("ReduceSumSquare", name, (3, 4))
        got = ours(reduction.reduce_sum_square, [x, np.array([1])], keepdims=0)[0]
        assert got.dtype == x.dtype
        assert np.array_equal(got, (x * x).sum(1, dtype=name))


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin"])
def test_no_number_and_infinities_in_extremes(kind: str) -> None:
    for name in FLOATS:
        for axes in ([], [np.array([1])]):
            agree(REDUCTIONS[kind], kind, [sample(name, (6, 7)), *axes], rtol=0)


def test_logarithm_of_a_sum_of_nothing_but_minus_infinity() -> None:
    nothing = torch.full((2, 3), -np.inf)
    assert reduction.reduce_log_sum_exp(nothing, torch.tensor([1]), keepdims=0).tolist() == [-np.inf] * 2
    assert reduction.reduce_log_sum_exp(torch.tensor([np.inf, 1.0])).tolist() == [np.inf]


def test_sums_of_half_numbers_are_made_in_float32() -> None:
    ones = torch.ones(5000, dtype=torch.float16)
    for function, want in (
        (reduction.reduce_sum, 5000),
        (reduction.reduce_l1, 5000),
        (reduction.reduce_mean, 1),
    ):
        assert function(ones).tolist() == [want]
    assert reduction.cum_sum(ones, torch.tensor(0))[-1] == 5000
    factors = torch.tensor([60000.0, 60000.0, 1 / 60000, 1 / 60000], dtype=torch.float16).reshape(2, 2)
    assert reduction.reduce_prod(factors).item() == pytest.approx(1, rel=2e-2)


@pytest.mark.parametrize("kind", POSITIONS)
def test_positions(kind: str) -> None:
    for name in NUMBERS:
        ties = sample(name, (5, 6), edges=False)
        ties = (
            np.round(ties.astype(np.float64)).astype(ties.dtype)
            if name in FLOATS
            else ties // ties.dtype.type(2)
        )
        for x in (ties, sample(name, (5, 6))):
            for axis in (0, 1, -1, -2):
                for keep in (0, 1):
                    for last in (0, 1):
                        given = {"axis": axis, "keepdims": keep, "select_last_index": last}
                        agree(POSITIONS[kind], kind, [x.astype(named(name))], rtol=0, **given)


@pytest.mark.parametrize("kind", RUNNING)
def test_running_sums_and_products(kind: str) -> None:
    for name in FLOATS + WHOLE:
        for shape in ((4, 5), (0, 3), (1, 1)):
            x = sample(name, shape, edges=False)
            x = np.clip(x, 0, 2).astype(x.dtype) if name in FLOATS else x
            for axis in (0, 1, -1):
                for exclusive in (0, 1):
                    for reverse in (0, 1):
                        given = {"exclusive": exclusive, "reverse": reverse}
                        inputs = [x, np.array(axis, np.int64)]
                        agree(RUNNING[kind], kind, inputs, rtol=3 * TOLERANCE.get(name, 0), **given)


def test_gradients_flow() -> None:
    x = torch.linspace(0.5, 2, 12, dtype=torch.float64).reshape(3, 4).requires_grad_()
    for function in REDUCTIONS.values():
        assert torch.autograd.gradcheck(function, (x,))
    axis = torch.tensor(1)
    for running in RUNNING.values():
        given = partial(running, axis=axis, exclusive=1, reverse=1)
        assert torch.autograd.gradcheck(given, (x,))
    zero = torch.zeros(3, requires_grad=True)
    reduction.reduce_l2(zero).backward()
    assert zero.grad is not None
    assert zero.grad.tolist() == [0, 0, 0]
