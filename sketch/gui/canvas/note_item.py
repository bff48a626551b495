"""A note or a frame on the canvas, and the stub at the border of a group canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.graph.rows import COLOURS, FRAME, Note, Place
from sketch.gui.canvas.boxes import Box, Stub
from sketch.gui.canvas.detail import Detail
from sketch.gui.canvas.group_frame import FAR_PAD, write_from_afar
from sketch.gui.canvas.ink import TEXT_ZOOM, Ink
from sketch.gui.colour_swatch import clear, mix
from sketch.state.commands.frames import TITLE

MARGIN = 9.0
GROUND = 30
"""How opaque the colour of a frame is on what lies below it, of 255."""
REACH = 6.0
"""How far from its border a note can be taken to resize it, in pixels."""


class NoteItem(QGraphicsItem):
    """Paints a note as a card of plain text."""

    def __init__(self, note: Note, place: Place, ink: Ink):
        super().__init__()
        self.node_id = note.id
        self._ink = ink
        self.set_note(note, place)
        self.setZValue(-2)

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
        painter.setBrush(QColor(theme.note))
        painter.setPen(ink.selected_border if self.is_chosen else QPen(QColor(theme.note_border), 1.0))
        painter.drawRoundedRect(self.rect(), 4, 4)
        if ink.zoom < TEXT_ZOOM:
            return
        painter.setFont(ink.small_font)
        painter.setPen(QColor(theme.note_text))
        flags = (
            int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop)
        )
        painter.drawText(self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), flags, self.note.text)

    @property
    def is_chosen(self) -> bool:
        """True while it is selected."""
        return self.node_id in self._ink.selection

    def text_area(self) -> QRectF:
        """Where its text stands and is edited, around the item's own origin."""
        return self.rect()

    def border_at(self, where: QPointF) -> str:
        """The sides of the border within reach of a point of the scene: `left`, `bottom right`, ...; else empty."""
        rect, reach = self.rect().translated(self.pos()), REACH / self._ink.zoom
        if not rect.adjusted(-reach, -reach, reach, reach).contains(where):
            return ""
        near = {
            "top": abs(where.y() - rect.top()), "bottom": abs(where.y() - rect.bottom()),
            "left": abs(where.x() - rect.left()), "right": abs(where.x() - rect.right()),
        }  # fmt: skip
        return " ".join(side for side, distance in near.items() if distance <= reach)


class FrameItem(NoteItem):
    """Paints a frame: a titled, coloured rectangle behind everything. Only its title and border can be hit."""

    def __init__(self, note: Note, place: Place, ink: Ink):
        super().__init__(note, place, ink)
        self.setZValue(-3)

    def set_note(self, note: Note, place: Place) -> None:
        """Take a new title, colour, size or place."""
        super().set_note(note, place)
        whole, lower = QPainterPath(), QPainterPath()
        whole.addRoundedRect(self.rect(), 8, 8)
        lower.addRect(self.rect().adjusted(-1, TITLE, 1, 1))
        self._strip = whole.subtracted(lower)
        half_width, half_height = note.width / 2, note.height / 2
        self._sides = place.x - half_width, place.y - half_height, place.x + half_width, place.y + half_height

    def covers(self, x: float, y: float) -> bool:
        """True for a point of the scene inside."""
        left, top, right, bottom = self._sides
        return left <= x <= right and top <= y <= bottom

    def tinted(self, ground: QColor) -> QColor:
        """A ground as it looks inside, as opaque as it was."""
        return clear(mix(self._colour().name(), ground.name(), GROUND / 255), ground.alpha())

    def shape(self) -> QPainterPath:
        rect, reach = self.rect(), REACH / max(0.2, self._ink.zoom)
        path = QPainterPath()
        path.addRect(rect.adjusted(-reach, -reach, reach, reach))
        path.addRect(rect.adjusted(reach, TITLE, -reach, -reach))  # odd-even: the inside is left out
        return path

    def boundingRect(self) -> QRectF:
        return self.rect().adjusted(-10, -10, 10, 10)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink, rect, colour = self._ink, self.rect(), self._colour()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(clear(colour, GROUND))
        painter.drawRoundedRect(rect, 8, 8)
        painter.setBrush(clear(colour, 62))
        painter.drawPath(self._strip)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ink.selected_border if self.is_chosen else QPen(clear(colour, 170), 1.2))
        painter.drawRoundedRect(rect, 8, 8)
        text_pen = QPen(QColor(ink.theme.text))
        if ink.detail is not Detail.FULL:
            far = self._fitted(rect.width() * ink.zoom - FAR_PAD)
            write_from_afar(painter, ink, rect, TITLE, far, text_pen, clear(ink.theme.canvas, 0))
            return
        painter.setFont(ink.title_font)
        painter.setPen(text_pen)
        area = self.text_area().adjusted(MARGIN, 0, -MARGIN, 0)
        text = self._fitted(area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def text_area(self) -> QRectF:
        """The strip of the title."""
        rect = self.rect()
        return QRectF(rect.left(), rect.top(), rect.width(), TITLE)

    def _fitted(self, room: float) -> str:
        return self._ink.title_metrics.elidedText(self.note.text, Qt.TextElideMode.ElideRight, room)

    def _colour(self) -> QColor:
        theme = self._ink.theme
        shades = dict(
            zip(
                COLOURS,
                (theme.text_muted, theme.accent, theme.success, theme.warning, theme.error),
                strict=False,
            )
        )
        return QColor(shades.get(self.note.colour or COLOURS[0], theme.category("Normalisation").name()))


def make_note(note: Note, place: Place, ink: Ink) -> NoteItem:
    """The item of a note or a frame."""
    return (FrameItem if note.kind == FRAME else NoteItem)(note, place, ink)


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
        return self._rect().adjusted(-6, -6, 6, 6)

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
        box = self.box
        end = box.output_anchor(0) if self.stub.entering else box.input_anchor(0)
        painter.drawEllipse(QPointF(*end) - self.pos(), 3.5, 3.5)
        if ink.zoom >= TEXT_ZOOM:
            painter.setFont(ink.small_font)
            painter.setPen(ink.subtitle)
            text = ink.small_metrics.elidedText(self.text, Qt.TextElideMode.ElideMiddle, rect.width() - 20)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _rect(self) -> QRectF:
        return QRectF(-self.box.width / 2, -self.box.height / 2, self.box.width, self.box.height)
