"""Where the arrow keys lead: along wires in the direction of the drawing (else to what lies there), and across it."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from sketch.graph.rows import Edge
from sketch.gui.canvas.boxes import Box
from sketch.gui.canvas.extents import Extents, least, middles
from sketch.gui.canvas.wires import Wiring

STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_ALONG = {"down": 1, "up": -1}
_ACROSS = {"right": 1, "left": -1}
_TURNED = {"right": "down", "left": "up", "down": "right", "up": "left"}
"""A drawing to the right is one that runs down, with the ways exchanged."""


def next_node(wiring: Wiring, places: Extents[int], current: int | None, way: str) -> int | None:
    """The node that lies `up`, `down`, `left` or `right` of `current` (None: from nowhere, the first node).

    `places` are the boxes of the wiring by place.
    """
    if not wiring.boxes:
        return None
    if current is None or current not in wiring.boxes:
        x, y = middles(places)
        return least(places, *((x, y) if wiring.right else (y, x)))
    if wiring.right:
        way = _TURNED[way]
    if way in _ALONG:
        found = _on_a_wire(wiring, current, down=_ALONG[way] > 0)
        return found if found is not None else _towards(wiring, places, current, _ALONG[way], along=True)
    return _towards(wiring, places, current, _ACROSS[way], along=False)


def wires_at(wiring: Wiring, node_id: int) -> list[Edge]:
    """The wires of a node, those that come in first, each in the order of its ports."""
    lines = list(wiring.lines_at(node_id))
    coming = sorted((line.into, line.edge.source, line.edge.out) for line in lines if line.end == node_id)
    inner = {(line.into, line.edge.source, line.edge.out): line.edge for line in lines if line.end == node_id}
    outer = {
        (line.out, line.edge.target, line.edge.into): line.edge for line in lines if line.start == node_id
    }
    return [inner[key] for key in coming] + [outer[key] for key in sorted(outer)]


def _on_a_wire(wiring: Wiring, current: int, *, down: bool) -> int | None:
    """The consumer (producer) whose place across is nearest."""
    boxes = wiring.boxes
    here = _across(wiring, boxes[current])
    ends = [end for end in _ends(wiring, current, down=down) if end in boxes]
    return min(
        ends,
        key=lambda n: (abs(_across(wiring, boxes[n]) - here), _along(wiring, boxes[n]), n),
        default=None,
    )


def _ends(wiring: Wiring, current: int, *, down: bool) -> Iterator[int]:
    for line in wiring.lines_at(current):
        near, far = (line.start, line.end) if down else (line.end, line.start)
        if near == current and isinstance(far, int):
            yield far


def _towards(wiring: Wiring, places: Extents[int], current: int, side: int, *, along: bool) -> int | None:
    """The nearest node to that side, along the drawing or across it; how far it is aside counts more."""
    swap = along != wiring.right
    here = wiring.boxes[current]
    x0, y0 = (here.y, here.x) if swap else (here.x, here.y)
    x, y = middles(places)
    x, y = (y, x) if swap else (x, y)
    far = abs(x - x0) + 4 * abs(y - y0)
    far[(x - x0) * side <= 1] = inf
    return least(places, far)


def _along(wiring: Wiring, box: Box) -> float:
    return box.x if wiring.right else box.y


def _across(wiring: Wiring, box: Box) -> float:
    return box.y if wiring.right else box.x
