"""Step two: the order of vertices within their layers, with few crossings (barycentres and neighbour exchange).

Rows are judged gap by gap: only those are sorted again that border on a crossing or on a row that changed, and of
two orders of a stretch between rows that are alike in both, the better one stays, whatever happens elsewhere.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from math import inf

from sketch.graph.layout.layers import Layered, Link

SWEEPS = 12
PATIENCE = 2
"""Sweeps without a gain before a first order is given up, and sweeps in which a further one must become the best."""
FEW, SMALL = 1000, 2500
"""Up to so many vertices three first orders are tried, then two, and each is sorted until that helps no more.

In larger drawings one order, one sweep down and one up bring nearly all of the gain.
"""
HOPELESS = 3
"""A first order with more than so many times the crossings that another one ended with is not sorted."""
VERY_LONG = 250
"""A trunk of more pieces than this runs straight along a side of everything; it would bend at each block.

In small drawings it runs where it crosses least.
"""
FAR = 1e9
PORT = 1e-5
"""What one px along a border counts beside a whole place in the row."""

Rows = list[list[int]]


def order(graph: Layered, step: Callable[[float], None] = lambda _share: None) -> Rows:
    """Rows of vertices from left to right; deterministic. `step(share done)` is called now and then."""
    size = len(graph.layer)
    outside = _outside(graph) if size > SMALL else {}
    starts = [(graph.down, 1, False), (graph.up, -1, False), (graph.down, 1, True)]
    del starts[3 if size <= FEW else 2 if size <= SMALL else 1 :]
    best: _Order | None = None
    for number, (near, direction, last_first) in enumerate(starts):
        found = _Order(graph, _depth_first(graph, near, direction, last_first), outside)
        most = best.total if best else inf
        for share in found.improve(most) if found.total <= HOPELESS * most else ():
            step((number + share) / len(starts))
        if best is None or found.total < best.total:
            best = found
        if not best.total:
            break
    return best.rows if best else []


def crossings(graph: Layered, rows: Rows) -> int:
    """How many pairs of lines cross, over all gaps between layers."""
    return _Order(graph, rows).total


class _Order:
    """One order of all rows, its crossings gap by gap, and ways to better it."""

    def __init__(self, graph: Layered, rows: Rows, outside: dict[int, int] | None = None):
        self._graph = graph
        self._outside = outside or {}
        if outside:
            for row in rows:
                row.sort(key=lambda vertex: outside.get(vertex, 0))
        self.rows = rows
        self._place = [0] * len(graph.layer)
        for row in rows:
            self._number(row)
        self._crossed = [self._count(row) for row in rows]
        """Crossings in the gap under each row."""
        self._dirty = bytearray(len(rows))
        """1 for rows whose order changed at any time."""
        self._open = bytearray(b"\1" * (len(rows) + 2))
        """1 for rows whose order, or that of a row beside them, changed since their neighbours were exchanged."""

    @property
    def total(self) -> int:
        """Crossings in all gaps."""
        return sum(self._crossed)

    def improve(self, fewer_than: float = inf) -> Iterator[float]:
        """Sort and exchange as long as that helps and the crossings may become `fewer_than` those known.

        Yields the share done before each step; the order is the best one once all steps were taken.
        """
        best, fewest = [list(row) for row in self.rows], list(self._crossed)
        waited, sweeps = 0, SWEEPS if len(self._place) <= SMALL else 2
        for sweep in range(sweeps):
            if not self.total or waited == PATIENCE or (sweep >= PATIENCE and sum(fewest) >= fewer_than):
                break
            yield sweep / sweeps
            self._sweep(down=sweep % 2 == 0)
            self._exchange()
            before = sum(fewest)
            self._keep_better(best, fewest)
            waited = 0 if sum(fewest) < before else waited + 1
        self._restore(best, fewest)

    # --- inside ------------------------------------------------------------------------------------

    def _number(self, row: list[int]) -> None:
        place = self._place
        for position, vertex in enumerate(row):
            place[vertex] = position

    def _count(self, row: list[int]) -> int:
        """Crossings in the gap under a row."""
        down, place = self._graph.down, self._place
        if len(row) == 1 and len(down[row[0]]) < 2:
            return 0
        seen: list[float] = []
        count = 0
        for vertex in row:
            links = down[vertex]
            if len(links) == 1:
                lower, _, into = links[0]
                end = place[lower] + into * PORT
                if seen and end < seen[-1]:
                    at = bisect_right(seen, end)
                    count += len(seen) - at
                    seen.insert(at, end)
                else:
                    seen.append(end)
            elif links:
                count += self._fan(links, seen)
        return count

    def _fan(self, links: list[Link], seen: list[float]) -> int:
        """Crossings of one vertex's lines with those `seen` to the left of it; lines of one port do not cross."""
        place, count = self._place, 0
        first = 0
        while first < len(links):
            out = links[first][1]
            last = first
            ends = []
            while last < len(links) and links[last][1] == out:
                lower, _, into = links[last]
                ends.append(place[lower] + into * PORT)
                last += 1
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
            first = last
        return count

    def _note(self, number: int) -> None:
        """A row has another order now."""
        self._dirty[number] = 1
        self._open[number : number + 3] = b"\1\1\1"

    def _sweep(self, *, down: bool) -> None:
        """Sort rows by where their neighbours in the row before are."""
        rows = self.rows
        near = self._graph.up if down else self._graph.down
        before = False
        for number in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            gap = number - 1 if down else number
            changed = False
            if len(rows[number]) > 1 and (before or self._crossed[gap]):
                changed = self._sort(rows[number], near, leaving=down)
                if changed:
                    self._note(number)
            if changed or before:
                self._crossed[gap] = self._count(rows[gap])
            before = changed

    def _sort(self, row: list[int], near: list[list[Link]], *, leaving: bool) -> bool:
        """Order a row by the mean places of what its lines lead to; what has none stays beside its neighbour."""
        place, outside = self._place, self._outside
        port = 1 if leaving else 2
        keys: list[float] = []
        key, last = -1.0, -inf
        is_sorted = True
        for vertex in row:
            links = near[vertex]
            if len(links) == 1:
                link = links[0]
                key = place[link[0]] + link[port] * PORT
            elif links:
                key = sum([place[link[0]] + link[port] * PORT for link in links]) / len(links)
            here = FAR * outside[vertex] if vertex in outside else key
            is_sorted &= here >= last
            last = here
            keys.append(here)
        if is_sorted:
            return False
        row.sort(key=dict(zip(row, keys, strict=True)).__getitem__)
        self._number(row)
        return True

    def _exchange(self) -> None:
        """Swap neighbours where that removes crossings above and below."""
        rows, crossed = self.rows, self._crossed
        before = False
        for number, row in enumerate(rows):
            swapped = False
            if self._open[number + 1]:
                self._open[number + 1] = 0
                if len(row) > 1 and (crossed[number] or (number and crossed[number - 1])):
                    while self._pass(row):
                        swapped = True
            if swapped:
                self._note(number)
            if number and (swapped or before):
                crossed[number - 1] = self._count(rows[number - 1])
            before = swapped

    def _pass(self, row: list[int]) -> bool:
        place, better, fixed = self._place, False, self._outside
        for index in range(len(row) - 1):
            left, right = row[index], row[index + 1]
            if not (left in fixed or right in fixed) and self._gain(left, right) > 0:
                row[index], row[index + 1] = right, left
                place[left], place[right] = index + 1, index
                better = True
        return better

    def _gain(self, left: int, right: int) -> int:
        """How many crossings a swap of two neighbours removes."""
        total, place = 0, self._place
        for links, port in ((self._graph.up, 1), (self._graph.down, 2)):
            ones, others = links[left], links[right]
            if ones and others:
                sides = [place[other[0]] + other[port] * PORT for other in others]
                for one in ones:
                    end = place[one[0]] + one[port] * PORT
                    for side in sides:
                        total += (end > side) - (end < side)
        return total

    def _keep_better(self, best: Rows, fewest: list[int]) -> None:
        """Take over, stretch by stretch, what is better now than in the best order so far."""
        first = None
        for number in range(len(self.rows) + 1):
            differs = number < len(self.rows) and self._dirty[number] and best[number] != self.rows[number]
            if differs and first is None:
                first = number
            elif not differs and first is not None:
                gaps = slice(max(first - 1, 0), number)
                if sum(self._crossed[gaps]) < sum(fewest[gaps]):
                    best[first:number] = [list(row) for row in self.rows[first:number]]
                    fewest[gaps] = self._crossed[gaps]
                first = None

    def _restore(self, best: Rows, fewest: list[int]) -> None:
        self.rows = best
        for row in best:
            self._number(row)
        self._crossed = fewest


def _depth_first(graph: Layered, near: list[list[Link]], direction: int, last_first: bool) -> Rows:
    """A first order: as a walk meets the vertices, so that branches stay together."""
    rows: Rows = [[] for _ in range(max(graph.layer, default=-1) + 1)]
    met = bytearray(len(graph.layer))
    layer = graph.layer
    ranks = layer if direction > 0 else [-value for value in layer]
    for root in sorted(range(len(layer)), key=ranks.__getitem__):
        if met[root]:
            continue
        stack = [root]
        while stack:
            vertex = stack.pop()
            while not met[vertex]:
                met[vertex] = 1
                rows[layer[vertex]].append(vertex)
                links = near[vertex]
                if len(links) == 1:
                    vertex = links[0][0]
                else:
                    stack.extend([link[0] for link in (links if last_first else links[::-1])])
    return rows


def _outside(graph: Layered) -> dict[int, int]:
    """Piece -> how far out it is to the right, or less than 0 to the left, for trunks that run beside everything."""
    found: dict[int, int] = {}
    lanes = sorted((lane for lane in graph.trunks.values() if len(lane) > VERY_LONG), key=len)
    for rank, lane in enumerate(lanes, 1):
        enters = sum(link[2] for piece in lane for link in graph.down[piece])
        found.update(dict.fromkeys(lane, rank if enters >= 0 else -rank))
    return found
