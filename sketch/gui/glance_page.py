"""The place of a tab whose file is still being read: a first picture to look around in. Nothing in it can be edited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QTimer, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sketch.graph.lifting import path_of
from sketch.gui.canvas.extents import middles
from sketch.gui.canvas.view import CanvasView
from sketch.gui.canvas.wires import Wiring
from sketch.gui.glance_rows import Unread
from sketch.gui.theme import Theme

SLACK = 0.5
"""Less than this, in scene px, is no move of the view."""
SAME_ZOOM = 0.01
"""Zooms that differ by a smaller part than this are the same."""
NEAREST = 500
"""Where none of so many nodes has its like, what is farther away tells nothing of a spot."""


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
        self.aside = self._refuse_change

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

    def _refuse_change(self, *_what: object, over: Callable[[], object], **_more: object) -> bool:
        self.refuse()
        over()
        return False

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
        own, tables = self.view, self.document.tables
        around, state = own.mapToScene(spot), own.view_state()
        for key in _nearest(own, around):
            there = _named(view, path_of(tables, key))
            if there is not None:
                box, found = own.canvas.wiring.boxes[key], view.canvas.wiring.boxes[there]
                return {**state, "x": state["x"] - box.x + found.x, "y": state["y"] - box.y + found.y}
        return None


def _nearest(view: CanvasView, spot: QPointF) -> Iterator[int]:
    """What stands on a canvas, beginning with what is nearest to a point; as far as it may tell anything."""
    import numpy as np

    boxes = view.canvas.boxes
    x, y = middles(boxes)
    near = np.argsort((x - spot.x()) ** 2 + (y - spot.y()) ** 2)[:NEAREST].tolist()
    yield from (key for key in boxes.keys_in(near) if key is not None)


def _named(view: CanvasView, path: tuple[str, ...]) -> int | None:
    """What stands on a canvas under this name, those of the groups around it before it."""
    at: int | None = None
    for name in path:
        at = view.document.tables.named(at, name)
        if at is None:
            return None
    return at if at in view.canvas.wiring.boxes else None
