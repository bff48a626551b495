"""Pools and LRN against the suite, onnx's evaluator, onnxruntime and written-out sums, at random."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.pooling import (
    average_pool,
    global_average_pool,
    global_lp_pool,
    global_max_pool,
    lp_pool,
    lrn,
    max_pool,
    max_unpool,
)
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "LRN": lrn,
    "LpPool": lp_pool,
    "MaxPool": max_pool,
    "MaxUnpool": max_unpool,
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_pools_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def drawn(rng: np.random.Generator, kind: str) -> tuple[list[Any], dict[str, Any]]:
    """Input and attributes of a random pool."""
    rank = int(rng.integers(1, 4))
    kernel = [int(size) for size in rng.integers(1, 4, rank)]
    dilations = [int(step) for step in rng.integers(1, 3, rank)]
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilations, strict=True)]
    sizes = [size + int(rng.integers(0, 5)) for size in reach]
    attributes: dict[str, Any] = {"kernel_shape": kernel, "dilations": dilations}
    attributes["strides"] = [int(step) for step in rng.integers(1, 4, rank)]
    attributes["ceil_mode"] = int(rng.integers(2))
    auto_pad = str(rng.choice(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if auto_pad == "NOTSET":
        attributes["pads"] = [int(rng.integers(0, size)) for size in [*kernel, *kernel]]
    else:
        attributes |= {"auto_pad": auto_pad, "ceil_mode": 0, "dilations": [1] * rank}
    if kind == "AveragePool":
        attributes["count_include_pad"] = int(rng.integers(2))
    if kind == "LpPool":
        attributes["p"] = int(rng.integers(1, 4))
    if kind == "MaxPool":
        attributes["storage_order"] = int(rng.integers(2))
    x = rng.standard_normal([int(rng.integers(1, 3)), int(rng.integers(1, 3)), *sizes]).astype(np.float32)
    return [x], attributes


@pytest.mark.parametrize("kind", ["AveragePool", "LpPool", "MaxPool"])
def test_random_pools_agree_with_onnxruntime(kind: str) -> None:
    for seed in range(120):
        inputs, attributes = drawn(np.random.default_rng(seed), kind)
        if attributes.get("auto_pad", "").startswith("SAME") and cuts(inputs[0], attributes):
            continue
        want = by_runtime(kind, inputs, 2 if kind == "MaxPool" else 1, **attributes)
        assert_same(ours(FUNCTIONS[kind], inputs, **attributes), want, rtol=1e-4, atol=1e-5)


def cuts(x: np.ndarray[Any, Any], attributes: dict[str, Any]) -> bool:
    """Whether SAME would pad by less than nothing: onnxruntime cuts elements there, or fails."""
    strides, kernel = attributes["strides"], attributes["kernel_shape"]
    return any(
        (math.ceil(size / stride) - 1) * stride + width < size
        for size, stride, width in zip(x.shape[2:], strides, kernel, strict=True)
    )


def written_out(x: np.ndarray[Any, Any], kind: str, attributes: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The pool of one channel over one axis, element by element, by the standard's text."""
    (width,), (stride,), (dilation,) = (attributes[key] for key in ("kernel_shape", "strides", "dilations"))
    first, last = attributes["pads"]
    padded = len(x) + first + last
    places = (padded - (width - 1) * dilation - 1) / stride + 1
    count = math.ceil(places) if attributes["ceil_mode"] else math.floor(places)
    if attributes["ceil_mode"] and (count - 1) * stride >= len(x) + first:
        count -= 1
    result = []
    for start in range(0, count * stride, stride):
        window = [
            place for place in range(start, start + (width - 1) * dilation + 1, dilation) if place < padded
        ]
        inside = [x[place - first] for place in window if first <= place < first + len(x)]
        counted = len(window) if attributes.get("count_include_pad") else len(inside)
        if kind == "AveragePool":
            result.append(sum(inside) / counted if counted else math.nan)
        elif kind == "MaxPool":
            result.append(max(inside, default=-math.inf))
        else:
            result.append(sum(abs(value) ** attributes["p"] for value in inside) ** (1 / attributes["p"]))
    return np.array([[result]], np.float32)


@pytest.mark.parametrize("kind", ["AveragePool", "LpPool", "MaxPool"])
def test_padding_wider_than_the_window_follows_the_text(kind: str) -> None:
    """Onnxruntime refuses it and onnx's evaluator divides the overhang between both ends."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = rng.standard_normal([1, 1, int(rng.integers(5, 9))]).astype(np.float32)
        attributes: dict[str, Any] = {
            "kernel_shape": [int(rng.integers(1, 4))],
            "strides": [int(rng.integers(1, 4))],
            "dilations": [int(rng.integers(1, 3))],
            "pads": [int(size) for size in rng.integers(0, 6, 2)],
            "ceil_mode": int(rng.integers(2)),
        }
        extra = {"AveragePool": {"count_include_pad": int(rng.integers(2))}, "LpPool": {"p": 3}}
        attributes |= extra.get(kind, {})
        want = written_out(x[0, 0], kind, attributes)
        assert_same(ours(FUNCTIONS[kind], [x], **attributes)[:1], [want], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.float16, np.float64])
def test_max_pool_of_every_type_ignores_the_padding(kind: Any) -> None:
    low = np.iinfo(kind).min if np.dtype(kind).kind in "iu" else -1000
    x = np.full([1, 1, 3, 3], low, kind)
    y, places = ours(max_pool, [x], kernel_shape=(2, 2), pads=(1, 1, 0, 0))
    assert y.dtype == kind
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(places[0, 0], [[0, 0, 1], [0, 0, 1], [3, 3, 4]])


def test_max_pool_without_positions() -> None:
    x = torch.randn(1, 1, 4, generator=torch.Generator().manual_seed(0))
    y, places = max_pool(x, kernel_shape=(2,), indices=False)
    assert places is None
    torch.testing.assert_close(y, max_pool(x, kernel_shape=(2,))[0])


def test_max_unpool_undoes_max_pool() -> None:
    rng = np.random.default_rng(0)
    for rank in (1, 2, 3):
        x = rng.standard_normal([2, 2, *[6] * rank]).astype(np.float32)
        kernel = (2,) * rank
        y, places = ours(max_pool, [x], kernel_shape=kernel, strides=kernel)
        want = by_runtime("MaxUnpool", [y, places], kernel_shape=kernel, strides=kernel)
        assert_same(ours(max_unpool, [y, places], kernel_shape=kernel, strides=kernel), want)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_lrn_agrees_with_the_evaluator_and_onnxruntime(size: int) -> None:
    """The evaluator counts the channels by the batch: there are as many of both."""
    x = np.random.default_rng(0).standard_normal([6, 6, 3, 2]).astype(np.float32)
    attributes = {"size": size, "alpha": 0.5, "beta": 0.6, "bias": 1.5}
    assert_same(ours(lrn, [x], **attributes), by_evaluator("LRN", [x], **attributes))
    if size % 2:
        assert_same(ours(lrn, [x], **attributes), by_runtime("LRN", [x], **attributes))


def test_whole_planes_agree_with_onnxruntime() -> None:
    x = np.random.default_rng(0).standard_normal([2, 3, 4, 2, 3]).astype(np.float32)
    assert_same(ours(global_lp_pool, [x], p=3), by_runtime("GlobalLpPool", [x], opset=18, p=3))
    assert_same(ours(global_average_pool, [x]), by_runtime("GlobalAveragePool", [x]))
    assert_same(ours(global_max_pool, [x]), by_runtime("GlobalMaxPool", [x]))


def test_four_spatial_axes_are_refused_by_max_pool() -> None:
    with pytest.raises(ValueError, match="MaxPool: torch has no pool over 4 spatial axes"):
        max_pool(torch.zeros(1, 1, 2, 2, 2, 2), kernel_shape=(1, 1, 1, 1))
