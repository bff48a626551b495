"""Nodes of a drawing that belong together in the file that it was opened from, and their operators there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sketch.graph.network import Network, Step
from sketch.kernels.onnx.file_graph import FileGraph, names_in
from sketch.kernels.onnx.foreign import MODEL_INPUT
from sketch.kernels.onnx.pristine import NAMED_BY, Port, Pristine, mark_of


@dataclass
class Group:
    """Nodes of the drawing and the operators of the file that they are; `reads` are the values these read.

    `names` are old and new names of values, for its operators. `kept` says whether they stay.
    """

    ids: tuple[int, ...]
    outputs: dict[str, Port]
    operators: frozenset[int]
    reads: frozenset[str]
    kept: bool = True
    names: dict[str, str] = field(default_factory=dict)


class Grouping:
    """The groups of an opened file, and which nodes are as they were imported (`forced` ones never are)."""

    def __init__(self, network: Network, pristine: Pristine, graph: FileGraph, forced: frozenset[int]):
        self._network, self._pristine, self._graph = network, pristine, graph
        self._steps: Mapping[int, Step] = network.by_id
        self._file_names = {
            port: name for port, name in pristine.names.items() if port[1] < 0 or name in graph.names
        }
        self._borders = {name for port, name in self._file_names.items() if port[1] >= 0}
        self._port_of: dict[str, Port] = {}
        for port, name in self._file_names.items():
            if port[1] >= 0:
                self._port_of.setdefault(name, port)
        self._groups = [self._group(ids) for ids in self._components()]
        self._batch_sizes = Counter(made.batch for made in pristine.nodes.values())
        self._marked = {key for key in pristine.nodes if self._has_mark(key)}
        self._same = {key for key in pristine.nodes if key not in forced and self._is_as_it_was(key)}
        for group in self._groups:
            group.kept = self._same.issuperset(group.ids)
        self._values: dict[Port, str] = {}
        self._port_now: dict[str, Port] = {}
        self._all_names = names_in(graph.graph)

    def _components(self) -> Iterator[tuple[int, ...]]:
        nodes = self._pristine.nodes
        head = {key: key for key in nodes}

        def find(key: int) -> int:
            while head[key] != key:
                head[key] = head[head[key]]
                key = head[key]
            return key

        first: dict[int, int] = {}
        for key, made in nodes.items():
            head[find(key)] = find(first.setdefault(made.batch, key))
            for _, source, out in made.wires:
                if (source, out) not in self._file_names and source in nodes:
                    head[find(key)] = find(source)
        found: dict[int, list[int]] = {}
        for key in nodes:
            found.setdefault(find(key), []).append(key)
        return (tuple(ids) for ids in found.values())

    def _group(self, ids: tuple[int, ...]) -> Group:
        inside = set(ids)
        outputs = {name: port for key in ids for port, name in self._ports_of(key) if port[1] >= 0}
        ends = [
            name for key in ids for port, name in self._ports_of(key) if port[1] < 0 and self._is_output(key)
        ]
        given = {
            self._file_names.get((source, out))
            for key in ids
            for _, source, out in self._pristine.nodes[key].wires
            if source not in inside
        }
        wanted = [*outputs, *(name for name in ends if name not in given)]
        operators, reads = self._graph.behind(wanted, self._borders)
        return Group(ids, outputs, operators, reads)

    def _ports_of(self, key: int) -> Iterator[tuple[Port, str]]:
        for out in (-1, *range(self._outs.get(key, 0))):
            if (key, out) in self._file_names:
                yield (key, out), self._file_names[key, out]

    @property
    def _outs(self) -> dict[int, int]:
        found: dict[int, int] | None = self.__dict__.get("_counted")
        if found is None:
            found = self.__dict__["_counted"] = {}
            for key, out in self._file_names:
                found[key] = max(found.get(key, 0), out + 1)
        return found

    def _is_output(self, key: int) -> bool:
        return (key, 0) not in self._file_names

    def _is_as_it_was(self, key: int) -> bool:
        """Same layer, parameters and weights; inputs are looked at when values have names."""
        step, made = self._steps.get(key), self._pristine.nodes[key]
        if step is None or step.outgrown or (key not in self._marked and step.layer != "Input"):
            return False
        if self._network.path(step) != made.path and not self._may_be_renamed(step):
            return False
        return {into for into, source in enumerate(step.inputs) if source} == {w[0] for w in made.wires}

    def _has_mark(self, key: int) -> bool:
        step = self._steps.get(key)
        made = self._pristine.nodes[key]
        return step is not None and mark_of(step.layer, step.pinned, step.stored) == made.mark

    def _may_be_renamed(self, step: Step) -> bool:
        """True when an operator of the file, or an input or output, can bear the name."""
        if step.layer in ("Input", "Output", MODEL_INPUT):
            return True
        return (step.id, NAMED_BY) in self._file_names and self._batch_sizes[
            self._pristine.nodes[step.id].batch
        ] == 1
