"""Work of the window in slices of a part of a frame, so that it paints in between."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

SLICE_SECONDS = 0.006
"""So long at a time."""


class Slices(QObject):
    """Steps in a row: some are done at once, the rest after the window has painted. `went_on`: later ones are done."""

    went_on = Signal()

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._steps: list[Callable[[], object]] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)

    def begin(self, steps: list[Callable[[], object]]) -> None:
        """Do these steps, as many as a slice takes; what is left of others is dropped."""
        self._steps = list(steps)
        self._run(time.perf_counter() + SLICE_SECONDS)

    def finish(self) -> None:
        """Do all that is left now."""
        if self._steps:
            self._run(None)
            self.went_on.emit()

    def _go_on(self) -> None:
        if self._steps:
            self._run(time.perf_counter() + SLICE_SECONDS)
            self.went_on.emit()

    def _run(self, until: float | None) -> None:
        while self._steps:
            self._steps.pop(0)()
            if until is not None and self._steps and time.perf_counter() > until:
                self._soon.start()
                return
