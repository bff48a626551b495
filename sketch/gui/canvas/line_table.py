"""The lines of a canvas with their bounding boxes in one array, so that a look-up touches only what is near."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

from sketch.graph.rows import Edge
from sketch.gui.canvas.wire_shape import crosses, distance, wire_path
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    import numpy as np


class LineTable:
    """Lines by wire, by place and by the output they leave; paths are made when they are first needed."""

    def __init__(self) -> None:
        self.hidden: frozenset[Edge] = frozenset()
        self._style = "curved"
        self._lines: list[Line | None] = []
        self._paths: list[QPainterPath | None] = []
        self._slots: dict[Edge, int] = {}
        self._free: list[int] = []
        self._outputs: dict[tuple[object, int], dict[Edge, None]] = {}
        self._spots: dict[tuple[object, int], tuple[Edge, bool]] = {}
        self._array: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._slots)

    def box(self, edge: Edge) -> QRectF | None:
        """The bounding box of a wire, None when it is not here."""
        slot = self._slots.get(edge)
        if slot is None:
            return None
        left, top, right, bottom = self._boxes[slot]
        return QRectF(left, top, right - left, bottom - top)

    def use_style(self, style: str) -> None:
        """Make every path anew: curved, straight or square."""
        self._style = style
        self._paths = [None] * len(self._paths)

    def near(self, area: QRectF) -> list[tuple[Line, QPainterPath]]:
        """The lines whose box touches an area, hidden ones left out, with their paths."""
        slots = self._within(area)
        found = [(slot, line) for slot in slots if (line := self._lines[slot]) is not None]
        return [(line, self._path(slot)) for slot, line in found if line.edge not in self.hidden]

    def at(self, where: QPointF, reach: float) -> Line | None:
        """The wire nearest to a point within reach (scene px), None when there is none."""
        around = QRectF(where.x() - reach, where.y() - reach, 2 * reach, 2 * reach)
        found = [(distance(path, where), line) for line, path in self.near(around)]
        best = min(found, key=lambda item: item[0], default=None)
        return best[1] if best is not None and best[0] <= reach else None

    def crossing(self, stroke: QLineF) -> list[Edge]:
        """The wires that a straight stroke crosses."""
        around = QRectF(stroke.p1(), stroke.p2()).normalized().adjusted(-1, -1, 1, 1)
        return [line.edge for line, path in self.near(around) if crosses(path, stroke)]

    def segments(self) -> list[QLineF]:
        """Every wire as straight pieces, for the far view."""
        shown = (line for line in self._lines if line is not None and line.edge not in self.hidden)
        return [QLineF(*first, *last) for line in shown for first, last in pairwise(line.points)]

    def put(self, line: Line) -> None:
        """Take in a line, or its new course."""
        slot = self._slots.get(line.edge)
        if slot is None:
            slot = self._free.pop() if self._free else len(self._lines)
            if slot == len(self._lines):
                self._lines.append(None)
                self._paths.append(None)
            self._make_room(slot)
            self._slots[line.edge] = slot
        else:
            self._detach(slot)
        self._lines[slot] = line
        self._paths[slot] = None
        xs, ys = [x for x, _ in line.points], [y for _, y in line.points]
        self._boxes[slot] = (min(xs), min(ys), max(xs), max(ys))
        self._outputs.setdefault((line.start, line.out), {})[line.edge] = None
        self._spots.pop((line.start, line.out), None)

    def remove(self, edge: Edge) -> None:
        """Forget a wire; nothing when it is not here."""
        slot = self._slots.get(edge)
        if slot is None:
            return
        self._detach(slot)
        del self._slots[edge]
        self._lines[slot] = self._paths[slot] = None
        self._boxes[slot] = math.nan
        self._free.append(slot)

    def label_spot(self, line: Line) -> tuple[Edge, bool]:
        """(the wire of this output that carries the label, whether the label is to its left)."""
        key = (line.start, line.out)
        if key not in self._spots:
            lines = [
                wire for edge in self._outputs[key] if (wire := self._lines[self._slots[edge]]) is not None
            ]
            bends = {_bend(wire) for wire in lines}
            self._spots[key] = min(lines, key=_plainness).edge, 1 in bends and -1 not in bends
        return self._spots[key]

    def bounds(self) -> QRectF:
        """The area that all wires cover; null when there are none."""
        if not self._slots:
            return QRectF()
        boxes = self._boxes[: len(self._lines)]
        boxes = boxes[boxes[:, 0] == boxes[:, 0]]  # NaN, the box of a free slot, is not equal to itself
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        return QRectF(left, top, right - left, bottom - top)

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _boxes(self) -> np.ndarray[Any, Any]:
        """Left, top, right and bottom by slot. numpy loads with the first line: an empty canvas has no need of it."""
        if self._array is None:
            import numpy as np

            self._array = np.empty((64, 4))
        return self._array

    def _make_room(self, slot: int) -> None:
        if slot >= len(self._boxes):
            import numpy as np

            self._array = np.concatenate([self._boxes, np.empty_like(self._boxes)])

    def _detach(self, slot: int) -> None:
        """Take a line that goes or changes out of the index by output."""
        line = self._lines[slot]
        if line is None:
            return
        key = (line.start, line.out)
        self._spots.pop(key, None)
        siblings = self._outputs[key]
        del siblings[line.edge]
        if not siblings:
            del self._outputs[key]

    def _within(self, area: QRectF) -> list[int]:
        if not self._slots:
            return []
        boxes = self._boxes[: len(self._lines)]
        hit = (boxes[:, 0] <= area.right()) & (boxes[:, 2] >= area.left())
        hit &= (boxes[:, 1] <= area.bottom()) & (boxes[:, 3] >= area.top())
        found: list[int] = hit.nonzero()[0].tolist()
        return found

    def _path(self, slot: int) -> QPainterPath:
        path = self._paths[slot]
        if path is None:
            line = self._lines[slot]
            path = wire_path(line.points, self._style) if line is not None else QPainterPath()
            self._paths[slot] = path
        return path


def _plainness(line: Line) -> tuple[int, float, int]:
    (_, top), (_, bottom) = line.points[0], line.points[-1]
    return len(line.points), abs(bottom - top), line.edge.target


def _bend(line: Line) -> int:
    """-1, 0 or 1: whether a wire first turns left, runs straight down, or turns right."""
    across = line.points[1][0] - line.points[0][0]
    return 0 if abs(across) < 1 else 1 if across > 0 else -1
