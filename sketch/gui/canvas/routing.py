"""Ways for wires: straight down where nothing stands between, else along a lane beside what does.

All wires of one output share a lane, since they carry the same value. Pure arithmetic, no Qt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sketch.gui.canvas.boxes import Box

BIN = 120.0
MARGIN = 14.0
LANE_GAP = 12.0
FAR_BINS = 40
TURN = 34.0
SHORT = 400.0

Point = tuple[float, float]
Points = tuple[Point, ...]
Lane = tuple[float, float, float]
"""(x, top, bottom) of a vertical run."""


class Obstacles:
    """The boxes of a canvas by height, and the lanes that are taken."""

    def __init__(self, boxes: Iterable[Box] = ()):
        self._rows: dict[int, list[Box]] = {}
        self._extent: dict[int, tuple[float, float]] = {}
        self._lanes: dict[int, dict[tuple[Lane, object], None]] = {}
        self._own: dict[object, dict[Lane, int]] = {}
        for box in boxes:
            self.add(box)

    def add(self, box: Box) -> None:
        """Take a box in."""
        for row in _bins(box.top, box.bottom):
            self._rows.setdefault(row, []).append(box)
            low, high = self._extent.get(row, (box.left, box.right))
            self._extent[row] = (min(low, box.left), max(high, box.right))

    def remove(self, box: Box) -> None:
        """Take a box out."""
        for row in _bins(box.top, box.bottom):
            left = self._rows.get(row, [])
            if box in left:
                left.remove(box)
            if left:
                self._extent[row] = min(other.left for other in left), max(other.right for other in left)
            else:
                self._extent.pop(row, None)

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

    def is_clear(self, start: Point, end: Point) -> bool:
        """True when no box stands between the two ends of a wire."""
        low, high = sorted((start[0], end[0]))
        spans = self.blocked(start[1] + 4, end[1] - 4)
        return not any(left < high and right > low for left, right in spans)

    def own_lane(self, top: float, bottom: float, owner: object) -> Lane | None:
        """A lane of the same owner that runs all along these heights."""
        for lane in self._own.get(owner, ()):
            if lane[1] <= top and lane[2] >= bottom:
                return lane
        return None

    def lane(self, top: float, bottom: float, wishes: tuple[float, float], owner: object) -> Lane:
        """Beside everything, with the shortest detour from both wishes (the x of source and target)."""
        spans = self.blocked(top, bottom)
        others = self._others(top, bottom, owner)
        spans = _merge([*spans, *((x - LANE_GAP, x + LANE_GAP) for x in others)])
        source, target = wishes
        ends = (x for span in spans for x in span)
        free = [x for x in (*wishes, *ends) if not any(left < x < right for left, right in spans)]


        def cost(x: float) -> tuple[int, bool, float, float]:
            """Detour, then a needless bend, then the far side of the target (so nested skips share a side)."""
            return round((abs(x - source) + abs(x - target)) / 4), x not in wishes, abs(x - target), -x

        return min(free, key=cost), top, bottom

    def take(self, lane: Lane, owner: object) -> None:
        """Remember a lane so that wires of others keep clear of it; to be given back as often as taken."""
        own = self._own.setdefault(owner, {})
        own[lane] = own.get(lane, 0) + 1
        if own[lane] == 1:
            for row in _bins(lane[1], lane[2]):
                self._lanes.setdefault(row, {})[lane, owner] = None

    def release(self, lane: Lane, owner: object) -> None:
        """Give a lane back."""
        own = self._own[owner]
        own[lane] -= 1
        if not own[lane]:
            del own[lane]
            for row in _bins(lane[1], lane[2]):
                del self._lanes[row][lane, owner]

    def _others(self, top: float, bottom: float, owner: object) -> set[float]:
        return {
            lane[0]
            for row in _bins(top, bottom)
            for lane, other in self._lanes.get(row, ())
            if other != owner and lane[1] < bottom and lane[2] > top
        }

    def _blocked_far(self, rows: Sequence[int]) -> list[tuple[float, float]]:
        extents = [self._extent[row] for row in rows if row in self._extent]
        if not extents:
            return []
        return [(min(low for low, _ in extents) - MARGIN, max(high for _, high in extents) + MARGIN)]


def route(start: Point, end: Point, obstacles: Obstacles, owner: object) -> tuple[Points, Lane | None]:
    """(points of the wire, the lane it uses or None when it needs none)."""
    (x1, y1), (x2, y2) = start, end
    if y2 < y1 + 4:
        return _backwards(start, end), None
    turn = min(TURN, (y2 - y1) / 3)
    top, bottom = y1 + turn, y2 - turn
    is_short = y2 - y1 < SHORT
    if is_short and obstacles.is_clear(start, end):
        return (start, end), None
    lane = obstacles.own_lane(top, bottom, owner)
    if lane is None and not is_short and obstacles.is_clear(start, end):
        return (start, end), None
    lane = lane or obstacles.lane(top, bottom, (x1, x2), owner)
    return _laned(start, end, lane[0], turn), lane


def _laned(start: Point, end: Point, x: float, turn: float) -> Points:
    points = [start, (x, start[1] + turn), (x, end[1] - turn), end]
    if abs(x - start[0]) < 0.5:
        points.pop(1)
    elif abs(x - end[0]) < 0.5:
        points.pop(2)
    return tuple(points)


def _backwards(start: Point, end: Point) -> Points:
    """A wire to something above: out below, around the side, in from above."""
    (x1, y1), (x2, y2) = start, end
    side = max(x1, x2) + 120.0
    return start, (side, y1 + 30.0), (side, y2 - 30.0), end


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
