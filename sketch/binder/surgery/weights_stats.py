"""What numbers a tensor holds: statistics and a histogram, read in pieces; of a very large one from samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sketch.binder.surgery.arrays import to_numbers

Array = np.ndarray[Any, Any]

MOST = 1 << 24
"""Tensors with more elements than this are sampled."""
BINS = 64
_PIECE = 1 << 20
_RUN = 4096


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the finite elements: smallest, largest, mean, standard deviation, Euclidean norm; counts of all kinds.

    `seen` elements of `count` were read; where they differ, all numbers are those of a sample. `bins` counts the
    finite elements between `minimum` and `maximum` in equal steps. `bits` says that numpy cannot tell what the raw
    bits of this element type stand for.
    """

    count: int
    seen: int
    minimum: float
    maximum: float
    mean: float
    std: float
    norm: float
    zeros: int
    nans: int
    infinities: int
    bins: tuple[int, ...]
    bits: bool = False

    @property
    def is_sampled(self) -> bool:
        """True when not every element was read."""
        return self.seen < self.count

    def lines(self) -> list[tuple[str, str]]:
        """(what, number) for a person."""
        many = f"{self.count:,}" + (f", {self.seen:,} of them sampled" if self.is_sampled else "")
        share = f"{self.zeros:,} ({100 * self.zeros / self.seen:.2g} %)" if self.zeros else "0"
        found = [("elements", many)]
        if self.seen > self.nans + self.infinities:
            numbers = (("min", self.minimum), ("max", self.maximum), ("mean", self.mean), ("std", self.std),
                       ("norm", self.norm))  # fmt: skip
            found += [(name, f"{value:.6g}") for name, value in numbers]
        found += [("zeros", share), ("NaN", f"{self.nans:,}"), ("infinite", f"{self.infinities:,}")]
        return [*found, ("shown", "raw bits")] if self.bits else found


def statistics(
    array: Array, dtype: str, most: int = MOST, check: Callable[[], object] = lambda: None
) -> Statistics:
    """The statistics of a tensor as the store gives it; `check` is called between pieces, and may raise to cancel."""
    pieces = _pieces(array, most)
    low, high, total, square, seen = math.inf, -math.inf, 0.0, 0.0, 0
    zeros = nans = infinities = 0
    for piece in pieces():
        check()
        values = numbers(piece, dtype)
        finite = values[np.isfinite(values)]
        seen, zeros, nans = (
            seen + values.size,
            zeros + int((values == 0).sum()),
            nans + int(np.isnan(values).sum()),
        )
        infinities += int(np.isinf(values).sum())
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            total, square = total + float(finite.sum()), square + float(np.square(finite).sum())
    good = seen - nans - infinities
    mean = total / good if good else 0.0
    std = math.sqrt(max(_spread(pieces, dtype, mean, check) / good, 0.0)) if good else 0.0
    bins = _histogram(pieces, dtype, low, high, check) if good else ()
    scale = math.sqrt(array.size / seen) if seen else 1.0  # a sample's norm stands for the whole
    return Statistics(
        array.size, seen, low, high, mean, std, math.sqrt(square) * scale, zeros, nans, infinities, bins,
        raw_bits(dtype),
    )  # fmt: skip


def numbers(array: Array, dtype: str) -> Array:
    """Stored elements in float64 (complex ones by magnitude, four-bit ones by their sign)."""
    if dtype.startswith("complex"):
        return np.abs(array).astype(np.float64)
    if dtype in ("int4", "int2"):
        half = 2 ** (int(dtype[-1]) - 1)
        signed: Array = (array.astype(np.int64) + half) % (2 * half) - half
        return signed.astype(np.float64)
    return to_numbers(np.ascontiguousarray(array), dtype)


def raw_bits(dtype: str) -> bool:
    """True for element types whose numbers are not known here: the bits are shown as whole numbers."""
    return dtype.startswith(("float8", "float4"))


def _pieces(array: Array, most: int) -> Callable[[], Iterator[Array]]:
    """The elements as pieces of one dimension: all of them, or runs spread evenly."""
    flat = array.ravel(order="K")

    def whole() -> Iterator[Array]:
        for start in range(0, flat.size, _PIECE):
            yield flat[start : start + _PIECE]

    def sampled() -> Iterator[Array]:
        runs = most // _RUN
        starts = np.linspace(0, flat.size - _RUN, runs).astype(np.int64)
        for part in np.array_split(starts, max(1, most // _PIECE)):
            yield np.concatenate([flat[start : start + _RUN] for start in part])

    return whole if flat.size <= most else sampled


def _spread(
    pieces: Callable[[], Iterator[Array]], dtype: str, mean: float, check: Callable[[], object]
) -> float:
    """The sum of squared distances from the mean, in a pass of its own: exact where the mean is large."""
    total = 0.0
    for piece in pieces():
        check()
        values = numbers(piece, dtype)
        total += float(np.square(values[np.isfinite(values)] - mean).sum())
    return total


def _histogram(
    pieces: Callable[[], Iterator[Array]], dtype: str, low: float, high: float, check: Callable[[], object]
) -> tuple[int, ...]:
    counts = np.zeros(BINS, np.int64)
    for piece in pieces():
        check()
        values = numbers(piece, dtype)
        counts += np.histogram(values[np.isfinite(values)], BINS, (low, high))[0]
    return tuple(map(int, counts))
