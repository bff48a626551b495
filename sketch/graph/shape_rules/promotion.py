"""Element types that meet: torch's type promotion, so that a wire says the type that torch will give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call

_FLOATS: Mapping[str, int] = {"float16": 1, "bfloat16": 1, "float32": 2, "float64": 3}
_COMPLEX = ("complex64", "complex128")
_SIGNED: Mapping[str, int] = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


def promoted(call: Call, values: Sequence[ValueType]) -> str:
    """The element type of a result; tensors outrank scalars (0 dimensions) of the same category."""
    tensors = [value.dtype for value in values if value.rank != 0]
    scalars = [value.dtype for value in values if value.rank == 0]
    high = joined(call, tensors) if tensors else None
    low = joined(call, scalars) if scalars else None
    if high is None or low is None:
        return high or low or "float32"
    if _category(high) >= _category(low) and high != "bool":
        return high
    if high in _FLOATS:  # beside a complex scalar the tensor keeps its precision
        return "complex128" if high == "float64" else "complex64"
    return joined(call, [high, low])


def joined(call: Call, dtypes: Sequence[str]) -> str:
    """The smallest type that holds all of these, whatever their ranks (Concat, Stack)."""
    return reduce(lambda a, b: _join(call, a, b), dtypes)


def floating(dtype: str) -> str:
    """The type of a result that is a fraction: whole numbers and truth values become float32."""
    return dtype if _category(dtype) >= 2 else "float32"


def _category(dtype: str) -> int:
    if dtype.startswith("complex"):
        return 3
    return 2 if dtype.startswith(("float", "bfloat")) else 0 if dtype == "bool" else 1


def _join(call: Call, a: str, b: str) -> str:
    if a == b:
        return a
    low, high = sorted((a, b), key=_category)
    found: str | None = None
    if high in _COMPLEX:
        found = _join_complex(low, high)
    elif high in _FLOATS:
        found = _join_floats(low, high)
    elif low == "bool" and (high in _SIGNED or high == "uint8"):
        found = high
    else:
        found = _join_ints(low, high)
    if found is None:
        raise ShapeError(
            f"{call.spec.name} cannot combine {a} with {b}.",
            "Insert a Cast, so that both have one element type.",
        )
    return found


def _join_complex(low: str, high: str) -> str | None:
    if _category(low) >= 2 and low not in _FLOATS and low not in _COMPLEX:
        return None
    return "complex128" if low in ("float64", "complex128") or high == "complex128" else "complex64"


def _join_floats(low: str, high: str) -> str | None:
    if _category(low) < 2:
        return high if low != "string" else None
    if low not in _FLOATS:
        return None
    if _FLOATS[low] == _FLOATS[high]:
        return "float32"
    return max(low, high, key=_FLOATS.__getitem__)


def _join_ints(a: str, b: str) -> str | None:
    if a in _SIGNED and b in _SIGNED:
        return max(a, b, key=_SIGNED.__getitem__)
    signed = next((kind for kind in (a, b) if kind in _SIGNED), None)
    if signed is None or "uint8" not in (a, b):
        return None
    return "int16" if signed == "int8" else signed
