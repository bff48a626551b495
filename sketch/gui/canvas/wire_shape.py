"""The shape of a wire on the screen: its path, and how far from it or across it something is."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPainterPath, QPolygonF, QTransform

from sketch.gui.canvas.routing import Points

_HEAD = ((-4.2, -12.5), (4.2, -12.5), (0.0, -4.0))
ARROW = QPolygonF([QPointF(x, y) for x, y in _HEAD])
ARROW_RIGHT = QPolygonF([QPointF(y, x) for x, y in _HEAD])
LEAD = 11.0
TURN_REACH = 4 / 3
"""A cubic from one height to the same height reaches three quarters as far as its handles."""
_EXCHANGE = QTransform(0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
"""x and y exchanged: what runs down runs to the right."""


def wire_path(points: Points, style: str = "curved", *, right: bool = False) -> QPainterPath:
    """A smooth path through the points of a wire, its last bit straight.

    Pieces leave and arrive vertically, horizontally in a drawing that runs to the right.
    """
    if right:
        return _EXCHANGE.map(wire_path(tuple((y, x) for x, y in points), style))
    if style == "curved" and len(points) == 4 and points[2][1] < points[1][1]:
        return _loop_path(points)
    path = QPainterPath(QPointF(*points[0]))
    x_end, y_end = points[-1]
    lead = min(LEAD, abs(y_end - points[-2][1]) / 2)
    for (x1, y1), (x2, y2) in pairwise((*points[:-1], (x_end, y_end - lead), points[-1])):
        if abs(x2 - x1) < 0.5 or style == "straight":
            path.lineTo(x2, y2)
        elif style == "square":
            middle = (y1 + y2) / 2
            for corner in ((x1, middle), (x2, middle), (x2, y2)):
                path.lineTo(*corner)
        else:
            bend = (y2 - y1) * (0.5 if len(points) == 2 else 0.7)
            path.cubicTo(x1, y1 + bend, x2, y2 - bend, x2, y2)
    return path


def arrow(points: Points, *, right: bool = False) -> QPolygonF:
    """The head of a wire, which points at the port that it ends at."""
    return (ARROW_RIGHT if right else ARROW).translated(*points[-1])


def _loop_path(points: Points) -> QPainterPath:
    """A wire to something above: round below its source, up beside, round above its target."""
    (x1, y1), (side, low), (_, high), (x2, y2) = points
    below, above = y1 + (low - y1) * TURN_REACH, y2 - (y2 - high) * TURN_REACH
    path = QPainterPath(QPointF(x1, y1))
    path.cubicTo(x1, below, side, below, side, y1)
    path.lineTo(side, y2)
    path.cubicTo(side, above, x2, above, x2, y2)
    return path


def _pieces(path: QPainterPath) -> list[QLineF]:
    polygon = path.toSubpathPolygons()
    return [
        QLineF(points.at(index), points.at(index + 1))
        for points in polygon
        for index in range(points.size() - 1)
    ]


def distance(path: QPainterPath, where: QPointF) -> float:
    """How far a point is from a path, in scene px."""
    return min((_to_segment(piece, where) for piece in _pieces(path)), default=float("inf"))


def _to_segment(piece: QLineF, where: QPointF) -> float:
    length = piece.dx() ** 2 + piece.dy() ** 2
    along = 0.0
    if length:
        along = ((where.x() - piece.x1()) * piece.dx() + (where.y() - piece.y1()) * piece.dy()) / length
    return QLineF(piece.pointAt(min(1.0, max(0.0, along))), where).length()


def crosses(path: QPainterPath, stroke: QLineF) -> bool:
    """True when a stroke crosses a path."""
    bounded = QLineF.IntersectionType.BoundedIntersection
    return any(piece.intersects(stroke)[0] == bounded for piece in _pieces(path))
