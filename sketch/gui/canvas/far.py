"""The far view: when a big drawing is small on the screen, its boxes and wires are painted in a few batches.

Painting thousands of items one by one takes Qt 50 to 200 ms; lists of rectangles and lines take 5 ms.
"""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.scene import CanvasScene

ENTER, LEAVE = 0.40, 0.45
FEWEST_NODES = 400


class FarPainter:
    """Keeps the batches of one scene until it changes."""

    def __init__(self, canvas: CanvasScene):
        self._canvas = canvas
        self._boxes: dict[str, list[QRectF]] | None = None
        self._lines: list[QLineF] = []
        self.active = False

    def consider(self, zoom: float) -> bool:
        """Switch between far and near with some slack, so that it does not flicker; True when it is far."""
        limit = LEAVE if self.active else ENTER
        self.active = zoom < limit and len(self._canvas.nodes) >= FEWEST_NODES
        return self.active

    def forget(self) -> None:
        """The scene changed: make the batches again before the next painting."""
        self._boxes = None

    def paint(self, painter: QPainter, *, marks: bool = True) -> None:
        """Paint everything, with selection and hover when `marks`; the painter is already in scene coordinates."""
        ink = self._canvas.ink
        if self._boxes is None:
            self._boxes = self._collect()
            self._lines = self._canvas.edges.lines.segments()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(ink.wire, 0.0))
        painter.drawLines(self._lines)
        painter.setPen(Qt.PenStyle.NoPen)
        for category, rects in self._boxes.items():
            painter.setBrush(ink.category(category))
            painter.drawRects(rects)
        if marks:
            self._paint_marks(painter)

    def _paint_marks(self, painter: QPainter) -> None:
        canvas, zoom = self._canvas, self._canvas.ink.zoom
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = [item.sceneBoundingRect() for item in canvas.selectedItems()]
        if chosen:
            painter.setPen(QPen(QColor(canvas.ink.theme.selection), 2.0 / zoom))
            painter.drawRects(chosen)
        if isinstance(canvas.ink.hovered, NodeItem):
            painter.setPen(QPen(QColor(canvas.ink.theme.text), 1.0 / zoom))
            painter.drawRect(canvas.ink.hovered.sceneBoundingRect())

    def _collect(self) -> dict[str, list[QRectF]]:
        boxes: dict[str, list[QRectF]] = {}
        library, nodes = self._canvas.document.library, self._canvas.document.tables.nodes
        for node_id, item in self._canvas.nodes.items():
            box, place = item.box, item.pos()
            category = library[nodes[node_id].layer].category
            rect = QRectF(place.x() - box.width / 2, place.y() - box.height / 2, box.width, box.height)
            boxes.setdefault(category, []).append(rect)
        return boxes
