"""Verbs for wires: the only writer of adjacency, so that both ends of a wire always agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sketch.graph.draft_rows import DraftRows
from sketch.graph.errors import CycleError, PortTakenError, UnknownPortError, WireError
from sketch.graph.evaluate import outputs_of
from sketch.graph.library import LayerLibrary
from sketch.graph.operator_types import INPUT, ROLE, constant_places
from sketch.graph.order import reaches
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables


class DraftWires(DraftRows):
    """Connecting, cutting and moving wires in a draft.

    With the `rank` of the nodes in a topological order of the base, a walk for loops goes only as far as one may be.
    """

    def __init__(self, base: Tables, library: LayerLibrary, rank: Mapping[int, float] | None = None):
        super().__init__(base, library)
        self._rank: Mapping[int, float] = rank or {}
        self._new_rank: dict[int, float] = {}

    def put(self, table: str, key: Any, row: Any) -> None:
        """Write a row (None removes it). Verbs below keep the graph's laws; prefer them."""
        if table == "nodes" and row is not None and self._rank:
            before = self.get("nodes", key)
            known = () if before is None else before.prior
            for edge in row.prior if row.prior is not known else ():
                if edge not in known:
                    self._note_order(edge.source, edge.target)
        super().put(table, key, row)

    def connect(self, source: int, out: int, target: int, into: int, *, check_cycle: bool = True) -> Edge:
        """Wire an output to an input.

        Raises PortTakenError, UnknownPortError, CycleError, WireError. A reader that builds a whole graph may
        skip the walk for cycles; applying the Delta finds them all at once.
        """
        edge = Edge(source, out, target, into)
        start, end = self.node(source), self.node(target)
        self._check_ports(start, out, end, into)
        if any(wire.into == into for wire in end.prior):
            raise PortTakenError(f"Input {into + 1} of '{end.name}' already has a wire; remove it first.")
        if check_cycle and self._reaches(target, source):
            raise CycleError(
                f"A wire from '{start.name}' to '{end.name}' would close a loop; a network has none."
            )
        self.put("nodes", source, replace(start, next=(*start.next, edge)))
        self._drop_constant(target, into)
        end = self.node(target)
        self.put(
            "nodes", target, replace(end, prior=tuple(sorted((*end.prior, edge), key=lambda wire: wire.into)))
        )
        return edge

    def rewire(self, edge: Edge, source: int, out: int) -> Edge:
        """Let another output feed the input at the end of a wire; the wires beside it stay. Raises as `connect`."""
        start, end = self.node(source), self.node(edge.target)
        if edge not in end.prior:
            raise WireError("There is no such wire; it may have been removed.")
        self._check_ports(start, out, end, edge.into)
        if self._reaches(edge.target, source):
            raise CycleError(
                f"A wire from '{start.name}' to '{end.name}' would close a loop; a network has none."
            )
        made = edge._replace(source=source, out=out)
        before = self.node(edge.source)
        self.put(
            "nodes", before.id, replace(before, next=tuple(wire for wire in before.next if wire != edge))
        )
        start = self.node(source)
        self.put("nodes", source, replace(start, next=(*start.next, made)))
        self.put(
            "nodes", end.id, replace(end, prior=tuple(made if wire == edge else wire for wire in end.prior))
        )
        return made

    def disconnect(self, edge: Edge) -> None:
        """Remove a wire; WireError when there is none. Later wires of a variadic input close up."""
        start, end = self.node(edge.source), self.node(edge.target)
        if edge not in start.next:
            raise WireError("There is no such wire; it may have been removed.")
        self.put(
            "nodes", edge.source, replace(start, next=tuple(wire for wire in start.next if wire != edge))
        )
        end = self.node(edge.target)
        self.put("nodes", edge.target, replace(end, prior=tuple(wire for wire in end.prior if wire != edge)))
        self._close_up(edge)

    def free_input(self, node_id: int) -> int | None:
        """The first open required input, then a variadic one, then an optional one; None when all are taken."""
        node, spec = self.node(node_id), self.spec(node_id)
        taken = {wire.into for wire in node.prior}
        if spec.is_operator:
            taken |= constant_places(node.params, self.base.weights_of(node_id))
        for index, port in enumerate(spec.inputs):
            if index not in taken and not port.optional and not port.variadic:
                return index
        if spec.inputs and spec.inputs[-1].variadic:
            return max([len(spec.inputs) - 1, *(into + 1 for into in taken)])
        return next((index for index in range(len(spec.inputs)) if index not in taken), None)

    def drop_lost_wires(self, node_id: int) -> None:
        """Remove wires at ports that a node no longer has (fewer chunks, another layer)."""
        node, spec = self.node(node_id), self.spec(node_id)
        outs = outputs_of(node, spec)
        many_in = bool(spec.inputs) and spec.inputs[-1].variadic
        open_outs = bool(spec.outputs) and spec.outputs[-1].variadic and not spec.outputs[-1].count
        while not open_outs and (lost := [wire for wire in self.node(node_id).next if wire.out >= outs]):
            self.disconnect(lost[-1])  # one by one: a cut may shift the wires beside it
        for edge in reversed(node.prior):
            if edge.into >= len(spec.inputs) and not many_in:
                self.disconnect(edge)

    def _reaches(self, start: int, goal: int) -> bool:
        if not self.node(goal).prior:
            return start == goal
        bound = self._rank_of(goal)
        if bound is None:
            return reaches(self.node, start, goal)
        return reaches(
            self.node, start, goal, lambda key: (rank := self._rank_of(key)) is None or rank <= bound
        )

    def _rank_of(self, node_id: int) -> float | None:
        return self._new_rank.get(node_id, self._rank.get(node_id))

    def _note_order(self, source: int, target: int) -> None:
        """A wire is made: new nodes find a rank beside their neighbours; where none fits, ranks say nothing more."""
        low, high = self._rank_of(source), self._rank_of(target)
        if low is not None and high is None:
            self._new_rank[target] = low + 0.5
        elif low is None and high is not None:
            self._new_rank[source] = high - 0.5
        elif low is None or high is None or low >= high:
            self._rank, self._new_rank = {}, {}

    def _check_ports(self, start: Node, out: int, end: Node, into: int) -> None:
        source, target = self.library[start.layer], self.library[end.layer]
        if source.group or target.group:
            raise WireError("Wires join layers, not groups: open the group and wire a layer inside it.")
        target.input_port(into)
        source.output_port(out)
        count = outputs_of(start, source)
        if source.outputs[-1].count and out >= count:
            raise UnknownPortError(f"'{start.name}' has no output {out + 1}; it has {count}.")

    def _close_up(self, gone: Edge) -> None:
        """Shift later wires of a variadic input down by one, so that its ports stay without gaps."""
        node, spec = self.node(gone.target), self.spec(gone.target)
        first = len(spec.inputs) - 1
        if spec.is_operator or not spec.inputs or not spec.inputs[-1].variadic or gone.into < first:
            return
        for edge in [wire for wire in node.prior if wire.into > gone.into]:
            self._shift(edge, edge._replace(into=edge.into - 1))

    def _drop_constant(self, target: int, into: int) -> None:
        """A wire takes the place of an operator's constant input."""
        if not self.spec(target).is_operator:
            return
        node, name = self.node(target), f"{INPUT}{into}"
        if name in node.params:
            self.put("nodes", target, replace(node, params=node.params.without(name)))
        if self.get("weights", (target, f"{ROLE}{into}")) is not None:
            self.put("weights", (target, f"{ROLE}{into}"), None)

    def _shift(self, old: Edge, new: Edge) -> None:
        start = self.node(old.source)
        self.put(
            "nodes", start.id, replace(start, next=tuple(new if wire == old else wire for wire in start.next))
        )
        end = self.node(old.target)
        self.put(
            "nodes", end.id, replace(end, prior=tuple(new if wire == old else wire for wire in end.prior))
        )
