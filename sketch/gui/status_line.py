"""What the status bar says, and how long it is true; nothing in it lays out the window, which takes a while."""

from __future__ import annotations

import logging

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

log = logging.getLogger(__name__)
MESSAGE_MS = 8000
GAP, ROOM = 6, 5
"""Between what stands on the bar, and above and below it, px."""
MOVED = frozenset({QEvent.Type.Move, QEvent.Type.Resize})


class StatusLine:
    """One line at a time, which goes after a while; one said for now goes with the next edit or selection."""

    def __init__(self, bar: QStatusBar):
        self._bar, self._passing = bar, ""

    def say(self, text: str, *, for_now: bool) -> None:
        """Show a line in place of the last one."""
        log.info("said %s", text)
        self._bar.showMessage(text, MESSAGE_MS)
        self._passing = text if for_now else ""

    def forget(self) -> None:
        """Take away what an edit or another selection has made untrue."""
        if self._passing and self._bar.currentMessage() == self._passing:
            self._bar.clearMessage()
        self._passing = ""


class Totals(QLabel):
    """The line at the right end of a status bar; it grows with its longest text, and never shrinks."""

    def __init__(self) -> None:
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName("Totals")

    def setText(self, text: str) -> None:
        """Show a line."""
        super().setText(text)
        self.ensurePolished()
        wanted = self.sizeHint()
        if wanted.width() > self.maximumWidth() or self.minimumWidth() != self.maximumWidth():
            self.setFixedSize(wanted)


class Corner(QWidget):
    """A widget on a status bar, left of another one and outside of the bar's layout, that may come, go and grow."""

    def __init__(self, bar: QStatusBar, content: QWidget, beside: QWidget):
        super().__init__(bar)
        self._bar, self._content, self._beside = bar, content, beside
        content.setParent(self)
        content.setAutoFillBackground(True)  # over what the bar says
        content.ensurePolished()
        bar.setMinimumHeight(content.sizeHint().height() + ROOM)
        for widget in (bar, beside):
            widget.installEventFilter(self)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """The bar or the neighbour has another place."""
        if event.type() in MOVED:
            self._place()
        return False

    def _place(self) -> None:
        right = self._beside.x() - GAP
        hint = self._content.sizeHint()
        width = max(0, min(0 if self._content.isHidden() else hint.width(), right))
        height = min(hint.height(), self._bar.height() - 1)
        self.setGeometry(right - width, (self._bar.height() - height + 1) // 2, width, height)
        self._content.setGeometry(0, 0, width, height)
