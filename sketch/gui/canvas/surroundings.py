"""What lies around the selection and the current node of a canvas, for the commands of the window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF

from sketch.graph.folding import is_open
from sketch.graph.geometry import DOWN, RIGHT, layer_gap
from sketch.graph.lifting import group_layers
from sketch.graph.rows import Edge, Node
from sketch.gui.canvas.extents import least, middles

if TYPE_CHECKING:
    from sketch.gui.canvas.view import CanvasView
    from sketch.state.commands import Wire


MARGIN = 40
"""So far from the border of the view, px, stands what is to be seen."""


def everything(view: CanvasView) -> list[int]:
    """All nodes, groups and notes of a canvas; an open group stands for its members, what is hidden is left out."""
    tables, group = view.document.tables, view.canvas.group
    notes = [note.id for note in tables.notes.values() if note.parent == group]
    hidden = view.canvas.hidden
    return [key for key in (*tables.children(group), *notes) if key not in hidden]


def wires_of(view: CanvasView, ids: Iterable[int]) -> list[Edge]:
    """The wires that touch these nodes and groups, each once; wires inside a group are left alone."""
    nodes = view.document.tables.nodes
    rows = [nodes[key] for key in dict.fromkeys(ids) if key in nodes]
    chosen = {row.id for row in rows}
    found = [edge for row in rows for edge in row.prior]
    found += [edge for row in rows for edge in row.next if edge.target not in chosen]  # the others are there
    lines = [edge for group in _groups_in(view, rows) for edge in view.canvas.wiring.edges_at(group)]
    return list(dict.fromkeys(found + lines)) if lines else found


def ends_of_selection(view: CanvasView, *, forward: bool) -> list[int]:
    """The layers that read (or feed) the selected layers and wires, each once."""
    nodes, shown = view.document.tables.nodes, view.canvas.wiring.shown
    rows = [nodes[key] for key in view.selected() if key in nodes]
    chosen, groups = {row.id for row in rows}, dict.fromkeys(_groups_in(view, rows))
    wires: list[Edge] = view.selected_wires()
    if not wires:
        wires = [edge for row in rows for edge in (row.next if forward else row.prior)]
        lines = [edge for group in groups for edge in view.canvas.wiring.edges_at(group)]
        wires += [edge for edge in lines if shown(edge.source if forward else edge.target) in groups]
    far = (edge.target if forward else edge.source for edge in wires)
    ends = list(dict.fromkeys(key for key in far if key not in chosen))
    return [key for key in ends if shown(key) not in groups] if groups else ends


def nearest(view: CanvasView, here: QPointF) -> int | None:
    """The node or closed group whose middle is nearest to a point of the scene."""
    boxes = view.canvas.boxes
    if not boxes.slots:
        return None
    x, y = middles(boxes)
    return least(boxes, abs(x - here.x()) + abs(y - here.y()))


def beside_current(view: CanvasView) -> QPoint:
    """A point of the screen beside the selected wire's end or the current node, for a list that belongs to it."""
    wires = view.selected_wires()
    line = view.canvas.wiring.lines.get(wires[0]) if wires else None
    room = view.viewport().rect()
    where = room.center()
    if line is not None:
        where = view.mapFromScene(QPointF(*line.points[-1]))
    elif view.current is not None:
        where = view.mapFromScene(view.canvas.area_of([view.current]).bottomLeft())
    inside = QPoint(min(max(where.x(), 0), room.right()), min(max(where.y(), 0), room.bottom()))
    return view.viewport().mapToGlobal(inside)


def add_spot(view: CanvasView) -> tuple[QPointF, QPoint, Wire]:
    """(scene point, point of the screen, wire) for quick-add: the pointer, or behind the current layer.

    Who uses the keyboard gets the new layer wired to the current one while that is selected.
    """
    current, wiring = view.current, view.canvas.wiring
    box = wiring.boxes.get(current) if current is not None else None
    if not view.by_key or box is None or current is None:
        return (*view.pointer_place(), None)
    step = (box.width + layer_gap(RIGHT), 0.0) if wiring.right else (0.0, box.height + layer_gap(DOWN))
    wire: Wire = None
    if box.outputs and view.canvas.is_selected(current):
        node, out = (current, 0) if box.ports is None else box.ports.outputs[0]
        wire = (node, out, "out")
    return QPointF(box.x + step[0], box.y + step[1]), beside_current(view), wire


def select_in_sight(view: CanvasView, node_id: int) -> None:
    """Select a node of the canvas, and scroll as far as it takes to see it."""
    view.select([node_id])
    if view.canvas.item_of(node_id) is not None:
        view.ensureVisible(view.canvas.area_of([node_id]), MARGIN, MARGIN)
        view.view_changed.emit()


def home_of(view: CanvasView, node_id: int) -> tuple[int | None] | None:
    """(the group whose canvas shows a node or note,): the one in view if it does; None when there is no such node."""
    tables = view.document.tables
    row = tables.nodes.get(node_id) or tables.notes.get(node_id)
    if row is None:
        return None
    if view.canvas.item_of(node_id) is not None:
        return (view.canvas.group,)
    group = row.parent
    while group is not None and is_open(tables, group):
        group = tables.nodes[group].parent
    return (group,)


def _groups_in(view: CanvasView, rows: Iterable[Node]) -> list[int]:
    holding = group_layers(view.document.tables, view.document.library)
    return [row.id for row in rows if row.layer in holding] if holding else []
