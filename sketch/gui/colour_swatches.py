"""The buttons of a legend: a colour with a name and a count, or a piece of a scale."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from sketch.gui.theme import Theme

SIDE, GAP, HEIGHT = 12, 8, 21
WIDEST = 190
"""A longer name is cut short, px."""
BAR = 16


class LegendButton(QAbstractButton):
    """A part of a legend: a click or a key chooses its layers, with Shift beside those that are chosen already."""

    chosen = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_down = self.isDown()
        super().mouseReleaseEvent(event)
        if was_down and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)


class SwatchButton(LegendButton):
    """A colour, a name and how many layers have it; a right click or Delete asks for more."""

    more = Signal()

    def __init__(
        self, theme: Theme, colour: str | None, name: str, count: int, parent: QWidget | None = None
    ):
        super().__init__(theme, parent)
        self._colour, self._count = colour, f"{count:,}"
        self.kind = name
        self.is_off = False
        self.setText(name)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{name}, {count:,}")

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        name = min(WIDEST, metrics.horizontalAdvance(self.text()))
        return QSize(SIDE + 2 * GAP + name + 2 + metrics.horizontalAdvance(self._count) + 2 * GAP, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Menu):
            self.more.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: object) -> None:
        self.more.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_ground(painter, self, self._theme)
            square = QRectF(GAP, (self.height() - SIDE) / 2, SIDE, SIDE)
            self.paint_swatch(painter, square)
            font = self.font()
            font.setStrikeOut(self.is_off)
            painter.setFont(font)
            muted = QColor(self._theme.text_muted)
            painter.setPen(muted if self.is_off or self._colour is None else QColor(self._theme.text))
            counted = self.fontMetrics().horizontalAdvance(self._count)
            left, right = SIDE + 2 * GAP, self.width() - GAP
            room = right - counted - GAP - left
            name = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(left, 0, room, self.height()), middle | Qt.AlignmentFlag.AlignLeft, name)
            font.setStrikeOut(False)
            painter.setFont(font)
            painter.setPen(muted)
            painter.drawText(
                QRectF(right - counted, 0, counted, self.height()),
                middle | Qt.AlignmentFlag.AlignRight,
                self._count,
            )

    def paint_swatch(self, painter: QPainter, square: QRectF) -> None:
        """The colour itself; a frame only where the kind is hidden or there is nothing to tell."""
        if self._colour is None or self.is_off:
            painter.setPen(QPen(QColor(self._colour or self._theme.text_disabled), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(0.75, 0.75, -0.75, -0.75), 3, 3)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colour))
        painter.drawRoundedRect(square, 3, 3)


class ScalePiece(LegendButton):
    """A piece of the bar of a scale, for the layers whose value lies in it."""

    def __init__(self, theme: Theme, colours: Sequence[str], text: str, parent: QWidget | None = None):
        super().__init__(theme, parent)
        self._colours = colours
        self.setFixedHeight(BAR)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setToolTip(text)

    def sizeHint(self) -> QSize:
        return QSize(38, BAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_scale(painter, QRectF(self.rect()), self._colours)
            if self.hasFocus() or self.underMouse():
                painter.setPen(QPen(QColor(self._theme.text), 2))
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))


def paint_scale(painter: QPainter, area: QRectF, colours: Sequence[str]) -> None:
    """Fill an area with colours from left to right."""
    gradient = QLinearGradient(area.topLeft(), area.topRight())
    for index, colour in enumerate(colours):
        gradient.setColorAt(index / max(1, len(colours) - 1), QColor(colour))
    painter.fillRect(area, gradient)


def paint_ground(painter: QPainter, button: QAbstractButton, theme: Theme) -> None:
    """Show that the pointer is over a button, or that it has the focus."""
    if button.underMouse():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(QRectF(button.rect()), 4, 4)
    if button.hasFocus():
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(button.rect()).adjusted(1, 1, -1, -1), 4, 4)
