"""Editing in place: a node's name or a note's text, in a field that lies over it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget


class InlineEdit(QObject):
    """Shows a field; Enter or leaving it commits, Escape gives up. A note takes Ctrl+Enter, for it has lines.

    `commit` gets the text and returns False to keep the field open (the name is taken).
    """

    closed = Signal()

    def __init__(self, over: QWidget, area: QRect, text: str, commit: Callable[[str], bool], *, lines: bool):
        super().__init__(over)
        self._commit = commit
        self._before = text
        self.field: QLineEdit | QPlainTextEdit = (
            QPlainTextEdit(text, over) if lines else QLineEdit(text, over)
        )
        self.field.setAccessibleName("Note text" if lines else "Name")
        self.field.setGeometry(area)
        self.field.selectAll()
        self.field.installEventFilter(self)
        self.field.show()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.is_open = True

    def text(self) -> str:
        """What is in the field."""
        return self.field.text() if isinstance(self.field, QLineEdit) else self.field.toPlainText()

    def finish(self, *, keep: bool) -> None:
        """Close the field, committing a changed text when `keep`."""
        if not self.is_open:
            return
        self.is_open = False
        if keep and self.text() != self._before and not self._commit(self.text()):
            self.is_open = True
            self.field.setProperty("invalid", True)
            self.field.style().polish(self.field)
            return
        self.field.removeEventFilter(self)
        self.field.hide()
        self.field.deleteLater()
        self.closed.emit()
        self.deleteLater()

    def leave(self) -> None:
        """Commit; a text that is refused is dropped, since the field can no longer be mended."""
        self.finish(keep=True)
        if self.is_open:
            self.finish(keep=False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.leave()
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            self.finish(keep=False)
            return True
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if enter and (control or isinstance(self.field, QLineEdit)):
            self.finish(keep=True)
            return True
        return False
