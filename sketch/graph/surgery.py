"""Edits that take a node out of its wires, put it into one, or give it another type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.errors import GroupError, ParameterError
from sketch.graph.rows import Edge, FrozenDict
from sketch.graph.specs import LayerSpec


def insert_on(draft: Draft, node_id: int, edge: Edge, *, into: int = 0, out: int = 0) -> None:
    """Put a node into a wire: source → node → target."""
    draft.rewire(edge, node_id, out)
    draft.connect(edge.source, edge.out, node_id, into)


def remove_and_rejoin(draft: Draft, node_id: int, allow: Callable[[Edge, Edge], bool]) -> None:
    """Remove a node and wire its consumers to its first input's producer where `allow(incoming, outgoing)`."""
    node = draft.node(node_id)
    first = node.prior[0] if node.prior and not draft.spec(node_id).group else None
    for edge in node.next if first is not None else ():
        if first is not None and edge.out == 0 and allow(first, edge):
            draft.rewire(edge, first.source, first.out)
    draft.remove([node_id])


def replace_layer(draft: Draft, node_id: int, layer: str) -> None:
    """Change a node's type; keeps the parameters and wires that the new layer also has."""
    node, spec = draft.node(node_id), draft.library[layer]
    if spec.group or draft.library[node.layer].group:
        raise GroupError("A group cannot become a layer; ungroup it first.")
    kept = FrozenDict({key: value for key, value in node.params.items() if _fits(spec, key, value)})
    draft.put("nodes", node_id, replace(node, layer=spec.name, params=kept))
    for role in draft.base.weights_of(node_id):
        draft.put("weights", (node_id, role), None)
    draft.drop_lost_wires(node_id)


def _fits(spec: LayerSpec, name: str, value: object) -> bool:
    try:
        spec.clean_param(name, value)
    except ParameterError:
        return False
    return True
