"""A search over the drawing in small portions, so that typing never waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from sketch.graph.query import Every, parse
from sketch.graph.query_match import in_order, matcher
from sketch.graph.rows import Node
from sketch.gui.canvas_tab import CanvasTab

PORTION_S, TOGETHER = 0.003, 32
"""A portion ends after this time; so many nodes are asked before it looks at the clock."""
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
        self._portion = QTimer(self)
        self._portion.setInterval(0)
        self._portion.timeout.connect(self._go_on)

    def ask(self, text: str) -> None:
        """Begin to look; QueryError when the text is no query, and the search before goes on to stand."""
        query = parse(text)
        document = self._tab.document
        chosen = frozenset(self._tab.view.selected())
        test = matcher(query, document.tables, document.inference, chosen)
        nodes = [] if query == Every() else self._in_order()
        self._hits = (node.id if test(node) else None for node in nodes)
        self.ids, self._told = [], 0
        self.is_running = True
        self._portion.start()

    def finish(self) -> None:
        """Ask all that are left now."""
        while self.is_running:
            self._go_on()

    def stop(self) -> None:
        """Ask no more."""
        self._portion.stop()
        self.is_running = False

    def _in_order(self) -> list[Node]:
        """The nodes in their order, kept until an edit."""
        document = self._tab.document
        if self._order is None or self._order[0] != document.turn:
            self._order = (document.turn, in_order(document.tables, document.inference))
        return self._order[1]

    def _go_on(self) -> None:
        """Ask nodes for a few milliseconds."""
        until = perf_counter() + PORTION_S
        while True:
            asked = list(islice(self._hits, TOGETHER))
            self.ids.extend(hit for hit in asked if hit is not None)
            if len(asked) < TOGETHER:
                self.stop()
                break
            if perf_counter() > until:
                break
        if not self.is_running:
            self.ended.emit()
        elif len(self.ids) > self._told and (not self._told or perf_counter() > self._told_at + TELL_S):
            self._told, self._told_at = len(self.ids), perf_counter()
            self.found.emit()
