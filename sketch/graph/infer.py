"""Live inference: after an edit, walk from what changed until outputs stop changing."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sketch.graph.delta import Change, Delta
from sketch.graph.evaluate import Resolved, resolve
from sketch.graph.library import LayerLibrary
from sketch.graph.operator_call import Values
from sketch.graph.order import TopologicalOrder
from sketch.graph.problems import Problem
from sketch.graph.rows import Node, ValueType
from sketch.graph.tables import Tables, whole

MOST_ALIKE = 5000
"""A network repeats its blocks: what was found for so many different nodes is kept for others like them."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """What one edit changed: ids whose Resolved is new, and ids that are gone."""

    changed: frozenset[int]
    removed: frozenset[int]


class Inference:
    """Shapes, element types, parameter counts and problems of every node, kept up to date."""

    def __init__(self, library: LayerLibrary):
        self.library = library
        self.order = TopologicalOrder()
        self._resolved: dict[int, Resolved] = {}
        self._faulty: dict[int, tuple[Problem, ...]] = {}
        self._unknown: set[int] = set()
        self._groups: set[int] = set()
        self._counts: dict[object, tuple[int, int]] = {}
        self._counted: dict[int, list[tuple[object, int]]] = {}
        self._same: dict[object, Resolved] = {}
        self.total_parameters = 0

    def of(self, node_id: int) -> Resolved:
        """What is known of a node."""
        return self._resolved[node_id]

    def __contains__(self, node_id: int) -> bool:
        return node_id in self._resolved

    def output(self, node_id: int, out: int = 0) -> ValueType | None:
        """The type on an output port, None when not known."""
        resolved = self._resolved.get(node_id)
        return resolved.outputs[out] if resolved and out < len(resolved.outputs) else None

    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every node, in topological order."""
        ranked = sorted(self._faulty, key=lambda node_id: self.order.rank.get(node_id, 0))
        return tuple(problem for node_id in ranked for problem in self._faulty[node_id])

    def problems_of(self, node_id: int) -> tuple[Problem, ...]:
        """The problems of one node."""
        return self._faulty.get(node_id, ())

    @property
    def unknown_parameters(self) -> frozenset[int]:
        """Nodes whose parameter count is not known, so the total leaves them out."""
        return frozenset(self._unknown)

    @property
    def layer_count(self) -> int:
        """Number of nodes that are no groups."""
        return len(self._resolved) - len(self._groups)

    def follow(self, tables: Tables, delta: Delta) -> Inferred:
        """Take in a Delta that was just applied; cost follows the edit. CycleError when wires close a loop."""
        self.order.follow(tables, delta)
        dirty, removed = _dirty(tables, delta)
        for node_id in removed:
            self._forget(node_id)
        rank = self.order.rank
        heap = [(rank[node_id], node_id) for node_id in dirty]
        heapq.heapify(heap)
        queued = set(dirty)
        changed: set[int] = set()
        while heap:
            node_id = heapq.heappop(heap)[1]
            queued.discard(node_id)
            for target in self._visit(tables, tables.nodes[node_id], changed):
                if target not in queued:
                    queued.add(target)
                    heapq.heappush(heap, (rank[target], target))
        return Inferred(frozenset(changed), frozenset(removed))

    def copy(self) -> Inference:
        """What is known now; edits of later do not touch it. 2 ms at 10,000 nodes."""
        twin = Inference(self.library)
        twin.order.rank = dict(self.order.rank)
        twin._resolved, twin._faulty = dict(self._resolved), dict(self._faulty)
        twin._unknown, twin._groups = set(self._unknown), set(self._groups)
        twin._counts, twin._counted = dict(self._counts), dict(self._counted)
        twin.total_parameters = self.total_parameters
        return twin

    def restart(self, tables: Tables) -> None:
        """Forget everything and infer these rows from nothing (after an edit that had to be taken back)."""
        fresh = Inference(self.library)
        fresh.follow(tables, whole(tables))
        self.__dict__.update(vars(fresh))

    def _visit(self, tables: Tables, node: Node, changed: set[int]) -> Iterable[int]:
        """Resolve one node; the nodes to visit next when its outputs changed."""
        before = self._resolved.get(node.id)
        after = self._resolve(tables, node)
        self._count(tables, node.id, after)
        if before == after:
            return ()
        self._resolved[node.id] = after
        changed.add(node.id)
        self._sort_in(node, after)
        if before is not None and before.outputs == after.outputs and before.values == after.values:
            return ()
        return dict.fromkeys(edge.target for edge in node.next)

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
        if self.library[node.layer].group:
            self._groups.add(node.id)

    def _resolve(self, tables: Tables, node: Node) -> Resolved:
        spec = self.library[node.layer]
        wired = max((edge.into + 1 for edge in node.prior), default=0)
        fixed = sum(1 for port in spec.inputs if not port.variadic)
        inputs: list[ValueType | None] = [None] * max(wired, fixed)
        known: list[Values | None] = []
        for edge in node.prior:
            inputs[edge.into] = self.output(edge.source, edge.out)
            source = self._resolved.get(edge.source)
            if source is not None and source.values:
                known = known or [None] * len(inputs)
                known[edge.into] = source.value(edge.out)
        stored = {role: tables.tensors[tensor] for role, tensor in tables.weights_of(node.id).items()}
        declared = _declared(tables.hints, node) if spec.is_operator else ()
        held = (
            stored.items() if spec.is_standard else [(r, row.shape, row.dtype) for r, row in stored.items()]
        )
        key = (
            node.layer, repr(node.params), tuple(inputs), tuple(held), declared, tuple(known),
            tuple([edge.into for edge in node.prior]), max([edge.out for edge in node.next], default=-1),
        )  # fmt: skip
        same = self._same.get(key)
        if same is None:
            same = resolve(node, spec, inputs, stored, declared, known)
            self._keep(key, node, same)
        return same

    def _keep(self, key: object, node: Node, resolved: Resolved) -> None:
        """Remember this for nodes that are alike, unless something in it is this node's own."""
        own = f"d{node.id}_"  # sizes that depend on the data are named after their node
        if resolved.problems or own in f"{resolved.outputs}{resolved.values}":
            return
        if len(self._same) >= MOST_ALIKE:
            self._same.clear()
        self._same[key] = resolved

    def _count(self, tables: Tables, node_id: int, resolved: Resolved) -> None:
        """Add this node's trainable elements to the total; tied tensors count once."""
        self._uncount(node_id)
        stored = tables.weights_of(node_id)
        keys: list[tuple[object, int]] = []  # a tensor of another shape is not used, so it ties nothing
        for role, kind in resolved.weights.items():
            if kind is None or not kind.trainable or kind.count is None:
                continue
            fits = role in stored and tables.tensors[stored[role]].shape == kind.shape
            keys.append(((stored[role], kind.shape) if fits else (node_id, role), kind.count))
        for key, count in keys:
            uses, _ = self._counts.get(key, (0, 0))
            self._counts[key] = (uses + 1, count)
            self.total_parameters += 0 if uses else count
        self._counted[node_id] = keys

    def _uncount(self, node_id: int) -> None:
        for key, _ in self._counted.pop(node_id, ()):
            uses, count = self._counts[key]
            if uses == 1:
                del self._counts[key]
                self.total_parameters -= count
            else:
                self._counts[key] = (uses - 1, count)

    def _forget(self, node_id: int) -> None:
        self._resolved.pop(node_id, None)
        self._faulty.pop(node_id, None)
        self._unknown.discard(node_id)
        self._groups.discard(node_id)
        self._uncount(node_id)


def _declared(hints: Mapping[tuple[int, int], ValueType], node: Node) -> tuple[ValueType | None, ...]:
    outs = max((edge.out + 1 for edge in node.next), default=1)
    while (node.id, outs) in hints:
        outs += 1
    return tuple(hints.get((node.id, out)) for out in range(outs))


def _dirty(tables: Tables, delta: Delta) -> tuple[set[int], set[int]]:
    """(nodes to resolve again, nodes that are gone): names, places and notes touch nothing."""
    dirty: set[int] = set()
    removed: set[int] = set()
    for change in delta:
        if change.table == "nodes":
            if change.after is None:
                removed.add(change.key)
            elif change.before is None or _matters(change):
                dirty.add(change.key)
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
