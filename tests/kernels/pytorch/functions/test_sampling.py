"""GridSample, AffineGrid and DeformConv against the suite, onnx's evaluator and onnxruntime, at random."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.convolution import conv
from sketch.kernels.pytorch.functions.sampling import affine_grid, deform_conv, grid_sample
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "AffineGrid": affine_grid,
    "DeformConv": deform_conv,
    "GridSample": grid_sample,
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_sampling_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def drawn_grid(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random GridSample over one to three axes."""
    rank = int(rng.integers(1, 4))
    batch, channels = (int(size) for size in rng.integers(1, 3, 2))
    x = rng.standard_normal([batch, channels, *rng.integers(1, 6, rank)])
    grid = rng.uniform(-1.8, 1.8, [batch, *rng.integers(1, 4, rank), rank])
    attributes = {
        "mode": str(rng.choice(["linear", "nearest", "cubic"])),
        "padding_mode": str(rng.choice(["zeros", "border", "reflection"])),
        "align_corners": int(rng.integers(2)),
    }
    return [x.astype(np.float32), grid.astype(np.float32)], attributes


def drawn_deform(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random DeformConv over two axes."""
    group, offset_group = (int(size) for size in rng.integers(1, 3, 2))
    channels, outer = 2 * int(rng.integers(1, 3)), group * int(rng.integers(1, 3))
    kernel, dilations, strides = (rng.integers(1, 3, 2) for _ in range(3))
    pads = rng.integers(0, 2, 4)
    sizes = (kernel - 1) * dilations + 2 + rng.integers(0, 3, 2)
    out = (sizes + pads[:2] + pads[2:] - (kernel - 1) * dilations - 1) // strides + 1
    batch, places = int(rng.integers(1, 3)), offset_group * math.prod(kernel)
    inputs = [
        rng.standard_normal([batch, channels, *sizes]),
        rng.standard_normal([outer, channels // group, *kernel]),
        rng.uniform(-2, 2, [batch, places * 2, *out]),
        rng.standard_normal(outer) if rng.random() < 0.5 else None,
        rng.random([batch, places, *out]) if rng.random() < 0.5 else None,
    ]
    attributes: dict[str, Any] = {"group": group, "offset_group": offset_group, "pads": pads.tolist()}
    attributes |= {"strides": strides.tolist(), "dilations": dilations.tolist()}
    return [None if item is None else item.astype(np.float32) for item in inputs], attributes


def test_random_grids_agree_with_the_evaluator() -> None:
    """Outside the border the evaluator moves a cubic's position, torch and onnxruntime its pixels: tested below."""
    for seed in range(80):
        inputs, attributes = drawn_grid(np.random.default_rng(seed))
        if attributes["mode"] == "cubic" and attributes["padding_mode"] == "border":
            continue
        if attributes["align_corners"] and 1 in inputs[0].shape[2:]:
            continue  # the evaluator divides by zero
        want = by_evaluator("GridSample", inputs, **attributes)
        assert_same(ours(grid_sample, inputs, **attributes), want, rtol=1e-3, atol=1e-4)


def test_random_grids_agree_with_onnxruntime() -> None:
    """It has images of two and three axes, no cubic on three."""
    for seed in range(150):
        inputs, attributes = drawn_grid(np.random.default_rng(seed))
        if inputs[0].ndim == 4 or (inputs[0].ndim == 5 and attributes["mode"] != "cubic"):
            want = by_runtime("GridSample", inputs, **attributes)
            assert_same(ours(grid_sample, inputs, **attributes), want, rtol=1e-3, atol=1e-4)


def test_cubic_on_one_axis_is_cubic_on_two_of_which_one_is_one() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = torch.from_numpy(rng.standard_normal([1, 2, 5]))
        grid = torch.from_numpy(rng.uniform(-1.8, 1.8, [1, 4, 1]))
        for padding_mode in ("border", "reflection"):
            have = grid_sample(x, grid, mode="cubic", padding_mode=padding_mode)
            wide = torch.cat([grid, torch.zeros_like(grid)], -1).unsqueeze(1)
            want = grid_sample(x.unsqueeze(2), wide, mode="cubic", padding_mode=padding_mode)
            torch.testing.assert_close(have, want.squeeze(2))


def test_integers_are_sampled_as_floats_and_cut() -> None:
    x, grid = torch.tensor([[[0, 3]]], dtype=torch.uint8), torch.tensor([[[0.0], [0.5]]])
    assert grid_sample(x, grid).tolist() == [[[1, 3]]]


def test_random_deformed_convolutions_agree_with_onnxruntime() -> None:
    for seed in range(60):
        inputs, attributes = drawn_deform(np.random.default_rng(seed))
        want = by_runtime("DeformConv", inputs, **attributes)
        assert_same(ours(deform_conv, inputs, **attributes), want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_convolution_that_is_not_deformed_is_a_convolution(rank: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn([2, 4, *[5] * rank], generator=generator)
    w, b = torch.randn([6, 2, *[2] * rank], generator=generator), torch.randn(6, generator=generator)
    want = conv(x, w, b, group=2, pads=(1,) * (2 * rank))
    offset = torch.zeros([2, 2**rank * rank, *want.shape[2:]])
    have = deform_conv(x, w, offset, b, group=2, pads=(1,) * (2 * rank))
    torch.testing.assert_close(have, want)


def test_affine_grids_agree_with_the_evaluator() -> None:
    rng = np.random.default_rng(0)
    for size in ([2, 3, 4, 5], [2, 3, 2, 4, 3]):
        theta = rng.standard_normal([2, len(size) - 2, len(size) - 1]).astype(np.float32)
        for align_corners in (0, 1):
            want = by_evaluator("AffineGrid", [theta, np.array(size)], align_corners=align_corners)
            have = ours(affine_grid, [theta, np.array(size)], align_corners=align_corners)
            assert_same(have, want)


def test_gradients_reach_the_image_and_the_grid() -> None:
    x = torch.arange(3.0).reshape(1, 1, 3).requires_grad_()
    grid = torch.tensor([[[0.2]]], requires_grad=True)
    grid_sample(x, grid).sum().backward()
    assert x.grad is not None
    assert grid.grad is not None
    torch.testing.assert_close(grid.grad, torch.tensor([[[1.5]]]))
