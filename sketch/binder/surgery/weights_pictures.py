"""A tensor as a picture: the matrix of numbers that is painted, one element one dot, kernels of filters as a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sketch.binder.surgery.weights_stats import numbers

Array = np.ndarray[Any, Any]
MOST_SIDE = 1024
"""Dots a side of a picture; larger matrices are thinned out evenly."""
WIDE = 64
"""A list of numbers is painted in rows of this many."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of numbers to paint; NaN stays free. `note` says what is shown, and what is left out."""

    dots: Array
    note: str


def picture_of(array: Array, dtype: str, index: tuple[int, ...] = ()) -> Picture:
    """The picture of a tensor.

    Args:
        index: for filters of four or more dimensions, which of the dimensions between the first and the last two.
    """
    if array.ndim >= 4 and array.shape[-1] * array.shape[-2] > 1:
        return _kernels(array, dtype, index)
    if array.ndim < 2:
        return _list(array, dtype)
    flat = array.reshape(array.shape[0], -1)
    return _thinned(flat, dtype, f"{flat.shape[0]} rows of {flat.shape[1]}")


def picked(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Sizes of the dimensions that `picture_of` wants an index for."""
    return shape[1:-2] if len(shape) >= 4 and shape[-1] * shape[-2] > 1 else ()


def _kernels(array: Array, dtype: str, index: tuple[int, ...]) -> Picture:
    """One kernel for each output channel, side by side with a free line between."""
    count, (high, wide) = array.shape[0], array.shape[-2:]
    across = max(1, math.ceil(math.sqrt(count)))
    most = max(1, (MOST_SIDE // (high + 1)) * across)
    shown = min(count, most)
    place = (*index, *[0] * (array.ndim - 3 - len(index)))
    corner: tuple[Any, ...] = (slice(0, shown), *place)
    values = numbers(array[corner], dtype)
    down = math.ceil(shown / across)
    dots = np.full((down * (high + 1) - 1, across * (wide + 1) - 1), np.nan)
    for number in range(shown):
        row, column = divmod(number, across)
        top, left = row * (high + 1), column * (wide + 1)
        dots[top : top + high, left : left + wide] = values[number]
    more = f", the first {shown} of them" if shown < count else ""
    return Picture(dots, f"{count} kernels of {high}×{wide}, input {', '.join(map(str, place))}{more}")


def _list(array: Array, dtype: str) -> Picture:
    flat = array.reshape(-1)
    shown = min(flat.size, MOST_SIDE * WIDE)
    wide = min(WIDE, max(1, shown))
    dots = np.full(max(1, math.ceil(shown / wide)) * wide, np.nan)
    dots[:shown] = numbers(flat[:shown], dtype)
    more = f", the first {shown:,} of them" if shown < flat.size else ""
    return Picture(dots.reshape(-1, wide), f"{flat.size:,} numbers in rows of {wide}{more}")


def _thinned(matrix: Array, dtype: str, note: str) -> Picture:
    steps = [max(1, math.ceil(size / MOST_SIDE)) for size in matrix.shape]
    values = numbers(matrix[:: steps[0], :: steps[1]], dtype)
    thinned = [
        f"one of {step} {word}" for step, word in zip(steps, ("rows", "columns"), strict=True) if step > 1
    ]
    return Picture(values, "; ".join([note, *thinned]))
