"""What a gesture shows while it lasts: loose wires, ghosts, the rubber band, the cut. Above everything else."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.paint_layer import PaintLayer
from sketch.gui.canvas.routing import Points


class LiveLayer(PaintLayer):
    """Paints what the current gesture gave it; `clear` at its end. It is as large as that."""

    paints_far = True

    def __init__(self, ink: Ink):
        super().__init__(ink, 20)
        self._loose: QPainterPath | None = None
        self._band: QRectF | None = None
        self._cut: list[QLineF] = []
        self._ghosts: list[QRectF] = []
        self._guides: list[QLineF] = []
        self._bounds = QRectF()

    def clear(self) -> None:
        """Show nothing."""
        self._cut, self._ghosts, self._guides = [], [], []
        self._loose = self._band = None
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

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint it all."""
        ink = self._ink
        self._paint_guides(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._loose is not None:
            painter.setPen(ink.wire_selected)
            painter.drawPath(self._loose)
        painter.setPen(_pen(ink.theme.error, 1.6 / ink.zoom))
        painter.drawLines(self._cut)
        self._paint_rects(painter)

    def _paint_guides(self, painter: QPainter) -> None:
        pen = _pen(self._ink.theme.selection, 0.0)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLines(self._guides)

    def _paint_rects(self, painter: QPainter) -> None:
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
        if self._loose is not None:
            bounds |= self._loose.controlPointRect().adjusted(-1, -1, 1, 1)
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
