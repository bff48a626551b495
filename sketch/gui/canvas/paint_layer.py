"""What the layers of a canvas have in common: each paints everything of its kind, and none is ever hit."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.gui.canvas.ink import Ink

EVERYWHERE = QRectF(-1e7, -1e7, 2e7, 2e7)


class PaintLayer(QGraphicsItem):
    """An item that covers the whole scene, below or above others by its `level`; subclasses paint in `paint_areas`."""

    paints_far = False
    """Whether it also paints while the view paints nodes and wires in batches."""

    def __init__(self, ink: Ink, level: float = 0.0):
        super().__init__()
        self._ink = ink
        self.setZValue(level)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self.paints_far or not self._ink.far:
            self.paint_areas(painter, self._ink.exposed or (option.exposedRect,))

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint what touches some areas, in scene coordinates."""
