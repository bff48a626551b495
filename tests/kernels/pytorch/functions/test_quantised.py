"""Quantisation in every granularity and type against the suite, onnx's evaluator and onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import quantised
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.samples import (
    EIGHT_BITS,
    TOLERANCE,
    agree,
    check_cases,
    held,
    named,
    number_of,
)
from tests.kernels.pytorch.functions.suite import cases, check

ALL = {
    "QuantizeLinear": quantised.quantize_linear,
    "DequantizeLinear": quantised.dequantize_linear,
    "DynamicQuantizeLinear": quantised.dynamic_quantize_linear,
    "MatMulInteger": quantised.mat_mul_integer,
    "ConvInteger": quantised.conv_integer,
    "QLinearMatMul": quantised.q_linear_mat_mul,
    "QLinearConv": quantised.q_linear_conv,
}
NARROW = {
    "test_quantizelinear_int4": torch.int4,
    "test_quantizelinear_uint4": torch.uint4,
    "test_quantizelinear_int2": torch.int2,
    "test_quantizelinear_uint2": torch.uint2,
}
FLOAT4 = {"test_quantizelinear_float4e2m1": "torch has no float4"}
TARGETS = ("uint8", "int8", "uint16", "int16", *EIGHT_BITS)
SCALES = ("float32", "float16", "bfloat16")
SHAPE = (6, 8, 5)
FORMS: dict[str, tuple[tuple[int, ...], dict[str, int]]] = {
    "one": ((), {}),
    "one in a list": ((1,), {}),
    "first axis": ((6,), {"axis": 0}),
    "default axis": ((8,), {}),
    "last axis": ((5,), {"axis": -1}),
    "blocks": ((3, 8, 5), {"axis": 0, "block_size": 2}),
    "ragged blocks": ((6, 3, 5), {"axis": -2, "block_size": 3}),
}
"""Shapes of the scale, with what tells how to read them."""
CONVOLUTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"pads": (1, 0, 2, 1)},
    {"strides": (2, 1), "dilations": (1, 2)},
    {"auto_pad": "SAME_UPPER", "strides": (2, 2)},
    {"auto_pad": "SAME_LOWER", "strides": (2, 2)},
    {"group": 2},
)


def whole(draw: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Random integers over the range of a type; zeros of float8."""
    if kind in EIGHT_BITS:
        return np.zeros(shape, named(kind))
    ends = np.iinfo(kind)
    return np.asarray(draw.integers(ends.min, ends.max, size=shape, endpoint=True)).astype(kind)


def scale(
    draw: np.random.Generator, kind: str, shape: tuple[int, ...], least: float = 0.2
) -> np.ndarray[Any, Any]:
    """Random positive numbers."""
    return np.asarray(draw.random(shape) + least).astype(named(kind))


def without_last(*inputs: Any) -> list[Any]:
    """The inputs without those that are missing at the end."""
    given = list(inputs)
    while given[-1] is None:
        given.pop()
    return given


def test_the_suite() -> None:
    assert check_cases(ALL, NARROW | FLOAT4) == 37


def test_narrow_integers_of_the_suite() -> None:
    """The zero point in int8 does not tell that it holds int4: whoever calls names the type."""
    seen = [case for case in cases("QuantizeLinear") if case.name in NARROW]
    for case in seen:
        to = NARROW[case.name]
        check(held(case), lambda *x, to=to, **given: quantised.quantize_linear(*x, **given, output_dtype=to))
    assert len(seen) == 4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("to", TARGETS)
def test_quantize(to: str, form: str) -> None:
    draw = np.random.default_rng(0)
    shape, given = FORMS[form]
    kind = getattr(torch, to)
    for source in SCALES:
        x = (draw.normal(size=SHAPE) * 40).astype(named(source))
        inputs = [x, scale(draw, source, shape), whole(draw, to, shape)]
        for saturate in (0, 1) if to in EIGHT_BITS else (1,):
            agree(quantised.quantize_linear, "QuantizeLinear", inputs, rtol=0, saturate=saturate, **given)
        want = by_evaluator("QuantizeLinear", inputs[:2], output_dtype=number_of(kind), **given)
        assert_same(ours(quantised.quantize_linear, inputs[:2], output_dtype=kind, **given), want, 0, 0)
        if source == "float32" and to in ("uint8", "int8"):  # in float16 it divides in float32
            want = by_runtime("QuantizeLinear", inputs, **given)
            assert_same(ours(quantised.quantize_linear, inputs, **given), want, 0, 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", TARGETS)
def test_dequantize(source: str, form: str) -> None:
    draw = np.random.default_rng(1)
    shape, given = FORMS[form]
    x = whole(draw, source, SHAPE)
    if source in EIGHT_BITS:
        x = (draw.normal(size=SHAPE) * 30).clip(-200, 200).astype(named(source))
    for kind in SCALES:
        inputs = [x, scale(draw, kind, shape), whole(draw, source, shape)]
        for count in (2, 3):
            agree(
                quantised.dequantize_linear, "DequantizeLinear", inputs[:count], rtol=TOLERANCE[kind], **given
            )
        want = by_evaluator("DequantizeLinear", inputs, output_dtype=number_of(torch.float16), **given)
        have = ours(quantised.dequantize_linear, inputs, output_dtype=torch.float16, **given)
        assert_same(have, want, 1e-3, 1e-3)


def test_quantize_at_its_edges() -> None:
    """Halves go to the even number before the zero point is added; what is too large stays at the end of the range."""
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 1e30, -1e30, torch.inf, -torch.inf])
    got = quantised.quantize_linear(x, torch.tensor(1.0), torch.tensor(3, dtype=torch.int8))
    assert got.tolist() == [3, 5, 5, 3, 1, 127, -128, 127, -128]
    given = torch.tensor([301.0]), torch.tensor(1.0), torch.tensor(0, dtype=torch.uint16)
    assert quantised.quantize_linear(*given).tolist() == [301]
    assert quantised.quantize_linear(*given, precision=torch.bfloat16).tolist() == [300]


def test_integers_are_quantised_too() -> None:
    draw = np.random.default_rng(2)
    x = draw.integers(-(2**20), 2**20, size=(3, 4)).astype(np.int32)
    agree(
        quantised.quantize_linear,
        "QuantizeLinear",
        [x, np.array(300, np.int32), np.array(3, np.int8)],
        rtol=0,
    )
    agree(quantised.dequantize_linear, "DequantizeLinear", [x, np.array(0.1, np.float32)], rtol=1e-6)


def test_dynamic_quantisation() -> None:
    draw = np.random.default_rng(3)
    for shape in ((3, 4), (40,), (1,)):
        for sign in (1, -1, 0):
            x = draw.normal(size=shape).astype(np.float32)
            x = np.abs(x) * np.float32(sign) if sign else x
            agree(quantised.dynamic_quantize_linear, "DynamicQuantizeLinear", [x], rtol=1e-6)
            have = ours(quantised.dynamic_quantize_linear, [x])
            assert_same(have, by_runtime("DynamicQuantizeLinear", [x], 3), 1e-6, 1e-6)
    zero = [np.zeros((2, 2), np.float32)]
    agree(quantised.dynamic_quantize_linear, "DynamicQuantizeLinear", zero, rtol=1e-6)


@pytest.mark.parametrize("right", ["uint8", "int8"])
@pytest.mark.parametrize("left", ["uint8", "int8"])
def test_integer_products(left: str, right: str) -> None:
    draw = np.random.default_rng(4)
    for one, other in (
        ((4, 6), (6, 5)),
        ((2, 3, 4, 6), (6, 5)),
        ((2, 1, 4, 6), (3, 6, 5)),
        ((4, 300), (300, 5)),
    ):
        a, b = whole(draw, left, one), whole(draw, right, other)
        rows, columns = (*one[:-1], 1), (*other[:-2], 1, 5)
        for first, second in (((), ()), ((1,), (5,)), (rows, columns)):
            inputs = [a, b, whole(draw, left, first), whole(draw, right, second)]
            agree(quantised.mat_mul_integer, "MatMulInteger", inputs, rtol=0)
        agree(quantised.mat_mul_integer, "MatMulInteger", [a, b], rtol=0)
        agree(quantised.mat_mul_integer, "MatMulInteger", [a, b, whole(draw, left, ())], rtol=0)


def test_a_list_of_zero_points_is_one_a_row() -> None:
    """As the standard says; the evaluator takes it for one a column."""
    a, b = torch.arange(6, dtype=torch.uint8).reshape(3, 2), torch.ones(2, 4, dtype=torch.uint8)
    zero = torch.tensor([0, 2, 4], dtype=torch.uint8)
    assert quantised.mat_mul_integer(a, b, zero).tolist() == [[1] * 4] * 3


@pytest.mark.parametrize("kind", SCALES)
def test_quantised_products(kind: str) -> None:
    draw = np.random.default_rng(5)
    for left in ("uint8", "int8"):
        for right in ("uint8", "int8"):
            a, b = whole(draw, left, (2, 4, 6)), whole(draw, right, (6, 5))
            for result in ("uint8", "int8"):
                for shape in ((), (1,), (5,)):
                    single = () if shape == (5,) else shape
                    small = np.full(single, 0.02).astype(named(kind)), whole(draw, left, single)
                    columns = (draw.random(shape) * 0.02 + 0.001) * np.ones(shape), whole(draw, right, shape)
                    made = np.full(single, 0.7).astype(named(kind)), whole(draw, result, single)
                    inputs = [a, *small, b, columns[0].astype(named(kind)), columns[1], *made]
                    agree(quantised.q_linear_mat_mul, "QLinearMatMul", inputs, rtol=0)


@pytest.mark.parametrize("given", CONVOLUTIONS)
def test_integer_convolutions(given: dict[str, Any]) -> None:
    draw = np.random.default_rng(6)
    for left in ("uint8", "int8"):
        for right in ("uint8", "int8"):
            x, w = whole(draw, left, (2, 4, 7, 8)), whole(draw, right, (6, 4 // given.get("group", 1), 3, 2))
            for zeros in (
                (None, None),
                (whole(draw, left, ()), whole(draw, right, ())),
                (whole(draw, left, ()), None),
            ):
                agree(quantised.conv_integer, "ConvInteger", without_last(x, w, *zeros), rtol=0, **given)


@pytest.mark.parametrize("given", CONVOLUTIONS)
def test_quantised_convolutions(given: dict[str, Any]) -> None:
    draw = np.random.default_rng(7)
    for left, right, result in (
        ("uint8", "int8", "uint8"),
        ("uint8", "uint8", "uint8"),
        ("int8", "int8", "int8"),
    ):
        x, w = whole(draw, left, (2, 4, 7, 8)), whole(draw, right, (6, 4 // given.get("group", 1), 3, 2))
        for shape in ((), (6,)):
            for bias in (None, draw.integers(-5000, 5000, size=6).astype(np.int32)):
                scaled = np.asarray(draw.random(shape) * 0.02 + 0.001).astype(np.float32)
                weight = [w, scaled, whole(draw, right, shape)]
                made = [np.array(0.3, np.float32), whole(draw, result, ())]
                inputs = without_last(
                    x, np.array(0.013, np.float32), whole(draw, left, ()), *weight, *made, bias
                )
                agree(quantised.q_linear_conv, "QLinearConv", inputs, rtol=0, **given)
