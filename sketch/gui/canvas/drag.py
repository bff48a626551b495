"""Dragging nodes: wires follow, wires snap straight, a node dropped on a wire inserts itself, Alt duplicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath

from sketch.graph.rows import Edge
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.routing import Points
from sketch.gui.canvas.wire_shape import wire_path
from sketch.gui.canvas.wires import Line
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

SNAP = 6.0
MOST_SNAPPING = 40


class DragGesture:
    """Moves the selection; the document learns of it at the release, in one step."""

    def __init__(self, view: PointerView, where: QPoint):
        self._view = view
        self._canvas = view.canvas
        self._from = view.mapToScene(where)
        self._start = {
            node_id: item.pos() for node_id in self._canvas.selected_ids() if (item := _item(view, node_id))
        }
        self._lines = _lines_at(view, self._start)
        self._targets = (
            _straight_offsets(self._lines, self._start) if len(self._start) <= MOST_SNAPPING else []
        )
        self._offset = QPointF()
        self._wire: Edge | None = None
        self._insertable = _insertable(view, self._start)
        self._canvas.edges.leave_out(line.edge for line in self._lines)

    def move(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Move the items and their wires; Shift turns snapping to the grid off, or on where it is off."""
        offset = self._view.mapToScene(where) - self._from
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self._offset = self._snapped(offset, self._canvas.ink.options.snap != shift)
        for node_id, place in self._start.items():
            if (item := self._canvas.item_of(node_id)) is not None:
                item.setPos(place + self._offset)
        self._canvas.live.show_wires([self._follow(line) for line in self._lines])
        self._find_wire(where)
        self._view.nodes_moved()

    def release(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Write the new places, or insert the node into the wire it was dropped on."""
        places = {node_id: (p + self._offset).toTuple() for node_id, p in self._start.items()}
        wire = self._wire
        self._finish()
        document = self._view.document
        if wire is not None:
            ((node_id, place),) = places.items()
            if self._view.attempt(lambda: commands.insert_on_wire(document, node_id, wire, place=place)):
                return
        self._view.attempt(lambda: commands.move(document, places))

    def cancel(self) -> None:
        """Put everything back."""
        self._finish()
        self._view.nodes_moved()

    # --- inside ------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Items go back to where the document has them; an edit moves them again."""
        for node_id, place in self._start.items():
            if (item := self._canvas.item_of(node_id)) is not None:
                item.setPos(place)
        self._canvas.live.clear()
        self._canvas.edges.leave_out(())
        self._canvas.edges.select(())

    def _snapped(self, offset: QPointF, to_grid: bool) -> QPointF:
        reach = SNAP / self._canvas.ink.zoom
        near = min(self._targets, key=lambda target: abs(target[0] - offset.x()), default=None)
        if near is None or abs(near[0] - offset.x()) > reach:
            self._canvas.live.show_guides([])
            return self._on_grid(offset) if to_grid else offset
        _, x, other = near
        here = self._view.mapToScene(self._view.viewport().rect().center()).y() if other is None else other
        self._canvas.live.show_guides([QLineF(x, here, x, self._from.y() + offset.y())])
        return QPointF(near[0], self._on_grid(offset).y() if to_grid else offset.y())

    def _on_grid(self, offset: QPointF) -> QPointF:
        """The offset that puts the first item on the nearest grid point."""
        size = self._canvas.ink.options.grid_size
        first = next(iter(self._start.values()), QPointF())
        goal = first + offset
        return QPointF(round(goal.x() / size) * size, round(goal.y() / size) * size) - first

    def _follow(self, line: Line) -> tuple[QPainterPath, QPointF]:
        points = _moved(line, self._start, self._offset)
        return wire_path(points, self._canvas.ink.options.wires), QPointF(*points[-1])

    def _find_wire(self, where: QPoint) -> None:
        if not self._insertable:
            return
        line = self._canvas.edges.lines.at(self._view.mapToScene(where), 14.0 / self._canvas.ink.zoom)
        self._wire = line.edge if line else None
        self._canvas.edges.select([line.edge] if line else [])


class DuplicateGesture:
    """Alt+drag: outlines follow the pointer, the copies appear at the release."""

    def __init__(self, view: PointerView, where: QPoint):
        self._view = view
        self._from = view.mapToScene(where)
        self._ids = view.canvas.selected_ids()
        items = [item for node_id in self._ids if (item := _item(view, node_id))]
        self._rects = [item.boundingRect().adjusted(8, 10, -8, -10).translated(item.pos()) for item in items]

    def move(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Move the outlines."""
        offset = self._view.mapToScene(where) - self._from
        self._view.canvas.live.show_ghosts([QRectF(rect).translated(offset) for rect in self._rects])

    def release(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Make the copies where the outlines are, and select them."""
        offset = (self._view.mapToScene(where) - self._from).toTuple()
        self.cancel()
        self._view.attempt(lambda: self._duplicate(offset))

    def cancel(self) -> None:
        """Copy nothing."""
        self._view.canvas.live.clear()

    def _duplicate(self, offset: tuple[float, float]) -> None:
        self._view.canvas.choose(commands.duplicate(self._view.document, self._ids, offset=offset))


def _item(view: PointerView, node_id: int) -> NodeItem | NoteItem | None:
    return view.canvas.item_of(node_id)


def _lines_at(view: PointerView, ids: dict[int, QPointF]) -> list[Line]:
    found: dict[Edge, Line] = {}
    for node_id in ids:
        found.update((line.edge, line) for line in view.canvas.wiring.lines_at(node_id))
    return list(found.values())


def _insertable(view: PointerView, start: dict[int, QPointF]) -> bool:
    """True for one lone layer without wires that has an input and an output."""
    if len(start) != 1:
        return False
    item = view.canvas.item_of(next(iter(start)))
    if not isinstance(item, NodeItem) or item.look.is_group or item.wired_in or item.wired_out:
        return False
    return item.box.inputs > 0 and item.box.outputs > 0


def _straight_offsets(lines: list[Line], moving: dict[int, QPointF]) -> list[tuple[float, float, float]]:
    """(offset that makes a wire straight, its x then, height of the end that stays) for wires with one end moving."""
    found = []
    for line in lines:
        (x1, y1), (x2, y2) = line.points[0], line.points[-1]
        if line.start in moving and line.end not in moving:
            found.append((x2 - x1, x2, y2))
        elif line.end in moving and line.start not in moving:
            found.append((x1 - x2, x1, y1))
    return found


def _moved(line: Line, moving: dict[int, QPointF], offset: QPointF) -> Points:
    """The points of a wire while one or both of its ends move."""
    dx, dy = offset.x(), offset.y()
    if line.start in moving and line.end in moving:
        return tuple((x + dx, y + dy) for x, y in line.points)
    first, last = line.points[0], line.points[-1]
    if line.start in moving:
        return ((first[0] + dx, first[1] + dy), last)
    return (first, (last[0] + dx, last[1] + dy))
