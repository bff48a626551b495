"""Things that a gesture moves: they leave their layers and are painted here, shifted, however many they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from sketch.graph.rows import Edge
from sketch.gui.canvas.batches import Blocks, paint_blocks, straight_path
from sketch.gui.canvas.extents import State
from sketch.gui.canvas.group_frame import GroupFrame, paint_frame, paint_name
from sketch.gui.canvas.line_table import borders_of
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.paint_layer import PaintLayer
from sketch.gui.canvas.port_names import REACH, has_names
from sketch.gui.canvas.wire_shape import wire_path
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    from sketch.gui.canvas.scene_layers import SceneLayers

FEW = 60
"""Up to so many moving things paint only where they were and are; more of them paint everything again."""
MARGIN = 36.0
"""How far nodes and wires paint beyond their borders, scene px; closed groups with names at their ports farther."""


class CarryLayer(PaintLayer):
    """Holds what is carried; with nothing in hand it is not there."""

    def __init__(self, layers: SceneLayers):
        super().__init__(layers.ink, 10)
        self._layers = layers
        self._ids: frozenset[int] = frozenset()
        self._notes: dict[NoteItem, QPointF] = {}
        self._frames: list[GroupFrame] = []
        self._loose: list[Line] = []
        self._whole: list[Line] = []
        self._wires: QPainterPath | None = None
        self._blocks: Blocks | None = None
        self._offset = QPointF()
        self._last = QRectF()
        self._reach = MARGIN
        self.setVisible(False)

    def shift_of(self, node_id: int) -> QPointF:
        """How far a node or group is from its own place now."""
        return self._offset if node_id in self._ids else QPointF()

    def wires(self) -> list[Line]:
        """The wires with one end in hand as they run now."""
        return self._stretched(None)

    def take(self, ids: Iterable[int]) -> None:
        """Take nodes, groups and notes in hand; members of open groups come along."""
        self.put_down()
        layers = self._layers
        wanted = frozenset(ids)
        self._frames = [frame for frame in layers.frames.values() if frame.node_id in wanted]
        self._ids = wanted | {key for frame in self._frames for key in inside(layers, frame)}
        self._frames = [frame for frame in layers.frames.values() if frame.node_id in self._ids]
        self._notes = {note: note.pos() for key, note in layers.notes.items() if key in self._ids}
        boxes = layers.wiring.boxes
        self._reach = REACH[0] if any(key in boxes and has_names(boxes[key]) for key in self._ids) else MARGIN
        self._split_lines()
        layers.boxes.mark((key for key in self._ids if key in layers.boxes.slots), State.CARRIED)
        layers.edges.lines.extents.mark((line.edge for line in (*self._loose, *self._whole)), State.CARRIED)
        layers.frame_layer.away |= {frame.node_id for frame in self._frames}
        self.setVisible(True)
        self._last = QRectF()
        self._repaint()

    def move_to(self, dx: float, dy: float) -> None:
        """Show everything in hand this far from where it was."""
        self._offset = QPointF(dx, dy)
        for note, place in self._notes.items():
            note.setPos(place + self._offset)
        self._repaint()

    def put_down(self) -> None:
        """Everything back to its own place and layer."""
        if not self._ids:
            return
        self.move_to(0.0, 0.0)
        layers = self._layers
        layers.boxes.mark((), State.CARRIED)
        layers.edges.lines.extents.mark((), State.CARRIED)
        layers.frame_layer.away -= {frame.node_id for frame in self._frames}
        self._ids, self._notes, self._frames, self._loose, self._whole = frozenset(), {}, [], [], []
        self._wires = self._blocks = None
        self.setVisible(False)

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint what is in hand where it touches some areas."""
        layers, ink = self._layers, self._ink
        shifted = [area.translated(-self._offset) for area in areas]
        painter.translate(self._offset)
        for frame in self._frames:
            paint_frame(painter, ink, frame)
            paint_name(painter, ink, frame)
        loose = {line.edge for line in self._loose}
        near = layers.edges.lines.near(shifted, State.CARRIED)
        layers.edges.paint_lines(painter, [(line, path) for line, path in near if line.edge not in loose])
        painter.translate(-self._offset)
        layers.edges.paint_lines(painter, [(line, self._path(line)) for line in self._stretched(areas)])
        painter.translate(self._offset)
        layers.node_layer.paint_nodes(painter, layers.node_layer.near(shifted, State.CARRIED))
        painter.translate(-self._offset)

    def paint_far(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint it all from afar: blocks and straight wires."""
        if not self._ids:
            return
        layers = self._layers
        painter.translate(self._offset)
        for frame in self._frames:
            paint_frame(painter, self._ink, frame)
            paint_name(painter, self._ink, frame)
        painter.setPen(QPen(layers.ink.wire, 0.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._far_wires())
        painter.translate(-self._offset)
        painter.drawPath(straight_path(self._stretched(areas)))
        painter.translate(self._offset)
        if self._blocks is None:
            self._blocks = layers.batches.blocks(None, State.CARRIED)
        paint_blocks(painter, self._blocks)
        painter.translate(-self._offset)

    # --- inside ------------------------------------------------------------------------------------

    def _far_wires(self) -> QPainterPath:
        """The wires with both ends in hand as one path, made at the first painting."""
        if self._wires is None:
            self._wires = straight_path(self._whole)
        return self._wires

    def _split_lines(self) -> None:
        """Sort wires by whether both of their ends move."""
        ids, found = self._ids, dict[Edge, Line]()
        for key in ids:
            found.update((line.edge, line) for line in self._layers.wiring.lines_at(key))
        both = {edge for edge, line in found.items() if line.start in ids and line.end in ids}
        self._whole = [line for edge, line in found.items() if edge in both]
        self._loose = [line for edge, line in found.items() if edge not in both]

    def _stretched(self, areas: Iterable[QRectF] | None) -> list[Line]:
        """The wires with one end in hand as they run now, those in view."""
        dx, dy = self._offset.x(), self._offset.y()
        moved = []
        for line in self._loose:
            (x1, y1), (x2, y2) = line.points[0], line.points[-1]
            points = (
                ((x1 + dx, y1 + dy), (x2, y2)) if line.start in self._ids else ((x1, y1), (x2 + dx, y2 + dy))
            )
            moved.append(Line(line.edge, line.start, line.out, line.end, line.into, points))
        if areas is None:
            return moved
        shown = list(areas)
        around = [
            QRectF(x1, y1, x2 - x1, y2 - y1).adjusted(-9, -9, 9, 9) for x1, y1, x2, y2 in borders_of(moved)
        ]
        return [
            line for line, area in zip(moved, around, strict=True) if any(area.intersects(a) for a in shown)
        ]

    def _path(self, line: Line) -> QPainterPath:
        lines = self._layers.edges.lines
        return wire_path(line.points, self._ink.options.wires, right=lines.right)

    def _repaint(self) -> None:
        """Paint again where things were and where they are."""
        if len(self._ids) > FEW or len(self._loose) > FEW:
            self.update()
            return
        layers = self._layers
        here = QRectF()
        for key in self._ids:
            if (area := layers.boxes.borders(key)) is not None:
                here |= area
        for frame in self._frames:
            here |= frame.rect()
        for line in self._whole:
            here |= layers.edges.lines.box(line.edge) or QRectF()
        here.translate(self._offset)
        for left, top, right, bottom in borders_of(self._stretched(None)):
            here |= QRectF(left, top, right - left, bottom - top)
        margin = max(self._reach, 3.0 / self._ink.zoom)
        here.adjust(-margin, -margin, margin, margin)
        self.update(self._last | here)
        self._last = here


def inside(layers: SceneLayers, frame: GroupFrame) -> list[int]:
    """The boxes, frames and notes that lie inside a frame."""
    rect = frame.rect()
    boxes = [key for key in layers.boxes.near([rect]) if rect.contains(layers.nodes[key].pos())]
    others = (other for other in layers.frames.values() if other is not frame)
    frames = [other.node_id for other in others if rect.contains(other.rect())]
    notes = [key for key, note in layers.notes.items() if rect.contains(note.pos())]
    return [*boxes, *frames, *notes]
