"""May this consumer be wired to that producer instead? Answered by the layer's own rules, without an edit."""

from __future__ import annotations

from sketch.graph.evaluate import resolve
from sketch.graph.rows import Edge, ValueType
from sketch.state.document import Document


class Fitting:
    """Callable on (wire into the layer that leaves, wire out of it): True when its consumer takes the new input."""

    def __init__(self, document: Document):
        self._document = document

    def __call__(self, incoming: Edge, outgoing: Edge) -> bool:
        """Ask for one wire."""
        tables, inference = self._document.tables, self._document.inference
        offered = inference.output(incoming.source, incoming.out)
        if offered is None or offered == inference.output(outgoing.source, outgoing.out):
            return True
        return self._takes(outgoing.target, tables.node(outgoing.target).prior, outgoing, offered)

    def _takes(self, target: int, wires: tuple[Edge, ...], wire: Edge, offered: ValueType) -> bool:
        tables, inference = self._document.tables, self._document.inference
        node, known = tables.node(target), inference.of(target)
        spec = self._document.library[node.layer]
        inputs = list(known.inputs)
        port = next(
            (edge.into for edge in wires if edge.source == wire.source and edge.out == wire.out), wire.into
        )
        inputs[port] = offered
        stored = {role: tables.tensors[tensor] for role, tensor in tables.weights_of(target).items()}
        found = resolve(node, spec, inputs, stored, ())
        before = {problem.code for problem in known.problems if problem.severity == "error"}
        return all(problem.severity != "error" or problem.code in before for problem in found.problems)
