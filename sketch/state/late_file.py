"""A small text file that follows a value of the window: a thread writes it, so that nobody waits for the disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sketch.durable import write_text

_log = logging.getLogger(__name__)


class LateFile:
    """Writes what `text` says to `path` after each `touch`, leaving out what is overtaken.

    The file is old or new at any moment. `failing` is the reason while the newest text could not be written; the next
    `touch` tries again. A program that ends waits for what was touched.

    Args:
        text: the whole text as it is now; it is called on the thread.
        told: is called there when `failing` changes.
    """

    def __init__(self, path: Path, text: Callable[[], str], told: Callable[[], object] = lambda: None):
        self.path = path
        self.failing: str | None = None
        self._text, self._told = text, told
        self._state = threading.Condition()
        self._due: float | None = None
        self._is_busy = False

    def touch(self, after: float = 0.0) -> None:
        """What `text` says has changed: write it, so many seconds later at most; returns at once."""
        due = time.monotonic() + after
        with self._state:
            self._due = due if self._due is None else min(due, self._due)
            self._state.notify_all()
            if self._is_busy:
                return
            self._is_busy = True
        threading.Thread(target=self._write_all, name=f"write {self.path.name}").start()

    def flush(self) -> None:
        """Write what was touched now, and wait until it is on the disk or has failed."""
        with self._state:
            if self._due is not None:
                self._due = time.monotonic()
                self._state.notify_all()
            self._state.wait_for(lambda: not self._is_busy)

    def _write_all(self) -> None:
        try:
            while self._wait():
                self._write()
        except BaseException:  # the text could not be made: the next touch begins anew
            with self._state:
                self._is_busy = False
                self._state.notify_all()
            raise

    def _wait(self) -> bool:
        """Wait until something is to be written; False when nothing is, and the thread is over from then on."""
        with self._state:
            while self._due is not None and (left := self._due - time.monotonic()) > 0:
                self._state.wait(left)
            self._is_busy, self._due = self._due is not None, None
            self._state.notify_all()
            return self._is_busy

    def _write(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self.path, self._text())
            reason = None
        except OSError as error:
            reason = str(error)
            _log.warning("file.not_written path=%s error=%s", self.path, error)
        changed, self.failing = reason != self.failing, reason
        if changed:
            self._told()
