"""What the notes of a module are made of: names, groups, whose each call is, where tensors and values are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.network import Source, Step
from sketch.kernels.pytorch.operands import DECLARED
from sketch.kernels.pytorch.operator_notes import Place, layer_note, operator_note
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.table import is_noted

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What the notes of a module are made of: whose each call is, where tensors and values are."""

    plan: Plan
    owners: Sequence[int | None]
    tensors: Mapping[str, Step]
    places: Mapping[Source, Place]
    results: Mapping[int, int]

    def written(self) -> dict[str, Any]:
        """What the graph itself does not say: names, groups, and the types of the inputs."""
        network = self.plan.network
        order = self._order()
        groups = {box.id: index for index, box in enumerate(network.groups.values())}
        return {
            "format": FORMAT,
            "name": network.name,
            "seed": network.seed,
            "inputs": [
                {"name": s.name, "shape": list(s.params["shape"]), "dtype": s.params["dtype"], "params": dict(s.pinned),
                 **({"declared": dict(s.params[DECLARED])} if DECLARED in s.params else {})}
                for s in network.inputs
            ],
            "outputs": [name for name, _ in self.plan.results],
            "groups": [
                {"name": box.name, "layer": box.layer, "in": None if box.parent is None else groups[box.parent]}
                for box in network.groups.values()
            ],
            "nodes": [
                {"name": step.name, "layer": step.layer, "in": None if step.parent is None else groups[step.parent],
                 **self._operator(step, order)}
                for step in map(network.step, order)
            ],
            "results": {str(call): out for call, out in self.results.items()},
            "tensors": {
                target: {"name": step.name, "in": None if step.parent is None else groups[step.parent],
                         "params": dict(step.pinned), **({"operand": True} if step.id in self.plan.owner else {})}
                for target, step in self.tensors.items()
            },
            "calls": [None if owner is None else order[owner] for owner in self.owners],
            "kept": self._kept(order),
        }  # fmt: skip

    def _order(self) -> dict[int, int]:
        """Node id -> its number in the notes."""
        return {
            node: index
            for index, node in enumerate(dict.fromkeys(owner for owner in self.owners if owner is not None))
        }

    def _kept(self, order: Mapping[int, int]) -> dict[str, Any]:
        """See keeping: how results are nested, tensors of layers that are read by themselves, buffers of no state."""
        kept = self.plan.kept
        target = {step.id: path for path, step in self.tensors.items()}
        tied = {
            target[node]: [order[owner], role]
            for node, (owner, role) in kept.shared.items() if role and node in target and owner in order
        }  # fmt: skip
        said = {
            "exact": kept.exact, "outputs": kept.outputs, "tied": tied,
            "transient": [target[node] for node in sorted(kept.transient) if node in target],
            "unread": [target[node] for node in sorted(self.plan.unread) if node in target],
            "versions": dict(kept.versions),
            "classes": dict(kept.classes),
        }  # fmt: skip
        return {
            name: value for name, value in said.items() if value or (name == "outputs" and value is not None)
        }

    def _operator(self, step: Step, order: Mapping[int, int]) -> dict[str, Any]:
        """The record of an operator or of a layer of several calls, nothing for others."""
        if not is_noted(step):
            return {}
        places = {
            source: [place[0], order.get(place[1], -1), place[2]] if place[0] == "node" else place
            for source in step.inputs if source is not None and (place := self.places[source])
        }  # fmt: skip
        if not step.spec.is_operator:
            return {"operator": layer_note(step, places)}
        return {"operator": operator_note(step, self.plan.network, places, self.plan.spelled)}
