"""Dragging nodes: wires follow, wires snap straight, a node dropped on a wire inserts itself, Alt duplicates."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF, Qt

from sketch.graph.rows import FRAME, Edge
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.wires import Line
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

SNAP = 6.0
MOST_SNAPPING = 40
MOST_OUTLINES = 200
"""More copies than this are shown as one outline around all of them."""
Target = tuple[float, float, float]
"""(offset that makes a wire straight, where it is then across the drawing, how far along its resting end is)."""


class DragGesture:
    """Moves the selection, and what lies in its frames; the document learns of it at the release, in one step."""

    def __init__(self, view: PointerView, where: QPoint):
        self._view = view
        self._canvas = view.canvas
        self._from = view.mapToScene(where)
        moving = commands.with_held(view.document, self._canvas.selected_ids())
        moving.sort(key=lambda key: key in view.document.tables.notes)  # layers come to the grid, not frames
        self._start = {key: place for key in moving if (place := _middle(view, key)) is not None}
        self._sideways = self._canvas.wiring.right
        self._targets = self._straight_offsets() if len(self._start) <= MOST_SNAPPING else []
        self._offset = QPointF()
        self._wire: Edge | None = None
        self._insertable = _insertable(view, self._start)
        self._into: GroupFrame | None = None
        self._canvas.carry(list(self._start))

    def move(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Move the items and their wires; Shift turns the grid off, or on where it is off; Alt leaves wires alone."""
        offset = self._view.mapToScene(where) - self._from
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self._offset = self._snapped(offset, self._canvas.ink.options.snap != shift)
        self._canvas.carry_to(self._offset.x(), self._offset.y())
        alone = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        self._find_wire(where, alone=alone)
        self._mark(None if alone or self._wire else self._group_under(where))

    def release(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Write the new places, or insert the node into the wire it was dropped on."""
        view, wire, into = self._view, self._wire, self._into
        goal = {key: place + self._offset for key, place in self._start.items()}
        self._finish(put_down=wire is not None or into is not None or self._offset.isNull())
        if wire is not None:
            ((node_id, here),) = goal.items()
            place = view.at_wire(wire, here)
            insert = partial(commands.insert_on_wire, node_id=node_id, edge=wire, place=place)
            if view.change("Insert into a wire", insert):
                return
        if into is not None:
            wiring, group = self._canvas.wiring, into.node_id
            inside = {key: wiring.stored_in(group, here.x(), here.y()) for key, here in goal.items()}
            move = partial(commands.move_into, ids=inside, parent=group, places=inside)
            view.change("Move", move, ids=inside)
        elif not self._offset.isNull():
            places = {key: self._stored(key, here) for key, here in goal.items()}
            put_down = self._canvas.put_down  # not before the edit, which may take a while
            view.change("Move", partial(commands.move, places=places), ids=places, over=put_down)

    def cancel(self) -> None:
        """Put everything back."""
        self._finish()

    # --- inside ------------------------------------------------------------------------------------

    def _finish(self, *, put_down: bool = True) -> None:
        """Items go back to where the document has them; an edit moves them again."""
        self._mark(None)
        if put_down:
            self._canvas.put_down()
        self._canvas.live.clear()
        self._canvas.edges.select(())

    def _group_under(self, where: QPoint) -> GroupFrame | None:
        """The open group that what is dragged would join: one below its canvas, never one around it."""
        here = self._view.mapToScene(where)
        frames = self._canvas.frame_layer.near((QRectF(here, here),))
        frame = next((frame for frame in reversed(frames) if frame.rect().contains(here)), None)
        tables = self._view.document.tables
        rows = [tables.nodes.get(key) or tables.notes.get(key) for key in self._start]
        parents = {row.parent for row in rows if row is not None}
        if frame is None or len(parents) != 1:
            return None
        around, parent = [frame.node_id], parents.pop()
        while (above := tables.nodes[around[-1]].parent) is not None:
            around.append(above)
        inside = parent is None or parent in around[1:]
        return frame if inside and not self._start.keys() & set(around) else None

    def _mark(self, frame: GroupFrame | None) -> None:
        if frame != self._into:
            for changed, value in ((self._into, False), (frame, True)):
                if changed is not None:
                    changed.marked = value
                    changed.update()
            self._into = frame

    def _stored(self, key: int, here: QPointF) -> tuple[float, float]:
        """The place that something takes to be drawn there; a frame goes as far as it was dragged."""
        note = self._view.document.tables.notes.get(key)
        if note is None or note.kind != FRAME:
            return self._view.stored(key, here.x(), here.y())
        place = self._view.document.tables.places[key]
        return place.x + self._offset.x(), place.y + self._offset.y()

    def _snapped(self, offset: QPointF, to_grid: bool) -> QPointF:
        reach = SNAP / self._canvas.ink.zoom
        across = offset.y() if self._sideways else offset.x()
        near = min(self._targets, key=lambda target: abs(target[0] - across), default=None)
        if near is None or abs(near[0] - across) > reach:
            self._canvas.live.show_guides([])
            return self._on_grid(offset) if to_grid else offset
        along = self._on_grid(offset) if to_grid else offset
        here = self._from + offset
        if self._sideways:
            self._canvas.live.show_guides([QLineF(near[2], near[1], here.x(), near[1])])
            return QPointF(along.x(), near[0])
        self._canvas.live.show_guides([QLineF(near[1], near[2], near[1], here.y())])
        return QPointF(near[0], along.y())

    def _on_grid(self, offset: QPointF) -> QPointF:
        """The offset that puts the first item on the nearest grid point."""
        size = self._canvas.ink.options.grid_size
        first = next(iter(self._start.values()), QPointF())
        goal = first + offset
        return QPointF(round(goal.x() / size) * size, round(goal.y() / size) * size) - first

    def _straight_offsets(self) -> list[Target]:
        """What makes a wire straight, for wires with one end moving."""
        found: dict[Edge, Target] = {}
        for key in self._start:
            for line in self._canvas.wiring.lines_at(key):
                target = _straight(line, self._start, self._sideways)
                if target is not None:
                    found[line.edge] = target
        return list(found.values())

    def _find_wire(self, where: QPoint, *, alone: bool) -> None:
        if not self._insertable:
            return
        here = self._view.mapToScene(where)
        line = None if alone else self._canvas.edges.lines.at(here, 14.0 / self._canvas.ink.zoom)
        self._wire = line.edge if line else None
        self._canvas.edges.select([line.edge] if line else [])


class DuplicateGesture:
    """Alt+drag: outlines follow the pointer, the copies appear at the release."""

    def __init__(self, view: PointerView, where: QPoint):
        self._view = view
        self._from = view.mapToScene(where)
        self._ids = commands.with_held(view.document, view.canvas.selected_ids())
        single = len(self._ids) <= MOST_OUTLINES
        self._rects = [
            view.canvas.area_of(keys) for keys in ([[key] for key in self._ids] if single else [self._ids])
        ]

    def move(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Move the outlines."""
        offset = self._view.mapToScene(where) - self._from
        self._view.canvas.live.show_ghosts([QRectF(rect).translated(offset) for rect in self._rects])

    def release(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Make the copies where the outlines are, and select them."""
        offset = self._view.mapToScene(where) - self._from
        self.cancel()

        def choose(made: list[int]) -> None:
            self._view.canvas.choose(made)

        copy = partial(commands.duplicate, ids=self._ids, offset=offset.toTuple())
        self._view.change("Duplicate", copy, choose, ids=self._ids)

    def cancel(self) -> None:
        """Copy nothing."""
        self._view.canvas.live.clear()


def _middle(view: PointerView, key: int) -> QPointF | None:
    """Where a node, group or note of the canvas is drawn; None when it is not on it."""
    wiring = view.canvas.wiring
    box = wiring.boxes.get(key)
    if box is not None:
        return QPointF(box.x, box.y)
    item = view.canvas.item_of(key)
    return None if item is None else QPointF(item.pos())


def _insertable(view: PointerView, start: dict[int, QPointF]) -> bool:
    """True for one lone layer without wires that has an input and an output."""
    if len(start) != 1:
        return False
    item = view.canvas.item_of(next(iter(start)))
    if not isinstance(item, NodeItem) or item.look.is_group or item.wired_in or item.wired_out:
        return False
    return item.box.inputs > 0 and item.box.outputs > 0


def _straight(line: Line, moving: dict[int, QPointF], sideways: bool) -> Target | None:
    first, last = (line.points[0], line.points[-1])
    if sideways:
        first, last = (first[1], first[0]), (last[1], last[0])
    if line.start in moving and line.end not in moving:
        return last[0] - first[0], last[0], last[1]
    if line.end in moving and line.start not in moving:
        return first[0] - last[0], first[0], first[1]
    return None
