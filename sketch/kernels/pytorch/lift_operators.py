"""Operators of our own .pth files: read back as the nodes that they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sketch.binder.kernel import BinderError
from sketch.graph.attachments import set_hint, set_weight
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.specs import freeze
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.operands import MODEL_INPUT, VALUE, WEIGHT
from sketch.kernels.pytorch.operator_notes import read_bytes, read_type
from sketch.kernels.pytorch.sink import Sink, Wire


class OperatorReader:
    """Makes the node of an operator at the first of its calls; its other calls only lead to its outputs."""

    def __init__(self, module: Any, notes: Notes, sink: Sink, owners: dict[int, list[int]]):
        self._module, self._notes, self._sink, self._owners = module, notes, sink, owners
        self._inputs: list[Wire] = []

    def input(self, name: str, dtype: str) -> Wire | None:
        """The next input when it is no plain tensor; None for any other."""
        declared = self._notes.declared(len(self._inputs))
        if declared is None:
            return None
        wire = Wire(self._sink.draft.add(MODEL_INPUT, name, FrozenDict(freeze(declared))))
        kind = ValueType(dtype, None)
        self._sink.declare(wire, kind)
        set_hint(self._sink.draft, wire.node, 0, kind)
        self._inputs.append(wire)
        return wire

    def entered(self, wire: Wire) -> None:
        """An input of the network, in order."""
        self._inputs.append(wire)

    def value(self, call: int, tensors: Mapping[str, Wire]) -> Any:
        """What call number `call` gives: a wire, or NotImplemented when it belongs to no operator.

        Args:
            tensors: parameters and buffers of the module that are nodes of their own, by path.
        """
        owner = self._notes.owner(call)
        note = None if owner is None else self._notes.operator(owner)
        if owner is None or note is None:
            return NotImplemented
        out = self._notes.result(call)
        if out is None and "types" not in note:
            return None  # a tensor of the module is known from the call on that takes it
        if owner not in self._owners:
            self._owners[owner] = [self._make(owner, note, tensors)]
        return None if out is None else Wire(self._owners[owner][0], out)

    def _make(self, owner: int, note: Mapping[str, Any], tensors: Mapping[str, Wire]) -> int:
        row = self._notes.named(owner)
        draft = self._sink.draft
        parent = self._notes.parent(row, self._sink)
        if "types" not in note:
            wires = [None if place is None else self._wire(place, tensors) for place in note["inputs"]]
            return self._sink.add(
                row["layer"], freeze(note["params"]), wires, name=row["name"], parent=parent
            )
        made = draft.add(row["layer"], row["name"], FrozenDict(freeze(note["params"])), parent=parent)
        for port, place in enumerate(note["inputs"]):
            self._operand(made, port, place, tensors)
        for role, data in read_bytes(note):
            set_weight(
                draft,
                made,
                role,
                self._sink.tensor(torch.from_numpy(np.frombuffer(data, np.uint8).copy()), ""),
            )
        for out, raw in enumerate(note["types"]):
            kind = read_type(raw)
            self._sink.declare(Wire(made, out), kind)
            if kind is not None:
                set_hint(draft, made, out, kind)
        return made

    def _operand(self, node: int, port: int, place: Any, tensors: Mapping[str, Wire]) -> None:
        if place is None:
            return
        kind, where = place[0], place[1]
        if kind == "body":
            return  # a drawing with bodies comes back from its own notes (see zone_reading)
        if kind == "spelled":
            self._spell(node, port, self._tensor(where))
            return
        if kind == "tensor" and where not in tensors:
            row = self._sink.tensor(self._tensor(where), where)
            if row is not None:
                set_weight(self._sink.draft, node, f"{WEIGHT}{port}", row)
            return
        wire = self._wire(place, tensors)
        self._sink.draft.connect(wire.node, wire.out, node, port, check_cycle=False)

    def _wire(self, place: Any, tensors: Mapping[str, Wire]) -> Wire:
        kind, where = place[0], place[1]
        if kind == "node":
            return Wire(self._owners[where][0], place[2])
        return self._inputs[where] if kind == "input" else tensors[where]

    def _spell(self, node: int, port: int, tensor: torch.Tensor) -> None:
        self._sink.draft.set_param(node, f"{VALUE}{port}", spelled_value(tensor))

    def _tensor(self, path: str) -> torch.Tensor:
        value: Any = self._module
        for part in path.split("."):
            value = getattr(value, part, None)
        if not isinstance(value, torch.Tensor):
            raise BinderError(f"The file lacks the tensor {path}, which one of its operators takes.")
        return value


def spelled_value(tensor: torch.Tensor) -> FrozenDict:
    """A tensor as the constant input of an operator."""
    plain = tensor.detach().cpu()
    wide = plain.double() if plain.is_floating_point() else plain
    data = tuple(wide.reshape(-1).tolist())
    return FrozenDict(dtype=type_name(plain.dtype), shape=tuple(plain.shape), data=data)
