"""Another type for layers that are there: parameters, wires and weights that fit stay, the rest is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sketch.graph import surgery
from sketch.graph.draft import Draft
from sketch.graph.evaluate import resolve
from sketch.graph.rows import Node
from sketch.state.commands.naming import count_of, names_of
from sketch.state.document import Document


@dataclass(slots=True)
class Dropped:
    """What a change of type could not keep: name -> on how many layers; and a count of wires."""

    params: Counter[str] = field(default_factory=Counter)
    weights: Counter[str] = field(default_factory=Counter)
    wires: int = 0

    def __str__(self) -> str:
        names = [*self.params, *(f"weights '{name}'" for name in self.weights)]
        parts = names + ([count_of(self.wires, "wire")] if self.wires else [])
        return f"Dropped: {', '.join(parts)}." if parts else "Everything was kept."


def replace_layers(document: Document, ids: Iterable[int], layer: str) -> Dropped:
    """Change the type of layers in one step; what was dropped. Groups are refused by name (GroupError)."""
    chosen = list(dict.fromkeys(ids))

    def edit(draft: Draft) -> Dropped:
        dropped = Dropped()
        for node_id in chosen:
            before = draft.node(node_id)
            surgery.replace_layer(draft, node_id, layer)
            _keep_weights(document, draft, node_id, dropped)
            _count(before, draft.node(node_id), dropped)
        return dropped

    return document.edit(f"Change {names_of(document, chosen)} to {layer}", edit)


def _count(before: Node, after: Node, dropped: Dropped) -> None:
    dropped.params.update(name for name in before.params if name not in after.params)
    ends = {(wire.into, wire.source, wire.out) for wire in after.prior}
    dropped.wires += sum((wire.into, wire.source, wire.out) not in ends for wire in before.prior)
    dropped.wires += len(before.next) - len(after.next)


def _keep_weights(document: Document, draft: Draft, node_id: int, dropped: Dropped) -> None:
    """Stored weights stay where the new type has one of the same name and shape."""
    tables, inference = document.tables, document.inference
    stored = tables.weights_of(node_id)
    if not stored:
        return
    node, spec = draft.node(node_id), draft.spec(node_id)
    known = list(inference.of(node_id).inputs)
    count = max(len(spec.inputs), *(wire.into + 1 for wire in node.prior), 0)
    inputs = [*known[:count], *[None] * (count - len(known))]
    kinds = resolve(node, spec, inputs, {}, ()).weights
    for role, tensor in stored.items():
        kind = kinds.get(role)
        if kind is not None and kind.shape == tables.tensors[tensor].shape:
            draft.put("weights", (node_id, role), tensor)
        else:
            dropped.weights[role] += 1
