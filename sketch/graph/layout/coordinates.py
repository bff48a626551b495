"""Step three: coordinates across. Vertices that should stand under each other form blocks, which then slide.

Blocks as in Brandes & Köpf, "Fast and simple horizontal coordinate assignment" (2001), but chosen by
importance of the wires: what is a straight run for the eye (a chain of layers, a trunk) first.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from itertools import pairwise

from sketch.graph.layout.layers import Layered

LONGEST_TRUNK = 20
PASSES = 8


def across(
    graph: Layered, rows: list[list[int]], widths: list[float], gap: float, lane_gap: float
) -> list[float]:
    """The x of every vertex; neighbours keep `gap` (trunks among themselves `lane_gap`) between their borders."""
    block = _blocks(graph, rows)
    apart = _Separation(graph.real, widths, gap, lane_gap)
    x = _leftmost(rows, block, apart)
    neighbours = _between(graph, block)
    bounds = _Bounds(rows, block, apart, len(x))
    for number in range(PASSES):
        _slide(x, neighbours, bounds, forward=number % 2 == 1)
    return [x[block[vertex]] for vertex in range(len(block))]


class _Separation:
    """How far apart the centres of two neighbours in a row must be."""

    def __init__(self, real: int, widths: list[float], gap: float, lane_gap: float):
        self._real = real
        self._half = [width / 2 for width in widths]
        self._gaps = (lane_gap, gap)

    def __call__(self, left: int, right: int) -> float:
        lanes = left >= self._real and right >= self._real
        return self._half[left] + self._half[right] + self._gaps[0 if lanes else 1]


def _blocks(graph: Layered, rows: list[list[int]]) -> list[int]:
    """vertex -> number of its block, blocks numbered from 0."""
    place = {vertex: position for row in rows for position, vertex in enumerate(row)}
    below: dict[int, int] = {}
    above: dict[int, int] = {}
    length = [1] * len(graph.layer)
    head = list(range(len(graph.layer)))
    for number in range(len(rows) - 1):
        taken: list[tuple[int, int]] = []
        for upper, lower in _candidates(graph, rows[number], place):
            if upper in below or lower in above or _would_cross(taken, place[upper], place[lower]):
                continue
            first = head[upper]
            if length[first] >= LONGEST_TRUNK and (upper >= graph.real or lower >= graph.real):
                continue
            below[upper], above[lower] = lower, upper
            head[lower] = first
            length[first] += 1
            insort(taken, (place[upper], place[lower]))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(head[vertex], len(numbers)) for vertex in range(len(head))]


def _candidates(graph: Layered, row: list[int], place: dict[int, int]) -> list[tuple[int, int]]:
    """Lines below a row, the most important first: within chains and trunks, then the middle lines of fans."""
    ranks = {lower: _ranks(graph.up[lower], place) for upper in row for lower, _ in graph.down[upper]}
    found = []
    for upper in row:
        below = _ranks(graph.down[upper], place)
        for lower, off_middle in below.items():
            kind = (upper < graph.real) != (lower < graph.real)
            ways = len(graph.down[upper]) + len(graph.up[lower])
            found.append(
                (kind, ways, off_middle + ranks[lower][upper], place[upper], place[lower], upper, lower)
            )
    found.sort()
    return [(upper, lower) for *_, upper, lower in found]


def _ranks(ends: list[tuple[int, float]], place: dict[int, int]) -> dict[int, float]:
    """end -> how far it is from the middle one of its fan."""
    across = sorted({end for end, _ in ends}, key=place.__getitem__)
    return {end: abs(rank - (len(across) - 1) / 2) for rank, end in enumerate(across)}


def _would_cross(taken: list[tuple[int, int]], upper: int, lower: int) -> bool:
    index = bisect_left(taken, (upper, lower))
    before = index > 0 and taken[index - 1][1] >= lower
    return before or (index < len(taken) and taken[index][1] <= lower)


def _leftmost(rows: list[list[int]], block: list[int], apart: _Separation) -> list[float]:
    """The x of every block, as far left as its left neighbours allow (longest path)."""
    count = max(block, default=-1) + 1
    after: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    waiting = [0] * count
    for row in rows:
        for left, right in pairwise(row):
            after[block[left]].append((block[right], apart(left, right)))
            waiting[block[right]] += 1
    x = [0.0] * count
    ready = deque(number for number in range(count) if not waiting[number])
    while ready:
        number = ready.popleft()
        for right, distance in after[number]:
            x[right] = max(x[right], x[number] + distance)
            waiting[right] -= 1
            if not waiting[right]:
                ready.append(right)
    return x


def _between(graph: Layered, block: list[int]) -> list[list[int]]:
    """block -> the blocks its lines lead to, once for each line; chains count double, for they should be straight."""
    found: list[list[int]] = [[] for _ in range(max(block, default=-1) + 1)]
    for upper, lowers in enumerate(graph.down):
        for lower, _ in lowers:
            one, other = block[upper], block[lower]
            if one == other:
                continue
            weight = 2 if upper < graph.real and lower < graph.real else 1
            found[one].extend([other] * weight)
            found[other].extend([one] * weight)
    return found


class _Bounds:
    """How far a block may slide before it meets its neighbours."""

    def __init__(self, rows: list[list[int]], block: list[int], apart: _Separation, count: int):
        left: list[dict[int, float]] = [{} for _ in range(count)]
        right: list[dict[int, float]] = [{} for _ in range(count)]
        for row in rows:
            for one, other in pairwise(row):
                distance = apart(one, other)
                a, b = block[one], block[other]
                left[b][a] = max(left[b].get(a, 0.0), distance)
                right[a][b] = max(right[a].get(b, 0.0), distance)
        self.left = [list(items.items()) for items in left]
        self.right = [list(items.items()) for items in right]

    def clamp(self, x: list[float], number: int, goal: float) -> float:
        """The place nearest to `goal` that a block may take now."""
        for other, distance in self.right[number]:
            goal = min(goal, x[other] - distance)
        for other, distance in self.left[number]:
            goal = max(goal, x[other] + distance)
        return goal


def _slide(x: list[float], neighbours: list[list[int]], bounds: _Bounds, *, forward: bool) -> None:
    """Move every block towards the median of what it is wired to, from one side to the other."""
    for number in sorted(range(len(x)), key=lambda item: (x[item], item), reverse=not forward):
        ends = sorted(x[other] for other in neighbours[number])
        if ends:
            middle = len(ends) // 2
            goal = ends[middle] if len(ends) % 2 else (ends[middle - 1] + ends[middle]) / 2
            x[number] = bounds.clamp(x, number, goal)
