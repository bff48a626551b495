"""Ways for wires: straight down where nothing stands between, else along a lane beside what does.

All wires of one output share one lane, since they carry the same value. Pure arithmetic, no Qt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sketch.gui.canvas.boxes import Box

BIN = 120.0
MARGIN = 14.0
LANE_GAP = 12.0
FAR_BINS = 40

Points = tuple[tuple[float, float], ...]


class Obstacles:
    """The boxes of a canvas by height, and the lanes that are taken."""

    def __init__(self, boxes: Iterable[Box] = ()):
        self._rows: dict[int, list[Box]] = {}
        self._extent: dict[int, tuple[float, float]] = {}
        self._lanes: dict[int, list[tuple[float, float, float, object]]] = {}
        for box in boxes:
            self.add(box)

    def add(self, box: Box) -> None:
        """Take a box in."""
        for row in _bins(box.top, box.bottom):
            self._rows.setdefault(row, []).append(box)
            low, high = self._extent.get(row, (box.left, box.right))
            self._extent[row] = (min(low, box.left), max(high, box.right))

    def remove(self, box: Box) -> None:
        """Take a box out; the extent of its rows may stay too wide, which only costs a detour."""
        for row in _bins(box.top, box.bottom):
            if box in self._rows.get(row, ()):
                self._rows[row].remove(box)

    def blocked(self, top: float, bottom: float) -> list[tuple[float, float]]:
        """Merged [left, right] spans that boxes cover anywhere between two heights, with a margin."""
        rows = _bins(top, bottom)
        if len(rows) > FAR_BINS:
            return self._blocked_far(rows)
        spans = [
            (box.left - MARGIN, box.right + MARGIN)
            for box in dict.fromkeys(box for row in rows for box in self._rows.get(row, ()))
            if box.bottom > top and box.top < bottom
        ]
        return _merge(spans)

    def is_clear(self, start: tuple[float, float], end: tuple[float, float]) -> bool:
        """True when no box stands between the two ends of a wire."""
        low, high = sorted((start[0], end[0]))
        spans = self.blocked(start[1] + 4, end[1] - 4)
        return not any(left < high and right > low for left, right in spans)

    def lane(self, top: float, bottom: float, wishes: tuple[float, float], owner: object) -> float:
        """The x with the shortest detour from both wishes where a vertical line meets no box and no other lane."""
        own, others = self._taken(top, bottom, owner)
        spans = _merge([*self.blocked(top, bottom), *((x - LANE_GAP, x + LANE_GAP) for x in others)])
        for x in own:
            if not any(left < x < right for left, right in spans):
                return x
        ends = (x for span in spans for x in span)
        free = [x for x in (*wishes, *ends) if not any(left < x < right for left, right in spans)]
        return min(free, key=lambda x: (abs(x - wishes[0]) + abs(x - wishes[1]), -x))

    def take(self, x: float, top: float, bottom: float, owner: object) -> None:
        """Remember a lane so that other wires keep clear of it."""
        for row in _bins(top, bottom):
            self._lanes.setdefault(row, []).append((x, top, bottom, owner))

    def release(self, x: float, top: float, bottom: float, owner: object) -> None:
        """Forget a lane."""
        for row in _bins(top, bottom):
            lanes = self._lanes.get(row, [])
            if (x, top, bottom, owner) in lanes:
                lanes.remove((x, top, bottom, owner))

    def _taken(self, top: float, bottom: float, owner: object) -> tuple[dict[float, None], dict[float, None]]:
        """(lanes of the same owner, lanes of others) between two heights."""
        own: dict[float, None] = {}
        others: dict[float, None] = {}
        for row in _bins(top, bottom):
            for x, start, end, other in self._lanes.get(row, ()):
                if start < bottom and end > top:
                    (own if other == owner else others)[x] = None
        return own, others

    def _blocked_far(self, rows: Sequence[int]) -> list[tuple[float, float]]:
        extents = [self._extent[row] for row in rows if row in self._extent]
        if not extents:
            return []
        return [(min(low for low, _ in extents) - MARGIN, max(high for _, high in extents) + MARGIN)]


def route(
    start: tuple[float, float], end: tuple[float, float], obstacles: Obstacles, owner: object
) -> tuple[Points, tuple[float, float, float] | None]:
    """(points of the wire, its lane as (x, top, bottom) or None when it goes straight)."""
    (x1, y1), (x2, y2) = start, end
    if y2 < y1 + 4:
        return _backwards(start, end), None
    if obstacles.is_clear(start, end):
        return (start, end), None
    inset = min(34.0, (y2 - y1) / 3)
    top, bottom = y1 + inset, y2 - inset
    x = obstacles.lane(top, bottom, (x1, x2), owner)
    return _laned(start, end, x, inset), (x, top, bottom)


def _laned(start: tuple[float, float], end: tuple[float, float], x: float, inset: float) -> Points:
    points = [start, (x, start[1] + inset), (x, end[1] - inset), end]
    if abs(x - start[0]) < 0.5:
        points.pop(1)
    elif abs(x - end[0]) < 0.5:
        points.pop(2)
    return tuple(points)


def _backwards(start: tuple[float, float], end: tuple[float, float]) -> Points:
    """A wire to something above: out below, around the side, in from above."""
    (x1, y1), (x2, y2) = start, end
    side = max(x1, x2) + 120.0
    return (start, (side, y1 + 30.0), (side, y2 - 30.0), end)


def _bins(top: float, bottom: float) -> range:
    return range(int(top // BIN), int(bottom // BIN) + 1)


def _merge(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged
