"""Resize and Upsample against the suite, onnx's evaluator and onnxruntime, over their attributes at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.resampling import resize, upsample
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check, to_torch

COORDINATES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("Resize")])
def test_resize_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, resize)


def drawn(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random Resize."""
    rank = int(rng.integers(1, 5))
    shape = [int(size) for size in rng.integers(1, 8, rank)]
    x = rng.standard_normal(shape).astype(rng.choice([np.float32, np.float64]))
    attributes: dict[str, Any] = {
        "mode": str(rng.choice(["nearest", "linear", "cubic"])),
        "coordinate_transformation_mode": str(rng.choice(COORDINATES)),
        "nearest_mode": str(rng.choice(ROUNDINGS)),
        "cubic_coeff_a": float(rng.choice([-0.5, -0.75])),
        "extrapolation_value": float(rng.choice([0.0, -3.0])),
    }
    if attributes["mode"] != "nearest":
        attributes |= {"antialias": int(rng.integers(2)), "exclude_outside": int(rng.integers(2))}
    axes = list(range(rank))
    if rng.random() < 0.5:
        axes = [int(axis) for axis in rng.permutation(rank)[: rng.integers(1, rank + 1)]]
        attributes["axes"] = axes
    roi = scales = sizes = None
    crop = attributes["coordinate_transformation_mode"] == "tf_crop_and_resize"
    if crop:
        roi = np.concatenate([rng.uniform(-0.3, 0.4, len(axes)), rng.uniform(0.6, 1.3, len(axes))])
        roi = roi.astype(np.float32)
    if rng.random() < 0.5 and not crop:
        scales = rng.choice([0.5, 0.6, 1.0, 1.5, 2.0, 2.5, 3.0], len(axes)).astype(np.float32)
        scales = np.maximum(scales, [1 / shape[axis] for axis in axes]).astype(np.float32)
    else:
        sizes = rng.integers(1, 12, len(axes))
        if rng.random() < 0.5 and not crop:
            attributes["keep_aspect_ratio_policy"] = str(rng.choice(["stretch", "not_larger", "not_smaller"]))
    return [x, roi, scales, sizes], attributes


def sole_position(inputs: list[Any], attributes: dict[str, Any]) -> bool:
    """Whether pytorch_half_pixel gives an axis of one position: 0 by the standard, -0.5 by the evaluator."""
    if attributes["coordinate_transformation_mode"] != "pytorch_half_pixel":
        return False
    x, *_ = inputs
    return 1 in resize(torch.zeros(x.shape), *map(to_torch, inputs[1:]), **plain(attributes)).shape


def plain(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in attributes.items()}


# Half a rounding step below a whole number the evaluator takes the taps of the number before.
ROUNDED_BY_EVALUATOR = {109, 147, 179}


def test_random_resizes_agree_with_the_evaluator() -> None:
    for seed in range(250):
        inputs, attributes = drawn(np.random.default_rng(seed))
        if seed in ROUNDED_BY_EVALUATOR or sole_position(inputs, attributes):
            continue
        want = by_evaluator("Resize", inputs, **attributes)
        assert_same(ours(resize, inputs, **plain(attributes)), want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("places", ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])
def test_images_agree_with_onnxruntime(mode: str, places: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(12):
        x = rng.standard_normal([1, 2, *rng.integers(1, 9, 2)]).astype(np.float32)
        sizes = np.array([1, 2, *rng.integers(1, 17, 2)])
        if mode == "nearest":  # without positions that float rounds to the other side
            sizes = 2 * np.array(x.shape) // [2, 2, 1, 1]
        attributes: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": places}
        attributes["nearest_mode"] = str(rng.choice(ROUNDINGS))
        want = by_runtime("Resize", [x, None, None, sizes], opset=19, **attributes)
        assert_same(ours(resize, [x, None, None, sizes], **attributes), want, rtol=1e-4, atol=1e-5)


def test_a_third_is_taken_as_onnxruntime_takes_it() -> None:
    """1 / (1 / 3) is 3, though a third as a float is a little more than a third."""
    x = np.arange(30, dtype=np.float32).reshape(1, 1, 30)
    scales = np.array([1, 1, 1 / 3], np.float32)
    attributes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    want = by_runtime("Resize", [x, None, scales], opset=19, **attributes)
    assert_same(ours(resize, [x, None, scales], **attributes), want, rtol=0, atol=0)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_upsample_agrees_with_onnxruntime(mode: str) -> None:
    x = np.random.default_rng(0).standard_normal([1, 2, 3, 4]).astype(np.float32)
    scales = np.array([1, 1, 2, 1.5], np.float32)
    want = by_runtime("Upsample", [x, scales], opset=9, mode=mode)
    assert_same(ours(upsample, [x, scales], mode=mode), want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.uint16, torch.uint64, torch.bfloat16])
def test_nearest_moves_every_type(kind: torch.dtype) -> None:
    x = torch.tensor([0, 1, 0]).to(kind)
    y = resize(x, None, torch.tensor([2.0]))
    assert y.dtype == kind
    assert y.to(torch.int64).tolist() == [0, 0, 1, 1, 0, 0]


def test_integers_are_rounded_and_held_in_their_range() -> None:
    x = np.array([[[[0, 255, 255, 0]]]], np.uint8)
    sizes = np.array([1, 1, 1, 9])
    want = by_evaluator("Resize", [x, None, None, sizes], mode="cubic")
    assert_same(ours(resize, [x, None, None, sizes], mode="cubic"), want, rtol=0, atol=0)


def test_negative_axes_count_from_the_end() -> None:
    x, sizes = torch.arange(12.0).reshape(3, 4), torch.tensor([5])
    forward = resize(x, None, None, sizes, axes=(1,), mode="linear")
    torch.testing.assert_close(resize(x, None, None, sizes, axes=(-1,), mode="linear"), forward)


def test_a_crop_by_scales_is_refused() -> None:
    """The text multiplies the size by the region, the standard's shape inference does not."""
    roi, scales = torch.tensor([0.0, 0.5]), torch.tensor([2.0])
    with pytest.raises(ValueError, match="Resize: tf_crop_and_resize by scales"):
        resize(torch.zeros(4), roi, scales, coordinate_transformation_mode="tf_crop_and_resize")


def test_gradients_flow() -> None:
    x = torch.ones(1, 1, 3, 3, requires_grad=True)
    for mode in ("nearest", "linear", "cubic"):
        scales = torch.tensor([1.0, 1.0, 2.0, 2.0])
        resize(x, None, scales, mode=mode, antialias=int(mode == "linear")).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad.sum(), torch.tensor(3 * 36.0))
