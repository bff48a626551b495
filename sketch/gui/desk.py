"""What lies on the desk: the tab in front, its document and selection. Panels listen here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sketch.gui.long_lived import MANY, settle

if TYPE_CHECKING:
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.state.document import Document, Update

QUIET_MS = 40
"""Panels follow this long after the last edit."""
TEXT_MS = 150
"""The source text follows this long after the last edit."""


class Desk(QObject):
    """The document in front, as signals.

    `updated` comes at once with each edit; `settled` and `text_due` wait for a pause in the edits.
    `turned` says that another tab (or none) is in front.
    """

    turned = Signal()
    updated = Signal(object)
    settled = Signal()
    text_due = Signal()
    selection_changed = Signal(list)
    kernel_changed = Signal(str)
    said = Signal(str)

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._tab: CanvasTab | None = None
        self._kept: list[int] | None = None
        self._leave: list[Callable[[], object]] = []
        self._kernel = ""
        self._quiet = _single_shot(self, QUIET_MS, self.settled.emit)
        self._text = _single_shot(self, TEXT_MS, self.text_due.emit)

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
        if self._kept is not None:
            return self._kept
        return list(self._tab.view.selected()) if self._tab else []

    @contextmanager
    def same_selection(self) -> Iterator[None]:
        """Ask the canvas once for the selection, and not for every command that wants to know it."""
        self._kept = self.selection
        try:
            yield
        finally:
            self._kept = None

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

    def turn_to(self, tab: CanvasTab | None) -> None:
        """Bring another tab (or the welcome page) to the front."""
        for leave in self._leave:
            leave()
        self._tab = tab
        self._leave = []
        if tab is not None:
            self._leave.append(tab.document.subscribe(self._on_update))
            tab.view.selection_changed.connect(self.selection_changed)
            self._leave.append(lambda: tab.view.selection_changed.disconnect(self.selection_changed))
        self.turned.emit()
        self.selection_changed.emit(self.selection)
        self._quiet.start(0)
        self._text.start(0)

    def reveal(self, node_id: int) -> None:
        """Show a node: enter its group, select it, bring it to the middle."""
        if self._tab is not None:
            self._tab.reveal(node_id)

    def say(self, text: str) -> None:
        """One line for the person, in the status bar."""
        self.said.emit(text)

    def _on_update(self, update: Update) -> None:
        self.updated.emit(update)
        if len(update.delta) > MANY:
            settle()
        self._quiet.start()
        self._text.start()


def _single_shot(parent: QObject, wait: int, call: Callable[[], object]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(wait)
    timer.timeout.connect(call)
    return timer
