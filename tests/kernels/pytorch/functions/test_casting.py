"""Conversions between every two types against the suite and ml_dtypes' own (which the evaluator uses)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from onnx.reference.ops.op_cast import cast_to

from sketch.kernels.pytorch.functions import casting
from tests.kernels.pytorch.functions.samples import (
    EIGHT_BITS,
    FLOATS,
    INTEGERS,
    NUMBERS,
    check_cases,
    held,
    named,
    number_of,
    sample,
)
from tests.kernels.pytorch.functions.suite import cases, check, to_numpy, to_torch

ALL = {"Cast": casting.cast, "CastLike": casting.cast_like, "BitCast": casting.bit_cast}
TO_FLOAT4 = {
    f"test_{kind}_{name}_to_FLOAT4E2M1{tail}": "torch has no float4"
    for kind in ("cast", "castlike")
    for name in ("FLOAT", "FLOAT16")
    for tail in ("", "_expanded")
}
NARROW = {"INT4": torch.int4, "UINT4": torch.uint4, "INT2": torch.int2, "UINT2": torch.uint2}
EDGES = (0.0, -0.0, np.nan, np.inf, -np.inf, 448, 449, 464, 464.01, 480, 57344, 61439, 61440, 61441, 240, 247.9, 248,
         1e9, -1e9, 2**-7, 2**-10, 2**-11, 3 * 2**-11, 2.0**-17, 65504, 65520, 3.4e38, 1e-40)  # fmt: skip
"""Where one of the types of eight or sixteen bits rounds, ends, or begins."""


def of_type(name: str) -> np.ndarray[Any, Any]:
    """Many numbers of a type; all of them where it has 256."""
    if name.startswith("float8"):
        return np.arange(256, dtype=np.uint8).view(named(name))
    if name == "bool":
        return np.array([True, False])
    if name in INTEGERS:
        return sample(name, (60,))
    draw = np.random.default_rng(0)
    spread = draw.normal(size=500) * np.exp(draw.normal(size=500) * 6)
    with np.errstate(over="ignore"):
        return np.concatenate([draw.normal(size=500) * 3, spread, EDGES]).astype(named(name))


def within(x: np.ndarray[Any, Any], kind: str) -> np.ndarray[Any, Any]:
    """Without the floats that an integer type cannot hold: the standard leaves those open."""
    if kind not in INTEGERS or x.dtype.kind in "iub":
        return x
    ends, wide = np.iinfo(kind), x.astype(np.float64)
    return x[(wide > float(ends.min)) & (wide < float(ends.max))]


def wanted(x: np.ndarray[Any, Any], kind: torch.dtype, **given: Any) -> np.ndarray[Any, Any]:
    """What the evaluator makes of it."""
    x = x.astype(np.float32) if x.dtype.name == "float8_e8m0fnu" else x
    with np.errstate(all="ignore"):
        return np.asarray(
            cast_to(x, number_of(kind), given.get("saturate", 1), given.get("round_mode", "up"))
        )


def assert_equal(got: torch.Tensor, want: np.ndarray[Any, Any]) -> None:
    have = to_numpy(got)
    assert have.dtype == want.dtype
    if want.dtype.kind not in "biu":
        with np.errstate(invalid="ignore"):  # a signalling NaN
            have, want = have.astype(np.float64), want.astype(np.float64)
    np.testing.assert_array_equal(have, want)


def narrow_target(name: str) -> torch.dtype | None:
    """The type of two or four bits that a case of the suite casts to."""
    return NARROW.get(name.rpartition("_to_")[2].removesuffix("_expanded"))


def test_the_suite() -> None:
    narrow = {
        case.name: "see the next test" for case in cases("Cast", "CastLike") if narrow_target(case.name)
    }
    assert check_cases(ALL, TO_FLOAT4 | narrow) == 152


def test_narrow_integers_of_the_suite() -> None:
    """An array in int8 does not tell that it holds int4: whoever calls names the type, also for CastLike."""
    seen = 0
    for case in cases("Cast", "CastLike"):
        to = narrow_target(case.name)
        if to is not None:
            check(held(case), lambda x, *_, kind=to, **__: casting.cast(x, to=kind))
            seen += 1
    assert seen == 24


@pytest.mark.parametrize("source", [*NUMBERS, "bool", *EIGHT_BITS, "float8_e8m0fnu"])
def test_every_type_from_every_type(source: str) -> None:
    every = of_type(source)
    for kind in (*NUMBERS, "bool", *EIGHT_BITS):
        to = getattr(torch, kind)
        x = within(every, kind)
        for saturate in (1, 0) if kind in EIGHT_BITS else (1,):
            assert_equal(
                casting.cast(to_torch(x), to=to, saturate=saturate), wanted(x, to, saturate=saturate)
            )
            like = torch.zeros(1).to(to)
            assert_equal(
                casting.cast_like(to_torch(x), like, saturate=saturate), wanted(x, to, saturate=saturate)
            )


@pytest.mark.parametrize("mode", ["up", "down", "nearest"])
@pytest.mark.parametrize("saturate", [0, 1])
@pytest.mark.parametrize("source", FLOATS)
def test_powers_of_two(source: str, saturate: int, mode: str) -> None:
    x = of_type(source)
    normal = x[(x.astype(np.float64) >= 2.0**-126) & (x.astype(np.float64) < 2.0**127)]
    got = casting.cast(to_torch(normal), to=torch.float8_e8m0fnu, saturate=saturate, round_mode=mode)
    assert_equal(got, wanted(normal, torch.float8_e8m0fnu, saturate=saturate, round_mode=mode))


def test_powers_of_two_beyond_the_range() -> None:
    """The standard's table of Cast; the evaluator has another infinity, zero, and below 2**-126."""
    x = torch.tensor([0.0, 2.0**-127, 2.0**-129, 3.3e38, np.inf, np.nan])
    up = casting.cast(x, to=torch.float8_e8m0fnu).to(torch.float32)
    least, most = 2.0**-127, 2.0**127
    assert up[:5].tolist() == [least, least, least, most, most]
    assert up[5].isnan()
    nearest = casting.cast(x, to=torch.float8_e8m0fnu, saturate=0, round_mode="nearest").to(torch.float32)
    assert nearest.isnan().tolist() == [True, False, True, True, True, True]
    assert nearest[1] == least


def test_narrow_integers_keep_their_low_bits() -> None:
    x = torch.arange(-40, 40)
    for name, to in NARROW.items():
        got = casting.cast(x, to=to)
        count = 4 if name.endswith("2") else 16
        low = 0 if name.startswith("U") else -count // 2
        assert got.dtype == (torch.uint8 if low == 0 else torch.int8)
        assert got.tolist() == [(value - low) % count + low for value in range(-40, 40)]


def test_bits_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"BitCast from torch\.float32 to torch\.int16"):
        casting.bit_cast(torch.ones(2), to=torch.int16)
    with pytest.raises(ValueError, match="BitCast"):
        casting.bit_cast(torch.ones(2, dtype=torch.int8), to=torch.int4)


def test_bits_are_those_of_numpy() -> None:
    for source, to in (
        ("float32", "uint32"),
        ("uint64", "float64"),
        ("bfloat16", "int16"),
        ("int8", "float8_e5m2"),
    ):
        x = of_type(source)
        got = casting.bit_cast(to_torch(x), to=getattr(torch, to))
        assert_equal(got, x.view(named(to)))
