"""Control flow into operators: an If, Loop or Scan whose bodies are graphs of its attributes.

A body reads outer values by their names, so what a zone captures is no input. Weights and functions that a body uses
stand in the model itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sketch.graph.network import Body, Step
from sketch.graph.zone_kinds import BRANCHES
from sketch.graph.zones import collapse
from sketch.kernels.onnx.claims import LAYER_KEY, seal
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.lowering import Lowering
from sketch.kernels.onnx.program import Attribute, Graph, Op, Port
from sketch.kernels.onnx.value_names import ValueNames

_OWN = frozenset({"captures", "carried", "collected", "results"})
"""What the markers know of themselves; ONNX counts it from the graphs."""


def zone_op(step: Step, wired: Sequence[str], outputs: tuple[str, ...], outer: Lowering) -> Op:
    """The operator of a collapsed zone. `wired` are its inputs, the captured values last."""
    count = int(step.params["captures"])
    given, captured = list(wired[: len(wired) - count]), wired[len(wired) - count :]
    while given and not given[-1]:
        given.pop()
    attributes: dict[str, Attribute] = {
        key: value for key, value in step.params.items() if key not in _OWN and value is not None
    }
    op = Op(step.layer.partition(":")[2], tuple(given), outputs, attributes, node=step.id)
    for attribute, body in step.bodies.items():
        op.graphs[attribute] = _graph(step, attribute, body, captured, outer)
    return op


def _graph(step: Step, attribute: str, body: Body, captured: Sequence[str], outer: Lowering) -> Graph:
    branch = (body.network.name,) if attribute in BRANCHES else ()
    above = (*outer.parts.path(step), *branch)
    inner = _BodyLowering(replace(body, network=collapse(body.network)), captured, outer, above)
    for item in inner.steps:
        inner.write(item)
    formal = body.network.inputs[: len(body.network.inputs) - body.captures]
    ports = [inner.port(item, item.types[0] if item.types else None) for item in formal]
    return Graph(f"{step.name}_{attribute}", ports, inner.results(), inner.program.ops)


class _BodyLowering(Lowering):
    """Writes the steps of a body; names, weights and functions are shared with the model around it."""

    def __init__(self, body: Body, captured: Sequence[str], outer: Lowering, above: tuple[str, ...]):
        super().__init__(body.network, outer.program.opset, strict=True)
        self._names = ValueNames.inside(body.network, outer.names, captured)
        self.parts = outer.parts.inside(body.network, self.program, self._names, above)
        self.measures = outer.measures

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the body, zones in it as one step each."""
        return self._network.steps

    def write(self, step: Step) -> None:
        """Add the operators of one step; UnsayableError names it."""
        if step.layer == "Output":
            return
        try:
            self._step(step)
        except UnsayableError as error:
            raise UnsayableError(f"'{self._network.qualified(step)}' ({step.layer}): {error}") from None

    def results(self) -> list[Port]:
        """The graph's outputs: each a value of its own that the body makes."""
        made = {name for op in self.program.ops for name in op.outputs}
        ports = []
        for step in self._network.outputs:
            source = self._names.wired(step)[0]
            if not source:
                raise UnsayableError(
                    f"Nothing is wired to result {step.name.rpartition('_')[2]} of its body."
                )
            if source not in made:
                source = self._copy(step, source)
            made.discard(source)
            ports.append(Port(source, *_said(step.input_types[0]), step.id))
        return ports

    def port(self, step: Step, kind: object) -> Port:
        """An input of the graph."""
        return Port(self._names.values[step.id, -1], *_said(kind), step.id)

    def _copy(self, step: Step, source: str) -> str:
        name = self._names.unique(f"{self._network.name}.{step.name}")
        op = Op("Identity", (source,), (name,), node=step.id, name=name)
        op.meta[LAYER_KEY] = self.parts.claim(step, (0,)).to_text(seal("Identity", "", {}, ()))
        self.program.ops.append(op)
        return name


def _said(kind: object) -> tuple[str, tuple[object, ...] | None]:
    """Element type (empty when it is not known) and shape of a port of a body."""
    dtype = getattr(kind, "dtype", "")
    return (dtype, getattr(kind, "shape", None)) if dtype else ("", None)
