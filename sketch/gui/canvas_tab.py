"""One tab: a document on its canvas, with the way into its groups (areas D and F) written above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.canvas.view import CanvasView
from sketch.gui.journal_mark import JournalMark
from sketch.gui.theme import Theme
from sketch.gui.weights_bar import WeightsBar
from sketch.state.document import Document, Update


class Breadcrumbs(QWidget):
    """The groups around the canvas in view, outermost first; a click goes there."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("breadcrumbs")
        self.setAccessibleName("Enclosing groups")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 3, 8, 3)
        self._row.setSpacing(2)

    def show_path(self, path: list[tuple[int | None, str]]) -> None:
        """Show (group id, name) from the document down to the group in view."""
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for index, (group, name) in enumerate(path):
            if index:
                self._row.addWidget(QLabel("/"))
            last = index == len(path) - 1
            self._row.addWidget(_here(name) if last else self._button(group, name))
        self._row.addStretch(1)
        self.setVisible(len(path) > 1)

    def _button(self, group: int | None, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setAccessibleName(f"Go to {name}")
        button.setToolTip(f"Go to {name}  (Esc leaves a group)")
        button.clicked.connect(lambda: self.chosen.emit(group))
        return button


def _here(name: str) -> QLabel:
    label = QLabel(name)
    label.setProperty("role", "subheading")
    label.setContentsMargins(7, 0, 7, 0)
    return label


class CanvasTab(QWidget):
    """A document's tab. `renamed` says that its title or modified mark may have changed."""

    renamed = Signal()
    moved = Signal()

    def __init__(self, document: Document, theme: Theme):
        super().__init__()
        self.document = document
        self.group: int | None = None
        self.source: Path | None = None
        """The model file of another program that this was opened from."""
        self.trusted = False
        """True when the person allowed code in that file to run."""
        self._states: dict[int | None, dict[str, Any]] = {}
        self.crumbs = Breadcrumbs()
        self.view = CanvasView(document, theme)
        self.view.setAccessibleName("Canvas")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.crumbs)
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
        row = self.document.tables.nodes.get(node_id) or self.document.tables.notes.get(node_id)
        if row is None:
            return
        self.enter(row.parent)
        self.view.reveal(node_id)

    def use(self, get: Callable[[str], Any], shortcut: Callable[[str], Sequence[str]]) -> None:
        """Take the person's options and keys for the canvas, from a settings' `get` and `shortcut`."""
        self.view.set_options(CanvasOptions.of(get, shortcut))
        self.document.resizing = get("weights.resize")

    def views(self) -> dict[int | None, dict[str, Any]]:
        """What the session keeps: position and zoom in each group visited; `shown` marks the one in view."""
        self._states[self.group] = self.view.view_state()
        return {group: {**state, "shown": group == self.group} for group, state in self._states.items()}

    def restore(self, views: dict[int | None, dict[str, Any]]) -> None:
        """Take back what `views` gave; groups that are gone are left out."""
        nodes = self.document.tables.nodes
        self._states = {group: view for group, view in views.items() if group is None or group in nodes}
        shown = next((group for group, view in self._states.items() if view.get("shown")), None)
        if shown != self.group:
            self.enter(shown)
        elif shown in self._states:
            self.view.restore_view(self._states[shown])

    def close_document(self) -> None:
        """Let go of the document; its journal keeps everything."""
        self._unsubscribe()
        self.weights_bar.unsubscribe()
        self.view.close_document()
        self.document.close()

    def _on_update(self, update: Update) -> None:
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
