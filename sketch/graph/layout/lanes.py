"""Trunks made quiet: each runs straight as far as its neighbours in the rows let it, with the fewest bends."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from sketch.graph.layout.layers import Layered

LONG = 30
"""Trunks of more pieces than this are straightened again, when others have made room."""
AGAIN = 2


def straighten(
    graph: Layered, rows: list[list[int]], apart: Callable[[int, int], float], x: list[float]
) -> None:
    """Give the pieces of each trunk as few different x as their neighbours allow; changes `x`."""
    place = [0] * len(graph.layer)
    for row in rows:
        for position, vertex in enumerate(row):
            place[vertex] = position
    lanes = list(graph.trunks.values())
    for shortest in (0, *[LONG] * AGAIN):
        for lane in lanes:
            if len(lane) > shortest:
                _straighten(
                    lane,
                    [_room(piece, rows[graph.layer[piece]], place[piece], apart, x) for piece in lane],
                    x,
                )


def _straighten(lane: list[int], room: list[tuple[float, float]], x: list[float]) -> None:
    """One trunk: each run reaches as far as one x fits all its pieces."""
    first = 0
    while first < len(lane):
        low, high = room[first]
        last = first + 1
        while last < len(lane) and max(low, room[last][0]) <= min(high, room[last][1]):
            low, high = max(low, room[last][0]), min(high, room[last][1])
            last += 1
        goal = min(max(sorted(x[piece] for piece in lane[first:last])[(last - first - 1) // 2], low), high)
        for piece in lane[first:last]:
            x[piece] = goal
        first = last


def _room(
    piece: int, row: list[int], position: int, apart: Callable[[int, int], float], x: list[float]
) -> tuple[float, float]:
    """Between which x a piece may stand without touching its neighbours."""
    low, high = -inf, inf
    if position:
        left = row[position - 1]
        low = x[left] + apart(left, piece)
    if position + 1 < len(row):
        right = row[position + 1]
        high = x[right] - apart(piece, right)
    return (low, high) if low <= high else (x[piece], x[piece])
