"""Seeded arrays with the edges of their types, and the suite's cases as our functions take them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import torch
from onnx import numpy_helper

from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FLOATS = ("float16", "bfloat16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = SIGNED + UNSIGNED
NUMBERS = FLOATS + INTEGERS
EIGHT_BITS = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
SHAPES = ((3, 7), (), (0, 3))
PAIRS = (((30, 7), (30, 7)), ((3, 1), (7,)), ((), (2, 2)), ((0, 2), (1, 2)), ((4,), ()))
"""Shapes of two inputs that fit each other."""
TOLERANCE = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 2e-6, "float64": 1e-12}
_HELD = {"int4": "int8", "int2": "int8", "uint4": "uint8", "uint2": "uint8", "float4_e2m1fn": "float8_e4m3fn"}
"""Types that torch lacks, and those that hold their numbers."""


def named(kind: str) -> np.dtype[Any]:
    """The numpy type of a name, also of those in ml_dtypes."""
    return np.dtype(getattr(ml_dtypes, kind, kind))


def sample(kind: str, shape: tuple[int, ...], seed: int = 0, *, edges: bool = True) -> np.ndarray[Any, Any]:
    """Random numbers of a type; with NaN, infinities and both zeros, or the ends of the range, among them."""
    draw = np.random.default_rng((seed, *kind.encode(), *shape))
    if kind not in INTEGERS:
        values = draw.normal(size=shape) * 3
        if edges and values.size > 4:
            values.reshape(-1)[draw.permutation(values.size)[:5]] = [np.nan, np.inf, -np.inf, 0.0, -0.0]
        return values.astype(named(kind))
    ends = np.iinfo(kind)
    wide = draw.integers(ends.min, ends.max, size=shape, dtype=kind, endpoint=True)
    small = draw.integers(-4 if ends.min else 0, 5, size=shape).astype(kind)
    numbers = np.where(draw.random(shape) < 0.5, small, wide)
    if edges and numbers.size > 2:
        numbers.reshape(-1)[:2] = [ends.min, ends.max]
    return numbers


def agree(
    function: Callable[..., Any], kind: str, inputs: Sequence[Any], *, rtol: float, **given: Any
) -> None:
    """Our function gives the evaluator's types, shapes and values. Attributes are plain numbers, tuples or text."""
    have = ours(function, inputs, **given)
    try:
        assert_same(have, by_evaluator(kind, inputs, len(have), **given), rtol, rtol)
    except AssertionError as error:
        told = [None if item is None else (item.dtype.name, item.shape) for item in inputs]
        raise AssertionError(f"{kind} {told} {given}: {error}") from None


def check_cases(functions: Mapping[str, Callable[..., Any]], refused: Mapping[str, str] = {}) -> int:
    """Every case of these operators passes, or is one of those that are refused by name; how many passed."""
    passed = 0
    for case in cases(*functions):
        if case.name in refused:
            continue
        with np.errstate(invalid="ignore"):  # a signalling NaN of float8
            check(held(case), functions[case.node.op_type])
        passed += 1
    return passed


def held(case: Case) -> Case:
    """The case with numbers of two and four bits in the types that hold them."""
    return dataclasses.replace(
        case, inputs=tuple(map(_held, case.inputs)), outputs=tuple(map(_held, case.outputs))
    )


def _held(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    name = getattr(getattr(value, "dtype", None), "name", "")
    return value.astype(named(_HELD[name])) if name in _HELD else value


def number_of(kind: torch.dtype) -> int:
    """The number of a torch type in the standard's enumeration."""
    return int(onnx.helper.np_dtype_to_tensor_dtype(named(str(kind).removeprefix("torch."))))
