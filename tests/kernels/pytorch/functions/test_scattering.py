"""Writing elements against the suite and onnx's evaluator, at random and with every element type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import scattering
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check
from tests.kernels.pytorch.functions.test_indexing import Call, data

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ScatterElements": scattering.scatter_elements,
    "ScatterND": scattering.scatter_nd,
    "TensorScatter": scattering.tensor_scatter,
}
REDUCTIONS = ("none", "add", "mul", "max", "min")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_scattering_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def drawn_elements(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 5, int(rng.integers(1, 4)))
    axis, reduction = int(rng.integers(-len(shape), len(shape))), str(rng.choice(REDUCTIONS))
    wanted = np.array([int(rng.integers(1, size + 1)) for size in shape])
    indices = np.argsort(rng.random(shape), axis)[tuple(map(slice, wanted))]
    if reduction != "none":
        indices = rng.integers(0, shape[axis], wanted)
    indices = np.where(rng.random(wanted) < 0.3, indices - shape[axis], indices)
    x = data(rng, *shape)
    return [x, indices, data(rng, *wanted, kind=x.dtype.type)], {"axis": axis, "reduction": reduction}


def drawn_nd(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 5, int(rng.integers(1, 4)))
    depth, reduction = int(rng.integers(1, len(shape) + 1)), str(rng.choice(REDUCTIONS))
    places = np.stack([axis.ravel() for axis in np.indices(shape[:depth])], -1)
    chosen = rng.permutation(len(places))[: rng.integers(1, len(places) + 1)]
    if reduction != "none":
        chosen = rng.integers(0, len(places), 5)
    indices = places[chosen]
    indices = np.where(rng.random(indices.shape) < 0.3, indices - shape[:depth], indices)
    x = data(rng, *shape)
    updates = data(rng, len(chosen), *shape[depth:], kind=x.dtype.type)
    return [x, indices, updates], {"reduction": reduction}


def drawn_cache(rng: np.random.Generator) -> Call:
    shape = rng.integers(2, 6, int(rng.integers(2, 5)))
    axis, mode = int(rng.integers(1, len(shape))), str(rng.choice(["linear", "circular"]))
    wanted = shape.copy()
    wanted[axis] = rng.integers(1, shape[axis] + 1)
    last = shape[axis] if mode == "circular" else shape[axis] - wanted[axis] + 1
    writes = rng.integers(0, last, shape[0]) if rng.random() < 0.8 else None
    x = data(rng, *shape)
    return [x, data(rng, *wanted, kind=x.dtype.type), writes], {"axis": axis, "mode": mode}


DRAWN = {"ScatterElements": drawn_elements, "ScatterND": drawn_nd, "TensorScatter": drawn_cache}


@pytest.mark.parametrize("kind", DRAWN)
def test_random_calls_agree_with_the_evaluator(kind: str) -> None:
    """Products of bfloat16 are rounded in another order: the last bit may differ."""
    for seed in range(60):
        inputs, attributes = DRAWN[kind](np.random.default_rng(seed))
        rtol = 2**-7 if attributes.get("reduction") == "mul" else 0
        want = by_evaluator(kind, inputs, **attributes)
        assert_same(ours(FUNCTIONS[kind], inputs, **attributes), want, rtol=rtol, atol=0)


def test_scatter_nd_refuses_a_place_outside() -> None:
    x, place = torch.zeros(2, 3), torch.tensor([[0, 3]])
    for reduction in REDUCTIONS:
        with pytest.raises(IndexError):
            scattering.scatter_nd(x, place, torch.ones(1), reduction=reduction)


def test_gradients_reach_data_and_updates() -> None:
    x, updates = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    scattering.scatter_elements(x, torch.tensor([0, 2]), updates, reduction="add").sum().backward()
    scattering.scatter(x, torch.tensor([0, 2]), updates).sum().backward()
    assert x.grad is not None
    assert updates.grad is not None
    assert x.grad.tolist() == [1, 2, 1]
    assert updates.grad.tolist() == [2, 2]
