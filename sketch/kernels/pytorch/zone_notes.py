"""What our own .pth files remember of a drawing with zones: the drawing itself, as plain JSON beside its graph.

Zones are collapsed before they are compiled, and a body's calls do not say which group they were drawn in, so that such
a drawing comes back from these notes (see zone_reading). Weights are not in them: a role names the module's tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from sketch.binder.kernel import Loss
from sketch.graph.network import GroupBox, Network, Source, Step
from sketch.graph.zone_kinds import BRANCHES, ENDS, MARKERS, STARTS
from sketch.kernels.pytorch.calls import Fixed
from sketch.kernels.pytorch.graph_digest import graph_digest, tensor_digest
from sketch.kernels.pytorch.lift import notes_of
from sketch.kernels.pytorch.operands import MODEL_INPUT, WEIGHT
from sketch.kernels.pytorch.operator_notes import Place, operator_note, type_note
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.table import TENSORS, module_row
from sketch.kernels.pytorch.zone_reading import claimed_paths, form_of, module_state, rehearse, tensor_at

Item = dict[str, Any]
"""A node or a group: layer, name, "in" (number of its group), params; of a node also inputs ([number, out] or None),
weights (role -> [path, shape, element type, name]), spelled (number of an input -> the same), types (output -> type),
bytes (role -> base64) and state (what its module remembers of the parameters)."""


@dataclass(frozen=True, slots=True)
class Level:
    """One graph of calls: the network's own or that of a body, with the path of its module (ends with a dot)."""

    plan: Plan
    places: Mapping[Source, Place]
    path: str = ""


@dataclass(slots=True)
class _Row:
    """What is noted of a node, its inputs still by ids."""

    inputs: Sequence[Source | None]
    note: Item = field(default_factory=dict)


def has_zones(network: Network) -> bool:
    """True for a drawing with If, Loop or Scan."""
    return any(box.layer in ENDS for box in network.groups.values())


def drawing_note(network: Network, module: nn.Module, levels: Sequence[Level]) -> dict[str, Any]:
    """The record of a drawing; only {"refused": reason} of one that could not be read back from it.

    Args:
        network: as it was drawn, zones not collapsed.
        levels: the network's own first.
    """
    return _Writer(network, module, levels).written()


def zone_losses(network: Network, plan: Plan, module: nn.Module) -> Iterator[Loss]:
    """What the module of a drawing with zones lacks.

    Args:
        network: as it was drawn; `plan` is of the collapsed one, which lacks what no result of a body depends on.
    """
    if not has_zones(network):
        return
    record = notes_of(module).drawing or {}
    if "refused" in record:
        yield Loss(network.name, f"does not open again as a drawing: {record['refused']}")
    alive = _Rows(network, [Level(plan, {})]).alive()
    ends = (network.step(node) for node in alive)
    zones = {step.parent for step in ends if step.layer in ENDS.values()}
    for step in network.steps:
        if step.id not in alive and any(box.id in zones for box in _above(network, step)):
            yield Loss(step.name, "leads to no result of its body and was left out")


class _Rows:
    """What is noted of each node that a result depends on."""

    def __init__(self, network: Network, levels: Sequence[Level]):
        self._network = network
        self._levels = levels
        self._plan = levels[0].plan
        self._compiled = {
            step.id: (level, step) for level in levels for step in level.plan.network.steps
            if step.id in level.plan.live and step.id not in level.plan.owner and step.id > 0
        }  # fmt: skip
        self._starts = {step.parent: step.id for step in network.steps if step.layer in STARTS.values()}

    def alive(self) -> dict[int, _Row]:
        """Node id -> its row, of all Inputs and of what leads to a result."""
        found: dict[int, _Row] = {}
        stack = [*self._roots(), *(step.id for step in self._network.inputs)]
        while stack:
            node = stack.pop()
            if node in found:
                continue
            step = self._network.step(node)
            found[node] = self._row(step)
            stack.extend(source.node for source in found[node].inputs if source is not None)
            if step.layer in ENDS.values() and step.parent in self._starts:
                stack.append(self._starts[step.parent])
        return found

    def _roots(self) -> Iterator[int]:
        drawn = {step.id for step in self._network.outputs if step.inputs and step.inputs[0] is not None}
        yield from drawn or (source.node for _, source in self._plan.results)
        yield from (step.id for step in self._network.steps if step.layer == MODEL_INPUT)
        yield from (node for level in self._levels for node in level.plan.unread)

    def _row(self, step: Step) -> _Row:
        level, compiled = self._compiled.get(step.id, (None, step))
        if step.layer in MARKERS:
            return _Row(step.inputs, {"params": dict(step.pinned)})
        if step.spec.is_operator:
            known = level is not None and compiled.spec.is_operator and level.places
            return self._operator(step, compiled if known else step, level if known else None)
        weights = {} if level is None else dict(_weights(compiled, level))
        return _Row(step.inputs, {"params": dict(step.pinned), "weights": weights})

    def _operator(self, step: Step, compiled: Step, level: Level | None) -> _Row:
        """An operator; constants among its inputs may have become tensors of the module."""
        places = dict(self._places(step, compiled, level))
        network, spelled = self._network, dict[int, Fixed]()
        if level is not None:
            network, spelled = level.plan.network, dict(level.plan.spelled)
        note = operator_note(compiled, network, places, spelled)
        given: dict[str, dict[int, Any]] = {"node": {}, "tensor": {}, "spelled": {}}
        for port, place in enumerate(note["inputs"]):
            if place is not None:
                given[place[0]][port] = place[1:]
        last = max(given["node"], default=-1)
        wires = (given["node"].get(port) for port in range(last + 1))
        return _Row(
            [None if wire is None else Source(*wire) for wire in wires],
            {
                "params": note["params"], "bytes": note["bytes"],
                "weights": {f"{WEIGHT}{port}": path for port, (path,) in given["tensor"].items()},
                "spelled": {str(port): path for port, (path,) in given["spelled"].items()},
            },
        )  # fmt: skip

    def _places(self, step: Step, compiled: Step, level: Level | None) -> Iterator[tuple[Source, Place]]:
        """Where each input comes from: from a node of the drawing, or from what was made of a constant."""
        drawn = (*step.inputs, *[None] * len(compiled.inputs))
        for source, origin in zip(compiled.inputs, drawn, strict=False):
            if source is None:
                continue
            if level is not None and source.node in level.plan.owner:
                kind, *where = level.places[source]
                yield source, [kind, *where] if kind == "node" else [kind, level.path + where[0]]
            elif origin is not None:
                yield source, ["node", origin.node, origin.out]

    def module_path(self, step: Step) -> str:
        """Where the module of a layer is; "" for what is no module."""
        level, compiled = self._compiled.get(step.id, (None, step))
        if level is None or compiled.spec.is_operator or module_row(compiled) is None:
            return ""
        return level.path + ".".join(level.plan.home(compiled))


class _Writer:
    """Numbers nodes and groups in the order of their ids, which is also that of inputs and of attribute names."""

    def __init__(self, network: Network, module: nn.Module, levels: Sequence[Level]):
        self._network = network
        self._module = module
        self._levels = levels
        self._rows = _Rows(network, levels)

    def written(self) -> dict[str, Any]:
        """The record, with the types that reading it back would not find by itself."""
        alive = self._rows.alive()
        boxes = self._boxes(alive)
        order = sorted([*alive, *boxes])
        number = {key: index for index, key in enumerate(order)}
        items = [
            self._group(boxes[key], number) if key in boxes else self._node(alive[key], key, number)
            for key in order
        ]
        note = {"graph": graph_digest(self._module), "items": items, "fixed": self._fixed(items)}
        note.update(self._kept(number))
        types = {number[node]: self._network.step(node).types for node in alive}
        missing, reason = rehearse(self._module, note, types)
        for index, outs in missing.items():
            items[index]["types"] = {str(out): type_note(kind) for out, kind in outs.items()}
        return {"refused": reason} if reason else note

    def _boxes(self, alive: Mapping[int, _Row]) -> dict[int, GroupBox]:
        """The groups around living nodes, and the branches of their Ifs."""
        found = {box.id: box for node in alive for box in _above(self._network, self._network.step(node))}
        for box in self._network.groups.values():
            if box.parent in found and box.layer in BRANCHES.values():
                found[box.id] = box
        return found

    def _group(self, box: GroupBox, number: Mapping[int, int]) -> Item:
        return {"layer": box.layer, "name": box.name, "in": _at(box.parent, number)}

    def _node(self, row: _Row, key: int, number: Mapping[int, int]) -> Item:
        step = self._network.step(key)
        inputs = [None if s is None else [number[s.node], s.out] for s in row.inputs]
        note: Item = {
            "layer": step.layer,
            "name": step.name,
            "in": _at(step.parent, number),
            "inputs": inputs,
        }
        note.update({name: value for name, value in row.note.items() if value})
        for name in note.keys() & {"weights", "spelled"}:
            note[name] = {role: self._held(step, role, path) for role, path in note[name].items()}
        path = self._rows.module_path(step)
        if path:
            note["state"] = [path, module_state(step.layer, self._module, path)]
        return note

    def _held(self, step: Step, role: str, path: str) -> list[Any]:
        """Path, shape, element type and the tensor's own name, which names it when the drawing is compiled again."""
        stored = step.stored.get(role)
        name = f"{step.name}.{role}" if stored is None else self._network.tensors[stored].name
        return [path, *form_of(tensor_at(self._module, path)), name]

    def _kept(self, number: Mapping[int, int]) -> dict[str, Any]:
        """What the drawing remembers of a module that it came from (see keeping)."""
        every = [level.plan.kept for level in self._levels]
        shared = [(node, owner, role) for kept in every for node, (owner, role) in kept.shared.items()]
        known = [number[node] for kept in every for node in kept.transient if node in number]
        found = {
            "exact": every[0].exact,
            "outputs": every[0].outputs,
            "shared": [[number[n], number[o], role] for n, o, role in shared if {n, o} <= number.keys()],
            "transient": known,
        }
        return {name: value for name, value in found.items() if value}

    def _fixed(self, items: Sequence[Item]) -> dict[str, str]:
        """Digests of the tensors that no role of a node is: they must stay as they are."""
        claimed = claimed_paths(items)
        state = self._module.state_dict()
        return {path: tensor_digest(value) for path, value in state.items() if path not in claimed}


def _weights(step: Step, level: Level) -> Iterator[tuple[str, str]]:
    """(role, path of the tensor in the module) of a layer."""
    if not step.weights or step.id in level.plan.literals:
        return
    home = ".".join(level.plan.home(step))
    if step.layer in TENSORS:
        if "value" in step.weights:
            yield "value", level.path + home
    elif module_row(step) is not None:
        for role in step.weights:
            yield role, f"{level.path}{home}.{role}"


def _above(network: Network, step: Step) -> Iterator[GroupBox]:
    """The groups around a node, innermost first."""
    parent = step.parent
    while parent is not None:
        yield network.groups[parent]
        parent = network.groups[parent].parent


def _at(parent: int | None, number: Mapping[int, int]) -> int | None:
    return None if parent is None else number[parent]
