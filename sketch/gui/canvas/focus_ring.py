"""The current node: where the keys are. It has a ring of its own while the keyboard is in use, selected or not."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.renaming import RenamingView
from sketch.gui.canvas.scene import CanvasScene
from sketch.state.document import Document

ROOM = 6.5
"""How far around its node the ring stands, in scene units: outside of the halo of the selection."""
LEAST = 8.0
"""So many pixels a ring is wide and high at least, that it is seen from far away."""


def paint_ring(painter: QPainter, area: QRectF, ink: Ink) -> None:
    """Paint a dashed ring around an area of the scene, in colours that no selection has."""
    room = max(0.0, LEAST / ink.zoom - min(area.width(), area.height())) / 2
    ring = area.adjusted(-room, -room, room, room)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = min(10.0, ring.height() / 3)
    for colour, width, style in (
        (ink.theme.canvas, 3.4, Qt.PenStyle.SolidLine),
        (ink.theme.text, 1.6, Qt.PenStyle.DashLine),
    ):
        pen = QPen(QColor(colour), width, style)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawRoundedRect(ring, radius, radius)


class RingView(RenamingView):
    """A view that knows the current node and shows it. `current_changed`: there is one now, or none any more."""

    current_changed = Signal()

    def __init__(self, document: Document, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(document, canvas, parent)
        self._current: int | None = None
        self._by_key = False

    @property
    def current(self) -> int | None:
        """The node or note where the keys are; None when there is none on this canvas."""
        here = self._current is not None and self.canvas.item_of(self._current) is not None
        return self._current if here else None

    @property
    def by_key(self) -> bool:
        """True while the person uses the keyboard: the last thing on this canvas was a key, not the mouse."""
        return self._by_key

    def make_current(self, node_id: int | None) -> None:
        """Let the keys go on from this node."""
        before, had_none = self._ring_area(), self.current is None
        self._current = node_id
        self._repaint_ring(before)
        if had_none != (self.current is None):
            self.current_changed.emit()

    def take_focus(self, *, by_key: bool) -> None:
        """Let keys come here; `by_key` says that the person uses the keyboard."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason if by_key else Qt.FocusReason.OtherFocusReason)
        self._use_keys(on=by_key)  # it may have had the focus all the time

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        keys = (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        if event.reason() in keys:
            self._use_keys(on=True)
        self._repaint_ring(QRectF())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hand = False
        self._repaint_ring(self._ring_area())

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        super().drawForeground(painter, rect)
        if self._shows_ring:
            paint_ring(painter, self._ring_area(), self.canvas.ink)

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _shows_ring(self) -> bool:
        return self._by_key and self.hasFocus() and self.current is not None

    def _ring_area(self) -> QRectF:
        item = self.canvas.item_of(self._current) if self._current is not None else None
        if item is None:
            return QRectF()
        rect = item.rect().translated(item.pos()) if isinstance(item, NoteItem) else item.rect()
        return rect.adjusted(-ROOM, -ROOM, ROOM, ROOM)

    def _use_keys(self, *, on: bool) -> None:
        if self._by_key != on:
            self._by_key = on
            self._repaint_ring(self._ring_area())

    def _repaint_ring(self, before: QRectF) -> None:
        for area in (before, self._ring_area()):
            if not area.isNull():
                self.viewport().update(self.mapFromScene(area).boundingRect().adjusted(-12, -12, 12, 12))
