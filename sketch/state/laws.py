"""The laws that rows of a document obey, checked where rows come from outside. Edits keep them by construction."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from sketch.graph.draft import MAX_NAME
from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import Node, Note
from sketch.graph.tables import Tables


def broken_law(tables: Tables, library: LayerLibrary) -> str:
    """What is wrong with these rows, in one sentence; empty when they are in order. Cycles are inference's to find."""
    for check in _CHECKS:
        for message in check(tables, library):
            return message
    return ""


def _nodes(tables: Tables, library: LayerLibrary) -> Iterator[str]:
    names: set[tuple[int | None, str]] = set()
    for key, node in tables.nodes.items():
        if key != node.id or key < 1:
            yield f"node {key} has the number {node.id}"
        if node.layer not in library:
            yield f"'{node.name}' is a {node.layer}, which this Sketch does not know"
        if not node.name or len(node.name) > MAX_NAME:
            yield f"node {key} has no usable name"
        if (node.parent, node.name) in names:
            yield f"two nodes are called '{node.name}'"
        names.add((node.parent, node.name))


def _params(tables: Tables, library: LayerLibrary) -> Iterator[str]:
    for node in tables.nodes.values():
        spec = library[node.layer]
        for name, value in node.params.items():
            try:
                spec.clean_param(name, value)
            except GraphError as error:
                yield f"'{node.name}': {error}"


def _wires(tables: Tables, library: LayerLibrary) -> Iterator[str]:
    for node in tables.nodes.values():
        if len({edge.into for edge in node.prior}) < len(node.prior) or len(set(node.next)) < len(node.next):
            yield f"'{node.name}' has two wires on one input"
        for edge in node.prior:
            source = tables.nodes.get(edge.source)
            if edge.target != node.id or source is None or edge not in source.next:
                yield f"a wire to '{node.name}' has one end only"
        for edge in node.next:
            target = tables.nodes.get(edge.target)
            if edge.source != node.id or target is None or edge not in target.prior:
                yield f"a wire from '{node.name}' has one end only"
        yield from _ports(node, library)


def _ports(node: Node, library: LayerLibrary) -> Iterator[str]:
    spec = library[node.layer]
    try:
        for edge in node.prior:
            spec.input_port(edge.into)
        for edge in node.next:
            spec.output_port(edge.out)
    except GraphError as error:
        yield f"'{node.name}': {error}"


def _groups(tables: Tables, library: LayerLibrary) -> Iterator[str]:
    safe: set[int | None] = {None}
    rows: tuple[Node | Note, ...] = (*tables.nodes.values(), *tables.notes.values())
    for row in rows:
        chain: list[int | None] = []
        above = row.parent
        while above not in safe:
            parent = tables.nodes.get(above) if above is not None else None
            if parent is None or not library[parent.layer].group:
                yield f"node {row.id} is in {above}, which is no group"
                break
            if above in chain:
                yield f"the group '{parent.name}' holds itself"
                break
            chain.append(above)
            above = parent.parent
        safe.update(chain)


def _attached(tables: Tables, _library: LayerLibrary) -> Iterator[str]:
    for (node_id, role), tensor in tables.weights.items():
        if node_id not in tables.nodes or tensor not in tables.tensors:
            yield f"the weight {role!r} of node {node_id} belongs to nothing"
    for node_id, _out in tables.hints:
        if node_id not in tables.nodes:
            yield f"a declared type belongs to node {node_id}, which does not exist"
    numbers = {
        **{k: row.id for k, row in tables.tensors.items()},
        **{k: row.id for k, row in tables.notes.items()},
    }
    for key, number in numbers.items():
        if number != key:
            yield f"row {key} has the number {number}"
    for key in (*tables.nodes, *tables.notes):
        place = tables.places.get(key)
        if place is None or not (math.isfinite(place.x) and math.isfinite(place.y)):
            yield f"node {key} stands nowhere"


def _counter(tables: Tables, _library: LayerLibrary) -> Iterator[str]:
    highest = max((*tables.nodes, *tables.notes, *tables.tensors), default=0)
    following = tables.meta.get("next_id", 1)
    if type(following) is not int or following <= highest:
        yield f"the next number {following!r} is taken"


_CHECKS: tuple[Callable[[Tables, LayerLibrary], Iterator[str]], ...] = (
    _nodes, _params, _wires, _groups, _attached, _counter,
)  # fmt: skip
