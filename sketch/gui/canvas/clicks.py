"""Presses on nodes, notes and wires that may be a click or become a drag."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QLineF, QPoint, QPointF

from sketch.graph.rows import Edge
from sketch.gui.canvas.drag import DragGesture, DuplicateGesture
from sketch.gui.canvas.gestures import Gesture, Modifiers
from sketch.gui.canvas.link import rewire

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

DRAG_DISTANCE = 5


class Thing(Protocol):
    """What can be selected and moved: a node, a group, a note."""

    node_id: int


class ClickGesture:
    """A press on an item that may still become a drag; a click without one selects just that item."""

    def __init__(
        self,
        view: PointerView,
        where: QPoint,
        item: Thing,
        modifiers: Modifiers,
        on_click: Callable[[], object] | None = None,
    ):
        self._view = view
        self._on_click = on_click
        self._from = where
        self._id = item.node_id
        self._mode = modifiers
        self._toggles = bool(modifiers & (Modifiers.ShiftModifier | Modifiers.ControlModifier))
        before = view.canvas.selected_ids()
        if self._toggles:
            view.canvas.choose(set(before) ^ {self._id})
        elif self._id not in before:
            view.canvas.choose([self._id])

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Become a drag once the pointer has left its place."""
        if (where - self._from).manhattanLength() < DRAG_DISTANCE or not self._view.canvas.selected_ids():
            return
        kind = DuplicateGesture if self._mode & Modifiers.AltModifier else DragGesture
        drag: Gesture = kind(self._view, self._from)
        self._view.replace_gesture(drag)
        drag.move(where, modifiers)

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """A click: this item alone is selected, or what is bound to the click happens."""
        if self._on_click is not None:
            self._on_click()
        elif not self._toggles:
            self._view.canvas.choose([self._id])

    def cancel(self) -> None:
        """Nothing to take back."""


class WireClickGesture:
    """A press on a wire: a click selects it, a drag takes the nearer end to another port."""

    def __init__(self, view: PointerView, where: QPoint, edge: Edge, modifiers: Modifiers):
        self._view = view
        self._from = where
        self._edge = edge
        adds = modifiers & (Modifiers.ShiftModifier | Modifiers.ControlModifier)
        before = view.canvas.edges.selected if adds else frozenset()
        if not adds:
            view.canvas.choose(())
        view.choose_wires(before ^ {edge})

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Become a link gesture that holds the wire by its nearer end."""
        if (where - self._from).manhattanLength() < DRAG_DISTANCE:
            return
        line = self._view.canvas.wiring.lines[self._edge]
        here = self._view.mapToScene(self._from)
        first, last = (QLineF(here, QPointF(*point)).length() for point in (line.points[0], line.points[-1]))
        link = rewire(self._view, line, "source" if first < last else "target", self._from)
        self._view.replace_gesture(link)
        link.move(where, modifiers)

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """Keep the wire selected."""

    def cancel(self) -> None:
        """Nothing to take back."""
