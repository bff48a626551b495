"""What a port of a box is called, for the tool tip at it."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from sketch.gui.canvas.node_item import NodeItem
from sketch.state.commands.ports import IN, OUT, ports_of
from sketch.state.document import Document


def port_text(document: Document, item: NodeItem, where: QPointF) -> str:
    """`input 2 of 'block1': mask (attn.mask)` at a port of a closed group; empty elsewhere."""
    hit = item.port_at(where) if item.box.ports is not None else None
    if hit is None:
        return ""
    side = IN if hit.side == "in" else OUT
    rows = [row for row in ports_of(document, item.node_id) if row.side == side]
    if hit.index >= len(rows):
        return ""
    row = rows[hit.index]
    what = f"{row.name} ({row.label})" if row.name else row.label
    return f"{side} {hit.index + 1} of '{item.look.title}': {what}"
