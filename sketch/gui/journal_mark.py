"""The mark at the lower edge while edits of a document do not reach the disk: it stays until they do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel

from sketch.state.document import Document


class JournalMark(QLabel):
    """Hidden while all is well; the journal tells on its writer's thread, the mark changes on the window's."""

    _told = Signal(str)

    def __init__(self, document: Document):
        super().__init__()
        self.setProperty("role", "error")
        self.setAccessibleName("Edits that are not on the disk")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setContentsMargins(12, 6, 12, 6)
        self._told.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self.hide()
        if document.journal is not None:
            document.journal.watch(lambda reason: self._told.emit(reason or ""))
            self._show(document.journal.failing or "")

    def _show(self, reason: str) -> None:
        self.setText(reason)
        self.setVisible(bool(reason))
