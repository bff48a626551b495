"""What feeds some nodes and what they feed. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from sketch.graph.lifting import inside
from sketch.graph.rows import Edge
from sketch.graph.tables import Tables

T = TypeVar("T")
PORTION = 256
"""So many nodes are looked at in a step."""
_PRIOR, _NEXT = attrgetter("prior"), attrgetter("next")
_SOURCE, _TARGET = Edge._fields.index("source"), Edge._fields.index("target")


@dataclass(frozen=True, slots=True)
class TracedWires:
    """The wires that come to nodes above and leave nodes below: known by these, so that thousands need no set."""

    above: frozenset[int]
    below: frozenset[int]

    def __contains__(self, edge: object) -> bool:
        return isinstance(edge, Edge) and (edge.target in self.above or edge.source in self.below)


def traced(tables: Tables, ids: Iterable[int]) -> tuple[frozenset[int], TracedWires]:
    """(nodes, wires) above and below some nodes, these included; of a group its members count."""
    return _all_of(tracing(tables, ids))


def tracing(tables: Tables, ids: Iterable[int]) -> Generator[None, None, tuple[frozenset[int], TracedWires]]:
    """What `traced` gives, a portion a step; the rows may not change between the steps."""
    start = _with_insides(tables, ids)
    above = yield from _reaching(tables, start, forward=False)
    below = yield from _reaching(tables, start, forward=True)
    return above | below, TracedWires(above, below)


def reached(tables: Tables, ids: Iterable[int], *, forward: bool) -> frozenset[int]:
    """The nodes below (or above) some nodes, these included; of a group its members count."""
    return _all_of(_reaching(tables, _with_insides(tables, ids), forward=forward))


def _with_insides(tables: Tables, ids: Iterable[int]) -> set[int]:
    found = tables.nodes.keys() & ids
    for group in tables.holders & found:
        found |= inside(tables, group) if group is not None else set()
    return found


def _all_of(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def _reaching(
    tables: Tables, start: Collection[int], *, forward: bool
) -> Generator[None, None, frozenset[int]]:
    nodes, seen, stack = tables.nodes, set(start), list(start)
    wires, end = (_NEXT, _TARGET) if forward else (_PRIOR, _SOURCE)
    while stack:
        for _ in range(PORTION):
            for edge in wires(nodes[stack.pop()]):
                if (other := edge[end]) not in seen:
                    seen.add(other)
                    stack.append(other)
            if not stack:
                break
        yield
    return frozenset(seen)
