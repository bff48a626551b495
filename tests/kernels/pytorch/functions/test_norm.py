"""Normalization against the suite, onnx's evaluator, the function bodies of the standard and onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import norm
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "BatchNormalization": norm.batch_normalization,
    "InstanceNormalization": norm.instance_normalization,
    "LayerNormalization": norm.layer_normalization,
    "GroupNormalization": norm.group_normalization,
    "RMSNormalization": norm.rms_normalization,
    "MeanVarianceNormalization": norm.mean_variance_normalization,
    "LpNormalization": norm.lp_normalization,
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_normalization_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def normal(rng: np.random.Generator, *shape: int, dtype: Any = np.float32) -> np.ndarray:
    return (rng.standard_normal(shape) * 2 + 0.5).astype(dtype)


SHAPES = [(4, 3), (2, 3, 5), (1, 3, 4, 2), (2, 3, 2, 1, 4), (2, 3, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [0, 1])
def test_batch_normalization_agrees(shape: tuple[int, ...], training: int) -> None:
    rng = np.random.default_rng(0)
    inputs = [
        normal(rng, *shape),
        *(normal(rng, shape[1]) for _ in range(3)),
        rng.random(3).astype(np.float32),
    ]
    attributes = {"training_mode": training, "epsilon": 0.01, "momentum": 0.7}
    outputs = 3 if training else 1
    want = by_evaluator("BatchNormalization", inputs, outputs, **attributes)
    assert_same(ours(norm.batch_normalization, inputs, **attributes), want)


@pytest.mark.parametrize(
    "types", [("e", "f", "f"), ("e", "e", "f"), ("f", "d", "f"), ("d", "d", "d"), ("e", "e", "e")]
)
@pytest.mark.parametrize("training", [0, 1])
def test_batch_normalization_mixes_types(types: tuple[str, str, str], training: int) -> None:
    rng = np.random.default_rng(1)
    kind, scales, stats = types
    inputs = [normal(rng, 5, 3, 4, dtype=kind), normal(rng, 3, dtype=scales), normal(rng, 3, dtype=scales)]
    inputs += [normal(rng, 3, dtype=stats), rng.random(3).astype(stats)]
    wide = [x.astype(np.float64) for x in inputs]
    want = by_evaluator("BatchNormalization", wide, 3 if training else 1, training_mode=training)
    have = ours(norm.batch_normalization, inputs, training_mode=training)
    assert [x.dtype.char for x in have if x is not None] == [kind, stats, stats][: len(want)]
    close = 0.01 if "e" in types else 1e-4
    assert_same([x.astype(np.float64) for x in have if x is not None], want, close, close)


def test_batch_normalization_takes_a_vector_as_one_channel() -> None:
    rng = np.random.default_rng(2)
    inputs = [normal(rng, 6), normal(rng, 1), normal(rng, 1), normal(rng, 1), np.ones(1, np.float32)]
    have = ours(norm.batch_normalization, inputs)[0]
    x, scale, bias, mean, var = inputs
    assert_same([have], [scale * (x - mean) / np.sqrt(var + np.float32(1e-5)) + bias])
    assert_same([have], by_runtime("BatchNormalization", inputs))


def test_normalization_of_no_sample() -> None:
    inputs = [np.zeros((0, 3, 2), np.float32), *(np.ones(3, np.float32) for _ in range(4))]
    assert ours(norm.batch_normalization, inputs)[0].shape == (0, 3, 2)
    assert ours(norm.group_normalization, inputs[:3], num_groups=3)[0].shape == (0, 3, 2)
    assert ours(norm.instance_normalization, inputs[:3])[0].shape == (0, 3, 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_instance_normalization_agrees(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    inputs = [normal(rng, *shape), normal(rng, 3), normal(rng, 3)]
    have = ours(norm.instance_normalization, inputs, epsilon=0.05)
    assert_same(have, by_evaluator("InstanceNormalization", inputs, epsilon=0.05))
    if len(shape) > 2:
        assert_same(have, by_runtime("InstanceNormalization", inputs, epsilon=0.05))


@pytest.mark.parametrize("seed", range(30))
def test_layer_and_rms_normalization_agree(seed: int) -> None:
    """The scale may have any shape that broadcasts to x."""
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 5))
    shape = tuple(int(rng.integers(1, 5)) for _ in range(rank))
    axis = int(rng.integers(-rank, rank))
    fits = [size if rng.random() < 0.7 else 1 for size in shape[int(rng.integers(rank)) :]]
    inputs = [normal(rng, *shape), normal(rng, *fits)]
    attributes = {"axis": axis, "epsilon": float(rng.choice([1e-5, 0.1]))}
    want = by_evaluator("RMSNormalization", inputs, **attributes)
    assert_same(ours(norm.rms_normalization, inputs, **attributes), want)
    inputs += [normal(rng, *fits)] if rng.random() < 0.6 else []
    want = by_evaluator("LayerNormalization", inputs, 3, **attributes)
    assert_same(ours(norm.layer_normalization, inputs, **attributes), want, 1e-3, 1e-4)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("size", [1, 300])
def test_the_first_stage_is_in_the_stash_type(dtype: Any, size: float) -> None:
    """Squares of 300 overflow float16; the standard computes them in float32, then rounds, scales and rounds."""
    rng = np.random.default_rng(4)
    x = (rng.standard_normal((4, 64)) * size).astype(dtype)
    scale, bias = normal(rng, 64, dtype=dtype), normal(rng, 64, dtype=dtype)
    wide = x.astype(np.float32)
    mean, var = wide.mean(1, keepdims=True), wide.var(1, keepdims=True)
    inverse = (1 / np.sqrt(var + 1e-5)).astype(np.float32)
    y, have_mean, have_inverse = ours(norm.layer_normalization, [x, scale, bias])
    assert_same([have_mean, have_inverse], [mean, inverse], 1e-3, 1e-3)
    last_bit = 2**-10 if dtype == np.float16 else 2**-7
    assert_same([y], [((wide - mean) * inverse).astype(dtype) * scale + bias], last_bit, 4 * last_bit)
    root = np.sqrt((wide * wide).mean(1, keepdims=True) + 1e-5)
    have = ours(norm.rms_normalization, [x, scale])
    assert_same(have, [(wide / root).astype(dtype) * scale], last_bit, 4 * last_bit)
    groups = ours(norm.group_normalization, [x, scale, bias], num_groups=1)
    assert_same(groups, [y], last_bit, 4 * last_bit)


def test_the_stash_type_may_be_16_bit() -> None:
    x = torch.randn(3, 8)
    _, mean, inverse = norm.layer_normalization(x, torch.ones(8), stash_type=torch.bfloat16)
    assert mean.dtype == inverse.dtype == torch.bfloat16


@pytest.mark.parametrize("shape", [(2, 6, 5), (1, 6, 3, 2), (2, 6), (1, 6, 1)])
@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_normalization_agrees(shape: tuple[int, ...], groups: int) -> None:
    rng = np.random.default_rng(5)
    inputs = [normal(rng, *shape), normal(rng, 6), normal(rng, 6)]
    have = ours(norm.group_normalization, inputs, num_groups=groups, epsilon=0.01)
    assert_same(have, by_evaluator("GroupNormalization", inputs, num_groups=groups, epsilon=0.01), 1e-3, 1e-4)


@pytest.mark.parametrize("axes", [(0, 2, 3), (1,), (-1, -2), (0, 1, 2, 3)])
def test_mean_variance_normalization_agrees(axes: tuple[int, ...]) -> None:
    inputs = [normal(np.random.default_rng(6), 3, 2, 4, 2)]
    have = ours(norm.mean_variance_normalization, inputs, axes=axes)
    assert_same(have, by_evaluator("MeanVarianceNormalization", inputs, axes=axes), 1e-3, 1e-4)


@pytest.mark.parametrize("axis", [-3, -1, 0, 1])
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lp_normalization_agrees_with_onnxruntime(axis: int, p: int, dtype: Any) -> None:
    """With negative numbers; onnx's evaluator takes the 1-norm without absolute values."""
    x = normal(np.random.default_rng(7), 3, 2, 4, dtype=dtype)
    x[:, 0] = 0
    assert_same(
        ours(norm.lp_normalization, [x], axis=axis, p=p), by_runtime("LpNormalization", [x], axis=axis, p=p)
    )


def test_lp_normalization_of_zeros_has_a_gradient() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    norm.lp_normalization(x).sum().backward()
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())
