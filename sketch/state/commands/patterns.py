"""Occurrences of a pattern: the same layers, wired the same way, with the same parameters or with any."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.rows import Edge
from sketch.state.document import Document

Port = tuple[int, int]


class PatternError(GraphError):
    """The selection is no pattern, or cannot be replaced like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Layers of the drawing as an example of what to look for.

    `order` are its nodes so that each but the first touches one before it. `entering` are the values from outside
    in the order of the ports that they feed, `leaving` the values that are used outside.
    """

    order: tuple[int, ...]
    entering: tuple[Port, ...]
    leaving: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Node of the pattern -> node here, and the values that enter and leave in the pattern's order."""

    nodes: Mapping[int, int]
    entering: tuple[Port, ...]
    leaving: tuple[Port, ...]


def pattern_of(document: Document, ids: Iterable[int]) -> Pattern:
    """The pattern that a selection shows; PatternError when it is empty or falls into parts."""
    tables, library = document.tables, document.library
    draft = Draft(tables, library)
    inside = [
        k for k in draft.with_members(ids) if k in tables.nodes and not library[tables.nodes[k].layer].group
    ]
    if not inside:
        raise PatternError("Select the layers that make up the pattern first.")
    ends = [tables.nodes[key].name for key in inside if tables.nodes[key].layer in ("Input", "Output")]
    if ends:
        raise PatternError(f"'{ends[0]}' is an end of the model; a pattern has layers only.")
    rank = document.inference.order.rank
    order = _connected(document, sorted(inside, key=lambda key: rank.get(key, 0)))
    return Pattern(
        tuple(order), *_borders(document, sorted(order, key=lambda key: rank.get(key, 0)), set(order))
    )


def occurrences(document: Document, pattern: Pattern, *, any_params: bool = False) -> list[Occurrence]:
    """Every place where the pattern is, the selection itself among them, none overlapping another.

    A place counts only when no value from its inside is used outside, but for those that leave in the pattern too.
    """
    found: list[Occurrence] = []
    for _ in finding(document, pattern, found, any_params=any_params):
        pass
    return found


def finding(
    document: Document, pattern: Pattern, found: list[Occurrence], *, any_params: bool = False
) -> Generator[None, None, None]:
    """Put into `found` what `occurrences` gives, a layer a step; the document may not change between the steps."""
    first = document.tables.nodes[pattern.order[0]]
    rank = document.inference.order.rank
    taken: set[int] = set()
    search = _Search(document, pattern, any_params, taken)
    starts = [key for key, node in document.tables.nodes.items() if node.layer == first.layer]
    for key in (first.id, *sorted(starts, key=lambda key: rank.get(key, 0))):
        match = (yield from search.at(key)) if key not in taken else None
        if match is not None:
            found.append(match)
            taken.update(match.nodes.values())
    found.sort(key=lambda match: min(rank.get(key, 0) for key in match.nodes.values()))


class _Search:
    """Backtracking over the nodes of the pattern; wires leave only few candidates at each."""

    def __init__(self, document: Document, pattern: Pattern, any_params: bool, taken: set[int]):
        self._document, self._pattern = document, pattern
        self._nodes = document.tables.nodes
        self._any, self._taken = any_params, taken

    def at(self, start: int) -> Generator[None, None, Occurrence | None]:
        """The occurrence whose first node is `start`; no recursion, as patterns may have thousands of layers."""
        order = self._pattern.order
        found: dict[int, int] = {}
        used: set[int] = set()
        left = [iter([start])]
        """The candidates that have not been tried, for each node of the pattern as far as it is matched."""
        while left:
            yield
            mine = order[len(left) - 1]
            used.discard(found.pop(mine, -1))  # the one that was tried last led to nothing
            theirs = next((other for other in left[-1] if self._fits(found, used, mine, other)), None)
            if theirs is None:
                left.pop()
            elif len(left) < len(order):
                left.append(iter(self._next(found, order[len(left)])))
            elif (match := (yield from self._whole(found))) is not None:
                return match
        return None

    def _fits(self, found: dict[int, int], used: set[int], mine: int, theirs: int) -> bool:
        """Take a node as that of the pattern if it is one."""
        if theirs in used or theirs in self._taken or not self._alike(mine, theirs):
            return False
        found[mine] = theirs
        if not self._wired(found, mine, theirs):
            del found[mine]
            return False
        used.add(theirs)
        return True

    def _alike(self, mine: int, theirs: int) -> bool:
        one, two = self._nodes[mine], self._nodes[theirs]
        if one.layer != two.layer or [e.into for e in one.prior] != [e.into for e in two.prior]:
            return False
        return self._any or self._params(mine) == self._params(theirs)

    def _params(self, key: int) -> object:
        """What is in force, so that a default and the same value pinned are equal; without what follows the input."""
        node, inference = self._nodes[key], self._document.inference
        spec = self._document.library[node.layer]
        params = inference.of(key).params if key in inference else node.params
        return {
            name: value
            for name, value in params.items()
            if name not in spec.params or not spec.params[name].derive
        }

    def _wired(self, found: Mapping[int, int], mine: int, theirs: int) -> bool:
        """The wires between this node and those that are matched are the same, both ways."""
        there = set(self._nodes[theirs].prior) | set(self._nodes[theirs].next)
        for edge in (*self._nodes[mine].prior, *self._nodes[mine].next):
            if edge.source in found and edge.target in found:
                wanted = Edge(found[edge.source], edge.out, found[edge.target], edge.into)
                if wanted not in there:
                    return False
        return True

    def _next(self, found: Mapping[int, int], mine: int) -> list[int]:
        """Nodes at the other end of one wire that joins the next node to a matched one."""
        for edge in self._nodes[mine].prior:
            if edge.source in found:
                wires = self._nodes[found[edge.source]].next
                return [e.target for e in wires if (e.out, e.into) == (edge.out, edge.into)]
        for edge in self._nodes[mine].next:
            if edge.target in found:
                wires = self._nodes[found[edge.target]].prior
                return [e.source for e in wires if (e.out, e.into) == (edge.out, edge.into)]
        return []

    def _whole(self, found: Mapping[int, int]) -> Generator[None, None, Occurrence | None]:
        inside = set(found.values())
        entering: dict[Port, Port] = {}
        for mine, theirs in found.items():
            yield
            for one, two in zip(self._nodes[mine].prior, self._nodes[theirs].prior, strict=True):
                if (one.source in found) != (two.source in inside):
                    return None
                if one.source not in found and entering.setdefault(_end(one), _end(two)) != _end(two):
                    return None
        leaving = tuple((found[key], out) for key, out in self._pattern.leaving)
        used = {(e.source, e.out) for key in inside for e in self._nodes[key].next if e.target not in inside}
        if not used <= set(leaving):
            return None
        return Occurrence(found, tuple(entering[end] for end in self._pattern.entering), leaving)


def _end(edge: Edge) -> Port:
    return edge.source, edge.out


def _connected(document: Document, inside: Sequence[int]) -> list[int]:
    """The nodes so that each touches one before it; PatternError when they are not all joined."""
    nodes = document.tables.nodes
    rest, order = dict.fromkeys(inside), list[int]()
    queue = deque([inside[0]])
    while queue:
        key = queue.popleft()
        if key not in rest:
            continue
        del rest[key]
        order.append(key)
        queue += [e.target for e in nodes[key].next] + [e.source for e in nodes[key].prior]
    if rest:
        name = nodes[next(iter(rest))].name
        raise PatternError(
            f"No wire joins '{name}' to the rest of the pattern; select layers that hang together."
        )
    return order


def _borders(
    document: Document, order: Sequence[int], inside: set[int]
) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    nodes = document.tables.nodes
    entering = dict.fromkeys(_end(e) for key in order for e in nodes[key].prior if e.source not in inside)
    leaving = dict.fromkeys(_end(e) for key in order for e in nodes[key].next if e.target not in inside)
    if not leaving:
        ends = (key for key in order if document.library[nodes[key].layer].outputs and not nodes[key].next)
        leaving = dict.fromkeys((key, 0) for key in ends)
    return tuple(entering), tuple(leaving)
