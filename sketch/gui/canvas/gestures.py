"""One object for each gesture of the pointer: it starts at a press, follows the moves, and ends or is cancelled.

A gesture edits the document at most once, at its end, so that one gesture is one step of the history.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QLineF, QPoint, QRectF, Qt

from sketch.graph.rows import Edge
from sketch.gui.canvas.link import cut_wires

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

Modifiers = Qt.KeyboardModifier


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

    def __init__(self, view: PointerView, where: QPoint, *, clears: bool = False):
        """`clears`: a click that never becomes a drag empties the selection."""
        self._view = view
        self._last = where
        self._clears = clears
        self._moved = False
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, where: QPoint, modifiers: Modifiers) -> None:
        """Scroll by what the pointer moved."""
        self._moved |= self._last != where
        self._view.scroll_by(self._last - where)
        self._last = where

    def release(self, where: QPoint, modifiers: Modifiers) -> None:
        """Keep the view where it is; a mere click on empty canvas selects nothing."""
        self._view.show_cursor()
        if self._clears and not self._moved:
            self._view.canvas.choose(())

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
        found = self._view.canvas.ids_in(band)
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
            cut_wires(self._view, list(self._cut))

    def cancel(self) -> None:
        """Cut nothing."""
        self._view.canvas.live.clear()
        self._view.canvas.edges.select(())
