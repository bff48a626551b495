"""Pad and CenterCropPad against the suite, onnx's evaluator and onnxruntime, at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.padding import center_crop_pad, pad
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check
from tests.kernels.pytorch.functions.test_indexing import Call, data

FUNCTIONS: dict[str, Callable[..., Any]] = {"CenterCropPad": center_crop_pad, "Pad": pad}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_padding_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def drawn_pad(rng: np.random.Generator, lowest: int, kind: Any = None) -> Call:
    mode = str(rng.choice(["constant", "reflect", "edge", "wrap"]))
    shape = rng.integers(2, 6, int(rng.integers(1, 5)))
    count = int(rng.integers(1, len(shape) + 1))
    axes = rng.permutation(len(shape))[:count]
    most = shape[axes] - 1 if mode == "reflect" else np.full(count, 4)
    pads = np.concatenate([rng.integers(0, most + 1), rng.integers(0, most + 1)])
    if lowest < 0:
        crop = rng.integers(lowest, 1, 2 * count)
        pads = np.where((rng.random(2 * count) < 0.4) & (np.tile(shape[axes], 2) > 3), crop, pads)
        kept = shape[axes] + np.minimum(pads[:count], 0) + np.minimum(pads[count:], 0)
        pads = np.where(np.tile(kept, 2) < 2, 0, np.minimum(pads, np.tile(kept - 1, 2)))
    x = data(rng, *shape, kind=kind)
    value = data(rng, 1, kind=x.dtype.type).reshape(()) if rng.random() < 0.5 else None
    axes = axes - len(shape) * rng.integers(0, 2, count)
    if count == len(shape) and rng.random() < 0.5:
        order = np.argsort(axes % len(shape))
        return [x, np.concatenate([pads[:count][order], pads[count:][order]]), value], {"mode": mode}
    return [x, pads, value, axes], {"mode": mode}


def test_random_pads_of_every_type_agree_with_the_evaluator() -> None:
    for seed in range(150):
        inputs, attributes = drawn_pad(np.random.default_rng(seed), 0)
        want = by_evaluator("Pad", inputs, **attributes)
        assert_same(ours(pad, inputs, **attributes), want, rtol=0, atol=0)


def test_random_negative_pads_agree_with_onnxruntime() -> None:
    """Elements are removed first, then the rest is padded from itself."""
    for seed in range(150):
        inputs, attributes = drawn_pad(np.random.default_rng(seed), -2, np.float32)
        want = by_runtime("Pad", inputs, **attributes)
        assert_same(ours(pad, inputs, **attributes), want, rtol=0, atol=0)


def test_random_crops_agree_with_the_evaluator() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shape = rng.integers(1, 6, int(rng.integers(1, 5)))
        count = int(rng.integers(1, len(shape) + 1))
        axes = [int(axis) for axis in rng.permutation(len(shape))[:count]]
        inputs = [data(rng, *shape), rng.integers(1, 8, count)]
        want = by_evaluator("CenterCropPad", inputs, axes=axes)
        assert_same(ours(center_crop_pad, inputs, axes=tuple(axes)), want, rtol=0, atol=0)


def test_a_large_integer_keeps_every_bit() -> None:
    value = torch.tensor(2**63 - 1)
    assert pad(torch.zeros(1, dtype=torch.int64), torch.tensor([0, 1]), value).tolist() == [0, 2**63 - 1]


def test_a_mode_that_the_standard_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="Pad: mode symmetric"):
        pad(torch.zeros(2), torch.tensor([1, 1]), mode="symmetric")
