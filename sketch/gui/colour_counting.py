"""Counting what an edit changed for the colours of a tab: a little at once, the rest in slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sketch.gui.colour_hiding import note
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.graph.colour_rules import Facts
    from sketch.graph.colouring import Colouring
    from sketch.state.document import Update

AT_ONCE = 5
"""So many steps of counting come with an edit, 2 to 4 ms; a drawing of some hundred layers needs no more."""


class Counting(QObject):
    """Goes on with one colouring; `show` is told which layers and groups look different then, None: all."""

    def __init__(self, parent: QObject, show: Callable[[frozenset[int] | None], object]):
        super().__init__(parent)
        self._show = show
        self._slices = Slices(self)
        self._colouring: Colouring | None = None
        self._steps: Iterator[None] | None = None

    def stop(self) -> None:
        """Leave it as it is; another colouring takes its place."""
        self._slices.replace([])
        self._colouring = self._steps = None

    def follow(self, colouring: Colouring, update: Update) -> None:
        """Take in an edit."""
        note(colouring, update)
        self._go_on(colouring)

    def anew(self, colouring: Colouring, facts: Facts) -> None:
        """Count everything again: something outside the document has changed."""
        colouring.note_all(facts)
        self._go_on(colouring)

    def _go_on(self, colouring: Colouring) -> None:
        """Count what was noted; all of it at once where layers are hidden by it."""
        if colouring.rule.can_hide:
            self._show(colouring.finish())
        elif self._steps is None:
            self._colouring, self._steps = colouring, colouring.go_on()
            self._take(AT_ONCE)
            if self._steps is not None:
                self._slices.replace([self._take_one])

    def _take_one(self) -> None:
        self._take(1)
        if self._steps is not None:
            self._slices.first(self._take_one)

    def _take(self, count: int) -> None:
        for _ in range(count):
            if self._steps is not None and next(self._steps, self) is self and self._colouring is not None:
                self._steps = None
                self._show(self._colouring.taken())
