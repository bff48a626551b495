"""Ways for wires: straight down where nothing stands between, else along a lane beside what does.

All wires of one output share a lane, since they carry the same value. Pure arithmetic, no Qt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import inf
from operator import itemgetter

from sketch.graph.geometry import LANE_GAP
from sketch.gui.canvas.areas import Heights
from sketch.gui.canvas.boxes import Box, Point

BIN = 120.0
MARGIN = 14.0
FAR_BINS = 40
TURN = 34.0
BACK_TURN = 30.0
SHORT = 400.0
REACH = 160.0
"""A wire looks so far for a gap between boxes to turn in."""
CLEARANCE = 4.0
CROWD = 400
"""So many boxes or lanes side by side are passed as one: a gap among them would not be seen."""

Points = tuple[Point, ...]
Lane = tuple[float, float, float]
"""(x, top, bottom) of a vertical run."""
_Area = tuple[float, float, float, float, int]
"""(top, bottom, left, right, item) of a box, its margin included to the sides."""
_height = itemgetter(1)


class Obstacles:
    """The boxes of a canvas by height, and the lanes that are taken."""

    def __init__(self) -> None:
        self._rows: dict[int, list[_Area]] = {}
        self._extent: dict[int, tuple[float, float]] = {}
        self._wide: dict[int, tuple[float, float]] = {}
        """What so many rows as FAR_BINS together reach, as far as somebody asked."""
        self._lanes: Heights[tuple[Lane, object]] = Heights()
        self._own: dict[object, dict[Lane, int]] = {}

    def add(self, item: int, box: Box) -> None:
        """Take the box of an item in."""
        area = _area(item, box)
        top, bottom, left, right, _ = area
        for row in _bins(top, bottom):
            self._rows.setdefault(row, []).append(area)
            low, high = self._extent.get(row, (left, right))
            self._extent[row] = (min(low, left), max(high, right))
            self._wide.pop(row // FAR_BINS, None)

    def remove(self, item: int, box: Box) -> None:
        """Take a box out."""
        area = _area(item, box)
        for row in _bins(box.top, box.bottom):
            areas = self._rows.get(row, [])
            if area in areas:
                areas.remove(area)
            if areas:
                self._extent[row] = min(item[2] for item in areas), max(item[3] for item in areas)
            else:
                self._extent.pop(row, None)
            self._wide.pop(row // FAR_BINS, None)

    def is_clear(self, start: Point, end: Point) -> bool:
        """True when no box stands between the two ends of a wire."""
        low, high = (start[0], end[0]) if start[0] < end[0] else (end[0], start[0])
        top, bottom = start[1] + 4, end[1] - 4
        rows = _bins(top, bottom)
        if len(rows) > FAR_BINS:
            return not any(left < high and right > low for left, right in self._blocked_far(rows))
        for row in rows:
            for y1, y2, left, right, _ in self._rows.get(row, ()):
                if left < high and right > low and y2 > top and y1 < bottom:
                    return False
        return True

    def blocker(self, points: Points, seen: dict[Point, float]) -> int | None:
        """A box that stands on a way (touching is not standing), None when none does.

        `seen` is kept between calls while no box changes: how far down from a point nothing stands. Ways of one
        output share long runs.
        """
        for index in range(len(points) - 1):
            (x1, y1), (x2, y2) = points[index], points[index + 1]
            if y1 > y2:
                x1, y1, x2, y2 = x2, y2, x1, y1
            if x1 == x2:
                begin = (x1, y1)
                y1 = seen.get(begin, y1)
                found = self._standing(x1, y1, x2, y2) if y2 > y1 else None
                if y2 > y1:
                    seen[begin] = y2
            else:
                found = self._standing(x1, y1, x2, y2)
            if found is not None:
                seen.clear()
                return found
        return None

    def _standing(self, x1: float, y1: float, x2: float, y2: float) -> int | None:
        """A box that stands on a downward piece of a way."""
        low, high = (x1, x2) if x1 < x2 else (x2, x1)
        low, high = low + MARGIN, high - MARGIN  # areas have a margin that a stored way may use
        rows = self._rows
        for row in range(int(y1 // BIN), int(y2 // BIN) + 1):
            reached = self._extent.get(row)
            if reached is None or reached[0] >= high or reached[1] <= low:
                continue
            for top, bottom, left, right, item in rows[row]:
                if right > low and left < high and bottom > y1 and top < y2:
                    area = top, bottom, left + MARGIN, right - MARGIN
                    if _passes((x1, y1), (x2, y2), area):
                        return item
        return None

    def corridor(self, x: float, goal: float, y: float, turn: float) -> tuple[float, float] | None:
        """(from, to): the nearest heights below `y` where the way from x across to a goal is free, None at once.

        None also when there are none within reach, or a box bars the way down to them, or a crowd is there. A
        negative `turn` looks upwards.
        """
        sign = 1.0 if turn > 0 else -1.0
        low, high = min(x, goal), max(x, goal)
        far = y + sign * REACH
        ends = (x, y, goal, y + turn) if turn > 0 else (goal, y + turn, x, y)
        if self._crowded(_bins(min(y, far), max(y, far))) or self._standing(*ends) is None:
            return None
        spans = sorted(
            ((top, bottom, left, right) if turn > 0 else (-bottom, -top, left, right))
            for top, bottom, left, right in self._areas(min(y, far), max(y, far))
            if left + MARGIN < high and right - MARGIN > low
        )
        at, limit = sign * y, sign * y + REACH
        for top, bottom, left, right in spans:
            if bottom <= at:
                continue
            if top - at >= 2 * CLEARANCE:
                limit = top
                break
            if left < x < right:
                return None
            at = bottom + CLEARANCE
        return (sign * at, sign * min(at + abs(turn), limit - CLEARANCE)) if at < limit else None

    def own_lane(self, top: float, bottom: float, owner: object) -> Lane | None:
        """A lane of the same owner that runs all along these heights."""
        for lane in self._own.get(owner, ()):
            if lane[1] <= top and lane[2] >= bottom:
                return lane
        return None

    def lane(self, top: float, bottom: float, wishes: tuple[float, float], owner: object) -> Lane:
        """Beside everything, with the shortest detour from both wishes (the x of source and target)."""
        others = self._others(top, bottom, owner)
        spans = _merge([*self._blocked(top, bottom), *((x - LANE_GAP, x + LANE_GAP) for x in others)])
        source, target = wishes
        free = [*_exits(source, spans), *_exits(target, spans)]

        def cost(x: float) -> tuple[int, bool, float, float]:
            """Detour, then a needless bend, then the far side of the target (so nested skips share a side)."""
            return round((abs(x - source) + abs(x - target)) / 4), x not in wishes, abs(x - target), -x

        return min(free, key=cost), top, bottom

    def take(self, lane: Lane, owner: object) -> None:
        """Remember a lane so that wires of others keep clear of it; to be given back as often as taken."""
        own = self._own.setdefault(owner, {})
        own[lane] = own.get(lane, 0) + 1
        if own[lane] == 1:
            self._lanes.put((lane, owner), lane[1], lane[2])

    def release(self, lane: Lane, owner: object) -> None:
        """Give a lane back."""
        own = self._own[owner]
        own[lane] -= 1
        if not own[lane]:
            del own[lane]
            self._lanes.drop((lane, owner))

    def _areas(self, top: float, bottom: float) -> set[tuple[float, float, float, float]]:
        return {area[:4] for row in _bins(top, bottom) for area in self._rows.get(row, ())}

    def _crowded(self, rows: range) -> list[int]:
        return [row for row in rows if len(self._rows.get(row, ())) > CROWD]

    def _others(self, top: float, bottom: float, owner: object) -> set[float]:
        if self._lanes.is_crowded(top, bottom, CROWD):
            return set()
        near = self._lanes.near(top, bottom)
        return {lane[0] for lane, other in near if other != owner and lane[1] < bottom and lane[2] > top}

    def _blocked(self, top: float, bottom: float) -> list[tuple[float, float]]:
        """[left, right] spans that boxes cover anywhere between two heights, with a margin."""
        rows = _bins(top, bottom)
        if len(rows) > FAR_BINS:
            return self._blocked_far(rows)
        crowded = self._crowded(rows)
        return [self._extent[row] for row in crowded] + [
            (left, right)
            for row in rows
            if row not in crowded
            for y1, y2, left, right, _ in self._rows.get(row, ())
            if y2 > top and y1 < bottom
        ]

    def _blocked_far(self, rows: range) -> list[tuple[float, float]]:
        first, last = -(-rows.start // FAR_BINS), rows.stop // FAR_BINS
        if last > first:
            edges = (*range(rows.start, first * FAR_BINS), *range(last * FAR_BINS, rows.stop))
            spans = [self._reached(part) for part in range(first, last)]
        else:
            edges, spans = tuple(rows), []
        spans += [self._extent[row] for row in edges if row in self._extent]
        reached = _reach(spans)
        return [reached] if reached[0] <= reached[1] else []

    def _reached(self, part: int) -> tuple[float, float]:
        """(left, right) that many rows together reach."""
        found = self._wide.get(part)
        if found is None:
            rows = range(part * FAR_BINS, (part + 1) * FAR_BINS)
            found = self._wide[part] = _reach([self._extent[row] for row in rows if row in self._extent])
        return found


def route(start: Point, end: Point, obstacles: Obstacles, owner: object) -> tuple[Points, Lane | None]:
    """(points of the wire, the lane it uses or None when it needs none)."""
    (x1, y1), (x2, y2) = start, end
    if y2 < y1 + 4:
        return _backwards(start, end, obstacles, owner)
    turn = min(TURN, (y2 - y1) / 3)
    top, bottom = y1 + turn, y2 - turn
    is_short = y2 - y1 < SHORT
    if is_short and obstacles.is_clear(start, end):
        return (start, end), None
    lane = obstacles.own_lane(top, bottom, owner)
    if lane is None and not is_short and obstacles.is_clear(start, end):
        return (start, end), None
    lane = lane or obstacles.lane(top, bottom, (x1, x2), owner)
    return _laned(start, end, lane[0], turn, obstacles), lane


def _laned(start: Point, end: Point, x: float, turn: float, obstacles: Obstacles) -> Points:
    """Down to a lane, along it, and in from above; each turn where nothing stands in its way."""
    points = [start]
    for (at, y), height in ((start, turn), (end, -turn)):
        across = obstacles.corridor(at, x, y, height) or (y, y + height)
        turns = [(at, across[0]), (x, across[1])]
        if abs(across[0] - y) < 0.5 or abs(x - at) < 0.5:
            turns.pop(0)
        if abs(x - at) >= 0.5:
            points += turns if height > 0 else turns[::-1]
    return (*points, end)


def _backwards(start: Point, end: Point, obstacles: Obstacles, owner: object) -> tuple[Points, Lane]:
    """A wire to something above: out below, up beside everything, in from above."""
    (x1, y1), (x2, y2) = start, end
    lane = obstacles.lane(y2 - BACK_TURN, y1 + BACK_TURN, (x1, x2), owner)
    return _laned(start, end, lane[0], BACK_TURN, obstacles), lane


def passes_box(points: Points, box: Box) -> bool:
    """True when a piece of a way passes the area of a box."""
    left, right, top, bottom = box.left, box.right, box.top, box.bottom
    first, last = 0, len(points) - 1
    if last > 8 and points[0][1] < points[-1][1]:  # long stored ways only run down
        first = max(0, bisect_left(points, top, key=_height) - 1)
        last = min(last, bisect_left(points, bottom, key=_height) + 1)
    for index in range(first, last):
        (u1, v1), (u2, v2) = points[index], points[index + 1]
        if v1 > v2:
            u1, v1, u2, v2 = u2, v2, u1, v1
        if v1 >= bottom or v2 <= top or (u1 <= left and u2 <= left) or (u1 >= right and u2 >= right):
            continue
        slope = (u2 - u1) / (v2 - v1) if v2 > v1 else 0.0
        upper, lower = u1 + slope * (max(v1, top) - v1), u1 + slope * (min(v2, bottom) - v1)
        if max(upper, lower) > left and min(upper, lower) < right:
            return True
    return False


def _reach(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(least left, greatest right); an endless empty span for none."""
    return min([left for left, _ in spans], default=inf), max([right for _, right in spans], default=-inf)


def _bins(top: float, bottom: float) -> range:
    return range(int(top // BIN), int(bottom // BIN) + 1)


def _area(item: int, box: Box) -> _Area:
    x, y, width, height = box[:4]
    return y - height / 2, y + height / 2, x - width / 2 - MARGIN, x + width / 2 + MARGIN, item


def _passes(start: Point, end: Point, area: tuple[float, float, float, float]) -> bool:
    """True when a downward piece of a way passes an area."""
    (x1, y1), (x2, y2) = start, end
    top, bottom, left, right = area
    slope = (x2 - x1) / (y2 - y1) if y2 > y1 else 0.0
    upper, lower = x1 + slope * (max(y1, top) - y1), x1 + slope * (min(y2, bottom) - y1)
    return max(upper, lower) > left and min(upper, lower) < right


def _exits(x: float, spans: list[tuple[float, float]]) -> tuple[float, ...]:
    """The places nearest to x, to either side, that no span covers; x itself when it is free."""
    index = bisect_right(spans, (x, x))
    if index == 0 or spans[index - 1][1] <= x or spans[index - 1][0] == x:
        return (x,)
    return spans[index - 1]


def _merge(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged
