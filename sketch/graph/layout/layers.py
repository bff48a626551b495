"""Step one: which layer each vertex stands on, and trunks of in-between vertices for long wires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Arc = tuple[int, int, int, int]
"""(source vertex, output port, target vertex, input port)."""
Link = tuple[int, float, float]
"""(vertex one layer further, where the line leaves the upper vertex, where it enters the lower), from their middles."""
Offset = Callable[[int, int], float]
"""(vertex, port) -> how far the port is from the vertex's middle."""

PULLS = 3
MOST_READ = 4
"""The trunk of an output that is read more often than this is no skip."""
MOST_BRANCHES = 40
"""An output that more read than this is no fork of branches."""


@dataclass(slots=True)
class Layered:
    """A graph cut into layers. Vertices below `real` are the caller's, the others are pieces of trunks.

    `down[v]` and `up[v]` are the links one layer further, those of `down` by where they leave.
    `trunks`: (source, output) -> its pieces, from the layer under the source on.
    """

    real: int
    layer: list[int]
    down: list[list[Link]] = field(default_factory=list)
    up: list[list[Link]] = field(default_factory=list)
    trunks: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    skips: list[tuple[int, int]] = field(default_factory=list)
    """(where branches begin, where they end again): these two should stand under one another."""

    def rows(self) -> list[list[int]]:
        """The vertices of each layer, by number."""
        rows: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for vertex, layer in enumerate(self.layer):
            rows[layer].append(vertex)
        return rows


def assign(
    count: int,
    arcs: list[Arc],
    leaves: Offset = lambda _v, _port: 0.0,
    enters: Offset = lambda _v, _port: 0.0,
) -> Layered:
    """Layers for `count` vertices. Arcs that close a loop count as turned round here, and get no trunk."""
    forward, backward = _without_loops(count, arcs)
    ranks = _Ranks(
        count, [*forward, *((target, -1 - into, source, out) for source, out, target, into in backward)]
    )
    ranks.pull()
    lowest = min(ranks.layer, default=0)
    graph = Layered(count, [value - lowest for value in ranks.layer])
    graph.skips = list(ranks.joins)
    _add_trunks(graph, forward, leaves, enters)
    graph.skips = list(dict.fromkeys(graph.skips))
    return graph


def _without_loops(count: int, arcs: list[Arc]) -> tuple[list[Arc], list[Arc]]:
    """(arcs that close no loop, those that a depth-first walk finds to close one), self-loops left out."""
    after: list[list[int]] = [[] for _ in range(count)]
    for number, (source, _, target, _) in enumerate(arcs):
        if source != target:
            after[source].append(number)
    state = bytearray(count)
    closing: set[int] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(after[root]))]
        while stack:
            vertex, rest = stack[-1]
            for number in rest:
                target = arcs[number][2]
                if state[target] == 1:
                    closing.add(number)
                elif not state[target]:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
                    break
            else:
                state[vertex] = 2
                stack.pop()
    if not closing:
        return [arc for arc in arcs if arc[0] != arc[2]], []
    forward = [arc for number, arc in enumerate(arcs) if number not in closing and arc[0] != arc[2]]
    return forward, [arcs[number] for number in sorted(closing)]


class _Ranks:
    """The layer of each vertex. What counts is the length of trunks: from an output to the lowest that reads it."""

    def __init__(self, count: int, arcs: list[Arc]):
        numbers: dict[tuple[int, int], int] = {}
        self._targets: list[list[int]] = []
        self._source: list[int] = []
        self._given: list[list[int]] = [[] for _ in range(count)]
        """vertex -> its outputs that are read, as numbers of trunks."""
        self._read: list[list[int]] = [[] for _ in range(count)]
        """vertex -> the trunks that it reads."""
        for source, out, target, _ in arcs:
            number = numbers.setdefault((source, out), len(self._targets))
            if number == len(self._targets):
                self._targets.append([])
                self._source.append(source)
                self._given[source].append(number)
            if number not in self._read[target]:
                self._targets[number].append(target)
                self._read[target].append(number)
        self.layer = [0] * count
        self._order = self._longest()
        self.joins: list[tuple[int, int]] = []
        """(fork, join) where all branches of the fork end."""
        self._stays = self._branches()

    def pull(self) -> None:
        """Move vertices down, nearer to their consumers, where that makes the trunks no longer in all."""
        self._lowest = [max(self.layer[target] for target in targets) for targets in self._targets]
        self._many = [
            sum(self.layer[target] == lowest for target in targets)
            for targets, lowest in zip(self._targets, self._lowest, strict=True)
        ]
        for _ in range(PULLS):
            if not self._pull_once():
                break

    def _longest(self) -> list[int]:
        """Set every layer by the longest way from above; the vertices, sources before what reads them."""
        waiting = [len(trunks) for trunks in self._read]
        order = [vertex for vertex, count in enumerate(waiting) if not count]
        layer, given, targets = self.layer, self._given, self._targets
        for vertex in order:  # grows while it is walked
            below = layer[vertex] + 1
            for trunk in given[vertex]:
                for target in targets[trunk]:
                    layer[target] = max(layer[target], below)
                    waiting[target] -= 1
                    if not waiting[target]:
                        order.append(target)
        return order

    def _branches(self) -> bytearray:
        """The vertices of chains between a fork and a join that both hold other branches of that fork too.

        Those stay under the fork: pulled down they would all hang on one trunk, and cross one another.
        """
        end = list(range(len(self.layer)))
        for vertex in reversed(self._order):
            if self._is_link(vertex):
                end[vertex] = end[self._targets[self._given[vertex][0]][0]]
        for source, readers in zip(self._source, self._targets, strict=True):
            if 1 < len(readers) <= MOST_BRANCHES and len({end[reader] for reader in readers}) == 1:
                self.joins.append((source, end[readers[0]]))
        stays = bytearray(len(end))
        for vertex in self._order:
            if not self._is_link(vertex) or not self._read[vertex]:
                continue
            readers = self._targets[self._read[vertex][0]]
            if len(readers) == 1:
                stays[vertex] = stays[self._source[self._read[vertex][0]]]
            elif len(readers) <= MOST_BRANCHES:
                stays[vertex] = sum(end[reader] == end[vertex] for reader in readers) > 1
        return stays

    def _is_link(self, vertex: int) -> bool:
        given = self._given[vertex]
        return len(self._read[vertex]) <= 1 and len(given) == 1 and len(self._targets[given[0]]) == 1

    def _pull_once(self) -> bool:
        moved = False
        layer = self.layer
        for vertex in reversed(self._order):
            given = self._given[vertex]
            if not given:
                continue
            goal = min(layer[target] for trunk in given for target in self._targets[trunk]) - 1
            if goal > layer[vertex] and (goal := self._limit(vertex, goal)) > layer[vertex]:
                self._lower(vertex, goal)
                moved = True
        return moved

    def _limit(self, vertex: int, goal: int) -> int:
        """How far down a vertex may go until more trunks above it get longer than trunks below it shorter."""
        read, here = self._read[vertex], self.layer[vertex]
        free = len(self._given[vertex])
        if len(read) < free or (len(read) == free and not self._stays[vertex]):
            return goal
        ends = sorted(
            here if self._lowest[trunk] == here and self._many[trunk] == 1 else self._lowest[trunk]
            for trunk in read
        )
        return min(goal, ends[min(free, len(read) - 1)])

    def _lower(self, vertex: int, goal: int) -> None:
        self.layer[vertex] = goal
        for trunk in self._read[vertex]:
            if goal > self._lowest[trunk]:
                self._lowest[trunk], self._many[trunk] = goal, 1
            elif goal == self._lowest[trunk]:
                self._many[trunk] += 1


def _add_trunks(graph: Layered, arcs: list[Arc], leaves: Offset, enters: Offset) -> None:
    """Join neighbours one layer apart; a longer wire follows the trunk of its output."""
    graph.down = [[] for _ in range(graph.real)]
    graph.up = [[] for _ in range(graph.real)]
    layer, up, down = graph.layer, graph.up, graph.down
    outputs: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for source, out, target, into in arcs:
        outputs.setdefault((source, out), []).append((layer[target], target, into))
    for (source, out), targets in outputs.items():
        targets.sort()
        first = layer[source] + 1
        tips, offset = [source], leaves(source, out)
        if targets[-1][0] > first:
            pieces = range(len(layer), len(layer) + targets[-1][0] - first)
            tips.extend(pieces)
            layer.extend(range(first, targets[-1][0]))
            at = offset
            for upper, piece in zip(tips, pieces, strict=False):
                down[upper].append((piece, at, 0.0))
                up.append([(upper, at, 0.0)])
                down.append([])
                at = 0.0
            graph.trunks[source, out] = list(pieces)
            if 1 < len(targets) <= MOST_READ and targets[0][0] == first:
                graph.skips.append((source, targets[-1][1]))
        for below, target, into in targets:
            tip = tips[below - first]
            leaving, entering = (offset if tip == source else 0.0), enters(target, into)
            down[tip].append((target, leaving, entering))
            up[target].append((tip, leaving, entering))
    for links in down:
        if len(links) > 1:
            links.sort(key=_leaving)


def _leaving(link: Link) -> tuple[float, int, float]:
    return link[1], link[0], link[2]
