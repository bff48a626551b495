"""Conv, ConvTranspose and Col2Im against the suite, onnx's evaluator and onnxruntime, at random."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from sketch.kernels.pytorch.functions.convolution import col2_im, conv, conv_transpose
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {"Conv": conv, "ConvTranspose": conv_transpose, "Col2Im": col2_im}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_convolutions_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def drawn(rng: np.random.Generator, kind: str) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and attributes of a random (transposed) convolution."""
    rank, group = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    inner, outer = group * int(rng.integers(1, 3)), group * int(rng.integers(1, 3))
    kernel = [int(size) for size in rng.integers(1, 4, rank)]
    dilations = [int(step) for step in rng.integers(1, 3, rank)]
    strides = [int(step) for step in rng.integers(1, 4, rank)]
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilations, strict=True)]
    sizes = [size + int(rng.integers(0, 5)) for size in reach]
    attributes: dict[str, Any] = {"strides": strides, "dilations": dilations, "group": group}
    auto_pad = str(rng.choice(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if auto_pad == "NOTSET":
        attributes["pads"] = [int(rng.integers(0, size)) for size in [*reach, *reach]]
    else:
        attributes["auto_pad"] = auto_pad
    shape = [outer, inner // group, *kernel]
    if kind == "ConvTranspose":
        shape[:2] = [inner, outer // group]
        most = [max(step, spread) for step, spread in zip(strides, dilations, strict=True)]
        attributes["output_padding"] = [int(rng.integers(0, size)) for size in most]
    x = rng.standard_normal([int(rng.integers(1, 3)), inner, *sizes]).astype(np.float32)
    w = rng.standard_normal(shape).astype(np.float32)
    b = rng.standard_normal(outer).astype(np.float32) if rng.random() < 0.5 else None
    return [x, w, b], attributes


def test_random_convolutions_agree_with_onnxruntime() -> None:
    """SAME with dilation is the evaluator's alone: onnxruntime refuses it."""
    for seed in range(120):
        inputs, attributes = drawn(np.random.default_rng(seed), "Conv")
        same = attributes.get("auto_pad", "").startswith("SAME")
        if same and cuts(inputs, attributes):
            continue
        dilated = same and max(attributes["dilations"]) > 1
        want = (by_evaluator if dilated else by_runtime)("Conv", inputs, **attributes)
        assert_same(ours(conv, inputs, **attributes), want, rtol=1e-4, atol=1e-4)


def cuts(inputs: list[Any], attributes: dict[str, Any]) -> bool:
    """Whether SAME would pad by less than nothing: we pad by nothing, the others cut or fail."""
    x, w, _ = inputs
    return any(
        (math.ceil(size / stride) - 1) * stride + (width - 1) * dilation + 1 < size
        for size, stride, width, dilation in zip(
            x.shape[2:], attributes["strides"], w.shape[2:], attributes["dilations"], strict=True
        )
    )


def test_random_transposed_convolutions_agree_with_onnxruntime() -> None:
    """Where it takes them: it refuses some, and with SAME gives a size that is not the standard's."""
    compared = 0
    for seed in range(150):
        inputs, attributes = drawn(np.random.default_rng(seed), "ConvTranspose")
        if "auto_pad" in attributes and attributes["auto_pad"] != "VALID":
            continue
        try:
            want = by_runtime("ConvTranspose", inputs, **attributes)
        except InvalidArgument:
            continue
        compared += 1
        assert_same(ours(conv_transpose, inputs, **attributes), want, rtol=1e-4, atol=1e-4)
    assert compared > 60


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER"])
def test_a_given_output_shape_agrees_with_onnxruntime(auto_pad: str) -> None:
    rng = np.random.default_rng(0)
    for size in (7, 8, 9, 10):
        x = rng.standard_normal([1, 2, 4, 4]).astype(np.float32)
        w = rng.standard_normal([2, 3, 3, 4]).astype(np.float32)
        attributes: dict[str, Any] = {"strides": [2, 2], "output_shape": [size - 1, size]}
        attributes["auto_pad"] = auto_pad
        want = by_runtime("ConvTranspose", [x, w], **attributes)
        attributes["output_shape"] = tuple(attributes["output_shape"])
        assert_same(ours(conv_transpose, [x, w], **attributes), want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [np.float32, np.int8, np.uint16, np.uint64])
def test_random_blocks_agree_with_the_evaluator(kind: Any) -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rank = int(rng.integers(2, 4))
        block, dilations, strides = (rng.integers(1, 3, rank) for _ in range(3))
        pads = rng.integers(0, 2, 2 * rank)
        image = (block - 1) * dilations + rng.integers(1, 4, rank)
        counts = (image + pads[:rank] + pads[rank:] - (block - 1) * dilations - 1) // strides + 1
        x = rng.integers(0, 9, [2, 2 * math.prod(block), math.prod(counts)]).astype(kind)
        attributes: dict[str, Any] = {"pads": pads.tolist(), "strides": strides.tolist()}
        attributes["dilations"] = dilations.tolist()
        want = by_evaluator("Col2Im", [x, image, block], **attributes)
        assert_same(ours(col2_im, [x, image, block], **attributes), want)


def test_four_spatial_axes_are_refused() -> None:
    x = torch.zeros(1, 1, 1, 1, 1, 1)
    with pytest.raises(ValueError, match="Conv: torch has no convolution over 4"):
        conv(x, x)
    with pytest.raises(ValueError, match="ConvTranspose: torch has no convolution over 4"):
        conv_transpose(x, x)
