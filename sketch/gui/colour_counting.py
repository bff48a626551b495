"""Counting for the colours of a tab, first and after edits: a little at once, the rest in slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sketch.gui.background import FEW
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.graph.colour_rules import Facts
    from sketch.graph.colouring import Colouring
    from sketch.state.document import Update

AT_ONCE = 5
"""So many steps of counting come with an edit, 2 to 4 ms; a drawing of some hundred layers needs no more."""
MANY = 2000
"""An edit of more rows than this is counted anew, none of it in the turn of the edit, which is a long one already."""


class Counting(QObject):
    """Goes on with one colouring; `show` is told which layers and groups look different then, None: all."""

    def __init__(self, parent: QObject, show: Callable[[frozenset[int] | None], object]):
        super().__init__(parent)
        self._show = show
        self._slices = Slices(self)
        self._colouring: Colouring | None = None
        self._steps: Iterator[None] | None = None
        self._then: Callable[[], object] | None = None

    def stop(self) -> None:
        """Leave it as it is; another colouring takes its place."""
        self._slices.replace([])
        self._colouring = self._steps = self._then = None

    def begin(self, colouring: Colouring, then: Callable[[], object]) -> None:
        """Count one that was only begun, and call this in place of `show`; a small one is counted at once."""
        self.stop()
        self._colouring, self._steps, self._then = colouring, colouring.go_on(), then
        if colouring.left <= FEW:
            self.finish()
        else:
            self._slices.replace([self._take_one])

    def finish(self) -> None:
        """Count what is left now."""
        while self._steps is not None:
            self._take(1)

    def follow(self, colouring: Colouring, update: Update) -> None:
        """Take in an edit."""
        is_big = len(update.delta) > MANY
        if is_big:
            colouring.note_all()
        else:
            colouring.note(update.delta, update.inferred.changed)
        self._go_on(colouring, 0 if is_big else AT_ONCE)

    def anew(self, colouring: Colouring, facts: Facts) -> None:
        """Count everything again: something outside the document has changed."""
        colouring.note_all(facts)
        self._go_on(colouring, AT_ONCE)

    def _go_on(self, colouring: Colouring, at_once: int) -> None:
        """Count what was noted, so many steps of it at once."""
        if self._steps is None:
            self._colouring, self._steps = colouring, colouring.go_on()
            self._take(at_once)
            if self._steps is not None:
                self._slices.replace([self._take_one])

    def _take_one(self) -> None:
        self._take(1)
        if self._steps is not None:
            self._slices.first(self._take_one)

    def _take(self, count: int) -> None:
        for _ in range(count):
            if self._steps is not None and next(self._steps, self) is self and self._colouring is not None:
                self._end(self._colouring.taken())

    def _end(self, changed: frozenset[int] | None) -> None:
        then, self._then, self._steps = self._then, None, None
        if then is None:
            self._show(changed)
        else:
            then()
