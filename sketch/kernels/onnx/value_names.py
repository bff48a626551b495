"""Names of values in a file: unique, readable, and the Outputs' own names where they show a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sketch.graph.network import Network, Step
from sketch.kernels.onnx.foreign import MODEL_INPUT

SOURCES = ("Constant", "Parameter")
"""Layers that are a tensor of the file and no operator."""


@dataclass(frozen=True)
class Reuse:
    """What an opened file has already, for the steps of it that are written anew.

    `values` are names by (node id, output), `taken` all names of the file. `weights` names the initializer that holds
    exactly this weight, by (node id, role); `wishes` the name that new data should bear. `steps` are to be written.
    `functions` are names of functions that the file has.
    """

    steps: frozenset[int]
    values: Mapping[tuple[int, int], str]
    taken: frozenset[str]
    weights: Mapping[tuple[int, str], str] = field(default_factory=dict)
    wishes: Mapping[tuple[int, str], str] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()


class ValueNames:
    """ONNX has one space of names for inputs, outputs, weights and everything between.

    `values` maps (node id, output) to a name; the output -1 is the name of an Input or Output node itself.
    """

    def __init__(self, network: Network, reuse: Reuse | None = None):
        self._network = network
        self._taken: set[str] = set(reuse.taken) if reuse else set()
        self.values: dict[tuple[int, int], str] = dict(reuse.values) if reuse else {}
        for step in (*network.inputs, *network.outputs):
            if (step.id, -1) not in self.values:
                self.values[step.id, -1] = self.unique(network.qualified(step))
        for step in network.outputs:
            self._reserve(step)

    @classmethod
    def inside(cls, network: Network, outer: ValueNames, captured: Sequence[str]) -> ValueNames:
        """Names in a body of control flow: its last inputs are outer values and bear their names."""
        names = cls.__new__(cls)
        names._network, names._taken, names.values = network, outer._taken, {}
        formal = len(network.inputs) - len(captured)
        for place, step in enumerate(network.inputs):
            given = (
                captured[place - formal] if place >= formal else names.unique(f"{network.name}.{step.name}")
            )
            names.values[step.id, -1] = given
        return names

    def unique(self, name: str) -> str:
        """The name, numbered when it is taken."""
        found, number = name, 2
        while found in self._taken:
            found = f"{name}_{number}"
            number += 1
        self._taken.add(found)
        return found

    def _reserve(self, step: Step) -> None:
        """A value that an Output shows bears the Output's name, unless it is an input or shown twice."""
        source = step.inputs[0] if step.inputs else None
        if source is None:
            return
        maker = self._network.step(source.node)
        key = (source.node, source.out)
        if key not in self.values and maker.layer not in ("Input", MODEL_INPUT, *SOURCES):
            self.values[key] = self.values[step.id, -1]

    def value(self, step: Step, out: int) -> str:
        """The name of an output of a step, made up when it is new."""
        key = (step.id, out)
        if key not in self.values:
            name = self._network.qualified(step)
            if out:
                ports = step.spec.outputs
                name += f".{ports[out].name}" if out < len(ports) and not ports[out].variadic else f".{out}"
            self.values[key] = self.unique(name)
        return self.values[key]

    def wired(self, step: Step) -> list[str]:
        """The names of a step's inputs, `""` where nothing is wired."""
        return [
            "" if source is None else self.value(self._network.step(source.node), source.out)
            for source in step.inputs
        ]
