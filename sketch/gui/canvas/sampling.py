"""A few of many things, such that the picture of all of them in small looks the same."""

from __future__ import annotations

from sketch.gui.canvas.extents import Extents, Key, State

LOOKED_AT = 3
"""A sample is taken from at most so many times as many things as are wanted."""


def spread(boxes: Extents[Key], scales: tuple[float, float], cell: float, most: int) -> list[Key]:
    """At most `most` things, one for each cell of a grid (`cell` px wide at these scales) that holds any."""
    if not len(boxes):
        return []
    import numpy as np

    slots = boxes.touching([boxes.bounds()], State.SHOWN)
    slots = slots[:: len(slots) // (LOOKED_AT * most) + 1]
    borders = boxes.array()[slots]
    middles = (borders[:, :2] + borders[:, 2:]) / 2 * np.array(scales)
    while True:
        cells = np.floor(middles / cell).astype(np.int64)
        first = dict(zip((cells[:, 0] * (1 << 32) + cells[:, 1]).tolist(), slots.tolist(), strict=True))
        if len(first) <= most:
            return _keys(boxes, list(first.values()))
        cell *= 1.5


def longest(things: Extents[Key], scales: tuple[float, float], least: float, most: int) -> list[Key]:
    """At most `most` things, the longest, none shorter than `least` px at these scales."""
    if not len(things):
        return []
    import numpy as np

    slots = things.touching([things.bounds()], State.SHOWN)
    left, top, right, bottom = things.array()[slots].T
    lengths = np.maximum((right - left) * scales[0], (bottom - top) * scales[1])
    long = (lengths >= least).nonzero()[0]
    return _keys(things, slots[long[np.argsort(-lengths[long], kind="stable")[:most]]].tolist())


def _keys(things: Extents[Key], slots: list[int]) -> list[Key]:
    return [key for key in things.keys_in(slots) if key is not None]
