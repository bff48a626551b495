"""The field of the find bar: its keys walk the results, a mistake is underlined, queries of before come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QInputMethodEvent, QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

_KEY = Qt.Key
_WALK = {_KEY.Key_Down: 1, _KEY.Key_Up: -1, _KEY.Key_PageDown: 8, _KEY.Key_PageUp: -8}


@dataclass(frozen=True)
class Mark:
    """A part of the text that is underlined."""

    start: int
    end: int


class FindField(QLineEdit):
    """Enter steps on, Shift+Enter back, Alt+Enter selects all; arrows walk; Alt with arrows the history."""

    stepped = Signal(int)
    walked = Signal(int)
    select_wanted = Signal()
    help_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Find layers")
        self.setAccessibleName("Find layers")
        self.setToolTip("Enter goes to the next layer found, Escape closes, F1 explains")
        self.setClearButtonEnabled(True)
        self.history: Sequence[str] = ()
        self.marks: tuple[Mark, ...] = ()
        self._back = -1

    def mark(self, start: int, end: int, colour: QColor) -> None:
        """Underline a part of the text with a wave; an empty part takes the mark away."""
        marks = []
        self.marks = (Mark(start, end),) if end > start else ()
        if end > start:
            wave = QTextCharFormat()
            wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            wave.setUnderlineColor(colour)
            wave.setForeground(colour)
            kind = QInputMethodEvent.AttributeType.TextFormat
            place = start - self.cursorPosition()
            marks.append(QInputMethodEvent.Attribute(kind, place, end - start, wave))
        QCoreApplication.sendEvent(self, QInputMethodEvent("", marks))  # the one way that a QLineEdit has

    def show_history(self) -> None:
        """Offer the queries of before below the field."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text in self.history:
            menu.addAction(text.replace("&", "&&")).setData(text)
        if not self.history:
            menu.addAction("Nothing yet").setEnabled(False)
        menu.triggered.connect(lambda action: self.setText(str(action.data())))
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here are not taken for shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        if key in (_KEY.Key_Return, _KEY.Key_Enter) and alt:
            self.select_wanted.emit()
        elif key in (_KEY.Key_Return, _KEY.Key_Enter):
            self.stepped.emit(-1 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1)
        elif key in (_KEY.Key_Up, _KEY.Key_Down) and alt:
            self._recall(1 if key == _KEY.Key_Up else -1)
        elif key in _WALK:
            self.walked.emit(_WALK[_KEY(key)])
        elif key == _KEY.Key_Escape:
            self.left.emit()
        elif key == _KEY.Key_F1:
            self.help_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _recall(self, by: int) -> None:
        """An older (1) or a newer (-1) query."""
        if self.history:
            self._back = min(len(self.history) - 1, max(0, self._back + by))
            self.setText(self.history[self._back])


def _is_ours(event: QKeyEvent) -> bool:
    alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
    plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
    if event.key() in (_KEY.Key_Escape, _KEY.Key_Return, _KEY.Key_Enter, _KEY.Key_F1):
        return plain or alt
    return event.key() in _WALK and (plain or alt)
