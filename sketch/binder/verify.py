"""The numeric proof: two answers to the same inputs, compared output by output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketch.binder.kernel import BinderError, Verification

_RELATIVE = {"float16": 1e-2, "float64": 1e-7}
_ABSOLUTE = {"float16": 1e-3, "float64": 1e-9}
RELATIVE, ABSOLUTE = 1e-4, 1e-5


def compare(
    against: str, expected: Mapping[str, np.ndarray[Any, Any]], got: Mapping[str, np.ndarray[Any, Any]]
) -> Verification:
    """Largest absolute and relative error per output and in all; equal within the tolerance of the element type.

    The relative error of an output is its largest absolute error over the largest magnitude expected in it.
    """
    pairs = _pair(expected, got)
    errors: dict[str, tuple[float, float]] = {}
    first = ""
    for name, want, have in pairs:
        if want.shape != have.shape:
            raise BinderError(f"Output {name} has shape {have.shape}, expected {want.shape}.")
        errors[name] = _errors(want, have)
        if not first and not _close(want, have):
            first = name
    worst_abs = max((pair[0] for pair in errors.values()), default=0.0)
    worst_rel = max((pair[1] for pair in errors.values()), default=0.0)
    return Verification(against, worst_abs, worst_rel, not first, errors, first)


def _pair(
    expected: Mapping[str, np.ndarray[Any, Any]], got: Mapping[str, np.ndarray[Any, Any]]
) -> list[tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Outputs by name, or by order when the two programs name them differently."""
    if len(expected) != len(got):
        raise BinderError(f"The result has {len(got)} outputs, the source {len(expected)}.")
    if set(expected) == set(got):
        return [(name, np.asarray(expected[name]), np.asarray(got[name])) for name in expected]
    values = zip(expected.items(), got.values(), strict=True)
    return [(name, np.asarray(want), np.asarray(have)) for (name, want), have in values]


def _errors(want: np.ndarray[Any, Any], have: np.ndarray[Any, Any]) -> tuple[float, float]:
    if not want.size:
        return 0.0, 0.0
    wide_want, wide_have = want.astype(np.float64), have.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.abs(wide_want - wide_have)
    same = (wide_want == wide_have) | (np.isnan(wide_want) & np.isnan(wide_have))
    difference = np.where(same, 0.0, np.where(np.isfinite(difference), difference, np.inf))
    finite = np.abs(wide_want[np.isfinite(wide_want)])
    scale = float(finite.max()) if finite.size else 0.0
    largest = float(difference.max())
    return largest, largest / scale if scale > 0 else largest


def _close(want: np.ndarray[Any, Any], have: np.ndarray[Any, Any]) -> bool:
    """numpy's closeness, with the absolute part scaled by the output's own magnitude."""
    relative = _RELATIVE.get(want.dtype.name, RELATIVE)
    absolute = _ABSOLUTE.get(want.dtype.name, ABSOLUTE)
    wide = want.astype(np.float64)
    finite = np.abs(wide[np.isfinite(wide)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    return bool(
        np.allclose(have.astype(np.float64), wide, rtol=relative, atol=absolute * scale, equal_nan=True)
    )
