"""What a gesture shows while it lasts: loose wires, ghosts, the rubber band, the cut. Above everything else."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.routing import Points
from sketch.gui.canvas.wire_shape import ARROW


class LiveLayer(QGraphicsItem):
    """Paints what the current gesture gave it; `clear` at its end."""

    def __init__(self, ink: Ink):
        super().__init__()
        self._ink = ink
        self._wires: list[QPainterPath] = []
        self._ends: list[QPointF] = []
        self._loose: QPainterPath | None = None
        self._band: QRectF | None = None
        self._cut: list[QLineF] = []
        self._ghosts: list[QRectF] = []
        self._guides: list[QLineF] = []
        self._bounds = QRectF()
        self.setZValue(20)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def clear(self) -> None:
        """Show nothing."""
        self._wires, self._ends, self._cut, self._ghosts, self._guides = [], [], [], [], []
        self._loose = self._band = None
        self._measure()

    def show_wires(self, wires: list[tuple[QPainterPath, QPointF]]) -> None:
        """Wires that follow moving nodes: (path, its end)."""
        self._wires = [path for path, _ in wires]
        self._ends = [end for _, end in wires]
        self._measure()

    def show_loose(self, path: QPainterPath | None) -> None:
        """The wire being drawn."""
        self._loose = path
        self._measure()

    def show_band(self, band: QRectF | None) -> None:
        """The rubber band."""
        self._band = band
        self._measure()

    def show_cut(self, cut: list[QLineF]) -> None:
        """The stroke that cuts wires."""
        self._cut = cut
        self._measure()

    def show_ghosts(self, ghosts: list[QRectF]) -> None:
        """Outlines of what will be there."""
        self._ghosts = ghosts
        self._measure()

    def show_guides(self, guides: list[QLineF]) -> None:
        """Lines that show what a moving node is aligned with."""
        self._guides = guides
        self._measure()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink = self._ink
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ink.wire_pen())
        for path in self._wires:
            painter.drawPath(path)
        self._paint_guides(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.wire)
        for end in self._ends:
            painter.drawConvexPolygon(ARROW.translated(end))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._loose is not None:
            painter.setPen(ink.wire_selected)
            painter.drawPath(self._loose)
        painter.setPen(_pen(ink.theme.error, 1.6 / ink.zoom))
        painter.drawLines(self._cut)
        self._paint_areas(painter)

    def _paint_guides(self, painter: QPainter) -> None:
        pen = _pen(self._ink.theme.selection, 0.0)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLines(self._guides)

    def _paint_areas(self, painter: QPainter) -> None:
        theme = self._ink.theme
        fill = QColor(theme.band)
        fill.setAlpha(36)
        painter.setPen(_pen(theme.band, 0.0))
        painter.setBrush(fill)
        if self._band is not None:
            painter.drawRect(self._band)
        for ghost in self._ghosts:
            painter.drawRoundedRect(ghost, 7, 7)

    def _measure(self) -> None:
        bounds = QRectF()
        for path in (*self._wires, *([self._loose] if self._loose is not None else [])):
            bounds |= path.controlPointRect().adjusted(-1, -1, 1, 1)
        for line in (*self._cut, *self._guides):
            bounds |= QRectF(line.p1(), line.p2()).normalized().adjusted(-1, -1, 1, 1)
        for rect in (*self._ghosts, *([self._band] if self._band is not None else [])):
            bounds |= rect
        self.prepareGeometryChange()
        self._bounds = bounds.adjusted(-12, -12, 12, 12) if not bounds.isNull() else QRectF()
        self.update()


def loose_points(start: QPointF, end: QPointF) -> Points:
    """The points of a wire that hangs between two places."""
    return (start.x(), start.y()), (end.x(), end.y())


def _pen(colour: str, width: float) -> QPen:
    return QPen(QColor(colour), width)
