"""Layers that files write as several operators: finds them in a graph, each operator in one match at most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import onnx_ir as ir

from sketch.kernels.onnx.raising import attending, fused, gates, normalising, rotating, sized
from sketch.kernels.onnx.raising.matching import STANDARD
from sketch.kernels.onnx.raising.site import Finder, Found, Plan
from sketch.kernels.onnx.raising.sizes import settle

_ORDER: Sequence[Mapping[str, Finder]] = (
    attending.FINDERS, rotating.FINDERS, normalising.FINDERS, gates.FINDERS, fused.FINDERS, sized.FINDERS,
)  # fmt: skip
"""The larger a match, the earlier it is looked for."""


@dataclass
class Patterns:
    """What was found. `plans`: the operator at whose place layers are added -> the layers; `members`: all operators
    that they stand for, in graph order; `inside`: operators that are not added themselves.
    """

    plans: dict[ir.Node, tuple[Plan, ...]] = field(default_factory=dict)
    members: dict[ir.Node, tuple[ir.Node, ...]] = field(default_factory=dict)
    inside: set[ir.Node] = field(default_factory=set)
    keep: frozenset[str] = frozenset()

    def add(self, found: Found) -> bool:
        """Record a match; False when an operator has another place, or something else reads a value inside."""
        nodes = set(found.nodes)
        if any(node in self.inside or node in self.plans or node.name in self.keep for node in nodes):
            return False
        given = {value for plan in found.plans for value in plan.outputs if value is not None}
        if any(_leaks(value, nodes) for node in nodes for value in node.outputs if value not in given):
            return False
        self.plans[found.at] = tuple(found.plans)
        self.members[found.at] = tuple(found.nodes)
        self.inside.update(nodes - {found.at})
        return True


def find(graph: ir.Graph, keep: Collection[str] = ()) -> Patterns:
    """Every match; operators named in `keep` stay what they are. Known sizes become constants of the graph."""
    settle(graph, keep)
    found = Patterns(keep=frozenset(keep))
    place = {node: number for number, node in enumerate(graph)}
    for finders in _ORDER:
        for node in reversed(list(graph)):
            finder = finders.get(node.op_type) if node.domain in STANDARD else None
            if finder is None or node in found.inside or node in found.plans:
                continue
            for match in finder(node):
                if all(item in place for item in match.nodes) and found.add(match):
                    break
    _drop_idle(graph, found)
    for at, nodes in found.members.items():
        found.members[at] = tuple(sorted(set(nodes), key=place.__getitem__))
    return found


def _leaks(value: ir.Value, nodes: Collection[ir.Node]) -> bool:
    return value.is_graph_output() or any(use.node not in nodes for use in value.uses())


def _drop_idle(graph: ir.Graph, found: Patterns) -> None:
    """What was computed only for operators that are inside matches, sizes above all, goes with them."""
    owner = {node: at for at, nodes in found.members.items() for node in nodes}
    needed = {at: set(_read(plans)) for at, plans in found.plans.items()}
    served: dict[ir.Node, set[ir.Node]] = {}
    for node in reversed(list(graph)):
        if node in owner or node.name in found.keep or not node.outputs:
            continue
        matches = _served(node, owner, needed, served)
        if matches:
            served[node] = matches
            found.inside.add(node)
            for at in matches:
                found.members[at] = (*found.members[at], node)


def _served(
    node: ir.Node,
    owner: Mapping[ir.Node, ir.Node],
    needed: Mapping[ir.Node, set[ir.Value]],
    served: Mapping[ir.Node, set[ir.Node]],
) -> set[ir.Node]:
    """The matches that an operator worked for; none when anything else reads it."""
    matches: set[ir.Node] = set()
    for value in node.outputs:
        if value.is_graph_output():
            return set()
        for use in value.uses():
            if use.node in served:
                matches |= served[use.node]
            elif use.node in owner and value not in needed[owner[use.node]]:
                matches.add(owner[use.node])
            else:
                return set()
    return matches


def _read(plans: Iterable[Plan]) -> Iterable[ir.Value]:
    for plan in plans:
        yield from (source for source in plan.inputs if isinstance(source, ir.Value))
        yield from (weight.value for weight in plan.weights.values())
