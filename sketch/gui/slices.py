"""Work of the window in slices of a part of a frame, so that it paints in between."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from shiboken6 import isValid

SLICE_SECONDS = 0.004
"""So long at a time, all of them together; about as long again takes Qt to lay out and paint what they have changed."""


class _Sliced(Protocol):
    """What goes on with its work until a moment (seconds of the performance counter)."""

    def go_on(self, until: float) -> None:
        """Go on, and ask for another turn when something is left."""


class _Turns(QObject):
    """All slices share the turns of the event loop: whoever asked first is served first."""

    def __init__(self, parent: QObject | None):
        super().__init__(parent)
        self._waiting: list[_Sliced] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)

    def ask(self, who: _Sliced) -> None:
        """Let this go on in the next turn, or as soon as those before it are done."""
        if who not in self._waiting:
            self._waiting.append(who)
        self._soon.start()

    def _go_on(self) -> None:
        until = time.perf_counter() + SLICE_SECONDS
        waiting = len(self._waiting)  # who asks again has had this turn
        try:
            while waiting and self._waiting:
                waiting -= 1
                who = self._waiting.pop(0)
                if isValid(who):
                    who.go_on(until)
                if time.perf_counter() > until:
                    break
        finally:
            if self._waiting:
                self._soon.start()


_turns: list[_Turns] = []
"""The one that is in use, made when it is first asked for."""


def _ask(who: _Sliced) -> None:
    if not _turns or not isValid(_turns[0]):
        _turns[:] = [_Turns(QCoreApplication.instance())]
    _turns[0].ask(who)


class Slices(QObject):
    """Steps in a row, done after the window has painted, as many a turn as a slice takes. `went_on`: some are done."""

    went_on = Signal()

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._is_enough = False
        self._steps: list[Callable[[], object]] = []

    def replace(self, steps: list[Callable[[], object]]) -> None:
        """Do these from the next turn of the event loop on; what is left of others is dropped."""
        self._steps = list(steps)
        _ask(self)

    def first(self, step: Callable[[], object]) -> None:
        """Do this in the next turn of the event loop, before what is left."""
        self._steps = [step, *(other for other in self._steps if other != step)]
        _ask(self)

    def last(self, step: Callable[[], object]) -> None:
        """Do this after all that is left."""
        self._steps = [*(other for other in self._steps if other != step), step]
        _ask(self)

    def end_share(self) -> None:
        """For a step: leave the rest to the next turn; before that, Qt lays out and paints what this step has made."""
        self._is_enough = True

    def finish(self) -> None:
        """Do all that is left now."""
        if self._steps:
            self._run(None)
            self.went_on.emit()

    def go_on(self, until: float) -> None:
        """Do the next step, and more until this moment; for the turns of the event loop."""
        if self._steps:
            try:
                self._run(until)
            finally:
                if self._steps:
                    _ask(self)
            self.went_on.emit()

    def _run(self, until: float | None) -> None:
        self._is_enough = False
        while self._steps:
            self._steps.pop(0)()
            if until is not None and (self._is_enough or time.perf_counter() > until):
                return


class Walk(QObject):
    """Goes through steps one after the other, in slices; each `next` is one. `ended` comes once.

    Args:
        steps: the work.
        slowly: every step has a turn of its own: Qt lays out and paints what it has changed before the next one.
    """

    ended = Signal()

    def __init__(self, parent: QObject, steps: Iterator[None], *, slowly: bool = False):
        super().__init__(parent)
        self._steps = steps
        self._slowly = slowly
        self._is_going = self._is_over = False

    def begin(self) -> None:
        """Go from the next turn of the event loop on."""
        _ask(self)

    def finish(self) -> None:
        """Do all that is left now; nothing when a step itself asks for it."""
        self._slowly = False
        self.go_on(math.inf)

    def stop(self) -> None:
        """Leave out what is left."""
        self._is_over = True

    def go_on(self, until: float) -> None:
        """Go on until this moment; for the turns of the event loop."""
        if self._is_going or self._is_over:
            return
        self._is_going = True
        try:
            next(self._steps)
            while not self._slowly and time.perf_counter() < until:
                next(self._steps)
            _ask(self)
        except StopIteration:
            self._is_over = True
            self.ended.emit()
        finally:
            self._is_going = False
