"""Pulling the border of a frame or a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from sketch.gui.canvas.gestures import Modifiers
from sketch.gui.canvas.note_item import NoteItem
from sketch.state import commands
from sketch.state.commands.aligning import drawn_box
from sketch.state.commands.frames import SMALLEST

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView
    from sketch.state.document import Document

CURSORS = {
    "left": Qt.CursorShape.SizeHorCursor, "right": Qt.CursorShape.SizeHorCursor,
    "top": Qt.CursorShape.SizeVerCursor, "bottom": Qt.CursorShape.SizeVerCursor,
    "top left": Qt.CursorShape.SizeFDiagCursor, "bottom right": Qt.CursorShape.SizeFDiagCursor,
    "top right": Qt.CursorShape.SizeBDiagCursor, "bottom left": Qt.CursorShape.SizeBDiagCursor,
}  # fmt: skip
"""The pointer over each part of a border."""


class ResizeGesture:
    """Moves the sides of a frame or note that were taken; the document learns of it at the release."""

    def __init__(self, view: PointerView, where: QPoint, item: NoteItem, sides: str):
        self._view = view
        self._item = item
        self._sides = sides
        self._from = view.mapToScene(where)
        self._before = item.rect().translated(item.pos())
        self._now = QRectF(self._before)
        view.canvas.choose([item.node_id])

    def move(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Show the new border; Shift turns snapping to the grid off, or on where it is off."""
        offset = self._view.mapToScene(where) - self._from
        snaps = self._view.options.snap != bool(modifiers & Modifiers.ShiftModifier)
        self._now = self._pulled(offset, self._view.options.grid_size if snaps else 0)
        self._view.canvas.live.show_ghosts([self._now])

    def release(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Write the new size."""
        self.cancel()
        if self._now != self._before:
            self._view.change("Resize a frame", self._resize, stays=True)

    def cancel(self) -> None:
        """Leave it as it was."""
        self._view.canvas.live.clear()

    def _resize(self, document: Document) -> None:
        """The stored sides move as far as the drawn ones: a frame around an open group is drawn bigger."""
        now, before, key = self._now, self._before, self._item.node_id
        left, top, right, bottom = drawn_box(document, key)
        sides = (
            left + now.left() - before.left(),
            top + now.top() - before.top(),
            right + now.right() - before.right(),
            bottom + now.bottom() - before.bottom(),
        )
        commands.resize_frame(document, key, sides)

    def _pulled(self, offset: QPointF, grid: int) -> QRectF:
        rect = QRectF(self._before)
        if "left" in self._sides:
            rect.setLeft(min(_on(rect.left() + offset.x(), grid), rect.right() - SMALLEST[0]))
        if "right" in self._sides:
            rect.setRight(max(_on(rect.right() + offset.x(), grid), rect.left() + SMALLEST[0]))
        if "top" in self._sides:
            rect.setTop(min(_on(rect.top() + offset.y(), grid), rect.bottom() - SMALLEST[1]))
        if "bottom" in self._sides:
            rect.setBottom(max(_on(rect.bottom() + offset.y(), grid), rect.top() + SMALLEST[1]))
        return rect


def _on(value: float, grid: int) -> float:
    return round(value / grid) * grid if grid else value
