"""The frame of an open group: as big as what is drawn in it, with room for wires that run beside. No Qt."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from sketch.gui.canvas.areas import Extent, Rect
from sketch.gui.canvas.boxes import Box, area_of
from sketch.gui.canvas.level import EMPTY, Arc
from sketch.gui.canvas.routing import Points


class Padding(NamedTuple):
    """Space between the border of a frame and what is in it; `top` is left out by wires that come in."""

    left: float
    top: float
    right: float


class Outline:
    """`rect` is the area of the frame, in the coordinates of the picture inside."""

    def __init__(self, padding: Padding):
        self.rect: Rect = (0.0, 0.0, 0.0, 0.0)
        self._padding = padding
        self._boxes: Extent[Hashable] = Extent()
        self._arcs: Extent[Arc] = Extent()

    def put(self, key: Hashable, box: Box | None) -> None:
        """Bring the area of a thing up to date; None when it is gone."""
        if box is None:
            self._boxes.drop(key)
        else:
            self._boxes.put(key, area_of(box))

    def cover(self, arc: Arc) -> None:
        """Bring the area of a wire up to date. Only stored ways count: the others depend on what was drawn before."""
        if arc.is_stored:
            us, vs = [u for u, _ in arc.spread], [v for _, v in arc.spread]
            self._arcs.put(arc, (min(us), min(vs), max(us), max(vs)))
        else:
            self._arcs.drop(arc)

    def drop(self, arc: Arc) -> None:
        """Forget a wire."""
        self._arcs.drop(arc)

    def update(self, top: float, bottom: float) -> bool:
        """Bring the frame up to date, between the heights where wires come in and leave; True when sides moved."""
        before = self.rect
        left, right = self._sides()
        padding = self._padding
        self.rect = left - padding.left, top - padding.top, right + padding.right, bottom
        return (before[0], before[2]) != (self.rect[0], self.rect[2])

    def keep_inside(self, arcs: Iterable[Arc]) -> None:
        """Let wires stay in the frame: those beside everything in it are pressed together at its border."""
        left, right = self._sides()
        for arc in arcs:
            arc.drawn = _kept_inside(arc.spread, left, right, self._padding.right)

    def _sides(self) -> tuple[float, float]:
        boxes, arcs = self._boxes.area or EMPTY, self._arcs.area
        return (boxes[0], boxes[2]) if arcs is None else (min(boxes[0], arcs[0]), max(boxes[2], arcs[2]))


def _kept_inside(points: Points, left: float, right: float, room: float) -> Points:
    for u, _ in points:
        if u < left or u > right:
            return tuple((_pressed(u, left, right, room), v) for u, v in points)
    return points


def _pressed(u: float, left: float, right: float, room: float) -> float:
    """A coordinate that goes less than `room` beyond the borders; the order is kept. Half of the room is as it is."""
    half = room / 2
    if u > right + half:
        return right + half + half * (u - right - half) / (u - right)
    if u < left - half:
        return left - half - half * (left - half - u) / (left - u)
    return u
