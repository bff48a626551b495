"""A note on the canvas, and the stub at the border of a group canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.graph.rows import Note, Place
from sketch.gui.canvas.boxes import Box, Stub
from sketch.gui.canvas.ink import TEXT_ZOOM, Ink

MARGIN = 9.0


class NoteItem(QGraphicsItem):
    """Paints a note as a card of plain text."""

    def __init__(self, note: Note, place: Place, ink: Ink):
        super().__init__()
        self.node_id = note.id
        self._ink = ink
        self.set_note(note, place)
        self.setZValue(-2)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)

    def set_note(self, note: Note, place: Place) -> None:
        """Take a new text, size or place."""
        self.prepareGeometryChange()
        self.note = note
        self.setPos(place.x, place.y)
        self.update()

    def rect(self) -> QRectF:
        """The card, around the item's own origin."""
        return QRectF(-self.note.width / 2, -self.note.height / 2, self.note.width, self.note.height)

    def boundingRect(self) -> QRectF:
        return self.rect().adjusted(-3, -3, 3, 3)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink, theme = self._ink, self._ink.theme
        selected = self.isSelected()
        painter.setBrush(QColor(theme.note))
        painter.setPen(ink.selected_border if selected else QPen(QColor(theme.note_border), 1.0))
        painter.drawRoundedRect(self.rect(), 4, 4)
        if ink.zoom < TEXT_ZOOM:
            return
        painter.setFont(ink.small_font)
        painter.setPen(QColor(theme.note_text))
        flags = (
            int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop)
        )
        painter.drawText(self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), flags, self.note.text)


class StubItem(QGraphicsItem):
    """Paints the end of a wire that crosses the group's border: a tab with the name of the node outside."""

    def __init__(self, stub: Stub, box: Box, text: str, ink: Ink):
        super().__init__()
        self.stub = stub
        self.marked = False
        self._ink = ink
        self.set_box(box, text)

    def set_box(self, box: Box, text: str) -> None:
        """Take a new place or text."""
        self.prepareGeometryChange()
        self.box = box
        self.text = text
        self.setPos(box.x, box.y)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect().adjusted(-3, -6, 3, 6)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink, rect = self._ink, self._rect()
        painter.setBrush(QColor(ink.theme.panel_alt))
        near = self is ink.hovered
        painter.setPen(ink.target_border if self.marked else ink.hover_border if near else ink.border)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        painter.setPen(ink.port_pen)
        painter.setBrush(ink.port)
        painter.drawEllipse(QPointF(0, rect.bottom() if self.stub.entering else rect.top()), 3.5, 3.5)
        if ink.zoom >= TEXT_ZOOM:
            painter.setFont(ink.small_font)
            painter.setPen(ink.subtitle)
            text = ink.small_metrics.elidedText(self.text, Qt.TextElideMode.ElideMiddle, rect.width() - 20)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _rect(self) -> QRectF:
        return QRectF(-self.box.width / 2, -self.box.height / 2, self.box.width, self.box.height)
