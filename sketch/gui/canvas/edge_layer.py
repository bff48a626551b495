"""All wires of a canvas in one item: thousands of items would cost far more than thousands of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.graph.rows import Edge
from sketch.gui.canvas.ink import LABEL_ZOOM, TEXT_ZOOM, Ink
from sketch.gui.canvas.routing import Points
from sketch.gui.canvas.wires import Line

ARROW = QPolygonF([QPointF(-4.2, -12.5), QPointF(4.2, -12.5), QPointF(0.0, -4.0)])
LEAD = 11.0


def wire_path(points: Points) -> QPainterPath:
    """A smooth path through the points of a wire: pieces leave and arrive vertically, the last bit is straight."""
    path = QPainterPath(QPointF(*points[0]))
    x_end, y_end = points[-1]
    lead = min(LEAD, abs(y_end - points[-2][1]) / 2)
    for (x1, y1), (x2, y2) in pairwise((*points[:-1], (x_end, y_end - lead), points[-1])):
        if abs(x2 - x1) < 0.5:
            path.lineTo(x2, y2)
        else:
            bend = (y2 - y1) * (0.5 if len(points) == 2 else 0.7)
            path.cubicTo(x1, y1 + bend, x2, y2 - bend, x2, y2)
    return path


class EdgeLayer(QGraphicsItem):
    """Holds the lines with their bounding boxes in one array, so that a painting touches only what is exposed."""

    def __init__(self, ink: Ink, label: Callable[[Edge], str]):
        super().__init__()
        self.selected: frozenset[Edge] = frozenset()
        self.hovered: Edge | None = None
        self._ink = ink
        self._label = label
        self._lines: list[Line | None] = []
        self._paths: list[QPainterPath | None] = []
        self._boxes = np.empty((64, 4))
        self._slots: dict[Edge, int] = {}
        self._free: list[int] = []
        self._outputs: dict[tuple[object, int], dict[Edge, None]] = {}
        self._spots: dict[tuple[object, int], tuple[Edge, bool]] = {}
        self._hidden: frozenset[Edge] = frozenset()
        self._bounds = QRectF()
        self.setZValue(-1)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_lines(self, lines: dict[Edge, Line], changed: Iterable[Edge]) -> None:
        """Bring the given wires up to date; those no longer in `lines` go."""
        for edge in changed:
            line = lines.get(edge)
            if line is None:
                self._remove(edge)
            else:
                self._put(line)
        self._ink.thin_wires = len(self._slots) > 250
        self._grow()

    def leave_out(self, edges: Iterable[Edge]) -> None:
        """Leave wires out while something else draws them."""
        gone = frozenset(edges)
        for edge in gone ^ self._hidden:
            self.touch(edge)
        self._hidden = gone

    def touch(self, edge: Edge) -> None:
        """Paint a wire again."""
        slot = self._slots.get(edge)
        if slot is not None:
            left, top, right, bottom = self._boxes[slot]
            self.update(QRectF(left, top, right - left, bottom - top).adjusted(-60, -8, 60, 8))

    def select(self, edges: Iterable[Edge]) -> None:
        """Show these wires as selected."""
        chosen = frozenset(edges)
        for edge in chosen ^ self.selected:
            self.touch(edge)
        self.selected = chosen

    def hover(self, edge: Edge | None) -> None:
        """Show one wire as being under the pointer."""
        if edge == self.hovered:
            return
        before, self.hovered = self.hovered, edge
        for changed in (before, edge):
            if changed is not None:
                self.touch(changed)

    def at(self, where: QPointF, reach: float) -> Line | None:
        """The wire nearest to a point within reach (scene px), None when there is none."""
        best: tuple[float, Line] | None = None
        for slot in self._within(QRectF(where.x() - reach, where.y() - reach, 2 * reach, 2 * reach)):
            line = self._lines[slot]
            if line is None or line.edge in self._hidden:
                continue
            distance = _distance(self._path(slot), where)
            if distance <= reach and (best is None or distance < best[0]):
                best = (distance, line)
        return best[1] if best else None

    def crossing(self, stroke: QLineF) -> list[Edge]:
        """The wires that a straight stroke crosses."""
        around = QRectF(stroke.p1(), stroke.p2()).normalized().adjusted(-1, -1, 1, 1)
        return [
            line.edge
            for slot in self._within(around)
            if (line := self._lines[slot]) is not None and _crosses(self._path(slot), stroke)
        ]

    def segments(self) -> list[QLineF]:
        """Every wire as straight pieces, for the far view."""
        pieces = []
        for line in self._lines:
            if line is not None and line.edge not in self._hidden:
                for first, last in pairwise(line.points):
                    pieces.append(QLineF(*first, *last))
        return pieces

    def reach(self) -> QRectF:
        """The area that all wires cover; null when there are none."""
        return self._bounds.adjusted(70, 20, -70, -20) if not self._bounds.isNull() else QRectF()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink = self._ink
        exposed = option.exposedRect
        slots = self._within(exposed.adjusted(-60, -10, 60, 10))
        lines = [
            (slot, line) for slot in slots if (line := self._lines[slot]) and line.edge not in self._hidden
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ordinary = ink.wire_pen()
        painter.setPen(ordinary)
        strong = self.selected | ({self.hovered} if self.hovered else set())
        for slot, line in lines:
            if line.edge not in strong:
                painter.drawPath(self._path(slot))
        painter.setPen(ink.wire_selected)
        for slot, line in lines:
            if line.edge in strong:
                painter.drawPath(self._path(slot))
        if ink.zoom >= TEXT_ZOOM:
            self._paint_arrows(painter, [line for _, line in lines], strong)
        if ink.zoom >= LABEL_ZOOM:
            self._paint_labels(painter, [line for _, line in lines])

    # --- inside ------------------------------------------------------------------------------------

    def _paint_arrows(
        self, painter: QPainter, lines: list[Line], strong: set[Edge] | frozenset[Edge]
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for line in lines:
            painter.setBrush(self._ink.wire_selected.color() if line.edge in strong else self._ink.wire)
            painter.drawConvexPolygon(ARROW.translated(*line.points[-1]))

    def _paint_labels(self, painter: QPainter, lines: list[Line]) -> None:
        ink = self._ink
        painter.setFont(ink.small_font)
        for line in lines:
            edge, to_left = self._label_spot(line)
            if edge != line.edge or not (text := self._label(edge)):
                continue
            width = ink.small_metrics.horizontalAdvance(text) + 6
            x, y = line.points[0]
            pill = QRectF(x - width - 5 if to_left else x + 5, y + 6, width, 14)
            painter.fillRect(pill, ink.veil)
            painter.setPen(ink.wire_label)
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _put(self, line: Line) -> None:
        slot = self._slots.get(line.edge)
        if slot is None:
            slot = self._free.pop() if self._free else len(self._lines)
            if slot == len(self._lines):
                self._lines.append(None)
                self._paths.append(None)
            if slot >= len(self._boxes):
                self._boxes = np.concatenate([self._boxes, np.empty_like(self._boxes)])
            self._slots[line.edge] = slot
        else:
            self._detach(slot)
        self._lines[slot] = line
        self._paths[slot] = None
        xs, ys = [x for x, _ in line.points], [y for _, y in line.points]
        self._boxes[slot] = (min(xs), min(ys), max(xs), max(ys))
        self._outputs.setdefault((line.start, line.out), {})[line.edge] = None
        self._spots.pop((line.start, line.out), None)
        self.touch(line.edge)

    def _label_spot(self, line: Line) -> tuple[Edge, bool]:
        """(the wire of this output that carries the label, whether the label is to its left)."""
        key = (line.start, line.out)
        if key not in self._spots:
            lines = [
                wire for edge in self._outputs[key] if (wire := self._lines[self._slots[edge]]) is not None
            ]
            bends = {_bend(wire) for wire in lines}
            self._spots[key] = min(lines, key=_plainness).edge, 1 in bends and -1 not in bends
        return self._spots[key]

    def _remove(self, edge: Edge) -> None:
        slot = self._slots.get(edge)
        if slot is None:
            return
        self._detach(slot)
        del self._slots[edge]
        self._lines[slot] = self._paths[slot] = None
        self._boxes[slot] = np.nan
        self._free.append(slot)

    def _detach(self, slot: int) -> None:
        """Take a line that goes or changes out of the picture and out of the index by output."""
        line = self._lines[slot]
        if line is None:
            return
        self.touch(line.edge)
        key = (line.start, line.out)
        self._spots.pop(key, None)
        siblings = self._outputs[key]
        del siblings[line.edge]
        if not siblings:
            del self._outputs[key]

    def _grow(self) -> None:
        boxes = self._boxes[: len(self._lines)]
        boxes = boxes[~np.isnan(boxes[:, 0])]
        bounds = QRectF()
        if len(boxes):
            (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
            bounds = QRectF(left, top, right - left, bottom - top).adjusted(-70, -20, 70, 20)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds

    def _within(self, area: QRectF) -> list[int]:
        boxes = self._boxes[: len(self._lines)]
        hit = (boxes[:, 0] <= area.right()) & (boxes[:, 2] >= area.left())
        hit &= (boxes[:, 1] <= area.bottom()) & (boxes[:, 3] >= area.top())
        found: list[int] = np.nonzero(hit)[0].tolist()
        return found

    def _path(self, slot: int) -> QPainterPath:
        path = self._paths[slot]
        if path is None:
            line = self._lines[slot]
            path = wire_path(line.points) if line is not None else QPainterPath()
            self._paths[slot] = path
        return path


def dashed(pen: QPen) -> QPen:
    """The same pen, dashed: a wire that does not exist yet."""
    made = QPen(pen)
    made.setStyle(Qt.PenStyle.DashLine)
    return made


def _plainness(line: Line) -> tuple[int, float, int]:
    (_, top), (_, bottom) = line.points[0], line.points[-1]
    return len(line.points), abs(bottom - top), line.edge.target


def _bend(line: Line) -> int:
    """-1, 0 or 1: whether a wire first turns left, runs straight down, or turns right."""
    across = line.points[1][0] - line.points[0][0]
    return 0 if abs(across) < 1 else 1 if across > 0 else -1


def _pieces(path: QPainterPath) -> list[QLineF]:
    polygon = path.toSubpathPolygons()
    return [
        QLineF(points.at(index), points.at(index + 1))
        for points in polygon
        for index in range(points.size() - 1)
    ]


def _distance(path: QPainterPath, where: QPointF) -> float:
    return min((_to_segment(piece, where) for piece in _pieces(path)), default=float("inf"))


def _to_segment(piece: QLineF, where: QPointF) -> float:
    length = piece.dx() ** 2 + piece.dy() ** 2
    along = 0.0
    if length:
        along = ((where.x() - piece.x1()) * piece.dx() + (where.y() - piece.y1()) * piece.dy()) / length
    return QLineF(piece.pointAt(min(1.0, max(0.0, along))), where).length()


def _crosses(path: QPainterPath, stroke: QLineF) -> bool:
    bounded = QLineF.IntersectionType.BoundedIntersection
    return any(piece.intersects(stroke)[0] == bounded for piece in _pieces(path))
