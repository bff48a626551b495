"""Names of the values in one forward: `x` along a chain, a node's own name where a value waits for a later use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sketch.graph.network import Source
from sketch.kernels.pytorch.naming import RESERVED, identifier
from sketch.kernels.pytorch.plan import Body, Unit

_FLOW = ("x", "y", "z", "u", "v", "w")
_TAKEN = RESERVED | {"self", "torch", "nn", "F", "Tensor", "OrderedDict", "_"}


class Variables:
    """Walks the units of a body in order; `before` gives the names of the values that a unit may use."""

    def __init__(
        self,
        body: Body,
        arguments: Mapping[Source, str],
        taken: Iterable[str] = (),
        ends: Iterable[Source] = (),
    ):
        self._body = body
        self._taken = _TAKEN.union(taken)
        self._last: dict[Source, int] = {}
        for index, unit in enumerate(body.units):
            for source in unit.inputs:
                self._last[source] = index
        for source in (*body.outputs, *ends):
            self._last[source] = len(body.units)
        self._first = {
            source: index for index, unit in enumerate(body.units) for source in reversed(unit.inputs)
        }
        for index in reversed(range(len(body.units))):
            for source in body.units[index].inputs:
                self._first[source] = index
        self.names: dict[Source, str] = dict(arguments)
        self._live: dict[str, Source] = {name: source for source, name in arguments.items()}

    def assign(self, index: int) -> dict[Source, str]:
        """Names of the results of unit number `index`, `_` for those that nothing uses; frees what ends here."""
        unit = self._body.units[index]
        freed = [self.names[s] for s in unit.inputs if self._last.get(s) == index and s in self.names]
        for name in freed:
            self._live.pop(name, None)
        found = {}
        for source in unit.outputs:
            if source not in self._last:
                found[source] = "_"
                continue
            name = self._choose(unit, source, index, freed)
            self._live[name] = source
            self.names[source] = found[source] = name
        return found

    def _choose(self, unit: Unit, source: Source, index: int, freed: list[str]) -> str:
        if self._flows_on(source, index):
            for name in (*(name for name in _FLOW if name in freed), *_FLOW):
                if name not in self._live:
                    return name
        return next(
            name for name in _candidates(unit, source) if name not in self._live and name not in self._taken
        )

    def _flows_on(self, source: Source, index: int) -> bool:
        """True when the value is used by the next unit only (or is what the last unit gives)."""
        last = self._last[source]
        return last == index + 1 and self._first.get(source, last) == last


def _candidates(unit: Unit, source: Source) -> Iterator[str]:
    name = identifier(unit.item.name, "x")
    if len(unit.outputs) > 1:
        name = f"{name}_{_port_name(unit, source)}"
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _port_name(unit: Unit, source: Source) -> Any:
    spec = getattr(unit.item, "spec", None)
    if spec is None:
        return unit.outputs.index(source)
    port = spec.output_port(source.out)
    return source.out if port.variadic else port.name


def argument_names(body: Body, said: Mapping[Source, str]) -> dict[Source, str]:
    """Names of what enters a class: those that were `said` of it where Python takes them, else x, y, z, x4, x5, ..."""
    found: dict[Source, str] = {}
    for index, source in enumerate(body.inputs):
        name = said.get(source, "")
        usable = name.isidentifier() and name not in _TAKEN and name not in found.values()
        found[source] = name if usable else _FLOW[index] if index < 3 else f"x{index + 1}"
    repeated = len(set(found.values())) < len(found)
    return argument_names(body, {}) if repeated else found
