"""Step three: coordinates across. Each row is placed best for the rows beside it, from the top down and back up.

A vertex wants to stand where most of the weight of its lines is (their weighted median), so that chains and trunks
come out straight. Where wishes of neighbours conflict, they are met together: isotonic regression, one row a time
(pool adjacent violators). Rows hold one another by nothing but wishes, so no straight run can push a whole tower aside.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from sketch.graph.layout.layers import Layered

ROUNDS = 2
EPSILON = 0.05
"""Less than this is no move."""
FAINT = 0.01
CHAIN, FORK, FIRST, TRUNK, OTHER, SKIP = 4.0, 2.0, 3.5, 3.0, 1.0, 10.0
"""How much it counts that these are straight: a chain of layers, a line of a fork (both more into a first port), a
trunk, other lines.

And that the end of a skip stands under its start, so that a tower of blocks goes straight down."""

Wish = tuple[float, float]
"""(where to stand, how much it counts)."""
Tie = tuple[int, float, float]
"""(another vertex, how far right of it to stand, how much that counts)."""


def across(
    graph: Layered,
    rows: list[list[int]],
    apart: Callable[[int, int], float],
    step: Callable[[float], None] = lambda _share: None,
) -> list[float]:
    """The x of every vertex; neighbours of a row keep the distance `apart(left, right)` between their middles."""
    above, below = _ties(graph)
    spread = _Spread(graph.real, rows, apart)
    spread.sweep(above, down=True)
    step(0.3)
    spread.sweep(below, down=False)
    for vertex, ties in enumerate(below):
        above[vertex] += ties
    for number in range(ROUNDS):
        step(0.5 + 0.5 * number / ROUNDS)
        if not (spread.settle(above, down=True) + spread.settle(above, down=False)):
            break
    return spread.x


def _ties(graph: Layered) -> tuple[list[list[Tie]], list[list[Tie]]]:
    """What each vertex wants of the row above and of the row below."""
    above: list[list[Tie]] = [[] for _ in graph.layer]
    below: list[list[Tie]] = [[] for _ in graph.layer]
    real = graph.real
    up = graph.up
    for upper, links in enumerate(graph.down):
        own = below[upper]
        for lower, leaves, enters in links:
            if upper < real and lower < real:
                others = up[lower]
                far, weight = 0.0, CHAIN if len(links) == 1 == len(others) else FORK
                if len(others) == 1 or enters <= min([link[2] for link in others]):
                    weight += FIRST
            else:
                far, weight = leaves - enters, TRUNK if upper >= real and lower >= real else OTHER
            above[lower].append((upper, far, weight))
            own.append((lower, -far, weight))
    for source, target in graph.skips:
        above[target].append((source, 0.0, SKIP))
        below[source].append((target, 0.0, SKIP))
    return above, below


class _Spread:
    """The rows, where everything stands now, and which rows moved."""

    def __init__(self, real: int, rows: list[list[int]], apart: Callable[[int, int], float]):
        self._real = real
        self._rows = rows
        self._steps = [[apart(left, right) for left, right in pairwise(row)] for row in rows]
        self.x = [0.0] * sum(map(len, rows))
        self._waiting = bytearray(b"\1" * (len(rows) + 2))
        """1 for rows beside which something moved since they were placed; shifted by one, for the rows outside."""

    def sweep(self, ties: list[list[Tie]], *, down: bool) -> None:
        """Place every row, one after the other."""
        numbers = range(len(self._rows))
        for number in numbers if down else reversed(numbers):
            self._place(number, ties)

    def settle(self, ties: list[list[Tie]], *, down: bool) -> int:
        """Place the rows beside which something moved; how many of them moved."""
        numbers = range(len(self._rows))
        waiting, moved = self._waiting, 0
        for number in numbers if down else reversed(numbers):
            if waiting[number + 1]:
                waiting[number + 1] = 0
                if self._place(number, ties, hold=True):
                    waiting[number] = waiting[number + 2] = 1
                    moved += 1
        return moved

    def _place(self, number: int, ties: list[list[Tie]], *, hold: bool = False) -> bool:
        """Give every vertex of a row the place it wants, as far as its neighbours let it; True when one moved.

        With `hold`, what stands in the middle of a tie stays where it is: a chain between two columns has one bend.
        """
        x, row = self.x, self._rows[number]
        if len(row) == 1:
            return self._put(row[0], self._wanted(row[0], ties[row[0]], hold=hold))
        wanted = []
        for vertex in row:
            wishes = ties[vertex]
            if len(wishes) == 1:
                other, far, _ = wishes[0]
                wanted.append(x[other] + far)
            else:
                wanted.append(self._wanted(vertex, wishes, hold=hold))
        steps = self._steps[number]
        last = wanted[0]
        for place, distance in zip(wanted[1:], steps, strict=True):
            if place - last < distance - EPSILON:
                wanted = _pooled(row, steps, ties, x)
                break
            last = place
        moved = False
        for vertex, place in zip(row, wanted, strict=True):
            if not -EPSILON <= x[vertex] - place <= EPSILON:
                x[vertex] = place
                moved = True
        return moved

    def _put(self, vertex: int, place: float) -> bool:
        """Let a vertex stand at a place; True when it moved."""
        moved = not -EPSILON <= self.x[vertex] - place <= EPSILON
        if moved:
            self.x[vertex] = place
        return moved

    def _wanted(self, vertex: int, wishes: list[Tie], *, hold: bool) -> float:
        """Where a vertex wants to stand."""
        x = self.x
        if len(wishes) == 1:
            return x[wishes[0][0]] + wishes[0][1]
        if len(wishes) == 2 and wishes[0][2] != wishes[1][2]:
            other, far, _ = wishes[0] if wishes[0][2] > wishes[1][2] else wishes[1]
            return x[other] + far
        if len(wishes) == 2 and (hold or vertex >= self._real):
            low, high = x[wishes[0][0]] + wishes[0][1], x[wishes[1][0]] + wishes[1][1]
            return sorted((low, x[vertex], high))[1]
        if wishes:
            here = x[vertex] if hold else None
            return _median([(x[other] + far, weight) for other, far, weight in wishes], here)
        return x[vertex]


def _median(wishes: list[Wish], here: float | None = None) -> float:
    """Where the weighted distances to all wishes are least in sum; of a tie, the nearest to `here`, or the middle."""
    wishes.sort()
    rest = 0.0
    for _, weight in wishes:
        rest += weight
    rest /= 2
    for index, (place, weight) in enumerate(wishes):
        rest -= weight
        if rest < -EPSILON:
            return place
        if rest < EPSILON and index + 1 < len(wishes):
            after = wishes[index + 1][0]
            return (place + after) / 2 if here is None else min(max(here, place), after)
    return wishes[-1][0]


def _pooled(row: list[int], distances: list[float], ties: list[list[Tie]], x: list[float]) -> list[float]:
    """Places for a row whose wishes conflict: neighbours in each other's way stand side by side, as one."""
    pools: list[tuple[float, int, list[Wish]]] = []
    shift = 0.0
    shifts = [0.0]
    for distance in distances:
        shift += distance
        shifts.append(shift)
    for vertex, shift in zip(row, shifts, strict=True):
        wishes = [(x[other] + far - shift, weight) for other, far, weight in ties[vertex]]
        if not wishes:
            wishes = [(x[vertex] - shift, FAINT)]
        place, count = wishes[0][0] if len(wishes) == 1 else _median(wishes), 1
        while pools and pools[-1][0] >= place:
            _, more, before = pools.pop()
            wishes = before + wishes
            place, count = _median(wishes), count + more
        pools.append((place, count, wishes))
    found = []
    for place, count, _ in pools:
        found.extend([place] * count)
    return [place + shift for place, shift in zip(found, shifts, strict=True)]
