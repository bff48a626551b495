"""Step two: the order of vertices within their layers, with few crossings (barycentres and neighbour exchange)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

from sketch.graph.layout.layers import Layered

SWEEPS = 10
PATIENCE = 3


def order(graph: Layered) -> list[list[int]]:
    """Rows of vertices from left to right; deterministic."""
    rows = _depth_first(graph)
    place = [0] * len(graph.layer)
    for row in rows:
        _number(row, place)
    best, fewest = [list(row) for row in rows], crossings(graph, rows, place)
    waited = 0
    for sweep in range(SWEEPS):
        if not fewest or waited == PATIENCE:
            break
        _sweep(graph, rows, place, down=sweep % 2 == 0)
        _exchange(graph, rows, place)
        count = crossings(graph, rows, place)
        waited += 1
        if count < fewest:
            best, fewest, waited = [list(row) for row in rows], count, 0
    return best


def crossings(graph: Layered, rows: list[list[int]], place: list[int]) -> int:
    """How many pairs of lines cross, over all gaps between layers."""
    return sum(_crossings_below(graph, row, place) for row in rows[:-1])


def _crossings_below(graph: Layered, row: list[int], place: list[int]) -> int:
    seen: list[float] = []
    count = 0
    for vertex in row:
        ends = sorted(place[lower] + into for lower, into in graph.down[vertex])
        for end in ends:
            count += len(seen) - bisect_right(seen, end)
        for end in ends:
            insort(seen, end)
    return count


def _depth_first(graph: Layered) -> list[list[int]]:
    """A first order: as a walk meets the vertices, so that branches stay together."""
    rows: list[list[int]] = [[] for _ in range(max(graph.layer, default=-1) + 1)]
    met = [False] * len(graph.layer)
    roots = sorted(range(len(graph.layer)), key=lambda vertex: (graph.layer[vertex], vertex))
    for root in roots:
        stack = [root]
        while stack:
            vertex = stack.pop()
            if met[vertex]:
                continue
            met[vertex] = True
            rows[graph.layer[vertex]].append(vertex)
            stack.extend(lower for lower, _ in reversed(graph.down[vertex]))
    return rows


def _number(row: list[int], place: list[int]) -> None:
    for position, vertex in enumerate(row):
        place[vertex] = position


def _sweep(graph: Layered, rows: list[list[int]], place: list[int], *, down: bool) -> None:
    """Sort each row by where its neighbours in the row before are."""
    sequence = rows[1:] if down else rows[-2::-1]
    near = graph.up if down else graph.down
    for row in sequence:
        if len(row) < 2:
            continue
        keys = {}
        for vertex in row:
            ends = near[vertex]
            keys[vertex] = (
                sum(place[end] + port for end, port in ends) / len(ends) if ends else place[vertex] + 0.5
            )
        row.sort(key=lambda vertex: (keys[vertex], place[vertex]))
        _number(row, place)


def _exchange(graph: Layered, rows: list[list[int]], place: list[int]) -> None:
    """Swap neighbours where that removes crossings above and below."""
    for number, row in enumerate(rows):
        if len(row) < 2 or not _crosses_near(graph, rows, place, number):
            continue
        better = True
        while better:
            better = False
            for index in range(len(row) - 1):
                left, right = row[index], row[index + 1]
                if _gain(graph, place, left, right) > 0:
                    row[index], row[index + 1] = right, left
                    place[left], place[right] = index + 1, index
                    better = True


def _crosses_near(graph: Layered, rows: list[list[int]], place: list[int], number: int) -> bool:
    above = _crossings_below(graph, rows[number - 1], place) if number else 0
    return bool(above or _crossings_below(graph, rows[number], place))


def _gain(graph: Layered, place: list[int], left: int, right: int) -> int:
    """How many crossings a swap of two neighbours removes."""
    total = 0
    for near in (graph.up, graph.down):
        lefts = sorted(place[end] + port for end, port in near[left])
        rights = sorted(place[end] + port for end, port in near[right])
        now = sum(bisect_left(rights, end) for end in lefts)
        then = sum(bisect_left(lefts, end) for end in rights)
        total += now - then
    return total
