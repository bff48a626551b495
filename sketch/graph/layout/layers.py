"""Step one: which layer each vertex stands on, and trunks of in-between vertices for long wires."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

Arc = tuple[int, int, int, int]
"""(source vertex, output port, target vertex, input port)."""

PULLS = 3


@dataclass(slots=True)
class Layered:
    """A graph cut into layers. Vertices below `real` are the caller's, the others are pieces of trunks.

    `down[v]` and `up[v]` hold (neighbour, weight of its port from 0 to 1) one layer further.
    """

    real: int
    layer: list[int]
    down: list[list[tuple[int, float]]] = field(default_factory=list)
    up: list[list[tuple[int, float]]] = field(default_factory=list)

    def rows(self) -> list[list[int]]:
        """The vertices of each layer, by number."""
        rows: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for vertex, layer in enumerate(self.layer):
            rows[layer].append(vertex)
        return rows


def assign(count: int, arcs: list[Arc]) -> Layered:
    """Layers for `count` vertices; arcs that close a loop are turned round for this purpose."""
    forward = _without_loops(count, arcs)
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for source, _, target, _ in forward:
        after[source].append(target)
        before[target].append(source)
    order = _sorted(count, after, before)
    layer = _longest(order, before)
    for _ in range(PULLS):
        if not _pull(order, layer, after, before):
            break
    lowest = min(layer, default=0)
    graph = Layered(count, [value - lowest for value in layer])
    _add_trunks(graph, forward)
    return graph


def _without_loops(count: int, arcs: list[Arc]) -> list[Arc]:
    """The arcs without self-loops, those that close a loop reversed (found by depth-first search)."""
    after: list[list[int]] = [[] for _ in range(count)]
    for number, (source, _, target, _) in enumerate(arcs):
        if source != target:
            after[source].append(number)
    state = [0] * count
    reversed_arcs: set[int] = set()
    for root in range(count):
        stack = [(root, 0)] if not state[root] else []
        while stack:
            vertex, position = stack.pop()
            state[vertex] = 1
            if position == len(after[vertex]):
                state[vertex] = 2
                continue
            stack.append((vertex, position + 1))
            number = after[vertex][position]
            target = arcs[number][2]
            if state[target] == 1:
                reversed_arcs.add(number)
            elif state[target] == 0:
                stack.append((target, 0))
    return [
        (target, into, source, out) if number in reversed_arcs else (source, out, target, into)
        for number, (source, out, target, into) in enumerate(arcs)
        if source != target
    ]


def _sorted(count: int, after: list[list[int]], before: list[list[int]]) -> list[int]:
    waiting = [len(sources) for sources in before]
    ready = deque(vertex for vertex in range(count) if not waiting[vertex])
    order = []
    while ready:
        vertex = ready.popleft()
        order.append(vertex)
        for target in after[vertex]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return order


def _longest(order: list[int], before: list[list[int]]) -> list[int]:
    layer = [0] * len(order)
    for vertex in order:
        layer[vertex] = max((layer[source] + 1 for source in before[vertex]), default=0)
    return layer


def _pull(order: list[int], layer: list[int], after: list[list[int]], before: list[list[int]]) -> bool:
    """Move vertices down to their consumers where that makes no other wire longer; True when one moved."""
    moved = False
    for vertex in reversed(order):
        if after[vertex] and len(set(after[vertex])) >= len(set(before[vertex])):
            goal = min(layer[target] for target in after[vertex]) - 1
            if goal > layer[vertex] and (
                not before[vertex] or len(set(after[vertex])) > len(set(before[vertex]))
            ):
                layer[vertex] = goal
                moved = True
    return moved


def _add_trunks(graph: Layered, arcs: list[Arc]) -> None:
    """Join neighbours one layer apart; a longer wire follows the trunk of its output."""
    graph.down = [[] for _ in range(graph.real)]
    graph.up = [[] for _ in range(graph.real)]
    outputs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    fan_in: dict[int, int] = {}
    fan_out: dict[int, int] = {}
    for source, out, target, into in arcs:
        outputs.setdefault((source, out), []).append((target, into))
        fan_in[target] = max(fan_in.get(target, 0), into + 1)
        fan_out[source] = max(fan_out.get(source, 0), out + 1)
    for (source, out), targets in outputs.items():
        port = (out + 0.5) / fan_out[source]
        trunk = {graph.layer[source]: source}
        for target, into in sorted(targets, key=lambda end: (graph.layer[end[0]], end)):
            tip = _extend(graph, trunk, source, port, graph.layer[target] - 1)
            _join(graph, tip, port if tip == source else 0.5, target, (into + 0.5) / fan_in[target])


def _extend(graph: Layered, trunk: dict[int, int], source: int, port: float, goal: int) -> int:
    """Let a trunk reach down to a layer; its vertex there."""
    lowest = max(trunk)
    while lowest < goal:
        above = trunk[lowest]
        lowest += 1
        piece = len(graph.layer)
        graph.layer.append(lowest)
        graph.down.append([])
        graph.up.append([])
        _join(graph, above, port if above == source else 0.5, piece, 0.5)
        trunk[lowest] = piece
    return trunk[goal]


def _join(graph: Layered, upper: int, out: float, lower: int, into: float) -> None:
    graph.down[upper].append((lower, into))
    graph.up[lower].append((upper, out))
