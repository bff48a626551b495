"""What the status bar says, and how long it is true."""

from __future__ import annotations

import logging

from PySide6.QtWidgets import QStatusBar

log = logging.getLogger(__name__)
MESSAGE_MS = 8000


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
