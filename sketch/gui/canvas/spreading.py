"""How the things on a canvas give way to its open groups: a monotone map from stored places to drawn ones.

Heights are stretched where open groups stand, by as much as their frames are higher than their closed boxes; things
below move down. Of the rows that hold open groups, widths are stretched likewise; things beside move aside.
Both maps keep the order and the distances of things, so nothing that stood apart comes to overlap. Pure arithmetic;
(u, v) run across and along the drawing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from sketch.gui.canvas.boxes import Box, Point

TRANSITION = 20.0
"""A wire that passes a row that moved aside goes aside within this height above and below it."""
STACK = 500.0
"""Rows with open groups that are no farther from each other go aside together."""
SHORT_PIECE = 64.0
"""A piece of a wire up to this height goes straight to an end that moved."""

Span = tuple[float, float, float]
"""(from, to, how much longer it becomes)."""
Cell = tuple[float, float, int]
"""(top, bottom, item) of a box."""


class Demand(NamedTuple):
    """An open group: its closed box, and the size of its frame.

    What is `before` from the left border of the frame, and `after` from its right one, stays at the middle of the
    closed box.
    """

    item: int
    box: Box
    before: float
    after: float
    height: float


Extents = tuple[float, float, list[Demand]]
"""(top, bottom, open groups) of boxes that go aside together."""


class Stretch:
    """A map of one coordinate that makes spans longer, and moves what comes after them."""

    def __init__(self, spans: Iterable[Span]):
        ramps: list[Span] = []
        for start, end, extra in sorted(spans, key=lambda span: (span[1], span[0], span[2])):
            missing = extra - _already(ramps, start, end)
            if missing > 0:
                ramps.append((start, end, missing))
        self.total = sum(extra for _, _, extra in ramps)
        self._marks, self._values, self._slopes = _compiled(ramps)
        self._images = [mark + value for mark, value in zip(self._marks, self._values, strict=True)]

    def is_like(self, other: Stretch) -> bool:
        """True for the same map."""
        return self._images == other._images and self._marks == other._marks

    def at(self, where: float) -> float:
        """How far a coordinate moves."""
        index = bisect_right(self._marks, where) - 1
        if index < 0:
            return 0.0
        return self._values[index] + self._slopes[index] * (where - self._marks[index])

    def back(self, image: float) -> float:
        """The coordinate that is drawn at `image`."""
        index = bisect_right(self._images, image) - 1
        if index < 0:
            return image
        return self._marks[index] + (image - self._images[index]) / (1.0 + self._slopes[index])


class Row(NamedTuple):
    """Boxes that stand beside or near below each other, open groups among them: how they move aside."""

    top: float
    bottom: float
    stretch: Stretch
    offset: float

    def aside(self, u: float) -> float:
        """How far something at `u` moves across."""
        return self.offset + self.stretch.at(u)

    def is_like(self, other: Row) -> bool:
        """True when everything in both moves across alike."""
        return self.offset == other.offset and self.stretch.is_like(other.stretch)


class Spread:
    """The drawn places of one canvas with open groups; equal ones for equal arguments.

    `extents` are those of `extents_of`; what stands at `middle` does not move across.
    """

    def __init__(self, demands: Sequence[Demand], extents: Sequence[Extents], middle: float):
        self.demands, self.extents, self.middle = demands, extents, middle
        self.down = Stretch((d.box.top, d.box.bottom, d.height - d.box.height) for d in demands)
        self.rows = [_row(top, bottom, found, middle) for top, bottom, found in extents]
        self._tops = [row.top for row in self.rows]
        self._bottom = self.rows[-1].bottom
        self.reach = max(demand.box.height for demand in demands)
        """Boxes that wires end at are this high."""

    def moved(self, box: Box) -> tuple[float, float]:
        """How far a box moves across and along."""
        top = box.y - box.height / 2
        if top >= self._bottom:
            return 0.0, self.down.total
        row = self._row_at(top)
        return row.aside(box.left) if row else 0.0, self.down.at(top)

    def corner(self, demand: Demand) -> Point:
        """The upper left corner of the frame of an open group."""
        box = demand.box
        row = self._row_at(box.top)
        return box.x + (row.aside(box.x) if row else 0.0) - demand.before, box.top + self.down.at(box.top)

    def point(self, where: Point) -> Point:
        """Where a point of a wire is drawn."""
        u, v = where
        index = bisect_right(self._tops, v) - 1
        row = self.rows[index] if index >= 0 else None
        aside = row.aside(u) if row is not None and v <= row.bottom else 0.0
        return u + aside, v + self.down.at(v)

    def place(self, corner: Point) -> Point:
        """The stored upper left corner of a box that is drawn at this one."""
        top = self.down.back(corner[1])
        row = self._row_at(top + 1e-6)  # a box at the border of a row is in it in spite of rounding
        return row.stretch.back(corner[0] - row.offset) if row else corner[0], top

    def shifted(self, points: Sequence[Point]) -> tuple[Point, ...] | None:
        """The drawn way of a wire from above to below that, as its ends, is beside no open group; else None."""
        top, bottom = points[0][1] - self.reach, points[-1][1] + self.reach
        if top > self._bottom:
            shift = self.down.total
        else:
            index = bisect_right(self._tops, bottom) - 1
            if bottom < top or (index >= 0 and self.rows[index].bottom > top):
                return None
            shift = self.down.at(top)
        return tuple([(u, v + shift) for u, v in points]) if shift else tuple(points)

    def bent(self, points: Sequence[Point], start: Point, end: Point) -> tuple[Point, ...]:
        """The drawn way of a wire between its drawn ends, from the stored one."""
        first, last = points[0], points[-1]
        found = [start]
        for index, (one, other) in enumerate(pairwise(points)):
            if one[1] > self._bottom and end[0] == last[0]:
                found.extend((u, v + self.down.total) for u, v in points[index + 1 : -1])
                found.append(end)
                break
            height = other[1] - one[1]
            if index == 0 and height > SHORT_PIECE and abs(start[0] - first[0]) > 0.5:
                found.append(self.point((first[0], first[1] + TRANSITION)))
            found.extend(self._crossings(one, other))
            if index == len(points) - 2 and height > SHORT_PIECE and abs(end[0] - last[0]) > 0.5:
                found.append(self.point((last[0], last[1] - TRANSITION)))
            found.append(end if index == len(points) - 2 else self.point(other))
        return tuple(_downwards(found)) if first[1] < last[1] else tuple(found)

    def rows_over(self, top: float, bottom: float) -> list[Row]:
        """The rows that cover some of these heights."""
        first = max(0, bisect_right(self._tops, top) - 1)
        return [row for row in self.rows[first : bisect_left(self._tops, bottom)] if row.bottom > top]

    # --- inside ------------------------------------------------------------------------------------

    def _row_at(self, v: float) -> Row | None:
        index = bisect_right(self._tops, v) - 1
        return self.rows[index] if index >= 0 and v < self.rows[index].bottom else None

    def _crossings(self, one: Point, other: Point) -> list[Point]:
        """More points where a piece of a wire passes rows that moved aside."""
        if other[1] < one[1]:
            return self._crossings(other, one)[::-1]
        low, high = one[1] + 0.5, other[1] - 0.5
        index = max(0, bisect_left(self._tops, low) - 1)
        found: list[Point] = []
        while index < len(self.rows) and self.rows[index].top < high:
            row = self.rows[index]
            if row.bottom > low:
                found.extend(self._past(row, one, other))
            index += 1
        return found

    def _past(self, row: Row, one: Point, other: Point) -> list[Point]:
        heights = ((row.top - TRANSITION, 0), (row.top, 1), (row.bottom, 1), (row.bottom + TRANSITION, 0))
        slope = (other[0] - one[0]) / (other[1] - one[1])
        found = []
        for v, inside in heights:
            if one[1] + 0.5 < v < other[1] - 0.5:
                u = one[0] + slope * (v - one[1])
                found.append((u + (row.aside(u) if inside else 0.0), v + self.down.at(v)))
        return found


class Room:
    """The boxes of a canvas, kept sorted from its first open group on, and the spread that these give."""

    def __init__(self) -> None:
        self._boxes: dict[int, Box] = {}
        self._cells: list[Cell] = []
        self._across: list[float] = []
        self._spread: Spread | None = None

    def update(
        self, moved: Iterable[object], boxes: Mapping[Any, Box], demands: Sequence[Demand]
    ) -> Spread | None:
        """The spread as it is now, None without open groups; the same object when nothing changed."""
        before = self._spread
        if self._boxes:
            for key in moved:
                if isinstance(key, int):
                    self._put(key, boxes.get(key))
        elif demands:
            self._sort({key: box for key, box in boxes.items() if isinstance(key, int)})
        if not demands:
            self._spread = None
            return None
        middle, extents = self._across[(len(self._across) - 1) // 2], extents_of(demands, self._cells)
        if before is None or (before.demands, before.extents, before.middle) != (demands, extents, middle):
            self._spread = Spread(demands, extents, middle)
        return self._spread

    def between(self, top: float, bottom: float) -> list[int]:
        """The boxes whose upper border is at these heights, the lower one not included."""
        first, last = bisect_left(self._cells, (top,)), bisect_left(self._cells, (bottom,))
        return [item for _, _, item in self._cells[first:last]]

    def spread_if(self, moved: Demand, demands: Sequence[Demand]) -> Spread:
        """The spread as it would be with the closed box of one of the open groups elsewhere."""
        before = self._boxes[moved.item]
        self._put(moved.item, moved.box)
        changed = [moved if demand.item == moved.item else demand for demand in demands]
        middle, extents = self._across[(len(self._across) - 1) // 2], extents_of(changed, self._cells)
        self._put(moved.item, before)
        return Spread(changed, extents, middle)

    def _sort(self, boxes: dict[int, Box]) -> None:
        self._boxes = boxes
        self._cells = sorted([(b[1] - b[3] / 2, b[1] + b[3] / 2, item) for item, b in boxes.items()])
        self._across = sorted([box[0] for box in boxes.values()])

    def _put(self, item: int, box: Box | None) -> None:
        before = self._boxes.pop(item, None)
        if before is not None:
            del self._cells[bisect_left(self._cells, (before.top, before.bottom, item))]
            del self._across[bisect_left(self._across, before.x)]
        if box is not None:
            self._boxes[item] = box
            insort(self._cells, (box.top, box.bottom, item))
            insort(self._across, box.x)


def changed_heights(before: Spread | None, after: Spread | None) -> tuple[float, float] | None:
    """The stored heights between which two spreads differ by more than one shift of everything; None when alike."""
    spreads = [spread for spread in (before, after) if spread is not None]
    spans = [span for spread in spreads for span in _differing(spread, before if spread is after else after)]
    if not spans:
        return None
    low, high = min(top for top, _ in spans), max(bottom for _, bottom in spans)
    bands = sorted((demand.box.top, demand.box.bottom) for spread in spreads for demand in spread.demands)
    for order in (bands, bands[::-1]):
        for top, bottom in order:
            if top < high and bottom > low:
                low, high = min(low, top), max(high, bottom)
    return low - TRANSITION, high + TRANSITION


def _differing(spread: Spread, other: Spread | None) -> Iterator[tuple[float, float]]:
    """The heights of what is in one spread and otherwise, or not, in another."""
    known = {demand.item: demand for demand in other.demands} if other is not None else {}
    for row, (top, bottom, demands) in zip(spread.rows, spread.extents, strict=True):
        over = other.rows_over(top, bottom) if other is not None else []
        if (
            len(over) == 1
            and over[0].is_like(row)
            and len(spread.rows_over(over[0].top, over[0].bottom)) == 1
        ):
            yield from ((d.box.top, d.box.bottom) for d in demands if known.get(d.item) != d)
            for one, another in ((top, over[0].top), (bottom, over[0].bottom)):
                if one != another:
                    yield min(one, another), max(one, another)
        else:
            yield top, bottom


def _downwards(points: Sequence[Point]) -> Iterator[Point]:
    """The points of a way that runs down, without those that go back up between rows that are near each other."""
    last = points[-1][1]
    lowest = points[0][1]
    for index, point in enumerate(points):
        if index in (0, len(points) - 1) or lowest <= point[1] <= last:
            lowest = point[1]
            yield point


def _row(top: float, bottom: float, demands: Sequence[Demand], middle: float) -> Row:
    """Things move to both sides of what stays."""
    halves = [
        span
        for _, box, before, after, _ in demands
        for span in (
            (box.left, box.x, max(0.0, before - box.width / 2)),
            (box.x, box.right, max(0.0, after - box.width / 2)),
        )
    ]
    stretch = Stretch(halves)
    return Row(top, bottom, stretch, -stretch.at(middle))


def extents_of(demands: Sequence[Demand], cells: Sequence[Cell]) -> list[Extents]:
    """(top, bottom, open groups) of each run of boxes that stand beside each other and hold an open group.

    Runs that are near each other are one, so that what is beside a tower of open groups stays aligned. Boxes of a
    canvas have one height, so that the order of their tops is that of their bottoms.
    """
    found: list[Extents] = []
    for demand in sorted(demands, key=lambda d: (d.box.top, d.item)):
        box = demand.box
        if found and box.top < found[-1][1]:
            found[-1][2].append(demand)
            continue
        index = bisect_left(cells, (box.top, box.bottom, demand.item))
        top, bottom = box.top, box.bottom
        upper = index - 1
        while upper >= 0 and cells[upper][1] > top:
            top = cells[upper][0]
            upper -= 1
        lower = index + 1
        while lower < len(cells) and cells[lower][0] < bottom:
            bottom = max(bottom, cells[lower][1])
            lower += 1
        if found and top - found[-1][1] < STACK:
            found[-1] = (found[-1][0], bottom, [*found[-1][2], demand])
        else:
            found.append((top, bottom, [demand]))
    return found


def _already(ramps: Sequence[Span], start: float, end: float) -> float:
    """How much longer the ramps so far make a span; they are sorted by their ends."""
    total = 0.0
    for left, right, extra in reversed(ramps):
        if right <= start:
            break
        inside = min(end, right) - max(start, left)
        if inside > 0:
            total += extra * inside / (right - left)
    return total


def _compiled(ramps: Sequence[Span]) -> tuple[list[float], list[float], list[float]]:
    """The sum of ramps as (marks, values there, slopes from there on)."""
    turns: dict[float, float] = {}
    for start, end, extra in ramps:
        slope = extra / (end - start)
        turns[start] = turns.get(start, 0.0) + slope
        turns[end] = turns.get(end, 0.0) - slope
    marks = sorted(turns)
    slopes = [slope if slope > 1e-9 else 0.0 for slope in accumulate(turns[mark] for mark in marks)]
    steps = (slope * (right - left) for slope, (left, right) in zip(slopes, pairwise(marks), strict=False))
    return marks, list(accumulate(steps, initial=0.0))[: len(marks)], slopes
