"""Step one: which layer each vertex stands on, and trunks of in-between vertices for long wires."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Arc = tuple[int, int, int, int]
"""(source vertex, output port, target vertex, input port)."""
Link = tuple[int, float, float]
"""(vertex one layer further, where the line leaves the upper vertex, where it enters the lower), from their middles."""
_End = tuple[int, int, int, float]
"""Where a wire ends: layer, vertex, input port, and how far that is from the vertex's middle."""

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
    count: int, arcs: list[Arc], leaves: Sequence[float] = (), enters: Sequence[float] = ()
) -> Layered:
    """Layers for `count` vertices. Arcs that close a loop count as turned round here, and get no trunk.

    `leaves` and `enters`: for each arc, how far its ports are from the middles of its ends (0 when left out).
    """
    ends = leaves or [0.0] * len(arcs), enters or [0.0] * len(arcs)
    ranks = _Ranks(count, arcs)
    wires = list(zip(arcs, *ends, strict=True))
    if not ranks.is_whole:
        closing = _closing(count, arcs)
        turned = [arcs[number] for number in sorted(closing)]
        wires = [wire for number, wire in enumerate(wires) if number not in closing and not _is_self(wire[0])]
        around = [(target, -1 - into, source, out) for source, out, target, into in turned]
        ranks = _Ranks(count, [*(wire[0] for wire in wires), *around])
    ranks.pull()
    lowest = min(ranks.layer, default=0)
    graph = Layered(count, [value - lowest for value in ranks.layer])
    graph.skips = list(ranks.joins)
    _add_trunks(graph, wires)
    graph.skips = list(dict.fromkeys(graph.skips))
    return graph


def _is_self(arc: Arc) -> bool:
    return arc[0] == arc[2]


def _closing(count: int, arcs: list[Arc]) -> set[int]:
    """The numbers of the arcs that a depth-first walk finds to close a loop; those from a vertex to itself aside."""
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
    return closing


class _Ranks:
    """The layer of each vertex. What counts is the length of trunks: from an output to the lowest that reads it."""

    def __init__(self, count: int, arcs: list[Arc]):
        self._targets: list[list[int]] = []
        self._source: list[int] = []
        self._given: list[list[int]] = [[] for _ in range(count)]
        """vertex -> its outputs that are read, as numbers of trunks."""
        self._read: list[list[int]] = [[] for _ in range(count)]
        """vertex -> the trunks that it reads."""
        self._number(arcs)
        self.layer = [0] * count
        self._order = self._longest()
        self.joins: list[tuple[int, int]] = []
        """(fork, join) where all branches of the fork end; known once `pull` was called."""
        self._stays = bytearray(count)
        self._lowest: list[int] = []
        self._many: list[int] = []

    @property
    def is_whole(self) -> bool:
        """True when every vertex has its layer: no arcs form a loop."""
        return len(self._order) == len(self.layer)

    def pull(self) -> None:
        """Move vertices down, nearer to their consumers, where that makes the trunks no longer in all."""
        self._stays = self._branches()
        layer = self.layer
        for targets in self._targets:
            ends = [layer[target] for target in targets]
            lowest = max(ends)
            self._lowest.append(lowest)
            self._many.append(ends.count(lowest))
        for _ in range(PULLS):
            if not self._pull_once():
                break

    def _number(self, arcs: Iterable[Arc]) -> None:
        numbers: dict[tuple[int, int], int] = {}
        all_targets, given, read = self._targets, self._given, self._read
        for source, out, target, _ in arcs:
            number = numbers.get((source, out))
            if number is None:
                number = numbers[source, out] = len(all_targets)
                all_targets.append([target])
                self._source.append(source)
                given[source].append(number)
                read[target].append(number)
            elif number not in read[target]:
                all_targets[number].append(target)
                read[target].append(number)

    def _longest(self) -> list[int]:
        """Set every layer by the longest way from above; the vertices, sources before what reads them."""
        waiting = [len(trunks) for trunks in self._read]
        order = [vertex for vertex, count in enumerate(waiting) if not count]
        layer, given, targets = self.layer, self._given, self._targets
        for vertex in order:  # grows while it is walked
            below = layer[vertex] + 1
            for trunk in given[vertex]:
                for target in targets[trunk]:
                    waiting[target] -= 1
                    if not waiting[target]:  # the last of those above is the lowest: they come layer by layer
                        layer[target] = below
                        order.append(target)
        return order

    def _branches(self) -> bytearray:
        """The vertices of chains between a fork and a join that both hold other branches of that fork too.

        Those stay under the fork: pulled down they would all hang on one trunk, and cross one another.
        """
        end, stays = list(range(len(self.layer))), bytearray(len(self.layer))
        given, read, targets = self._given, self._read, self._targets
        links = [vertex for vertex in self._order if self._is_link(vertex)]
        for vertex in reversed(links):
            end[vertex] = end[targets[given[vertex][0]][0]]
        for source, readers in zip(self._source, targets, strict=True):
            if 1 < len(readers) <= MOST_BRANCHES and len({end[reader] for reader in readers}) == 1:
                self.joins.append((source, end[readers[0]]))
        for vertex in links:
            if not read[vertex]:
                continue
            readers = targets[read[vertex][0]]
            if len(readers) == 1:
                stays[vertex] = stays[self._source[read[vertex][0]]]
            elif len(readers) <= MOST_BRANCHES:
                stays[vertex] = [end[reader] for reader in readers].count(end[vertex]) > 1
        return stays

    def _is_link(self, vertex: int) -> bool:
        given = self._given[vertex]
        return len(given) == 1 and len(self._read[vertex]) <= 1 and len(self._targets[given[0]]) == 1

    def _pull_once(self) -> bool:
        moved = False
        layer, targets = self.layer, self._targets
        for vertex in reversed(self._order):
            given = self._given[vertex]
            if not given:
                continue
            if len(given) == 1:
                goal = min([layer[target] for target in targets[given[0]]]) - 1
            else:
                goal = min([layer[target] for trunk in given for target in targets[trunk]]) - 1
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


def _add_trunks(graph: Layered, wires: Iterable[tuple[Arc, float, float]]) -> None:
    """Join neighbours one layer apart; a longer wire follows the trunk of its output."""
    graph.down = [[] for _ in range(graph.real)]
    graph.up = [[] for _ in range(graph.real)]
    layer, up, down = graph.layer, graph.up, graph.down
    outputs: dict[tuple[int, int], tuple[float, list[_End]]] = {}
    for (source, out, target, into), leaves, enters in wires:
        found = outputs.get((source, out))
        if found is None:
            outputs[source, out] = leaves, [(layer[target], target, into, enters)]
        else:
            found[1].append((layer[target], target, into, enters))
    for (source, out), (leaves, targets) in outputs.items():
        first = layer[source] + 1
        targets.sort()
        if targets[-1][0] == first:
            for _, target, _, enters in targets:
                down[source].append((target, leaves, enters))
                up[target].append((source, leaves, enters))
            continue
        tips = _add_trunk(graph, (source, out), leaves, targets[-1][0] - first)
        if 1 < len(targets) <= MOST_READ and targets[0][0] == first:
            graph.skips.append((source, targets[-1][1]))
        for below, target, _, enters in targets:
            tip = tips[below - first]
            at = leaves if tip == source else 0.0
            down[tip].append((target, at, enters))
            up[target].append((tip, at, enters))
    for links in down:
        if len(links) > 1:
            links.sort(key=_leaving)


def _add_trunk(graph: Layered, key: tuple[int, int], leaves: float, count: int) -> list[int]:
    """Add so many pieces for an output, one below the other; the source and the pieces."""
    source, below = key[0], graph.layer[key[0]] + 1
    pieces = list(range(len(graph.layer), len(graph.layer) + count))
    graph.trunks[key] = pieces
    graph.layer.extend(range(below, below + count))
    upper, at = source, leaves
    for piece in pieces:
        graph.down[upper].append((piece, at, 0.0))
        graph.up.append([(upper, at, 0.0)])
        graph.down.append([])
        upper, at = piece, 0.0
    return [source, *pieces]


def _leaving(link: Link) -> tuple[float, int, float]:
    return link[1], link[0], link[2]
