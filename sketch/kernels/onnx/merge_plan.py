"""What of an opened file stays when its drawing is saved: which operators, under which names, and what is written anew.

Nodes that were made together, or that are joined by values which the file does not have, form a group. The operators
of a group are those between its values and the values of other groups. They stay while every node of the group is as
it was imported; a wire that now comes from elsewhere only renames what they read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sketch.graph.network import Network, Step
from sketch.kernels.onnx.file_graph import FileGraph
from sketch.kernels.onnx.grouping import Group
from sketch.kernels.onnx.port_names import PortNames
from sketch.kernels.onnx.pristine import Made, Port, Pristine


@dataclass
class MergePlan:
    """`values` are the names of ports, those that lost or never had one left out; `lowered` are steps to write.

    `operators` stay (number -> old and new names), `renamed` are old and new names of values that have another one.
    `is_untouched`: nothing of the file changes.
    """

    groups: list[Group]
    values: dict[Port, str]
    lowered: frozenset[int]
    operators: dict[int, dict[str, str]]
    renamed: dict[str, str]
    is_untouched: bool


def plan(
    network: Network, pristine: Pristine, graph: FileGraph, forced: frozenset[int] = frozenset()
) -> MergePlan:
    """Decide; `forced` are nodes that are written anew although they are as they were."""
    return _Planner(network, pristine, graph, forced).run()


class _Planner(PortNames):
    """Names the values, and takes out of what stays whatever does not fit then."""

    def run(self) -> MergePlan:
        """Name the values, find conflicts, write more anew, until it fits."""
        while True:
            operators = self._operators()
            self._name_values(operators)
            self._port_now = {name: port for port, name in self._values.items() if port[1] >= 0}
            wrong = [group for group in self._groups if group.kept and not self._fits(group, operators)]
            if not wrong:
                break
            for group in wrong:
                group.kept = False
        kept = {key for group in self._groups if group.kept for key in group.ids}
        lowered = frozenset(self._steps) - kept
        renamed = {
            name: self._values[port]
            for name, port in self._port_of.items()
            if port in self._values and self._values[port] != name
        }
        patches = self._patches(operators, renamed)
        same = not lowered and not renamed and not any(patches.values()) and self._all_stand()
        return MergePlan(self._groups, self._values, lowered, patches, renamed, same)

    def _all_stand(self) -> bool:
        """True when every node is there, under its name, and Inputs and Outputs are as they were."""
        for key, made in self._pristine.nodes.items():
            step = self._steps.get(key)
            if step is None or self._network.path(step) != made.path or key not in self._marked:
                return False
        return True

    def _fits(self, group: Group, operators: set[int]) -> bool:
        """True when the group's operators can stay; fills its names."""
        names: dict[str, str] = {}
        if not all(
            self._follow(self._pristine.nodes[key], self._steps[key], group, names) for key in group.ids
        ):
            return False
        for name, port in group.outputs.items():
            now = self._values.get(port)
            if now is None or names.setdefault(name, now) != now:
                return False
        if not all(self._is_there(name, names, operators) for name in group.reads):
            return False
        group.names = {old: new for old, new in names.items() if old != new}
        end = self._steps[group.ids[0]] if len(group.ids) == 1 else None
        if end is not None and end.layer == "Output" and group.operators:
            return self._is_kept_output(end)
        return not group.names or not any(
            other is not group and other.kept and not group.operators.isdisjoint(other.operators)
            for other in self._groups
        )

    def _follow(self, made: Made, step: Step, group: Group, names: dict[str, str]) -> bool:
        """Old and new names of what a node reads; False when a wire inside of the group changed."""
        for into, source, out in made.wires:
            now = step.inputs[into]
            if now is None:
                return False
            old = self._file_names.get((source, out))
            if source in group.ids or old is None:
                if (now.node, now.out) != (source, out):
                    return False
                continue
            new = self._values[now.node, now.out]
            if names.setdefault(old, new) != new:
                return False
        return True

    def _is_there(self, name: str, names: Mapping[str, str], operators: set[int]) -> bool:
        """True when a value that operators of a group read is still made, and of the size that they were read with."""
        port = self._port_of.get(name)
        if port is None:
            at = self._graph.maker.get(name)
            return at is None or at in operators
        if name in names:
            return self._has_size(name, names[name])
        if self._graph.is_constant(name):
            at = self._graph.maker.get(name)
            return at is None or at in operators or self._values.get(port) == name
        return self._values.get(port) == name and self._has_size(name, name)

    def _has_size(self, name: str, now: str) -> bool:
        wanted = self._pristine.sizes.get(name)
        if wanted is None:
            return True
        port = self._port_now.get(now)
        step = self._steps.get(port[0]) if port else None
        kind = step.types[port[1]] if step is not None and port and port[1] < len(step.types) else None
        if kind is None or kind.shape is None:
            return port is not None and now == name
        have = kind.shape
        return len(have) == len(wanted) and all(
            size is None or size == other for size, other in zip(wanted, have, strict=True)
        )

    def _patches(self, operators: set[int], renamed: Mapping[str, str]) -> dict[int, dict[str, str]]:
        patches: dict[int, dict[str, str]] = {at: {} for at in operators}
        for group in self._groups:
            if group.kept:
                for at in group.operators:
                    patches[at].update(group.names)
        owned = {at for group in self._groups for at in group.operators}
        for at in operators - owned:
            patches[at] = {old: new for old, new in renamed.items() if old in self._graph.reads[at]}
        return patches
