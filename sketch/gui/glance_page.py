"""The place of a tab whose file is still being read: a first picture to look around in. Nothing in it can be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QTimer, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sketch.graph.lifting import path_of
from sketch.gui.canvas.view import CanvasView
from sketch.gui.canvas.wires import Wiring
from sketch.gui.glance_rows import Unread
from sketch.gui.theme import Theme

SLACK = 0.5
"""Less than this, in scene px, is no move of the view."""
SAME_ZOOM = 0.01
"""Zooms that differ by a smaller part than this are the same."""


class GlanceView(CanvasView):
    """A canvas without editing. `seen` comes once, when it has been painted."""

    seen = Signal()

    def __init__(self, document: Unread, theme: Theme, wiring: Wiring):
        super().__init__(document, theme, wiring=wiring)
        self.refusal = document.refusal
        self._painted = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.seen)
        self._first: dict[str, Any] = {}
        for signal in (self.quick_add_requested, self.context_menu_requested, self.parameters_wanted):
            signal.connect(self.refuse)
        self.group_entered.connect(self.refuse)
        self.aside = lambda _title, _act, _ids, over: [call() for call in (self.refuse, over)]

    @property
    def was_moved(self) -> bool:
        """True when the person looks elsewhere than where the picture began."""
        now = self.view_state()
        return not self._untouched or any(
            abs(now[key] - self._first.get(key, now[key])) > SLACK for key in "xy"
        )

    def refuse(self, *_what: object) -> None:
        """Say why nothing can be edited yet."""
        self.message.emit(self.refusal)

    def start_rename(self, node_id: int) -> None:
        """Say why no name can be changed yet."""
        self.refuse()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._untouched:
            self._first = self.view_state()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self._soon.start()


class GlancePage(QWidget):
    """A tab of a window that holds no document of the session. `dismissed`: its cross was pressed."""

    dismissed = Signal()

    def __init__(self, path: Path, view: GlanceView):
        super().__init__()
        self.path, self.view, self.document = path, view, view.document
        self.title = path.stem
        self.refusal = view.refusal
        view.setAccessibleName(f"First picture of {path.name}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(view)
        self.setFocusProxy(view)

    def hand_over(self, view: CanvasView) -> None:
        """Let the canvas of the document look where the person looks: at the node of the same name.

        The document may have nodes that the file's picture has not. Where nobody looked elsewhere, it is its beginning
        that stays where it stood.
        """
        own, now, moved = self.view, view.view_state(), self.view.was_moved
        middle = own.viewport().rect().center()
        state = self._state_for(view, middle if moved else QPoint(middle.x(), 0))
        if state is None:
            return
        alike = abs(now["zoom"] - state["zoom"]) < SAME_ZOOM * state["zoom"]
        if moved or (alike and any(abs(now[key] - state[key]) > SLACK for key in "xy")):
            view.restore_view(state)

    def close_view(self) -> None:
        """Let go of what is shown."""
        self.view.close_document()
        self.document.close()

    def _state_for(self, view: CanvasView, spot: QPoint) -> dict[str, Any] | None:
        """The state in which a view of the document shows what is nearest to `spot`, viewport px, where it is here."""
        own, there = self.view, _places_of(view)
        around, state = own.mapToScene(spot), own.view_state()
        near = own.canvas.wiring.boxes.items()
        tables = self.document.tables
        known = [(key, box) for key, box in near if path_of(tables, key) in there]
        if not known:
            return None
        key, box = min(known, key=lambda item: _distance(around, item[1].x, item[1].y))
        found = view.canvas.wiring.boxes[there[path_of(tables, key)]]
        return {**state, "x": state["x"] - box.x + found.x, "y": state["y"] - box.y + found.y}


def _places_of(view: CanvasView) -> dict[tuple[str, ...], int]:
    """The names of what stands on a canvas, those of the groups around it before them."""
    return {path_of(view.document.tables, key): key for key in view.canvas.wiring.boxes}


def _distance(middle: QPointF, x: float, y: float) -> float:
    return (middle.x() - x) ** 2 + (middle.y() - y) ** 2
