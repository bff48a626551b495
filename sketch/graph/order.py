"""A topological order kept while wires come and go, so that inference can walk an edit in order.

Insertion follows Pearce & Kelly, "A dynamic topological sort algorithm for directed acyclic graphs" (2006):
only the nodes between the two ends of a wire that points backwards are renumbered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from math import ceil

from sketch.graph.delta import Delta
from sketch.graph.errors import CycleError
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables


class TopologicalOrder:
    """node id -> rank, with rank(source) < rank(target) for every wire; no two have the same."""

    def __init__(self) -> None:
        self.rank: dict[int, float] = {}
        self._pending: set[Edge] = set()  # wires of the tables that the ranks do not heed yet

    def follow(self, tables: Tables, delta: Delta) -> None:
        """Take in a Delta that was just applied to `tables`; CycleError when the wires close a loop."""
        changes = [change for change in delta if change.table == "nodes"]
        for change in changes:
            if change.after is None:
                self.rank.pop(change.key, None)
        added = [change for change in changes if change.before is None and change.after is not None]
        if len(added) > 64:
            self.rank = {node_id: rank for rank, node_id in enumerate(sort(tables))}
            return
        self._rank_new(change.after for change in added)
        self._pending = {
            edge for c in changes if c.after is not None
            for edge in (c.after.prior if c.before is None else set(c.after.prior) - set(c.before.prior))
        }  # fmt: skip
        while self._pending:
            self._insert(tables, self._pending.pop())

    def _rank_new(self, nodes: Iterable[Node]) -> None:
        """Ranks between those of what feeds a new node and of what it feeds, so that the others may keep theirs."""
        waiting = {node.id: node for node in nodes}
        taken = set(self.rank.values()) if waiting else set()
        top = ceil(max(taken, default=-1.0))
        while waiting:
            ready = [n for n in waiting.values() if not any(edge.source in waiting for edge in n.prior)]
            for node in ready or list(waiting.values())[:1]:
                del waiting[node.id]
                rank = self._between(node, waiting)
                if rank is None or rank in taken:
                    rank = top + 1
                self.rank[node.id] = rank
                top = max(top, ceil(rank))
                taken.add(rank)

    def _between(self, node: Node, waiting: Mapping[int, Node]) -> float | None:
        """A rank between what feeds a new node and what comes after it; None when nothing does, or there is none."""
        rank = self.rank
        high = min([rank[end] for end in _ends_behind(node, waiting) if end in rank], default=None)
        if high is None:
            return None
        low = max([rank[edge.source] for edge in node.prior if edge.source in rank], default=high - 1)
        found = low + (high - low) / (2 + len(waiting))
        return found if low < found < high else None

    def _insert(self, tables: Tables, edge: Edge) -> None:
        source, target = edge.source, edge.target
        low, high = self.rank[target], self.rank[source]
        if high < low:
            return
        ahead = self._reach(tables, target, high, forward=True)
        if source in ahead:
            raise CycleError("The wires close a loop; a network has none. Remove one of them.")
        behind = self._reach(tables, source, low, forward=False)
        moved = sorted(behind, key=self.rank.__getitem__) + sorted(ahead, key=self.rank.__getitem__)
        for node_id, rank in zip(moved, sorted(self.rank[n] for n in moved), strict=True):
            self.rank[node_id] = rank

    def _reach(self, tables: Tables, start: int, bound: float, *, forward: bool) -> set[int]:
        seen = {start}
        stack = [start]
        while stack:
            node = tables.nodes[stack.pop()]
            wires = (e for e in (node.next if forward else node.prior) if e not in self._pending)
            ends = (e.target if forward else e.source for e in wires)
            for end in ends:
                if end not in seen and (self.rank[end] <= bound if forward else self.rank[end] >= bound):
                    seen.add(end)
                    stack.append(end)
        return seen


def _ends_behind(node: Node, waiting: Mapping[int, Node]) -> set[int]:
    """The nodes that a node feeds, those through others that wait included."""
    found: set[int] = set()
    stack = [node]
    while stack:
        for edge in stack.pop().next:
            if edge.target not in found:
                found.add(edge.target)
                if edge.target in waiting:
                    stack.append(waiting[edge.target])
    return found


def sort(tables: Tables) -> list[int]:
    """All nodes so that producers come first, ties by id (Kahn); CycleError names nodes of a loop."""
    waiting = {node.id: len({edge.source for edge in node.prior}) for node in tables.nodes.values()}
    ready = deque(sorted(node_id for node_id, count in waiting.items() if not count))
    ordered: list[int] = []
    while ready:
        node_id = ready.popleft()
        ordered.append(node_id)
        for target in dict.fromkeys(edge.target for edge in tables.nodes[node_id].next):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(ordered) < len(tables.nodes):
        raise CycleError(f"The nodes {_loop(tables, set(ordered))} form a loop; remove one of their wires.")
    return ordered


def _loop(tables: Tables, sorted_ids: set[int]) -> str:
    """`a → b → a`: one loop among the nodes that could not be sorted."""
    node_id = next(n for n in tables.nodes if n not in sorted_ids)
    path: list[int] = []
    while node_id not in path:
        path.append(node_id)
        node_id = next(e.source for e in tables.nodes[node_id].prior if e.source not in sorted_ids)
    names = [tables.nodes[n].name for n in reversed([*path[path.index(node_id) :], node_id])]
    return " → ".join(f"'{name}'" for name in names[:8])


def reaches(
    node_of: Callable[[int], Node],
    start: int,
    goal: int,
    may_lead: Callable[[int], bool] = lambda _node_id: True,
) -> bool:
    """True when a walk along wires from `start` arrives at `goal`; `node_of` gives the rows of tables or of a draft.

    The walk leaves out nodes of which `may_lead` says that no way leads from them to the goal.
    """
    seen = {start}
    stack = [start]
    while stack:
        node_id = stack.pop()
        if node_id == goal:
            return True
        if not may_lead(node_id):
            continue
        for edge in node_of(node_id).next:
            if edge.target not in seen:
                seen.add(edge.target)
                stack.append(edge.target)
    return False
