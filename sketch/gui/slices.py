"""Work of the window in slices of a part of a frame, so that it paints in between."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer, Signal

SLICE_SECONDS = 0.006
"""So long at a time."""


class Slices(QObject):
    """Steps in a row, done after the window has painted, as many a turn as a slice takes. `went_on`: some are done."""

    went_on = Signal()

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._steps: list[Callable[[], object]] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)

    def replace(self, steps: list[Callable[[], object]]) -> None:
        """Do these from the next turn of the event loop on; what is left of others is dropped."""
        self._steps = list(steps)
        self._soon.start()

    def first(self, step: Callable[[], object]) -> None:
        """Do this in the next turn of the event loop, before what is left."""
        self._steps = [step, *(other for other in self._steps if other != step)]
        self._soon.start()

    def last(self, step: Callable[[], object]) -> None:
        """Do this after all that is left."""
        self._steps = [*(other for other in self._steps if other != step), step]
        self._soon.start()

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


class Walk(QObject):
    """Goes through steps one after the other, in slices; each `next` is one. `ended` comes once."""

    ended = Signal()

    def __init__(self, parent: QObject, steps: Iterator[None]):
        super().__init__(parent)
        self._steps = steps
        self._is_going = self._is_over = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(lambda: self._go(time.perf_counter() + SLICE_SECONDS))

    def begin(self) -> None:
        """Go from the next turn of the event loop on."""
        self._soon.start()

    def finish(self) -> None:
        """Do all that is left now; nothing when a step itself asks for it."""
        self._go(math.inf)

    def stop(self) -> None:
        """Leave out what is left."""
        self._is_over = True
        self._soon.stop()

    def _go(self, until: float) -> None:
        if self._is_going or self._is_over:
            return
        self._is_going = True
        try:
            while time.perf_counter() < until:
                next(self._steps)
            self._soon.start()
        except StopIteration:
            self._is_over = True
            self._soon.stop()
            self.ended.emit()
        finally:
            self._is_going = False
