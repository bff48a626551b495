"""Names of the values of an edited file: as before, but where an Output or an operator that stays needs them."""

from __future__ import annotations

from collections.abc import Iterator

from sketch.graph.network import Step
from sketch.kernels.onnx.foreign import MODEL_INPUT
from sketch.kernels.onnx.grouping import Group, Grouping
from sketch.kernels.onnx.pristine import Port
from sketch.kernels.onnx.value_names import Reuse, ValueNames


class PortNames(Grouping):
    """Names of ports, under what is kept at the moment."""

    def _operators(self) -> set[int]:
        """Operators that stay: of kept groups, and those that no group has and that still can run."""
        kept = {at for group in self._groups if group.kept for at in group.operators}
        owned = {at for group in self._groups for at in group.operators}
        dropped = owned - kept
        lost = {name for name, at in self._graph.maker.items() if at in dropped} - set(self._present())
        for at in range(len(self._graph.reads)):
            if at in owned:
                continue
            if lost.isdisjoint(self._graph.reads[at]):
                kept.add(at)
            else:
                lost.update(self._graph.graph.node[at].output)
        return kept

    def _present(self) -> Iterator[str]:
        return (name for port, name in self._file_names.items() if port[0] in self._steps and port[1] >= 0)

    def _name_values(self, operators: set[int]) -> None:
        """Every port of the file keeps its name, but where a kept operator or an Output needs that name."""
        self._values = {}
        lowered = {key for group in self._groups if not group.kept for key in group.ids}
        made = {name for at in operators for name in self._graph.graph.node[at].output}
        for port, name in self._file_names.items():
            if port[0] not in self._steps or port[1] < 0:
                continue
            clash = port[0] in lowered and (name in made or self._is_read_apart(name, port))
            if not clash:
                self._values[port] = name
        for step in self._network.steps:
            if (step.id, -1) in self._file_names and step.name == self._pristine.nodes[step.id].path[-1]:
                self._values[step.id, -1] = self._file_names[step.id, -1]
        gone = {name for name, at in self._graph.maker.items() if at not in operators}
        self._name_ends(self._all_names - gone)

    def _is_read_apart(self, name: str, port: Port) -> bool:
        """True when operators that stay read the old value of a constant that has a new one."""
        if not self._graph.is_constant(name) or port[0] in self._same:
            return False
        return any(
            name in group.reads
            and not any(self._file_names.get((w[1], w[2])) == name for w in self._wires(group))
            for group in self._groups
            if group.kept
        )

    def _wires(self, group: Group) -> Iterator[tuple[int, int, int]]:
        for key in group.ids:
            yield from self._pristine.nodes[key].wires

    def _name_ends(self, used: set[str]) -> None:
        """Inputs under their own names; a value that an Output shows under the Output's, where it can."""
        taken = used | set(self._values.values())
        given = [step for step in self._network.steps if step.layer in ("Input", MODEL_INPUT)]
        for step in (*given, *self._network.outputs):
            if (step.id, -1) not in self._values:
                name = _fresh(self._network.qualified(step), taken)
                taken.add(name)
                self._values[step.id, -1] = name
        for step in given:
            self._values[step.id, 0] = self._values[step.id, -1]
        shown: set[Port] = set()
        for step in self._network.outputs:
            source = step.inputs[0] if step.inputs else None
            if source is None or self._is_kept_output(step):
                continue
            port = (source.node, source.out)
            if port not in shown and self._may_be_named(source.node):
                self._values[port] = self._values[step.id, -1]
                shown.add(port)
        self._give_way(shown, taken)
        self._name_rest(taken)

    def _give_way(self, shown: set[Port], taken: set[str]) -> None:
        """Values that bear the name of an Output which shows another one get a new name."""
        owners = {self._values[port]: port for port in shown}
        for port, name in list(self._values.items()):
            if port[1] >= 0 and owners.get(name, port) != port:
                self._values[port] = _fresh(self._network.qualified(self._steps[port[0]]), taken)
                taken.add(self._values[port])

    def _name_rest(self, taken: set[str]) -> None:
        names = ValueNames(self._network, Reuse(frozenset(), self._values, frozenset(taken)))
        for step in self._network.steps:
            for out in range(max(1, len(step.types)) if step.layer != "Output" else 0):
                if (step.id, out) not in self._values:
                    self._values[step.id, out] = names.value(step, out)

    def _may_be_named(self, key: int) -> bool:
        return self._steps[key].layer not in ("Input", "Constant", "Parameter", MODEL_INPUT)

    def _is_kept_output(self, step: Step) -> bool:
        """An Output that shows a value of the file by operators of the file (an Identity), all as it was."""
        group = next((g for g in self._groups if g.ids == (step.id,)), None)
        return (
            group is not None
            and group.kept
            and bool(group.operators)
            and self._values.get((step.id, -1)) == self._file_names.get((step.id, -1))
            and self._is_wired_as_it_was(step)
        )

    def _is_wired_as_it_was(self, step: Step) -> bool:
        wires = frozenset((into, s.node, s.out) for into, s in enumerate(step.inputs) if s is not None)
        return wires == self._pristine.nodes[step.id].wires


def _fresh(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found = f"{name}_{number}"
        number += 1
    return found
