"""Drawings of parts that no wire joins, set side by side: big ones in a row, small ones in columns beside them."""

from __future__ import annotations

from math import sqrt

GAP = 72.0
STACK_GAP = 44.0
WIDE = 3.0

Extent = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def pack(extents: list[Extent]) -> list[tuple[float, float]]:
    """How far to move each part, in the order given: none above the first, all together centred on x = 0.

    A column is as high as the highest part, or as the drawing is when it is WIDE times as wide as high.
    """
    if not extents:
        return []
    room = sum((right - left + GAP) * (bottom - top + STACK_GAP) for left, top, right, bottom in extents)
    limit = max(sqrt(room / WIDE), *(bottom - top for _, top, _, bottom in extents))
    moves: list[tuple[float, float]] = []
    x, y, column = 0.0, 0.0, 0.0
    for left, top, right, bottom in extents:
        if moves and (y + bottom - top > limit):
            x, y, column = x + column + GAP, 0.0, 0.0
        moves.append((x - left, y - top + extents[0][1]))
        y += bottom - top + STACK_GAP
        column = max(column, right - left)
    half = (x + column) / 2
    return [(dx - half, dy) for dx, dy in moves]
