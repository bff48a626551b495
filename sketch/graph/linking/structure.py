"""When two parts of a network are made alike: the same layers with the same parameters, wired the same way.

Names, places, weights and what is outside do not count. Parts are compared by labels first (a hash of what a node
computes from what, and of who reads it inside), then node by node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from sketch.graph.lifting import descendants
from sketch.graph.operator_types import ROLE
from sketch.graph.rows import Node
from sketch.graph.tables import Tables

_FLOATS = ("float", "bfloat", "complex")
_CONSTANT = "Constant"


def group_key(tables: Tables, group: int) -> int:
    """A hash of a group's kind and of all it holds; equal for groups that are made alike, in this process."""
    inside = list(descendants(tables, group))
    found = labels(tables, inside)
    return hash((tables.nodes[group].layer, tuple(sorted(found.values()))))


def match_groups(tables: Tables, here: int, there: int) -> dict[int, int] | None:
    """Member here -> member there, for two groups that are made alike; None for others."""
    if tables.nodes[here].layer != tables.nodes[there].layer:
        return None
    return match(tables, list(descendants(tables, here)), list(descendants(tables, there)))


def match(tables: Tables, here: Sequence[int], there: Sequence[int]) -> dict[int, int] | None:
    """Node here -> node there, for two parts that are made alike (groups with all they hold); None for others."""
    if len(here) != len(there):
        return None
    return _Matching(tables, here, there).found()


def labels(tables: Tables, inside: Collection[int]) -> dict[int, int]:
    """Node -> a hash of its layer, parameters and constants, of all before it and of all after it inside."""
    members = dict.fromkeys(inside)
    forward: dict[int, int] = {}
    for node_id in _sources_first(tables, members):
        node = tables.nodes[node_id]
        reads = tuple((e.into, e.out, forward[e.source]) for e in node.prior if e.source in forward)
        forward[node_id] = hash((own_label(tables, node), reads, node.parent in members))
    both: dict[int, int] = {}
    for node_id in reversed(forward):
        reads_it = sorted(
            (e.out, e.into, both[e.target]) for e in tables.nodes[node_id].next if e.target in both
        )
        both[node_id] = hash((forward[node_id], tuple(reads_it)))
    return both


def own_label(tables: Tables, node: Node) -> int:
    """A hash of a node's layer, parameters and constants alone."""
    fixed: tuple[object, ...] = ()
    if node.layer == _CONSTANT or ":" in node.layer:
        roles = sorted(tables.weights_of(node.id).items())
        fixed = tuple(_constant(tables, node, role, tensor) for role, tensor in roles)
    try:
        return hash((node.layer, node.params, fixed))
    except TypeError:  # a list among the parameters
        return hash((node.layer, repr(sorted(node.params.items())), fixed))


def _constant(tables: Tables, node: Node, role: str, tensor: int) -> object:
    """What counts of a tensor that is part of the structure: numbers that say where and how many, not weights."""
    row = tables.tensors.get(tensor)
    if row is None:
        return role
    is_weight = node.layer != _CONSTANT and role.startswith(ROLE) and row.dtype.startswith(_FLOATS)
    return (role, row.shape, row.dtype, "" if is_weight else row.digest)


def _sources_first(tables: Tables, members: dict[int, None]) -> Iterator[int]:
    """Members so that each comes after what it reads."""
    done: set[int] = set()
    for first in members:
        stack = [first]
        while stack:
            node_id = stack[-1]
            if node_id in done:
                stack.pop()
                continue
            waiting = [
                e.source for e in tables.nodes[node_id].prior if e.source in members and e.source not in done
            ]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            done.add(node_id)
            stack.pop()
            yield node_id


class _Matching:
    """Pairs nodes of equal labels, what they read along with them, and makes sure of every wire."""

    def __init__(self, tables: Tables, here: Sequence[int], there: Sequence[int]):
        self._tables = tables
        self._here, self._there = labels(tables, here), labels(tables, there)
        self._pairs: dict[int, int] = {}
        self._taken: set[int] = set()

    def found(self) -> dict[int, int] | None:
        if sorted(self._here.values()) != sorted(self._there.values()):
            return None
        free: dict[int, list[int]] = defaultdict(list)
        for node_id, label in self._there.items():
            free[label].append(node_id)
        for node_id in self._here:  # what is read last comes first, so that it settles what it reads
            if node_id in self._pairs:
                continue
            rest = [n for n in free[self._here[node_id]] if n not in self._taken]
            if not rest or not self._pair(node_id, rest[0]):
                return None
        return self._pairs if self._is_sound() else None

    def _pair(self, here: int, there: int) -> bool:
        stack = [(here, there)]
        while stack:
            mine, theirs = stack.pop()
            if mine in self._pairs or theirs in self._taken:
                if self._pairs.get(mine) != theirs:
                    return False
                continue
            if self._here[mine] != self._there[theirs]:
                return False
            self._pairs[mine] = theirs
            self._taken.add(theirs)
            reads = {e.into: e.source for e in self._tables.nodes[theirs].prior}
            stack.extend(
                (e.source, reads[e.into])
                for e in self._tables.nodes[mine].prior
                if e.source in self._here and reads.get(e.into) in self._there
            )
        return True

    def _is_sound(self) -> bool:
        """All wires agree, and each value from outside stands for one value there."""
        values: dict[tuple[int, int], tuple[int, int]] = {}
        for mine, theirs in self._pairs.items():
            first, second = self._tables.nodes[mine], self._tables.nodes[theirs]
            if (first.layer, first.params) != (second.layer, second.params):
                return False
            if first.parent in self._pairs and self._pairs[first.parent] != second.parent:
                return False
            if not self._agree(first, second, values):
                return False
        return len(set(values.values())) == len(values)

    def _agree(self, mine: Node, theirs: Node, values: dict[tuple[int, int], tuple[int, int]]) -> bool:
        """The same wires from inside, and from outside nothing that contradicts what is known of a value."""
        inner = [(e.into, e.out, self._pairs[e.source]) for e in mine.prior if e.source in self._pairs]
        if inner != [(e.into, e.out, e.source) for e in theirs.prior if e.source in self._taken]:
            return False
        outer = {e.into: (e.source, e.out) for e in theirs.prior if e.source not in self._taken}
        known = ((e, outer.get(e.into)) for e in mine.prior if e.source not in self._pairs)
        return all(end is None or values.setdefault((e.source, e.out), end) == end for e, end in known)


def name_of_difference(tables: Tables, here: int, there: int) -> str:
    """In words what keeps two groups from being made alike."""
    first, second = (list(descendants(tables, group)) for group in (here, there))
    names = tables.nodes[here].name, tables.nodes[there].name
    if tables.nodes[here].layer != tables.nodes[there].layer:
        return f"'{names[0]}' is a {tables.nodes[here].layer}, '{names[1]}' a {tables.nodes[there].layer}"
    if len(first) != len(second):
        return f"'{names[0]}' holds {len(first)} layers, '{names[1]}' {len(second)}"
    mine = _own_labels(tables, first)
    for node_id in second:
        left = mine.get(own_label(tables, tables.nodes[node_id]), [])
        if not left:
            return f"'{names[0]}' has no layer like '{tables.nodes[node_id].name}' of '{names[1]}'"
        left.pop()
    return f"the layers of '{names[0]}' and '{names[1]}' are wired in different ways"


def _own_labels(tables: Tables, ids: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for node_id in ids:
        found[own_label(tables, tables.nodes[node_id])].append(node_id)
    return found
