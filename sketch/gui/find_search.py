"""A search over the drawing in small portions, so that typing never waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter

from PySide6.QtCore import QObject, Signal

from sketch.graph.query import Every, parse
from sketch.graph.query_match import in_order, matcher
from sketch.graph.rows import Node
from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.slices import Slices

TOGETHER = 32
"""So many nodes are asked with one step."""
TELL_S = 0.1
"""What is found after the first is shown so often: painting a longer list takes longer than finding it."""


class FindSearch(QObject):
    """Asks a drawing one query at a time; a new one takes the place of the old.

    `found` comes with the first that are found and again as their list has grown; `ended` when all nodes were asked.
    """

    found = Signal()
    ended = Signal()

    def __init__(self, tab: CanvasTab, parent: QObject | None = None):
        super().__init__(parent)
        self._tab = tab
        self._hits: Iterator[int | None] = iter(())
        self.ids: list[int] = []
        """What is found so far, in the order in which the network runs."""
        self.is_running = False
        self._told, self._told_at = 0, 0.0
        self._order: tuple[int, list[Node]] | None = None
        self._slices = Slices(self)

    def ask(self, text: str) -> None:
        """Begin to look; QueryError when the text is no query, and the search before goes on to stand."""
        query = parse(text)
        document = self._tab.document
        chosen = frozenset(self._tab.view.selected())
        test = matcher(query, document.tables, document.inference, chosen)
        self._hits = iter(()) if query == Every() else self._asked(test)
        self.ids, self._told = [], 0
        self.is_running = True
        self._slices.replace([self._go_on])

    def finish(self) -> None:
        """Ask all that are left now."""
        while self.is_running:
            self._go_on()

    def stop(self) -> None:
        """Ask no more."""
        self._slices.replace([])
        self.is_running = False

    def _asked(self, test: Callable[[Node], bool]) -> Iterator[int | None]:
        """The id of each node that passes, None for others; they are put in order with the first of them."""
        for node in self._in_order():
            yield node.id if test(node) else None

    def _in_order(self) -> list[Node]:
        """The nodes in their order, kept until an edit."""
        document = self._tab.document
        if self._order is None or self._order[0] != document.turn:
            self._order = (document.turn, in_order(document.tables, document.inference))
        return self._order[1]

    def _go_on(self) -> None:
        """Ask some nodes."""
        asked = list(islice(self._hits, TOGETHER))
        self.ids.extend(hit for hit in asked if hit is not None)
        if len(asked) < TOGETHER:
            self.stop()
        else:
            self._slices.last(self._go_on)
        if not self.is_running:
            self.ended.emit()
        elif len(self.ids) > self._told and (not self._told or perf_counter() > self._told_at + TELL_S):
            self._told, self._told_at = len(self.ids), perf_counter()
            self.found.emit()
