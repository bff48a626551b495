"""What lies on the desk: the tab in front, its document and selection. Panels listen here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from sketch.gui.long_lived import MANY, settle
from sketch.gui.slices import SLICE_SECONDS, Slices
from sketch.state.document_view import FOLLOW

if TYPE_CHECKING:
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.state.document import Document, Update

QUIET_MS = 40
"""Panels follow this long after the last edit."""
AT_ONCE = 100
"""So many layers around an edit have their new shapes with it; the others follow in slices."""
TEXT_MS = 150
"""The source text follows this long after the last edit."""


class Chosen:
    """The selection of a canvas as commands ask about it; each answer is worked out once, and nobody changes it.

    Args:
        ids: the selected nodes and notes.
        document: the one that they are of.
    """

    def __init__(self, ids: list[int], document: Document | None):
        self.ids = ids
        self._document = document

    @cached_property
    def nodes(self) -> list[int]:
        """The layers and groups, notes left out."""
        return [key for key in self.ids if self._document and key in self._document.tables.nodes]

    @cached_property
    def layers(self) -> frozenset[str]:
        """The types of the nodes."""
        document = self._document
        return frozenset(document.tables.nodes[key].layer for key in self.nodes) if document else frozenset()


class Desk(QObject):
    """The document in front, as signals.

    `updated` comes at once with each edit, `followed` with the shapes that follow from it for many layers, in the
    turns of the event loop after it; `settled` and `text_due` wait for a pause in both.
    `turned` says that another tab (or none) is in front.
    """

    turned = Signal()
    updated = Signal(object)
    followed = Signal(object)
    settled = Signal()
    text_due = Signal()
    selection_changed = Signal(object)
    kernel_changed = Signal(str)
    said = Signal(str)

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._tab: CanvasTab | None = None
        self._known: tuple[frozenset[int], Document, int, Chosen] | None = None
        """What was worked out last of a selection, of which document and at which turn of it."""
        self._leave: list[Callable[[], object]] = []
        self._kernel = ""
        self._quiet = _single_shot(self, self._on_quiet)
        self._text = _single_shot(self, lambda: self._tell(self._text, self.text_due))
        self._shapes = Slices(self)

    @property
    def tab(self) -> CanvasTab | None:
        """The tab in front, None on the welcome page."""
        return self._tab

    @property
    def document(self) -> Document | None:
        """The document in front."""
        return self._tab.document if self._tab else None

    @property
    def view(self) -> CanvasView | None:
        """The canvas in front."""
        return self._tab.view if self._tab else None

    @property
    def selection(self) -> list[int]:
        """Ids of the selected nodes and notes of the canvas in front."""
        return self.chosen.ids

    @property
    def chosen(self) -> Chosen:
        """The selection, with what commands want to know about it; the same object until one of the two changes."""
        if self._tab is None:
            self._known = None
            return Chosen([], None)
        view, document = self._tab.view, self._tab.document
        now, known = view.canvas.ink.selection, self._known
        if known is None or not (known[0] is now and known[1] is document and known[2] == document.turn):
            known = self._known = now, document, document.turn, Chosen(view.selected(), document)
        return known[3]

    @property
    def kernel(self) -> str:
        """Name of the chosen kernel."""
        return self._kernel

    def choose_kernel(self, name: str) -> None:
        """Choose the kernel whose text is shown and which compiles."""
        if name != self._kernel:
            self._kernel = name
            self.kernel_changed.emit(name)
            self._text.start(0)

    def repeat_text(self) -> None:
        """Let `text_due` come once more, if it is not on its way behind an edit."""
        if not (self._quiet.isActive() or self._text.isActive()):
            self._text.start(0)

    def turn_to(self, tab: CanvasTab | None) -> None:
        """Bring another tab (or the welcome page) to the front."""
        for leave in self._leave:
            leave()
        self._tab = tab
        self._leave = []
        if tab is not None:
            tab.document.at_once = AT_ONCE
            self._leave.append(tab.document.subscribe(self._on_update))
            tab.view.selection_changed.connect(self.selection_changed)
            self._leave.append(lambda: tab.view.selection_changed.disconnect(self.selection_changed))
        self.turned.emit()
        self.selection_changed.emit(self.selection)
        self._quiet.start(0)
        self._text.start(QUIET_MS)  # in another turn
        self._shapes.replace([self._go_on])

    def reveal(self, node_id: int) -> None:
        """Show a node: enter its group, select it, bring it to the middle."""
        if self._tab is not None:
            self._tab.reveal(node_id)

    def say(self, text: str) -> None:
        """One line for the person, in the status bar."""
        self.said.emit(text)

    def _on_update(self, update: Update) -> None:
        (self.followed if update.cause == FOLLOW else self.updated).emit(update)
        if len(update.delta) > MANY:
            settle()
        self._text.stop()
        self._quiet.start(QUIET_MS)  # each time: a start with another time changes the timer for good
        self._shapes.replace([self._go_on])

    def _on_quiet(self) -> None:
        if not self._text.isActive():  # after this, so that both never fall into one turn of the event loop
            self._text.start(TEXT_MS - QUIET_MS)
        self._tell(self._quiet, self.settled)

    def _tell(self, timer: QTimer, signal: SignalInstance) -> None:
        """Emit a signal; while shapes are on their way, later."""
        if self.document is not None and self.document.inference.is_behind:
            timer.start()
        else:
            signal.emit()

    def _go_on(self) -> None:
        """A part of the shapes that an edit has left; the next update starts the part after it."""
        document = self.document
        if document is not None and document.inference.is_behind:
            end = time.perf_counter() + SLICE_SECONDS
            document.go_on(lambda: time.perf_counter() > end)


def _single_shot(parent: QObject, call: Callable[[], object]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.timeout.connect(call)
    return timer
