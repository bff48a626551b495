"""Where the arrow keys lead: along wires down and up, and to neighbours left and right."""

from __future__ import annotations

from collections.abc import Iterator

from sketch.gui.canvas.wires import Wiring

STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def next_node(wiring: Wiring, current: int | None, way: str) -> int | None:
    """The node that lies `up`, `down`, `left` or `right` of `current` (None: from nowhere, the first node)."""
    if current is None or current not in wiring.boxes:
        return min(wiring.boxes, key=lambda n: (wiring.boxes[n].y, wiring.boxes[n].x), default=None)
    if way in ("down", "up"):
        return _along(wiring, current, down=way == "down")
    return _beside(wiring, current, 1 if way == "right" else -1)


def _along(wiring: Wiring, current: int, *, down: bool) -> int | None:
    """The consumer (producer) on the first port whose place across is nearest."""
    here = wiring.boxes[current]
    ends = list(_ends(wiring, current, down=down))
    return min(ends, key=lambda n: (abs(wiring.boxes[n].x - here.x), wiring.boxes[n].y, n), default=None)


def _ends(wiring: Wiring, current: int, *, down: bool) -> Iterator[int]:
    for line in wiring.lines_at(current):
        near, far = (line.start, line.end) if down else (line.end, line.start)
        if near == current and isinstance(far, int):
            yield far


def _beside(wiring: Wiring, current: int, side: int) -> int | None:
    """The nearest node to that side; how far it is up or down counts more than how far across."""
    here = wiring.boxes[current]
    found = [n for n, box in wiring.boxes.items() if (box.x - here.x) * side > 1]
    return min(found, key=lambda n: (_cost(wiring, n, current), n), default=None)


def _cost(wiring: Wiring, one: int, other: int) -> float:
    first, second = wiring.boxes[one], wiring.boxes[other]
    return abs(first.x - second.x) + 4 * abs(first.y - second.y)
