"""One tab: a document on its canvas, with the way into its groups (areas D and F) written above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sketch.gui import colour_session
from sketch.gui.asides import do_what_stays
from sketch.gui.canvas import surroundings
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.canvas.view import CanvasView
from sketch.gui.canvas.wires import Wiring
from sketch.gui.colour_tab import TabColours
from sketch.gui.group_crumbs import Breadcrumbs
from sketch.gui.group_offer import GroupOffer
from sketch.gui.journal_mark import JournalMark
from sketch.gui.theme import Theme
from sketch.gui.trail import Trail
from sketch.gui.weights_bar import WeightsBar
from sketch.state.document import FOLLOW, Document, Update


class CanvasTab(QWidget):
    """A document's tab. `renamed`: its title or modified mark may have changed; `visited`: after a jump."""

    renamed = Signal()
    moved = Signal()
    visited = Signal()

    def __init__(self, document: Document, theme: Theme, wiring: Wiring | None = None):
        super().__init__()
        self.document = document
        self.group: int | None = None
        self.source: Path | None = None
        """The model file of another program that this was opened from."""
        self.trusted = False
        """True when the person allowed code in that file to run."""
        self._states: dict[int | None, dict[str, Any]] = {}
        self.trail = Trail()
        self._jumping = False
        self.crumbs = Breadcrumbs(document)
        self.offer = GroupOffer()
        self.view = CanvasView(document, theme, wiring=wiring)
        self.view.setAccessibleName("Canvas")
        self.colours = TabColours(document, self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.crumbs)
        column.addWidget(self.offer)
        column.addWidget(self.view, 1)
        self.weights_bar = WeightsBar(document)
        column.addWidget(self.weights_bar)
        self.journal_mark = JournalMark(document)
        column.addWidget(self.journal_mark)
        self.setFocusProxy(self.view)
        self._unsubscribe = document.subscribe(self._on_update)
        self.crumbs.chosen.connect(self.enter)
        self.view.group_entered.connect(self.enter)
        self.view.group_left.connect(self.leave)
        self.view.view_changed.connect(self.moved)
        self._show_path()

    @property
    def title(self) -> str:
        """The document's name with a mark while it has unsaved edits."""
        return self.document.name + (" •" if self.document.is_modified else "")

    def enter(self, group: int | None) -> None:
        """Show the canvas of a group (None: the top level), where it was last."""
        if group != self.group:
            self._visit(lambda: self._enter(group))

    def look_at(self, state: dict[str, Any]) -> None:
        """Look where `view_state` of the canvas looked once; `back` comes back from there."""

        def go() -> None:
            self._enter(state["group"])
            self.view.restore_view(state)

        self._visit(go)

    def go_back(self) -> None:
        """Look where one looked before the last jump; nothing without one."""
        self._travel(self.trail.back(self.view.view_state()))

    def go_forward(self) -> None:
        """Look where one looked before going back; nothing without that."""
        self._travel(self.trail.forward(self.view.view_state()))

    def _visit(self, go: Callable[[], object]) -> None:
        """Jump, and remember where from; jumps inside a jump belong to it."""
        if self._jumping:
            go()
            return
        before, self._jumping = self.view.view_state(), True
        try:
            go()
        finally:
            self._jumping = False
        if self.view.view_state() != before:
            self.trail.leave(before)
        self.visited.emit()

    def _travel(self, state: dict[str, Any] | None) -> None:
        if state is not None and (state["group"] is None or state["group"] in self.document.tables.nodes):
            self._enter(state["group"])
            self.view.restore_view(state)
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.visited.emit()

    def _enter(self, group: int | None) -> None:
        if group == self.group:
            return
        self._states[self.group] = self.view.view_state()
        self.group = group
        self.view.set_group(group)
        if group in self._states:
            self.view.restore_view(self._states[group])
        else:
            self.view.frame_all()
        self._show_path()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.moved.emit()

    def leave(self) -> None:
        """Go up one group and select it there; nothing at the top level."""
        inside = self.group
        if inside is None:
            return
        node = self.document.tables.nodes.get(inside)
        self.enter(node.parent if node else None)
        if node is not None:
            self.view.select([inside])

    def reveal(self, node_id: int) -> None:
        """Enter the group that holds a node, select it and bring it to the middle."""
        home = surroundings.home_of(self.view, node_id)
        if home is None:
            return

        def go() -> None:
            self._enter(home[0])
            self.colours.show_again(node_id)
            self.view.reveal(node_id)

        self._visit(go)

    def use(self, get: Callable[[str], Any], shortcut: Callable[[str], Sequence[str]]) -> None:
        """Take the person's options and keys for the canvas, from a settings' `get` and `shortcut`."""
        self.view.set_options(CanvasOptions.of(get, shortcut))
        self.document.resizing = get("weights.resize")

    def views(self) -> dict[int | None, dict[str, Any]]:
        """What the session keeps: position and zoom in each group visited; `shown` marks the one in view."""
        self._states[self.group] = self.view.view_state()
        more = colour_session.kept(self.colours)
        return {
            group: {**state, "shown": group == self.group, **more} for group, state in self._states.items()
        }

    def restore(self, views: dict[int | None, dict[str, Any]]) -> None:
        """Take back what `views` gave; groups that are gone are left out."""
        nodes = self.document.tables.nodes
        self._states = {group: view for group, view in views.items() if group is None or group in nodes}
        shown = next((group for group, view in self._states.items() if view.get("shown")), None)
        if shown != self.group:
            self._enter(shown)
        elif shown in self._states:
            self.view.restore_view(self._states[shown])
        colour_session.restore(self.colours, self._states.get(shown, {}))

    def close_document(self, *, wait: bool = True) -> None:
        """Let go of the document; its journal keeps everything (without `wait`, it writes the last on a thread)."""
        do_what_stays(self.document)
        self._unsubscribe()
        self.weights_bar.unsubscribe()
        self.colours.close_document()
        self.view.close_document()
        self.document.close(wait=wait)

    def _on_update(self, update: Update) -> None:
        if update.cause == FOLLOW:
            return
        if self.group is not None and self.group not in self.document.tables.nodes:
            self._states.pop(self.group, None)
            self.group = None
            self.view.set_group(None)
        self._show_path()
        self.renamed.emit()

    def _show_path(self) -> None:
        path: list[tuple[int | None, str]] = []
        group = self.group
        while group is not None:
            node = self.document.tables.nodes[group]
            path.append((group, node.name))
            group = node.parent
        path.append((None, self.document.name))
        shown = list(reversed(path))
        if shown != getattr(self, "_shown", None):
            self._shown = shown
            self.crumbs.show_path(shown)
