"""What a dialog asks of a whole drawing, read in slices while the window lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from sketch.gui.background import FEW
from sketch.gui.slices import Walk

if TYPE_CHECKING:
    from sketch.state.document import Document


class Reading(QObject):
    """Goes through the steps that `begin` gives, anew when the document changes in between, then calls `then`.

    Of a small document that happens at once. Nothing happens any more when the document is closed, or `owner` deleted.
    """

    def __init__(
        self,
        owner: QObject,
        document: Document,
        begin: Callable[[], Iterator[None]],
        then: Callable[[], object],
    ):
        super().__init__(owner)
        self._document, self._begin, self._then = document, begin, then
        self._turn = document.turn
        self._walk: Walk | None = None
        if len(document.tables.nodes) <= FEW:
            for _ in begin():
                pass
            self._let_go()
            then()
        else:
            self._start()

    def stop(self) -> None:
        """Leave out what is left."""
        if self._walk is not None:
            self._walk.stop()
        self._let_go()

    def _start(self) -> None:
        self._turn = self._document.turn
        self._walk = Walk(self, self._steps())
        # In a turn of its own: `then` may wait for a dialog, and all other slices would wait with it.
        self._walk.ended.connect(self._end, Qt.ConnectionType.QueuedConnection)
        self._walk.begin()

    def _steps(self) -> Iterator[None]:
        for _ in self._begin():
            yield
            if self._document.turn != self._turn:
                return

    def _end(self) -> None:
        then = self._then
        if self._document.is_closed:
            self._let_go()
        elif self._document.turn != self._turn:
            self._start()
        else:
            self._let_go()
            then()

    def _let_go(self) -> None:
        """Hold nothing of the owner: it holds this."""
        self._begin, self._then = _nothing, lambda: None


def _nothing() -> Iterator[None]:
    yield from ()
