"""Stretches of numbers that occur again, next to each other or apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sketch.graph.repeat_order import Canvas

_MOST_PASSING = 4
"""More values than this pass the border of no block."""
_FEWEST_APART = 6
"""Stretches that do not follow each other have at least so many items: short ones are alike by chance."""
_MOSTLY = 0.6
_MOST_FINDS = 2000
_MOST_PERIODS = 400
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Equal stretches of an order: where each starts, and how many items it has."""

    starts: tuple[int, ...]
    length: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Items `start` ... `start + length + period` repeat with a period: item i is as item i + period."""

    start: int
    length: int
    period: int

    @property
    def is_series(self) -> bool:
        return self.length >= self.period

    @property
    def times(self) -> int:
        return self.length // self.period + 1

    @property
    def covered(self) -> int:
        return self.times * self.period


def stretches(canvas: Canvas, fewest: int) -> Iterator[Stretch]:
    """Repeated stretches that do not overlap: series first, those that cover most before others."""
    tokens = np.array(canvas.tokens, dtype=np.int64)
    if len(tokens) < 2 * fewest:
        return
    runs = [run for period in _periods(tokens, fewest) for run in _runs(tokens, period, fewest)]
    picking = _Picking(canvas, tokens, fewest)
    series = sorted((r for r in runs if r.is_series), key=lambda r: (-r.covered, r.period, r.start))
    series = series[:_MOST_FINDS]
    yield from picking.series([r for r in series if not _is_stage(r, series)])
    apart = sorted((r for r in runs if not r.is_series), key=lambda r: (-r.length, r.start, r.period))
    yield from picking.apart(apart[:_MOST_FINDS])


def _is_stage(run: _Run, others: Sequence[_Run]) -> bool:
    """True where one period is mostly made of shorter series, with more blocks: stages of a network, not its blocks."""
    times: dict[int, int] = {}
    for other in others:
        if other.period >= run.period:
            continue
        first = max(run.start, other.start)
        last = min(run.start + run.period, other.start + other.length + other.period)
        inside = max(0, last - first) // other.period
        times[other.period] = times.get(other.period, 0) + (inside if inside > 1 else 0)
    return any(n > run.times and n * period > _MOSTLY * run.period for period, n in times.items())


def _periods(tokens: Numbers, fewest: int) -> list[int]:
    """Distances at which a short stretch occurs again, the most frequent first."""
    grams = tokens[: len(tokens) - fewest + 1].copy()
    for shift in range(1, fewest):
        grams = grams * np.int64(1_000_003) + tokens[shift : len(tokens) - fewest + 1 + shift]
    order = np.argsort(grams, kind="stable")
    same = grams[order][1:] == grams[order][:-1]
    gaps = (order[1:] - order[:-1])[same]
    counts = np.bincount(gaps) if len(gaps) else np.zeros(0, dtype=np.int64)
    found = np.argsort(-counts, kind="stable")[: min(_MOST_PERIODS, int(np.count_nonzero(counts)))]
    return [int(period) for period in found]


def _runs(tokens: Numbers, period: int, fewest: int) -> Iterator[_Run]:
    equal = np.zeros(len(tokens) - period + 2, dtype=np.int8)
    equal[1:-1] = tokens[:-period] == tokens[period:]
    edges = np.flatnonzero(np.diff(equal))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start >= fewest or end - start >= period:
            yield _Run(start, end - start, period)


class _Picking:
    """Takes stretches as long as their items are free."""

    def __init__(self, canvas: Canvas, tokens: Numbers, fewest: int):
        self._canvas, self._tokens, self._fewest = canvas, tokens, fewest
        self._taken = np.zeros(len(tokens) + 1, dtype=bool)

    def series(self, runs: Sequence[_Run]) -> Iterator[Stretch]:
        """Stretches that follow each other."""
        waiting = list(runs)
        while waiting:
            run = waiting.pop(0)
            if run.period < self._fewest or self._is_made_of_less(run):
                continue
            whole = run.length + run.period
            if self._taken[run.start : run.start + whole].any():
                waiting.extend(self._free_parts(run))
                continue
            times = whole // run.period
            first = self._best_start(run, whole - times * run.period)
            if first is None:
                continue
            times = (run.start + whole - first) // run.period
            starts = tuple(first + number * run.period for number in range(times))
            self._take(starts, run.period)
            yield Stretch(starts, run.period)

    def apart(self, runs: Sequence[_Run]) -> Iterator[Stretch]:
        """Stretches that occur in several places."""
        for run in runs:
            found = self._narrowed(run)
            if found is None or self._is_made_of_less(_Run(found[0], found[1], found[1])):
                continue
            starts = self._occurrences(*found)
            if len(starts) > 1:
                self._take(starts, found[1])
                yield Stretch(starts, found[1])

    def _take(self, starts: Sequence[int], length: int) -> None:
        for start in starts:
            self._taken[start : start + length] = True

    def _is_made_of_less(self, run: _Run) -> bool:
        """True where one period is itself a shorter stretch several times."""
        part = self._tokens[run.start : run.start + run.period]
        return any(
            run.period % step == 0 and bool((part[step:] == part[:-step]).all())
            for step in range(1, run.period // 2 + 1)
        )

    def _free_parts(self, run: _Run) -> list[_Run]:
        """What is left of a run beside the items that are taken."""
        taken = self._taken[run.start : run.start + run.length + run.period]
        edges = np.flatnonzero(np.diff(np.concatenate(([1], taken.astype(np.int8), [1]))))
        found = []
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end - start >= 2 * run.period:
                found.append(_Run(run.start + start, end - start - run.period, run.period))
        return found

    def _best_start(self, run: _Run, slack: int) -> int | None:
        """Where blocks begin: few values pass, layers of one module stay together, no activation comes first."""
        options = []
        for shift in range(min(slack, run.period - 1) + 1):
            start = run.start + shift
            passing = self._canvas.cuts[start + run.period]
            if passing <= _MOST_PASSING:
                options.append((passing, -self._kinship(start, run.period), self._canvas.tails[start], start))
        return min(options)[3] if options else None

    def _kinship(self, start: int, length: int) -> int:
        """How long a beginning the names of a stretch share."""
        names = self._canvas.names[start : start + length]
        first, last = min(names), max(names)
        same = 0
        while same < min(len(first), len(last)) and first[same] == last[same]:
            same += 1
        return max(first.rfind(sign, 0, same) + 1 for sign in "./")

    def _narrowed(self, run: _Run) -> tuple[int, int] | None:
        """(start, length) of the longest piece of a run between two places that few values pass; both uses free."""
        cuts = self._canvas.cuts[run.start : run.start + run.length + 1]
        few = min(cuts)
        if few > _MOST_PASSING:
            return None
        ends = [number for number, passing in enumerate(cuts) if passing == few]
        start, length = run.start + ends[0], ends[-1] - ends[0]
        free = not self._taken[start : start + length].any()
        there = not self._taken[start + run.period : start + run.period + length].any()
        return (start, length) if free and there and length >= _FEWEST_APART else None

    def _occurrences(self, start: int, length: int) -> tuple[int, ...]:
        """All places of a stretch that are free and do not overlap."""
        wanted = self._tokens[start : start + length]
        found: list[int] = []
        for place in np.flatnonzero(self._tokens[: len(self._tokens) - length + 1] == wanted[0]).tolist():
            if found and place < found[-1] + length:
                continue
            if self._taken[place : place + length].any():
                continue
            if bool((self._tokens[place : place + length] == wanted).all()):
                found.append(place)
        return tuple(found)
