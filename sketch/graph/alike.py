"""Nodes that are alike share what is inferred of one of them: a network repeats its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import TypeVar

from sketch.graph.evaluate import Resolved, resolve
from sketch.graph.library import LayerLibrary
from sketch.graph.operator_call import Values
from sketch.graph.rows import Node, TensorRow, ValueType
from sketch.graph.tables import Tables

MOST = 5000
"""What was found is kept for so many different nodes."""

_Source = Resolved | None
_T = TypeVar("_T")


class Alike:
    """Resolves nodes, each kind under each types of its inputs once.

    A kind is a number for everything of a node that its types depend on. What was found is looked up by the kind and
    the very objects found of the nodes before it, which costs least, then by the kind and the types on the inputs.
    """

    def __init__(self, library: LayerLibrary):
        self.library = library
        self.worked_out = 0
        """How often something was like nothing before it."""
        self._numbers = count()
        self._kinds: dict[object, int] = {}
        self._by_types: dict[object, Resolved] = {}
        self._by_sources: dict[
            object, tuple[Resolved, tuple[_Source, ...]]
        ] = {}  # kept: an id is of what lives
        self._kind_of: dict[int, tuple[Node, int]] = {}

    def copy(self) -> Alike:
        """For other rows, beside this: what was found is shared, also between threads."""
        twin = Alike(self.library)
        twin._numbers, twin._kinds = self._numbers, self._kinds
        twin._by_types, twin._by_sources = self._by_types, self._by_sources
        return twin

    def forget(self, node_ids: Iterable[int]) -> None:
        """Stored tensors or declared types of these nodes may differ, or they are gone."""
        for node_id in node_ids:
            self._kind_of.pop(node_id, None)

    def resolve(self, tables: Tables, node: Node, resolved: Mapping[int, Resolved]) -> Resolved:
        """What a node is behind those nodes that are resolved."""
        kind = self._kind_of.get(node.id)
        if kind is None or kind[0] is not node:
            kind = self._kind_of[node.id] = (node, self._number(tables, node))
        sources = tuple([resolved.get(edge.source) for edge in node.prior])
        key = (kind[1], *map(id, sources))
        found = self._by_sources.get(key)
        if found is not None:
            return found[0]
        new, is_shared = self._by_value(tables, node, kind[1], sources)
        if is_shared:
            _keep(self._by_sources, key, (new, sources))
        return new

    # --- inside ------------------------------------------------------------------------------------

    def _number(self, tables: Tables, node: Node) -> int:
        """The kind of a node: its layer, parameters, stored tensors, declared types and how it is wired."""
        spec = self.library[node.layer]
        stored = _stored(tables, node)
        held = (
            stored.items() if spec.is_standard else [(r, row.shape, row.dtype) for r, row in stored.items()]
        )
        key = (
            node.layer, repr(node.params), tuple(held), _declared(tables, node) if spec.is_operator else (),
            tuple([(edge.into, edge.out) for edge in node.prior]), max([edge.out for edge in node.next], default=-1),
        )  # fmt: skip
        number = self._kinds.get(key)
        return _keep(self._kinds, key, next(self._numbers)) if number is None else number

    def _by_value(
        self, tables: Tables, node: Node, kind: int, sources: tuple[_Source, ...]
    ) -> tuple[Resolved, bool]:
        """What a node is, and whether other nodes may share it: nothing in it may be this node's own."""
        spec = self.library[node.layer]
        wired = max((edge.into + 1 for edge in node.prior), default=0)
        fixed = sum(1 for port in spec.inputs if not port.variadic)
        inputs: list[ValueType | None] = [None] * max(wired, fixed)
        known: list[Values | None] = []
        for edge, source in zip(node.prior, sources, strict=True):
            if source is None:
                continue
            inputs[edge.into] = source.outputs[edge.out] if edge.out < len(source.outputs) else None
            if source.values:
                known = known or [None] * len(inputs)
                known[edge.into] = source.value(edge.out)
        key = (kind, tuple(inputs), tuple(known))
        same = self._by_types.get(key)
        if same is not None:
            return same, True
        declared = _declared(tables, node) if spec.is_operator else ()
        self.worked_out += 1
        new = resolve(node, spec, inputs, _stored(tables, node), declared, known)
        own = f"d{node.id}_"  # sizes that depend on the data are named after their node
        if new.problems or own in f"{new.outputs}{new.values}":
            return new, False
        return _keep(self._by_types, key, new), True


def _keep(known: dict[object, _T], key: object, value: _T) -> _T:
    if len(known) >= MOST:
        known.clear()
    known[key] = value
    return value


def _stored(tables: Tables, node: Node) -> dict[str, TensorRow]:
    return {role: tables.tensors[tensor] for role, tensor in tables.weights_of(node.id).items()}


def _declared(tables: Tables, node: Node) -> tuple[ValueType | None, ...]:
    hints = tables.hints
    outs = max((edge.out + 1 for edge in node.next), default=1)
    while (node.id, outs) in hints:
        outs += 1
    return tuple(hints.get((node.id, out)) for out in range(outs))
