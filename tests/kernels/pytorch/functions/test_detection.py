"""Pooling of regions and the choice of boxes against the suite, the evaluator and onnxruntime, at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.detection import (
    image_decoder,
    max_roi_pool,
    non_max_suppression,
    roi_align,
)
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ImageDecoder": image_decoder,
    "NonMaxSuppression": non_max_suppression,
    "RoiAlign": roi_align,
}
REFUSED = {case.name: "torch reads no image files" for case in cases("ImageDecoder")}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_detection_gives_the_numbers_of_the_suite(case: Case) -> None:
    if case.name in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[case.name]):
            check(case, FUNCTIONS[case.node.op_type])
    else:
        check(case, FUNCTIONS[case.node.op_type])


def drawn_rois(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random RoiAlign; the regions may leave the image."""
    batch, channels, height, width = (int(size) for size in rng.integers(1, 9, 4))
    count = int(rng.integers(0, 5))
    corners = rng.uniform(-2, 12, [count, 2])
    rois = np.concatenate([corners, corners + rng.uniform(0.1, 10, [count, 2])], 1)
    x = rng.standard_normal([batch, channels, height, width])
    attributes: dict[str, Any] = {
        "coordinate_transformation_mode": str(rng.choice(["half_pixel", "output_half_pixel"])),
        "mode": str(rng.choice(["avg", "max"])),
        "output_height": int(rng.integers(1, 4)),
        "output_width": int(rng.integers(1, 4)),
        "sampling_ratio": int(rng.integers(0, 3)),
        "spatial_scale": float(rng.choice([1.0, 0.5])),
    }
    images = rng.integers(0, batch, count)
    return [x.astype(np.float32), rois.astype(np.float32), images], attributes


def drawn_regions(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random MaxRoiPool."""
    batch, channels, height, width = (int(size) for size in rng.integers(2, 12, 4))
    count = int(rng.integers(1, 5))
    left, top = rng.integers(0, width, count), rng.integers(0, height, count)
    right, bottom = left + rng.integers(0, 6, count), top + rng.integers(0, 6, count)
    rois = np.stack([rng.integers(0, batch, count), left, top, right, bottom], 1)
    x = rng.standard_normal([batch, channels, height, width])
    shape = [int(size) for size in rng.integers(1, 5, 2)]
    return [x.astype(np.float32), rois.astype(np.float32)], {"pooled_shape": shape, "spatial_scale": 1.0}


def drawn_boxes(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random NonMaxSuppression, with equal scores among them."""
    batch, kinds = (int(size) for size in rng.integers(1, 4, 2))
    count, center = int(rng.integers(0, 20)), int(rng.integers(2))
    corner = rng.uniform(0, 5, [batch, count, 2])
    boxes = np.concatenate([corner, rng.uniform(0, 5, [batch, count, 2])], 2)
    scores = rng.integers(0, 10, [batch, kinds, count]) / 10
    limit = np.array([int(rng.integers(0, 12))])
    overlap = np.array([float(rng.choice([0.0, 0.3, 0.5, 1.0]))], np.float32)
    threshold = np.array([float(rng.choice([0.0, 0.35, 0.5]))], np.float32) if rng.random() < 0.7 else None
    inputs = [boxes.astype(np.float32), scores.astype(np.float32), limit, overlap, threshold]
    return inputs, {"center_point_box": center}


def test_random_regions_agree_with_onnxruntime() -> None:
    for seed in range(80):
        inputs, attributes = drawn_rois(np.random.default_rng(seed))
        want = by_runtime("RoiAlign", inputs, opset=16, **attributes)
        assert_same(ours(roi_align, inputs, **attributes), want)


def test_random_regions_of_whole_pixels_agree_with_onnxruntime() -> None:
    for seed in range(60):
        inputs, attributes = drawn_regions(np.random.default_rng(seed))
        want = by_runtime("MaxRoiPool", inputs, opset=16, **attributes)
        assert_same(ours(max_roi_pool, inputs, **attributes), want)


def test_random_boxes_agree_with_the_evaluator_and_onnxruntime() -> None:
    for seed in range(60):
        inputs, attributes = drawn_boxes(np.random.default_rng(seed))
        have = ours(non_max_suppression, inputs, **attributes)
        assert_same(have, by_runtime("NonMaxSuppression", inputs, **attributes))
        assert_same(have, by_evaluator("NonMaxSuppression", inputs, **attributes))


def test_no_limit_means_no_boxes() -> None:
    boxes, scores = torch.rand(1, 3, 4), torch.rand(1, 1, 3)
    assert non_max_suppression(boxes, scores).shape == (0, 3)


def test_gradients_reach_the_image() -> None:
    x = torch.ones(1, 1, 4, 4, requires_grad=True)
    rois, images = torch.tensor([[0.0, 0.0, 3.0, 3.0]]), torch.tensor([0])
    roi_align(x, rois, images, output_height=2, output_width=2).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad.sum(), torch.tensor(4.0))
