"""Picking elements against the suite, onnx's evaluator and onnxruntime, at random and with every element type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import indexing
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Compress": indexing.compress,
    "Gather": indexing.gather,
    "GatherElements": indexing.gather_elements,
    "GatherND": indexing.gather_nd,
    "NonZero": indexing.non_zero,
    "OneHot": indexing.one_hot,
    "Slice": indexing.slice_,
    "TopK": indexing.top_k,
    "Trilu": indexing.trilu,
    "Unique": indexing.unique,
}
TYPES = [
    *(np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64),
    *(np.float16, ml_dtypes.bfloat16, np.float32, np.float64),
]
Call = tuple[list[Any], dict[str, Any]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_indexing_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def data(rng: np.random.Generator, *shape: int, kind: Any = None) -> np.ndarray[Any, Any]:
    """Whole numbers of a random type, large ones among them."""
    kind = TYPES[rng.integers(len(TYPES))] if kind is None else kind
    low = 0 if np.dtype(kind).kind in "ub" else -100
    values = rng.integers(low, 100, shape).astype(kind)
    if np.dtype(kind).kind == "u" and values.size:
        values.flat[0] = np.iinfo(kind).max - 1
    return values


def drawn_slice(rng: np.random.Generator) -> Call:
    shape = rng.integers(0, 7, int(rng.integers(1, 5)))
    count = int(rng.integers(1, len(shape) + 1))
    starts, ends = rng.integers(-9, 9, count), rng.integers(-9, 9, count)
    ends = np.where(rng.random(count) < 0.2, np.iinfo(np.int64).max, ends)
    axes = rng.permutation(len(shape))[:count] if rng.random() < 0.7 else None
    steps = rng.choice([1, 2, 3], count) if axes is not None and rng.random() < 0.5 else None
    index = [np.int32, np.int64][rng.integers(2)] if ends.max() < 10 else np.int64
    given = [None if item is None else item.astype(index) for item in (starts, ends, axes, steps)]
    return [data(rng, *shape), *given], {}


def drawn_gather(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 5, int(rng.integers(1, 5)))
    axis = int(rng.integers(-len(shape), len(shape)))
    indices = rng.integers(-shape[axis], shape[axis], rng.integers(0, 4, int(rng.integers(0, 3))))
    return [data(rng, *shape), np.asarray(indices, [np.int32, np.int64][rng.integers(2)])], {"axis": axis}


def drawn_gather_elements(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 5, int(rng.integers(1, 4)))
    axis = int(rng.integers(-len(shape), len(shape)))
    wanted = shape.copy()
    wanted[axis] = rng.integers(0, 6)
    return [data(rng, *shape), rng.integers(-shape[axis], shape[axis], wanted)], {"axis": axis}


def drawn_gather_nd(rng: np.random.Generator) -> Call:
    rank = int(rng.integers(1, 5))
    shape, batch = rng.integers(1, 5, rank), int(rng.integers(0, rank))
    depth = int(rng.integers(1, rank - batch + 1))
    outer = [*shape[:batch], *rng.integers(1, 4, int(rng.integers(0, 3)))]
    bounds = shape[batch : batch + depth]
    indices = np.stack([rng.integers(-bound, bound, outer) for bound in bounds], -1)
    return [data(rng, *shape), indices], {"batch_dims": batch}


def drawn_one_hot(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 4, int(rng.integers(0, 3)))
    indices = np.asarray(rng.integers(-6, 7, shape), [np.int32, np.int64, np.float32][rng.integers(3)])
    axis = int(rng.integers(-len(shape) - 1, len(shape) + 1))
    return [indices, np.array([5] if rng.random() < 0.5 else 5), data(rng, 2)], {"axis": axis}


def drawn_compress(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 5, int(rng.integers(1, 4)))
    axis = int(rng.integers(-len(shape), len(shape))) if rng.random() < 0.7 else None
    longest = int(np.prod(shape)) if axis is None else int(shape[axis])
    condition = rng.random(int(rng.integers(0, longest + 1))) < 0.5
    return [data(rng, *shape), condition], {} if axis is None else {"axis": axis}


def drawn_non_zero(rng: np.random.Generator) -> Call:
    values = data(rng, *rng.integers(0, 4, int(rng.integers(1, 4))))
    return [np.where(rng.random(values.shape) < 0.5, values, values.dtype.type(0))], {}


def drawn_top_k(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 6, int(rng.integers(1, 4)))
    axis = int(rng.integers(-len(shape), len(shape)))
    kind = TYPES[rng.integers(1, len(TYPES))]
    x = data(rng, *shape, kind=kind) // kind(20) if rng.random() < 0.5 else data(rng, *shape, kind=kind)
    k = np.array([int(rng.integers(0, shape[axis] + 1))])
    return [x.astype(kind), k], {"axis": axis, "largest": int(rng.integers(2))}


def drawn_trilu(rng: np.random.Generator) -> Call:
    x = data(rng, *rng.integers(0, 5, int(rng.integers(2, 4))))
    k = np.array(int(rng.integers(-6, 7))) if rng.random() < 0.8 else None
    return [x, k], {"upper": int(rng.integers(2))}


def drawn_unique(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 4, int(rng.integers(1, 4)))
    x = rng.integers(0, 3, shape).astype(TYPES[rng.integers(len(TYPES))])
    attributes = {"sorted": int(rng.integers(2))}
    return [x], attributes | (
        {"axis": int(rng.integers(-len(shape), len(shape)))} if rng.random() < 0.6 else {}
    )


DRAWN: dict[str, tuple[Callable[[np.random.Generator], Call], int]] = {
    "Compress": (drawn_compress, 1),
    "Gather": (drawn_gather, 1),
    "GatherElements": (drawn_gather_elements, 1),
    "GatherND": (drawn_gather_nd, 1),
    "NonZero": (drawn_non_zero, 1),
    "OneHot": (drawn_one_hot, 1),
    "Slice": (drawn_slice, 1),
    "TopK": (drawn_top_k, 2),
    "Trilu": (drawn_trilu, 1),
    "Unique": (drawn_unique, 4),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_random_calls_agree_with_the_evaluator(kind: str) -> None:
    draw, outputs = DRAWN[kind]
    faults = []
    for seed in range(60):
        inputs, attributes = draw(np.random.default_rng(seed))
        if "sorted" in attributes:
            attributes["sorted"] = 1
        try:
            want = by_evaluator(kind, inputs, outputs, **attributes)
        except (TypeError, ValueError) as fault:  # of the evaluator, checked below not to be all
            faults.append(fault)
            continue
        assert_same(ours(FUNCTIONS[kind], inputs, **attributes), want, rtol=0, atol=0)
    assert len(faults) < (40 if kind == "OneHot" else 15)


def test_unique_in_the_order_of_the_input_agrees_with_onnxruntime() -> None:
    """Onnx's evaluator fails there on an axis."""
    for seed in range(40):
        inputs, attributes = drawn_unique(np.random.default_rng(seed))
        inputs = [inputs[0].astype(np.float32)]
        want = by_runtime("Unique", inputs, 4, **attributes)
        assert_same(ours(indexing.unique, inputs, **attributes), want, rtol=0, atol=0)


def test_slice_clamps_a_start_before_the_first_element_as_the_standard_says() -> None:
    """Numpy (and the evaluator) give nothing here."""
    x = torch.arange(4)
    ends = torch.tensor([-(2**63)])
    assert indexing.slice_(x, torch.tensor([-9]), ends, None, torch.tensor([-1])).tolist() == [0]
    want = by_runtime("Slice", [x.numpy(), *(np.array([n]) for n in (-9, -(2**63), 0, -1))])
    assert want[0].tolist() == [0]


def test_slice_backwards_agrees_with_onnxruntime() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        x = np.arange(int(rng.integers(0, 7)))
        limits = [np.array([int(rng.integers(-9, 9))]) for _ in range(2)]
        inputs = [x, *limits, np.array([0]), np.array([-int(rng.integers(1, 4))])]
        assert_same(ours(indexing.slice_, inputs), by_runtime("Slice", inputs), rtol=0, atol=0)


def test_an_index_outside_is_an_error() -> None:
    x = torch.zeros(2, 3)
    with pytest.raises(IndexError):
        indexing.gather(x, torch.tensor([3]), axis=1)
    with pytest.raises(RuntimeError):
        indexing.gather_elements(x, torch.tensor([[0, 1, 2]]), axis=0)


def test_gradients_reach_the_data() -> None:
    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, _ = indexing.top_k(x, torch.tensor([2]))
    (values.sum() + indexing.gather(x, torch.tensor([-1])).sum()).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 0, 2]


@pytest.mark.parametrize("kept_order", [0, 1])
def test_unique_takes_all_nans_for_one(kept_order: int) -> None:
    x = np.array([2, np.nan, 1, np.nan, 2], np.float32)
    want = by_evaluator("Unique", [x], 4, sorted=kept_order)
    assert_same(ours(indexing.unique, [x], sorted=kept_order), want)
