"""Where a model that is being read grows: nodes, groups, wires, tensors in one Draft, with types as it goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from sketch.binder.kernel import BinderError, Loss
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.evaluate import resolve
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.arrays import to_array
from sketch.kernels.pytorch.reading import cleaned


@dataclass(frozen=True, slots=True)
class Wire:
    """An output of a node that was read."""

    node: int
    out: int = 0


class Sink:
    """Collects the rows of one import. Without a store no tensor is kept (shapes only)."""

    def __init__(self, library: LayerLibrary, store: Any):
        self.draft = Draft(Tables(), library)
        self.library = library
        self.losses: list[Loss] = []
        self._store = store
        self._types: dict[Wire, ValueType | None] = {}
        self._tensors: dict[object, int] = {}
        self._groups: dict[tuple[str, ...], int] = {}
        self.numbered: list[int] = []
        """Nodes whose names are their layer's with a number."""
        self._alive: list[torch.Tensor] = []
        self.is_free: Callable[[int | None, str], bool] = lambda _parent, _name: True

    @property
    def keeps_tensors(self) -> bool:
        """False when only shapes are asked for."""
        return self._store is not None

    def type_of(self, wire: Wire) -> ValueType | None:
        """The type of a value, None when not known."""
        return self._types.get(wire)

    def declare(self, wire: Wire, kind: ValueType | None) -> None:
        """The type of a value that no layer's rule gives."""
        self._types[wire] = kind

    def add(
        self,
        layer: str,
        params: Mapping[str, Any],
        operands: Sequence[Wire | None] = (),
        *,
        name: str = "",
        parent: int | None = None,
        weights: Mapping[str, torch.Tensor] | None = None,
    ) -> int:
        """Add a node with its wires and tensors. What follows the input by itself is left to do so."""
        spec = self.library[layer]
        given = {key: v for key, v in params.items() if v is not None or spec.params[key].optional}
        said = cleaned(spec, given, f"'{name or layer}'")
        inputs = [self._types.get(wire) if wire is not None else None for wire in operands]
        free = {key: value for key, value in said.items() if spec.params[key].derive}
        kept = {k: v for k, v in said.items() if k not in free and v != spec.params[k].default}
        title = self.free_name(parent, name, spec.prefix)
        node = self.draft.add(layer, title, kept, parent=parent)
        if not name:
            self.numbered.append(node)
        for port, wire in enumerate(operands):
            if wire is not None:
                self.draft.connect(wire.node, wire.out, node, port, check_cycle=False)
        stored = {
            role: self.tensor(tensor, f"{title if name else layer}.{role}")
            for role, tensor in (weights or {}).items()
        }
        self._resolve(node, inputs, free)
        for role, row in stored.items():
            if row is not None:
                set_weight(self.draft, node, role, row)
        return node

    def free_name(self, parent: int | None, name: str, prefix: str) -> str:
        """The name where it is free, else with a number; without one the prefix with a number."""
        if name and self.draft.named(parent, name) is None:
            return name
        while True:
            found = self.draft.fresh_name(parent, f"{name}_" if name else prefix)
            if self.is_free(parent, found):
                return found

    def pin_all(self, node: int, params: Mapping[str, Any]) -> None:
        """Let these be the node's parameters, and no others."""
        row = self.draft.node(node)
        said = FrozenDict(cleaned(self.draft.spec(node), params, f"'{row.name}'"))
        self.draft.put("nodes", node, replace(row, params=said))

    def group(self, path: Sequence[tuple[str, str]]) -> int | None:
        """The group at a path of (name, layer), made with its parents when it is new."""
        parent: int | None = None
        names: tuple[str, ...] = ()
        for name, layer in path:
            names = (*names, name)
            if names not in self._groups:
                self._groups[names] = self.draft.add(layer, name, parent=parent)
            parent = self._groups[names]
        return parent

    def tensor(self, value: torch.Tensor, name: str) -> int | None:
        """The stored row of a tensor; one row for all uses of the same memory."""
        if self._store is None:
            return None
        memory = (value.untyped_storage().data_ptr(), value.storage_offset())
        key: object = (*memory, value.shape, value.stride(), value.dtype) if value.numel() else id(value)
        if key not in self._tensors:
            self._alive.append(value)
            try:
                array, dtype = to_array(value)
            except KeyError:
                raise BinderError(
                    f"{name} has the element type {value.dtype}, which Sketch does not know."
                ) from None
            digest = self._store.put(array, dtype)
            self._tensors[key] = add_tensor(self.draft, digest, tuple(value.shape), dtype, name)
        return self._tensors[key]

    def number(self, value: float | int | bool, like: Wire | None, parent: int | None = None) -> Wire:
        """A plain number as a Constant, in the element type that PyTorch would compute in."""
        near = self._types.get(like) if like is not None else None
        dtype = near.dtype if near is not None else "float32"
        if isinstance(value, bool):
            dtype = "bool"
        elif isinstance(value, float) and not dtype.startswith(("float", "bfloat", "complex")):
            dtype = "float32"
        elif isinstance(value, int) and dtype == "bool":
            dtype = "int64"
        exact = shortest(value, dtype) if dtype.startswith(("float", "bfloat")) else value
        return Wire(self.add("Constant", {"value": exact, "dtype": dtype}, parent=parent))

    def _resolve(self, node: int, inputs: Sequence[ValueType | None], free: Mapping[str, Any]) -> None:
        """Types of the outputs; parameters that would come out otherwise than they were are pinned."""
        spec = self.draft.spec(node)
        found = resolve(self.draft.node(node), spec, inputs, {}, ())
        wrong = {name: value for name, value in free.items() if found.params.get(name) != value}
        if wrong:
            for name, value in wrong.items():
                self.draft.set_param(node, name, value)
            found = resolve(self.draft.node(node), spec, inputs, {}, ())
        for out, kind in enumerate(found.outputs):
            self._types[Wire(node, out)] = kind


def shortest(value: float, dtype: str) -> float:
    """A number as short as its element type allows: what is written and read again is the same then."""
    if dtype != "float32" or not math.isfinite(value):
        return float(value)
    short = float(str(np.float32(value)))
    return short if abs(short) <= float(np.finfo(np.float32).max) else float(value)
