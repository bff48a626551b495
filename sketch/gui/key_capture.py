"""A button that takes the next key pressed, whatever it is: also Tab, Escape and Return."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton

WAITING = "Press the keys ..."
_ALONE = {
    Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock, Qt.Key.Key_ScrollLock, Qt.Key.Key_unknown,
}  # fmt: skip


class KeyCapture(QPushButton):
    """Pressed, it waits for a key; `captured` carries it in Qt's portable spelling.

    Only then are keys its own, so that Tab goes on to the next field until a person presses it. Another press, or the
    focus elsewhere, ends the waiting.
    """

    captured = Signal(str)

    def __init__(self, title: str, name: str):
        """`title` stands on the button; `name` is for screen readers."""
        super().__init__(title)
        self._title = title
        self.is_waiting = False
        self.setAccessibleName(name)
        self.setAutoDefault(False)
        self.clicked.connect(lambda: self._wait(on=not self.is_waiting))

    def show_title(self, title: str) -> None:
        """Another text on the button."""
        self._title = title
        self.setText(WAITING if self.is_waiting else title)

    def event(self, event: QEvent) -> bool:
        """While it waits, take keys before they are shortcuts or move the focus."""
        if self.is_waiting and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._wait(on=False)

    def _wait(self, *, on: bool) -> None:
        self.is_waiting = on
        self.setText(WAITING if on else self._title)
        self.setDown(on)

    def _take(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and event.key() not in _ALONE:
            self._wait(on=False)
            self.captured.emit(key_text(event))


def key_text(event: QKeyEvent) -> str:
    """The key of an event as settings spell it; the number pad counts as the same keys elsewhere."""
    key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key == Qt.Key.Key_Backtab:
        key, modifiers = Qt.Key.Key_Tab, modifiers | Qt.KeyboardModifier.ShiftModifier
    combination = QKeyCombination(modifiers, Qt.Key(key))
    return QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText)


def is_key(text: str) -> bool:
    """True for the name of one key, with or without modifiers."""
    sequence = QKeySequence(text)
    return sequence.count() == 1 and bool(sequence.toString(QKeySequence.SequenceFormat.PortableText))


def native(key: str) -> str:
    """A key as the desktop writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) or key
