"""What is drawn on a canvas in scene coordinates, and what of it changed. No Qt."""

from __future__ import annotations

from typing import NamedTuple

from sketch.graph.rows import Edge
from sketch.gui.canvas.boxes import Badge, Box, Frame, Stub
from sketch.gui.canvas.late import Late
from sketch.gui.canvas.routing import Lane, Points

ItemKey = int | Stub


class Line(NamedTuple):
    """One drawn wire: the things it joins (the innermost that are seen), their ports, and its way."""

    edge: Edge
    start: ItemKey
    out: int
    end: ItemKey
    into: int
    points: Points
    lane: Lane | None = None


class Shift(NamedTuple):
    """Boxes of nodes, and lines, that only moved, and all alike: by how much, scene px."""

    boxes: list[int]
    lines: list[Edge]
    dx: float
    dy: float


class Beyond(NamedTuple):
    """All boxes and lines that began at these coordinates along the drawing, or after them, moved alike.

    By how much, scene px. What is told one by one, or in a Shift, does not count.
    """

    boxes: float
    lines: float
    dx: float
    dy: float


class Changes(NamedTuple):
    """What a sync changed: boxes, lines and frames that are new or different, and those that are gone.

    `badges` are the boxes whose badges differ. `shifts` are further boxes and lines, which only moved; nothing is in
    two of them. `beyond` tells of further ones that moved, without their names.
    """

    boxes: frozenset[ItemKey]
    lines: frozenset[Edge]
    frames: frozenset[int] = frozenset()
    badges: frozenset[int] = frozenset()
    shifts: tuple[Shift, ...] = ()
    beyond: Beyond | None = None

    def and_then(self, other: Changes) -> Changes:
        """What both changed, each thing on its own; nothing of it is told by `beyond`."""
        shifts = self.shifts + other.shifts
        return Changes(
            self.boxes.union(other.boxes, *[shift.boxes for shift in shifts]),
            self.lines.union(other.lines, *[shift.lines for shift in shifts]),
            self.frames | other.frames,
            self.badges | other.badges,
        )


class Drawn:
    """What is drawn, in scene coordinates."""

    def __init__(self) -> None:
        self.boxes: Late[int, Box] = Late()
        self.stubs: dict[Stub, Box] = {}
        self.lines: Late[Edge, Line] = Late()
        self.frames: dict[int, Frame] = {}
        self.badges: dict[int, tuple[Badge, ...]] = {}

    def clear(self) -> Changes:
        """Forget everything; all of it as changes."""
        all_of_it = Changes(
            frozenset((*self.boxes, *self.stubs)),
            frozenset(self.lines),
            frozenset(self.frames),
            frozenset(self.badges),
        )
        for table in (self.boxes, self.stubs, self.lines, self.frames, self.badges):
            table.clear()
        return all_of_it


class Found:
    """What a redrawing changed so far."""

    def __init__(self) -> None:
        self.boxes: set[ItemKey] = set()
        self.lines: set[Edge] = set()
        self.frames: set[int] = set()
        self.badges: set[int] = set()
        self.shifts: list[Shift] = []
        self.beyond: Beyond | None = None

    def changes(self) -> Changes:
        """All of it."""
        return Changes(
            frozenset(self.boxes),
            frozenset(self.lines),
            frozenset(self.frames),
            frozenset(self.badges),
            tuple(self.shifts),
            self.beyond,
        )
