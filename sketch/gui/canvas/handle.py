"""What a node and an open group have in common on the canvas: a box, a look, a place in the selection."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRectF

from sketch.gui.canvas.boxes import Box
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.look import NodeLook
from sketch.gui.canvas.wires import Wiring


class Canvas(Protocol):
    """What a handle needs of the scene that it is on."""

    ink: Ink
    wiring: Wiring

    def look_of(self, node_id: int) -> NodeLook:
        """What a node or group says about itself now."""

    def repaint(self, area: QRectF) -> None:
        """Paint an area of the scene again."""

    def is_shared(self, node_id: int) -> bool:
        """True for a source whose wires are badges at its readers."""

    def shift_of(self, node_id: int) -> QPointF:
        """How far a gesture has carried a node from its place."""


class Handle:
    """A node or group at its place. Two of one kind stand for the same when their ids are equal."""

    _look: NodeLook | None

    def __init__(self, node_id: int, box: Box, canvas: Canvas):
        self.node_id = node_id
        self.marked = False
        """True while a gesture points out that it would take what is dropped."""
        self._canvas = canvas
        self.set_box(box)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.node_id == self.node_id

    def __hash__(self) -> int:
        return hash(self.node_id)

    @property
    def look(self) -> NodeLook:
        """What it says about itself."""
        if self._look is None:
            self._look = self._canvas.look_of(self.node_id)
        return self._look

    @property
    def selected(self) -> bool:
        """True while it belongs to the selection."""
        return self.node_id in self._canvas.ink.selection

    def set_box(self, box: Box) -> None:
        """Take a new place, size or number of ports."""
        self.box = box
        self._rect = QRectF(box.left, box.top, box.width, box.height)
        self.forget()

    def forget(self) -> None:
        """Ask for what it says again before the next painting."""
        self._look = None

    def update(self) -> None:
        """Paint it again."""
        self._canvas.repaint(self.area())

    def pos(self) -> QPointF:
        """Its middle in the scene, where it is painted now."""
        return QPointF(self.box.x, self.box.y) + self._canvas.shift_of(self.node_id)

    def rect(self) -> QRectF:
        """Its box at its own place in the scene."""
        return self._rect

    def area(self) -> QRectF:
        """Its box with what is painted around it."""
        return self._rect.adjusted(-8, -10, 10, 10)
