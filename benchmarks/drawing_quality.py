"""What a drawing of boxes and lines costs the eye: crossings, lines through boxes, overlaps, length, size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Segment = tuple[float, float, float, float]
BAND = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """The line of one wire. Lines of one `owner` (the output that they start at) carry the same value."""

    owner: tuple[int, int]
    source: int
    target: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts, and lengths in scene px."""

    crossings: int
    through: int
    overlaps: int
    length: float
    width: float
    height: float


def quality(boxes: dict[int, Box], lines: Iterable[Line]) -> Quality:
    """Measure a drawing. Pieces that lines of one owner share are drawn once and count once."""
    lines = list(lines)
    pieces, owners = _pieces(lines)
    corners = np.array(list(boxes.values())).reshape(-1, 4)
    return Quality(
        crossings(pieces, owners),
        through(boxes, lines),
        overlaps(corners),
        float(np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]).sum()),
        float(corners[:, 2].max() - corners[:, 0].min()),
        float(corners[:, 3].max() - corners[:, 1].min()),
    )


def _pieces(lines: Iterable[Line]) -> tuple[np.ndarray, np.ndarray]:
    """((n, 4) pieces from top to bottom, their owners), each drawn piece once."""
    upright: dict[tuple[tuple[int, int], float], list[Point]] = {}
    found: dict[tuple[tuple[int, int], Segment], None] = {}
    for line in lines:
        for one, other in pairwise(line.points):
            (x1, y1), (x2, y2) = sorted((one, other), key=lambda point: (point[1], point[0]))
            if abs(x1 - x2) < 0.05:
                upright.setdefault((line.owner, round(x1, 1)), []).append((y1, y2))
            else:
                found[line.owner, (round(x1, 1), round(y1, 1), round(x2, 1), round(y2, 1))] = None
    for (owner, x), spans in upright.items():
        for top, bottom in _merged(spans):
            found[owner, (x, top, x, bottom)] = None
    numbers: dict[tuple[int, int], int] = {}
    owners = [numbers.setdefault(owner, len(numbers)) for owner, _ in found]
    return np.array([piece for _, piece in found]).reshape(-1, 4), np.array(owners, dtype=int)


def _merged(spans: list[Point]) -> list[Point]:
    merged: list[Point] = []
    for top, bottom in sorted(spans):
        if merged and top <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], bottom))
        else:
            merged.append((top, bottom))
    return merged


def _bands(tops: np.ndarray, bottoms: np.ndarray) -> Iterable[tuple[int, np.ndarray]]:
    """(number of a band of heights, what lies in it)."""
    members: dict[int, list[int]] = {}
    first, last = (np.floor(tops / BAND).astype(int), np.floor(bottoms / BAND).astype(int))
    for index, (low, high) in enumerate(zip(first, last, strict=True)):
        for band in range(low, high + 1):
            members.setdefault(band, []).append(index)
    return ((band, np.array(inside)) for band, inside in sorted(members.items()))


def crossings(pieces: np.ndarray, owners: np.ndarray) -> int:
    """Pairs of pieces of different owners that cross inside of both."""
    total = 0
    for band, inside in _bands(pieces[:, 1], pieces[:, 3]):
        total += _cross_in(pieces[inside], owners[inside], band * BAND, (band + 1) * BAND)
    return total


def _cross_in(pieces: np.ndarray, owners: np.ndarray, low: float, high: float) -> int:
    """Crossings at heights from `low` up to `high`."""
    x, y = pieces[:, 0], pieces[:, 1]
    dx, dy = pieces[:, 2] - x, pieces[:, 3] - y
    count = 0
    for index in range(len(pieces) - 1):
        rest = slice(index + 1, None)
        turn = dx[index] * dy[rest] - dy[index] * dx[rest]
        with np.errstate(divide="ignore", invalid="ignore"):
            along = ((x[rest] - x[index]) * dy[rest] - (y[rest] - y[index]) * dx[rest]) / turn
            across = ((x[rest] - x[index]) * dy[index] - (y[rest] - y[index]) * dx[index]) / turn
        at = y[index] + along * dy[index]
        inside = (along > 1e-6) & (along < 1 - 1e-6) & (across > 1e-6) & (across < 1 - 1e-6)
        count += int((inside & (at >= low) & (at < high) & (owners[rest] != owners[index])).sum())
    return count


def overlaps(corners: np.ndarray) -> int:
    """Pairs of boxes that cover one another."""
    count = 0
    for band, inside in _bands(corners[:, 1], corners[:, 3]):
        left, top, right, bottom = corners[inside].T
        for index in range(len(inside) - 1):
            rest = slice(index + 1, None)
            upper = np.maximum(top[rest], top[index])
            meets = (left[rest] < right[index] - 0.1) & (right[rest] > left[index] + 0.1)
            meets &= upper < np.minimum(bottom[rest], bottom[index]) - 0.1
            count += int((meets & (upper >= band * BAND) & (upper < (band + 1) * BAND)).sum())
    return count


def through(boxes: dict[int, Box], lines: Sequence[Line], margin: float = 1.0) -> int:
    """Pairs of a line and a box that is none of its ends and that it passes through."""
    keys = list(boxes)
    corners = np.array([boxes[key] for key in keys]).reshape(-1, 4)
    corners = corners + np.array([margin, margin, -margin, -margin])
    in_band = dict(_bands(corners[:, 1], corners[:, 3]))
    found = set()
    for number, line in enumerate(lines):
        for one, other in pairwise(line.points):
            for key in _hit(one, other, corners, in_band):
                if keys[key] not in (line.source, line.target):
                    found.add((number, keys[key]))
    return len(found)


def _hit(one: Point, other: Point, corners: np.ndarray, in_band: dict[int, np.ndarray]) -> set[int]:
    """The boxes that a piece passes through."""
    (x1, y1), (x2, y2) = one, other
    found: set[int] = set()
    for band in range(int(min(y1, y2) // BAND), int(max(y1, y2) // BAND) + 1):
        if band not in in_band:
            continue
        inside = in_band[band]
        left, top, right, bottom = corners[inside].T
        enter, leave = np.zeros(len(inside)), np.ones(len(inside))
        for start, move, low, high in ((x1, x2 - x1, left, right), (y1, y2 - y1, top, bottom)):
            if abs(move) < 1e-9:
                outside = (start <= low) | (start >= high)
                enter = np.where(outside, 2.0, enter)
                continue
            first, second = (low - start) / move, (high - start) / move
            enter = np.maximum(enter, np.minimum(first, second))
            leave = np.minimum(leave, np.maximum(first, second))
        found.update(inside[enter < leave - 1e-9].tolist())
    return found
