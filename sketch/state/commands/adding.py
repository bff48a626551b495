"""Adding a layer where a person points: on empty canvas, at the loose end of a wire, or into a wire."""

from __future__ import annotations

from sketch.graph.draft import Draft
from sketch.graph.rows import Edge
from sketch.state.commands.nodes import Point, add_layer, added_label, settle_new
from sketch.state.commands.wires import add_before, add_on_wire, add_wired
from sketch.state.document import Document

Wire = tuple[int, int | None, str] | tuple[int, int | None, str, Edge] | Edge | None
"""Where a new layer is wired: nowhere, at (node, port, the port's side `out` or `in`), or into a wire.

A fourth item is the wire that loses its other end to the new layer.
"""


def add_at(
    document: Document, layer: str, place: Point, wire: Wire = None, *, parent: int | None = None
) -> int:
    """Add a layer at a place of a canvas and wire it as `wire` says, in one step; its id."""
    if wire is None:
        return add_layer(document, layer, place, parent=parent)
    if isinstance(wire, Edge):
        return add_on_wire(document, layer, wire, place)
    node, port, side = wire[:3]
    if len(wire) == 4:
        return _take_end(document, layer, place, wire[3], side, parent)
    if side == "out":
        return add_wired(document, layer, place, node, port or 0, parent=parent)
    return add_before(document, layer, place, node, port, parent=parent)


def _take_end(document: Document, layer: str, place: Point, edge: Edge, held: str, parent: int | None) -> int:
    """The loose end of a wire goes to a new layer; `held` is the side that stays."""

    def edit(draft: Draft) -> int:
        node_id = draft.add(layer, None, None, parent=parent, place=place)
        if held == "in":
            draft.rewire(edge, node_id, 0)
        else:
            draft.disconnect(edge)
            draft.connect(edge.source, edge.out, node_id, draft.free_input(node_id) or 0)
        settle_new(draft, node_id)
        return node_id

    return document.edit(added_label(document, layer, parent), edit)
