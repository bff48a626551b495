"""What a port of a box is called, for the tool tip at it."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.scene import CanvasScene
from sketch.state.commands.ports import IN, OUT, ports_of
from sketch.state.document import Document


def port_text(document: Document, canvas: CanvasScene, where: QPointF) -> str:
    """`input 2 of 'block1': mask (attn.mask)` at a port of a closed group and at its name; empty elsewhere."""
    found = _port_at(canvas, where)
    if found is None:
        return ""
    item, entering, index = found
    side = IN if entering else OUT
    rows = [row for row in ports_of(document, item.node_id) if row.side == side]
    if index >= len(rows):
        return ""
    row = rows[index]
    what = f"{row.name} ({row.label})" if row.name else row.label
    return f"{side} {index + 1} of '{item.look.title}': {what}"


def _port_at(canvas: CanvasScene, where: QPointF) -> tuple[NodeItem, bool, int] | None:
    """(closed group, whether it is an input, which one)."""
    thing = canvas.thing_at(where)
    if isinstance(thing, NodeItem):
        hit = thing.port_at(where) if thing.box.ports is not None else None
        return None if hit is None else (thing, hit.side == "in", hit.index)
    named = canvas.node_layer.port_text_at(where) if thing is None else None
    return None if named is None else (named[0], named[1].entering, named[1].port)
