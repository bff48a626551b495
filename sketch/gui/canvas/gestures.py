"""One object for each gesture of the pointer: it starts at a press, follows the moves, and ends or is cancelled.

A gesture edits the document at most once, at its end, so that one gesture is one step of the history.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF, Qt

from sketch.graph.rows import Edge
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

Modifiers = Qt.KeyboardModifier
DRAG_DISTANCE = 5


class Gesture(Protocol):
    """What the view drives. Positions are viewport pixels."""

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """The pointer moved."""

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """The button went up: do it."""

    def cancel(self) -> None:
        """Leave everything as it was."""


class PanGesture:
    """Moves the view with the pointer."""

    def __init__(self, view: PointerView, where: QPoint):
        self._view = view
        self._last = where
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Scroll by what the pointer moved."""
        self._view.scroll_by(self._last - where)
        self._last = where

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """Keep the view where it is."""
        self._view.show_cursor()

    def cancel(self) -> None:
        """Stop."""
        self._view.show_cursor()


class BandGesture:
    """Selects what a rectangle touches; Shift adds to the selection, Ctrl toggles."""

    def __init__(self, view: PointerView, where: QPoint, modifiers: Modifiers):
        self._view = view
        self._from = view.mapToScene(where)
        self._before = set(view.canvas.selected_ids())
        self._mode = modifiers
        self._moved = False

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Stretch the rectangle and show what it would select."""
        band = QRectF(self._from, self._view.mapToScene(where)).normalized()
        self._moved = True
        self._view.canvas.live.show_band(band)
        found = {
            item.node_id for item in self._view.canvas.items(band) if isinstance(item, (NodeItem, NoteItem))
        }
        if self._mode & Modifiers.ShiftModifier:
            found |= self._before
        elif self._mode & Modifiers.ControlModifier:
            found ^= self._before
        self._view.canvas.choose(found)

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """Keep the selection; a mere click on empty canvas clears it."""
        self._view.canvas.live.clear()
        if not self._moved and not self._mode & (Modifiers.ShiftModifier | Modifiers.ControlModifier):
            self._view.canvas.choose(())

    def cancel(self) -> None:
        """Select what was selected before."""
        self._view.canvas.live.clear()
        self._view.canvas.choose(self._before)


class CutGesture:
    """Removes the wires that the stroke crosses."""

    def __init__(self, view: PointerView, where: QPoint):
        self._view = view
        self._points = [view.mapToScene(where)]
        self._cut: dict[Edge, None] = {}

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Lengthen the stroke and show which wires it cuts."""
        self._points.append(self._view.mapToScene(where))
        edges = self._view.canvas.edges
        self._cut.update(dict.fromkeys(edges.lines.crossing(QLineF(*self._points[-2:]))))
        self._view.canvas.live.show_cut([QLineF(first, last) for first, last in pairwise(self._points)])
        edges.select(self._cut)

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """Cut, in one step."""
        self.cancel()
        if self._cut:
            self._view.attempt(lambda: commands.disconnect(self._view.document, list(self._cut)))

    def cancel(self) -> None:
        """Cut nothing."""
        self._view.canvas.live.clear()
        self._view.canvas.edges.select(())


class ClickGesture:
    """A press on an item that may still become a drag; a click without one selects just that item."""

    def __init__(self, view: PointerView, where: QPoint, item: NodeItem | NoteItem, modifiers: Modifiers):
        self._view = view
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
        drag = self._view.drag_gesture(self._from, duplicate=bool(self._mode & Modifiers.AltModifier))
        self._view.replace_gesture(drag)
        drag.move(where, modifiers)

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """A click: this item alone is selected."""
        if not self._toggles:
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
        view.canvas.edges.select(before ^ {edge})

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Become a link gesture that holds the wire by its nearer end."""
        if (where - self._from).manhattanLength() < DRAG_DISTANCE:
            return
        line = self._view.canvas.wiring.lines[self._edge]
        here = self._view.mapToScene(self._from)
        first, last = (QLineF(here, QPointF(*point)).length() for point in (line.points[0], line.points[-1]))
        link = self._view.rewire_gesture(line, "source" if first < last else "target")
        self._view.replace_gesture(link)
        link.move(where, modifiers)

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """Keep the wire selected."""

    def cancel(self) -> None:
        """Nothing to take back."""
