"""Measures the values of a run as they pass, keeps what was asked for, and compares with another run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sketch.binder.run_facts import Key, Look, Parting, ValueFacts, file_name
from sketch.binder.verify import close, errors_of
from sketch.graph.rows import shape_text

BINS = 32
"""Classes of a histogram, of equal width from the smallest to the largest finite value."""
_PART = 1 << 20
Array = np.ndarray[Any, Any]


def facts_of(array: Array, dtype: str = "") -> ValueFacts:
    """Measure an array part by part; memory stays small whatever its size. `dtype` where numpy's name is another."""
    kind = dtype or array.dtype.name
    if array.dtype.kind in "OUS":
        return ValueFacts(tuple(array.shape), "string", note="texts")
    note = "magnitudes" if array.dtype.kind == "c" else ""
    flat = array.reshape(-1)
    sums = _Sums()
    for part in _parts(flat):
        sums.add(part)
    if not sums.finite:
        return ValueFacts(tuple(array.shape), kind, zeros=0, nans=sums.nans, infs=sums.infs, note=note)
    bins = np.zeros(BINS, np.int64)
    for part in _parts(flat):
        bins += _classes(part, sums.low, sums.high)
    return ValueFacts(
        tuple(array.shape), kind, sums.low, sums.high, sums.mean, math.sqrt(sums.square / sums.finite), sums.zeros,
        sums.nans, sums.infs, tuple(bins.tolist()), note,
    )  # fmt: skip


def parting_of(mine: Array, other: Array) -> Parting:
    """How far a value is from the other run's."""
    if mine.shape != other.shape:
        shapes = f"{shape_text(other.shape)} against {shape_text(mine.shape)}"
        return Parting(math.inf, math.inf, agrees=False, reason=f"the shapes differ: {shapes}")
    largest, relative = errors_of(other, mine)
    return Parting(largest, relative, close(other, mine))


class Recorder:
    """Takes the values of a run as they pass, measures them, and keeps what was asked for."""

    def __init__(self, look: Look):
        self.values: dict[Key, ValueFacts] = {}
        self.kept: dict[Key, str] = {}
        self.partings: dict[Key, Parting] = {}
        self._look, self._room = look, look.budget

    @property
    def is_done(self) -> bool:
        """True when the run may end: all that was wanted is there."""
        return self._look.stop and self.kept.keys() >= set(self._look.wanted)

    def take(self, key: Key, array: Array, dtype: str = "", *, keep: bool = True) -> None:
        """Measure one value; it may change afterwards. `keep` is off for what is stored elsewhere, such as weights."""
        self.values[key] = facts_of(array, dtype)
        other = self._look.against.get(key)
        if other is not None:
            self.partings[key] = parting_of(array, np.load(other, mmap_mode="r", allow_pickle=False))
        wanted = key in self._look.wanted
        if (wanted or (keep and array.nbytes <= self._room)) and array.dtype.kind not in "OUS":
            np.save(self._look.keep / file_name(key), array, allow_pickle=False)
            self.kept[key] = file_name(key)
            self._room -= 0 if wanted else array.nbytes


@dataclass
class _Sums:
    """Moments of what passed so far, joined part by part (Chan's formula), so that no precision is lost."""

    finite: int = 0
    low: float = math.inf
    high: float = -math.inf
    mean: float = 0.0
    square: float = 0.0
    zeros: int = 0
    nans: int = 0
    infs: int = 0

    def add(self, part: Array) -> None:
        """Take the next elements (float64)."""
        fine = np.isfinite(part)
        if not fine.all():
            nans = int(np.isnan(part).sum())
            self.nans += nans
            self.infs += part.size - int(fine.sum()) - nans
            part = part[fine]
        if not part.size:
            return
        self.zeros += part.size - int(np.count_nonzero(part))
        self.low, self.high = min(self.low, float(part.min())), max(self.high, float(part.max()))
        mean = float(part.mean())
        total, apart = self.finite + part.size, mean - self.mean
        self.square += float(np.square(part - mean).sum()) + apart * apart * self.finite * part.size / total
        self.mean += apart * part.size / total
        self.finite = total


def _parts(flat: Array) -> Iterator[Array]:
    for start in range(0, flat.size, _PART):
        part = flat[start : start + _PART]
        yield np.abs(part).astype(np.float64) if part.dtype.kind == "c" else part.astype(np.float64)


def _classes(part: Array, low: float, high: float) -> Array:
    width = high - low
    if not width or not math.isfinite(width):
        found = np.zeros(BINS, np.int64)
        found[BINS // 2] = int(np.isfinite(part).sum())
        return found
    part = part[np.isfinite(part)]
    places = np.minimum(((part - low) * (BINS / width)).astype(np.int64), BINS - 1)
    return np.bincount(np.maximum(places, 0), minlength=BINS)
