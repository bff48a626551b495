"""The numeric proof: two answers to the same inputs, compared output by output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketch.binder.kernel import BinderError, Verification

_RELATIVE = {"float16": 1e-2, "float64": 1e-7}
_ABSOLUTE = {"float16": 1e-3, "float64": 1e-9}
RELATIVE, ABSOLUTE = 1e-4, 1e-5
Array = np.ndarray[Any, Any]


def compare(against: str, expected: Mapping[str, Array], got: Mapping[str, Array]) -> Verification:
    """Largest absolute and relative error per output and in all; equal within the tolerance of the element type.

    The relative error of an output is its largest absolute error over the largest magnitude expected in it.
    """
    errors: dict[str, tuple[float, float]] = {}
    allowed: dict[str, tuple[float, float]] = {}
    first, remarks = "", []
    for name, want, have in _pair(expected, got):
        if want.shape != have.shape:
            raise BinderError(f"Output {name} has shape {have.shape}, expected {want.shape}.")
        errors[name] = errors_of(want, have)
        allowed[name] = tolerance(want)
        if not first and not close(want, have):
            first = name
        if not _says_something(want):
            remarks.append(
                f"Output {name} holds no finite number with these inputs, so its agreement proves little."
            )
    worst_abs = max((pair[0] for pair in errors.values()), default=0.0)
    worst_rel = max((pair[1] for pair in errors.values()), default=0.0)
    return Verification(
        against, worst_abs, worst_rel, not first, errors, first, tolerances=allowed, remarks=tuple(remarks)
    )


def _pair(expected: Mapping[str, Array], got: Mapping[str, Array]) -> list[tuple[str, Array, Array]]:
    """Outputs by name, or by order when the two programs name them differently."""
    if len(expected) != len(got):
        raise BinderError(f"The result has {len(got)} outputs, the source {len(expected)}.")
    if set(expected) == set(got):
        return [(name, np.asarray(expected[name]), np.asarray(got[name])) for name in expected]
    values = zip(expected.items(), got.values(), strict=True)
    return [(name, np.asarray(want), np.asarray(have)) for (name, want), have in values]


def errors_of(want: Array, have: Array) -> tuple[float, float]:
    """(largest absolute error, that over the largest finite magnitude expected); texts count as 0 or infinity."""
    if not want.size:
        return 0.0, 0.0
    if _is_text(want) or _is_text(have):
        return (0.0, 0.0) if bool(np.array_equal(want, have)) else (np.inf, np.inf)
    wide_want, wide_have = _wide(want), _wide(have)
    with np.errstate(invalid="ignore"):
        difference = np.abs(wide_want - wide_have)
    same = (wide_want == wide_have) | (np.isnan(wide_want) & np.isnan(wide_have))
    difference = np.where(same, 0.0, np.where(np.isfinite(difference), difference, np.inf))
    scale = _magnitude(wide_want)
    largest = float(difference.max())
    return largest, largest / scale if scale > 0 else largest


def close(want: Array, have: Array) -> bool:
    """numpy's closeness, with the absolute part scaled by the output's own magnitude."""
    if want.shape != have.shape:
        return False
    if _is_text(want) or _is_text(have):
        return bool(np.array_equal(want, have))
    absolute, relative = tolerance(want)
    return bool(np.allclose(_wide(have), _wide(want), rtol=relative, atol=absolute, equal_nan=True))


def tolerance(want: Array) -> tuple[float, float]:
    """(absolute, relative) error that is allowed for these values."""
    if _is_text(want):
        return 0.0, 0.0
    name = want.dtype.name
    scale = max(1.0, _magnitude(_wide(want)))
    return _ABSOLUTE.get(name, ABSOLUTE) * scale, _RELATIVE.get(name, RELATIVE)


def _wide(values: Array) -> Array:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


def _magnitude(wide: Array) -> float:
    finite = np.abs(wide[np.isfinite(wide)])
    return float(finite.max()) if finite.size else 0.0


def _says_something(values: Array) -> bool:
    return _is_text(values) or bool(np.isfinite(_wide(values)).any())


def _is_text(values: Array) -> bool:
    return values.dtype.kind in "USO"
