"""Keys that are typed while a dialog that was asked for is on its way: it is given them as soon as it can take them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

LONGEST_MS = 1000
"""A dialog that has not the keyboard by then may never get it; what was typed is given on in any case."""
_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
_Type = QEvent.Type


class HeldKeys(QObject):
    """Holds what is typed from now on for a dialog, but for commands; without the dialog it goes where it was typed."""

    def __init__(self, dialog: QWidget):
        super().__init__(QApplication.instance())
        self._dialog = dialog
        self._typed: list[tuple[QObject, QKeyEvent]] = []
        QTimer.singleShot(LONGEST_MS, self, self._give)
        self._watched: list[QObject] = []
        self._watch(QApplication.instance())

    def on_show(self) -> None:
        """The dialog is about to be shown, which sends thousands of events: look only where keys come from now."""
        focus = QApplication.focusWidget()
        self._watch(self._dialog, focus, None if focus is None else focus.window().windowHandle())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (_Type.FocusIn, _Type.WindowActivate, _Type.Hide) and self._is_inside(watched):
            QTimer.singleShot(0, self, self._give_if_ready)  # the dialog is still being shown, or closed
        if not isinstance(event, QKeyEvent) or event.isAutoRepeat() or event.modifiers() & _COMMANDS:
            return False
        if self._is_inside(watched):
            self._give()  # it comes to the dialog by itself
            return False
        if kind == _Type.ShortcutOverride:
            event.accept()  # else it may be the key of a command
        elif kind == _Type.KeyPress or any(event.key() == key.key() for _, key in self._typed):
            self._typed.append((watched, QKeyEvent(kind, event.key(), event.modifiers(), event.text())))
        else:
            return False  # let go: whoever heard that it was pressed waits for that
        return True

    def _watch(self, *found: QObject | None) -> None:
        """Look at the events of these objects, and of no others."""
        for before in filter(isValid, self._watched):
            before.removeEventFilter(self)
        self._watched = [each for each in found if each is not None]
        for each in self._watched:
            each.installEventFilter(self)

    def _give_if_ready(self) -> None:
        """A dialog tells itself of a focus before it has it."""
        if self._target() is None or self._is_inside(QApplication.focusWidget()):
            self._give()

    def _give(self) -> None:
        """Give on what was typed, and hold nothing any more."""
        self._watch()
        typed, self._typed = self._typed, []
        for receiver, event in typed:
            target = self._target() or receiver
            if isValid(target):
                QApplication.sendEvent(target, event)
        self.deleteLater()

    def _target(self) -> QWidget | None:
        """Where the dialog takes keys; None when it is not there, or has been left by one of them."""
        if not isValid(self._dialog) or not self._dialog.isVisible():
            return None
        focus = QApplication.focusWidget()
        return focus if self._is_inside(focus) else self._dialog.focusWidget() or self._dialog

    def _is_inside(self, found: QObject | None) -> bool:
        if not isinstance(found, QWidget) or not isValid(self._dialog):
            return False
        return found is self._dialog or self._dialog.isAncestorOf(found)
