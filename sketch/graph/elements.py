"""Arithmetic with known elements: numbers, expressions over dimensions, and None for what is not known.

Elements of a tensor are an object array of its shape, so that numpy picks, cuts and joins them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sketch.graph.dims import Symbolic, floor_divide
from sketch.graph.errors import ExpressionError
from sketch.graph.operator_call import MOST_VALUES, Element, NotKnownError, Shape, Values

if TYPE_CHECKING:
    import numpy as np

    Elements = np.ndarray[Any, np.dtype[np.object_]]

_LIMITS: Mapping[str, tuple[int, int]] = {
    "int64": (-(2**63), 2**63 - 1), "int32": (-(2**31), 2**31 - 1), "int16": (-(2**15), 2**15 - 1),
    "int8": (-128, 127), "uint64": (0, 2**64 - 1), "uint32": (0, 2**32 - 1), "uint16": (0, 2**16 - 1),
    "uint8": (0, 255),
}  # fmt: skip
_WIDE = ("int64", "int32", "float32", "float64")
"""Element types that hold any dimension."""


def array(values: Values | None, shape: Shape | None) -> Elements:
    """Elements as an object array; NotKnownError when they or the shape are not known."""
    import numpy as np  # not needed before a shape is computed

    if values is None or shape is None or not all(isinstance(size, int) for size in shape):
        raise NotKnownError("The elements are not known.")
    if math.prod(shape) != len(values):
        raise NotKnownError("The elements do not fill the shape.")
    found = np.empty(len(values), object)
    found[:] = values
    return found.reshape(shape)


def listed(found: Elements | Any) -> Values:
    """The elements of an array in order; NotKnownError when there are too many to follow."""
    import numpy as np

    flat = np.asarray(found, object).reshape(-1)
    if flat.size > MOST_VALUES:
        raise NotKnownError("These are too many elements to follow.")
    return tuple(flat.tolist())


def each(work: Callable[..., Element], dtype: str, *arrays: Elements) -> Values:
    """`work` over the elements of arrays that are broadcast to one shape, each result put into an element type."""
    import numpy as np

    flat = [array.reshape(-1) for array in np.broadcast_arrays(*arrays)]
    return tuple(
        None if None in items and work is not choose else fitted(work(*items), dtype)
        for items in zip(*flat, strict=True)
    )


def fitted(item: Element, dtype: str) -> Element:
    """A number as an element type holds it, None when it cannot hold it exactly or as the type rounds."""
    import numpy as np

    if item is None or isinstance(item, Symbolic):
        return item if dtype in _WIDE else None
    if dtype == "bool":
        return bool(item)
    if dtype == "float64":
        return float(item)
    if dtype == "float32":
        return float(np.float32(item))
    low, high = _LIMITS.get(dtype, (1, 0))
    return int(item) if math.isfinite(item) and low <= item <= high else None


def cast(dtype: str) -> Callable[[Element], Element]:
    """The conversion to an element type: fractions are cut off, and a number is true unless it is 0."""

    def work(item: Element) -> Element:
        if isinstance(item, Symbolic):
            return None if dtype == "bool" else item
        if isinstance(item, float) and not math.isfinite(item):
            return None
        return item if item is None or dtype.startswith("float") or dtype == "bool" else math.trunc(item)

    return work


def _numbers(a: Any, b: Any) -> tuple[Any, Any] | None:
    """Both sides with whole floats as integers beside an expression; None when a fraction meets one."""
    if isinstance(a, Symbolic) and isinstance(b, float):
        return (a, int(b)) if b.is_integer() else None
    if isinstance(b, Symbolic) and isinstance(a, float):
        return (int(a), b) if a.is_integer() else None
    return a, b


def _exact(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Element]:
    def run(a: Any, b: Any) -> Element:
        sides = _numbers(a, b)
        return None if sides is None else work(*sides)

    return run


def divide(dtype: str) -> Callable[[Any, Any], Element]:
    """Division as an element type does it: whole numbers lose the fraction, dimensions are not negative."""
    whole = not dtype.startswith("float")

    def work(a: Any, b: Any) -> Element:
        if b == 0:
            return None
        if isinstance(a, Symbolic) or isinstance(b, Symbolic):
            return _divided(a, b, whole)
        if not whole:
            return float(a / b)
        return int(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))

    return work


def _divided(a: Any, b: Any, whole: bool) -> Element:
    sides = _numbers(a, b)
    if sides is None or (isinstance(sides[1], int) and sides[1] < 0):
        return None
    try:
        found = floor_divide(*sides)
    except ExpressionError:
        return None
    return found if whole or found * sides[1] == sides[0] else None


def modulo(a: Any, b: Any) -> Element:
    """The rest, with the sign of the divisor."""
    if b == 0 or isinstance(a, float) or isinstance(b, float):
        return None
    return a % b  # type: ignore[no-any-return]


def gap(a: Any, b: Any) -> int | float | None:
    """a - b when it is a number; a dimension is at least 0, so it is above what is negative."""
    sides = _numbers(a, b)
    if sides is None:
        return None
    found = sides[0] - sides[1]
    if not isinstance(found, Symbolic):
        return found  # type: ignore[no-any-return]
    if isinstance(sides[1], int) and sides[1] < 0 and _is_size(sides[0]):
        return 1
    return -1 if isinstance(sides[0], int) and sides[0] < 0 and _is_size(sides[1]) else None


def _is_size(item: Any) -> bool:
    """True for an expression that surely is not negative."""
    return isinstance(item, Symbolic) and all(factor > 0 for _, factor in item.terms)


def smaller(a: Any, b: Any) -> Element:
    """The smaller of two, None when that depends on a dimension."""
    found = gap(a, b)
    return None if found is None else a if found <= 0 else b


def larger(a: Any, b: Any) -> Element:
    """The larger of two, None when that depends on a dimension."""
    found = gap(a, b)
    return None if found is None else a if found >= 0 else b


def compare(holds: Callable[[float], bool]) -> Callable[[Any, Any], Element]:
    """A comparison by the sign of the difference."""

    def work(a: Any, b: Any) -> Element:
        found = gap(a, b)
        return None if found is None else holds(found)

    return work


def choose(condition: Any, a: Any, b: Any) -> Element:
    """a where the condition holds, else b; either when they are equal."""
    if condition is None or isinstance(condition, Symbolic):
        return a if a == b else None
    return a if condition else b  # type: ignore[no-any-return]


def multiply_all(items: Any) -> Element:
    """The product of elements."""
    total: Any = 1
    for item in items:
        if item is None or total is None:
            return None
        total = times(total, item)
    return total  # type: ignore[no-any-return]


def add_all(items: Any) -> Element:
    """The sum of elements."""
    total: Any = 0
    for item in items:
        if item is None or total is None:
            return None
        total = plus(total, item)
    return total  # type: ignore[no-any-return]


plus = _exact(lambda a, b: a + b)
minus = _exact(lambda a, b: a - b)
times = _exact(lambda a, b: a * b)
