"""Live inference: after an edit, walk from what changed until outputs stop changing."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sketch.graph.alike import Alike
from sketch.graph.delta import Change, Delta
from sketch.graph.evaluate import Resolved
from sketch.graph.library import LayerLibrary
from sketch.graph.order import TopologicalOrder
from sketch.graph.parameter_count import ParameterCount
from sketch.graph.problems import Problem
from sketch.graph.rows import Node, ValueType
from sketch.graph.stopping import check
from sketch.graph.tables import Tables, whole

OFTEN = 32
"""A walk asks after so many nodes whether it has gone on for long enough."""
UNLIKE = 4
"""A node that is like none before it counts as so many more: working it out takes longer than looking it up."""
_FEEDS, _COUNTS, _LISTS, _OTHER = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Inferred:
    """What one edit changed: ids whose Resolved is new, and ids that are gone."""

    changed: frozenset[int]
    removed: frozenset[int]


class Known:
    """What is known of the nodes at this moment; of those that the walk has yet to reach, what was known before."""

    def __init__(
        self, library: LayerLibrary, resolved: dict[int, Resolved], faulty: dict[int, tuple[Problem, ...]]
    ):
        self.library = library
        self._resolved = resolved
        self._faulty = faulty

    def of(self, node_id: int) -> Resolved:
        """What is known of a node."""
        return self._resolved[node_id]

    def __contains__(self, node_id: int) -> bool:
        return node_id in self._resolved

    def output(self, node_id: int, out: int = 0) -> ValueType | None:
        """The type on an output port, None when not known."""
        resolved = self.of(node_id) if node_id in self._resolved else None
        return resolved.outputs[out] if resolved and out < len(resolved.outputs) else None

    def problems_of(self, node_id: int) -> tuple[Problem, ...]:
        """The problems of one node."""
        return self._faulty.get(node_id, ())

    def faulty(self, node_ids: Iterable[int]) -> list[int]:
        """Those of some nodes that have problems, oldest first."""
        return sorted(self._faulty.keys() & node_ids)


class Inference(Known):
    """Shapes, element types, parameter counts and problems of every node, kept up to date.

    After an edit that many nodes follow, some may be left to `advance`; until then `is_behind`. Whoever asks for
    what the walk has not reached lets it go on that far; `seen` gives what is known now, for who paints.
    """

    def __init__(self, library: LayerLibrary):
        super().__init__(library, {}, {})
        self.order = TopologicalOrder()
        self.seen = Known(library, self._resolved, self._faulty)
        self._unknown: set[int] = set()
        self._groups: set[int] = set()
        self.count = ParameterCount()
        self.alike = Alike(library)
        self._tables: Tables | None = None
        self._queued: set[int] = set()
        self._heap: list[tuple[float, int]] = []
        self._untold: set[int] = set()

    def of(self, node_id: int) -> Resolved:
        """What is known of a node."""
        self._reach(node_id)
        return self._resolved[node_id]

    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every node, in topological order."""
        self._walk()
        ranked = sorted(self._faulty, key=lambda node_id: self.order.rank.get(node_id, 0))
        return tuple(problem for node_id in ranked for problem in self._faulty[node_id])

    def problems_of(self, node_id: int) -> tuple[Problem, ...]:
        """The problems of one node."""
        self._reach(node_id)
        return super().problems_of(node_id)

    def faulty(self, node_ids: Iterable[int]) -> list[int]:
        """Those of some nodes that have problems, oldest first."""
        self._walk()
        return super().faulty(node_ids)

    @property
    def total_parameters(self) -> int:
        """Trainable elements of the nodes where their number is known; tied tensors once."""
        self._walk()
        return self.count.total

    @property
    def unknown_parameters(self) -> frozenset[int]:
        """Nodes whose parameter count is not known, so the total leaves them out."""
        self._walk()
        return frozenset(self._unknown)

    @property
    def layer_count(self) -> int:
        """Number of nodes that are no groups."""
        return len(self._resolved) - len(self._groups)

    @property
    def is_behind(self) -> bool:
        """True when nodes are left to `advance`, or were reached and not yet told."""
        return bool(self._heap or self._untold)

    def follow(self, tables: Tables, delta: Delta, at_once: int | None = None) -> Inferred:
        """Take in a Delta that was just applied; cost follows the edit. CycleError when wires close a loop.

        Besides the nodes that the Delta itself concerns, about `at_once` others follow (None: all), fewer when each
        is like no other.
        """
        self._tables = tables
        self.order.follow(tables, delta)
        dirty, removed = _dirty(tables, delta)
        self.alike.forget(dirty)
        for node_id in removed:
            self._forget(node_id)
        self._queued |= dirty
        rank = self.order.rank
        self._heap = [(rank[node_id], node_id) for node_id in self._queued]
        heapq.heapify(self._heap)
        self._walk(anyway=dirty, most=at_once)
        return self._told(removed)

    def advance(self, is_enough: Callable[[], bool]) -> Inferred:
        """Go on with what an edit left; ids as of `follow`, those that were reached for a reader included."""
        self._walk(is_enough=is_enough)
        return self._told(())

    def use(self, tables: Tables) -> None:
        """Follow these rows from now on; they are the same as before."""
        self._tables = tables

    def copy(self, tables: Tables) -> Inference:
        """What is known now of these rows, a copy of its own; edits of later do not touch it. 2 ms at 10,000 nodes."""
        twin = Inference(self.library)
        twin.order.rank = self.order.rank.copy()
        twin._resolved, twin._faulty = self._resolved.copy(), self._faulty.copy()
        twin.seen = Known(self.library, twin._resolved, twin._faulty)
        twin._unknown, twin._groups = set(self._unknown), set(self._groups)
        twin.count, twin.alike = self.count.copy(), self.alike.copy()
        twin._tables = tables
        twin._queued, twin._heap, twin._untold = set(self._queued), list(self._heap), set(self._untold)
        return twin

    def restart(self, tables: Tables) -> None:
        """Forget everything and infer these rows from nothing (after an edit that had to be taken back)."""
        fresh = Inference(self.library)
        fresh.follow(tables, whole(tables))
        if self.is_behind:  # what an edit before has left is there now, and still to be told
            fresh._untold = set(tables.nodes)
        self.__dict__.update(vars(fresh))

    # --- inside ------------------------------------------------------------------------------------

    def _told(self, removed: Iterable[int]) -> Inferred:
        gone = frozenset(removed)
        changed = frozenset(self._untold - gone)
        self._untold = set()
        return Inferred(changed, gone)

    def _reach(self, node_id: int) -> None:
        """Let the walk go on as far as this node."""
        if self._heap and self._heap[0][0] <= (upto := self.order.rank.get(node_id, -1)):
            self._walk(upto=upto)

    def _walk(
        self,
        anyway: Iterable[int] = (),
        most: int | None = None,
        upto: float | None = None,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Visit what is queued in topological order, to the end or as far as is asked for; `anyway` in any case."""
        heap, queued, tables, asked = self._heap, self._queued, self._tables, set(anyway)
        if not heap or tables is None:
            return
        nodes, rank, compared = tables.nodes, self.order.rank, _Compared()
        work, asks_at, worked_out = 0, OFTEN, self.alike.worked_out
        while heap and (upto is None or heap[0][0] <= upto):
            if most is not None and work >= most and not asked:
                return
            if work >= asks_at:
                asks_at = work + OFTEN
                check()
                if is_enough():
                    return
            node_id = heapq.heappop(heap)[1]
            queued.discard(node_id)
            node = nodes[node_id]
            if self._visit(tables, node, compared, is_asked=node_id in asked):
                for edge in node.next:
                    if (target := edge.target) not in queued:
                        queued.add(target)
                        heapq.heappush(heap, (rank[target], target))
            asked.discard(node_id)
            work += 1 + UNLIKE * (self.alike.worked_out - worked_out)
            worked_out = self.alike.worked_out

    def _visit(self, tables: Tables, node: Node, compared: _Compared, *, is_asked: bool) -> bool:
        """Resolve one node; True when what follows it is to be visited. `is_asked`: its own rows differ."""
        node_id, resolved = node.id, self._resolved
        before = resolved.get(node_id)
        after = self.alike.resolve(tables, node, resolved)
        differs = compared.differences(before, after)
        if differs & _COUNTS or is_asked:
            self.count.put(tables, node_id, after)
        if is_asked:  # on another branch of the history this id may be of something else
            (self._groups.add if self.library[node.layer].group else self._groups.discard)(node_id)
        if not differs:
            return False
        resolved[node_id] = after
        self._untold.add(node_id)
        if differs & _LISTS:
            self._sort_in(node, after)
        return bool(differs & _FEEDS)

    def _sort_in(self, node: Node, resolved: Resolved) -> None:
        """Keep the lists that callers ask for at each edit, so that asking costs nothing."""
        if resolved.problems:
            self._faulty[node.id] = resolved.problems
        else:
            self._faulty.pop(node.id, None)
        if resolved.parameters is None:
            self._unknown.add(node.id)
        else:
            self._unknown.discard(node.id)

    def _forget(self, node_id: int) -> None:
        self._resolved.pop(node_id, None)
        self._faulty.pop(node_id, None)
        self._unknown.discard(node_id)
        self._groups.discard(node_id)
        self._queued.discard(node_id)
        self._untold.discard(node_id)
        self.alike.forget((node_id,))
        self.count.drop(node_id)


class _Compared:
    """What differs between two Resolved; those of alike nodes are the same objects, and compared once."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], tuple[int, Resolved, Resolved]] = {}

    def differences(self, before: Resolved | None, after: Resolved) -> int:
        """_FEEDS, _COUNTS and _LISTS as far as they differ, with _OTHER for anything else; 0 for nothing."""
        if before is after:
            return 0
        if before is None:
            return _FEEDS | _COUNTS | _LISTS
        pair = (id(before), id(after))
        found = self._found.get(pair)
        if found is None:  # both are kept, so that no other comes to have the id of one
            found = self._found[pair] = (_differences(before, after), before, after)
        return found[0]


def _differences(before: Resolved, after: Resolved) -> int:
    if before == after:
        return 0
    feeds = before.outputs != after.outputs or before.values != after.values
    counts = before.weights != after.weights
    lists = before.problems != after.problems or (before.parameters is None) != (after.parameters is None)
    return _OTHER | (_FEEDS if feeds else 0) | (_COUNTS if counts else 0) | (_LISTS if lists else 0)


def concerns(change: Change) -> bool:
    """True for a change that shapes may follow: names, places and notes touch nothing."""
    if change.table == "nodes":
        return change.before is None or change.after is None or _matters(change)
    return change.table in {"weights", "hints", "tensors"}


def _dirty(tables: Tables, delta: Delta) -> tuple[set[int], set[int]]:
    """(nodes to resolve again, nodes that are gone)."""
    dirty: set[int] = set()
    removed: set[int] = set()
    for change in filter(concerns, delta):
        if change.table == "nodes":
            (removed if change.after is None else dirty).add(change.key)
        elif change.table in ("weights", "hints"):
            dirty.add(change.key[0])
    tensors = {change.key for change in delta if change.table == "tensors" and change.before}
    if tensors:
        dirty |= {node_id for (node_id, _), tensor in tables.weights.items() if tensor in tensors}
    return {node_id for node_id in dirty if node_id in tables.nodes}, removed


def _matters(change: Change) -> bool:
    before, after = change.before, change.after
    return bool(
        before.layer != after.layer or before.params != after.params or before.prior != after.prior
        or {edge.out for edge in before.next} != {edge.out for edge in after.next}  # open outputs are counted by wires
    )  # fmt: skip
