"""Puts raised layers and foreign operators into a Draft: nodes, groups, wires, weights, declared types."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.binder.kernel import Task
from sketch.binder.tensors import FileSlice
from sketch.graph.attachments import add_tensor, set_hint, set_weight
from sketch.graph.dims import parse_dim
from sketch.graph.draft import Draft
from sketch.graph.errors import ExpressionError
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.claims import Claim
from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.naming import clean
from sketch.kernels.onnx.raising.site import Plan, Weight
from sketch.kernels.onnx.rows import TYPE_NAMES

SMALL_VALUE = 16
"""A constant of up to this many elements is shown as a value, a larger one is stored."""
_UNPACKED = ("uint4", "int4", "float4e2m1", "uint2", "int2")

Source = tuple[int, int]


class Builder:
    """One import: what exists so far, by value of the file."""

    def __init__(
        self, draft: Draft, task: Task, constants: Mapping[str, Claim], group_layers: Mapping[str, str]
    ):
        self.draft, self._task = draft, task
        self._constants, self._group_layers = constants, group_layers
        self._sources: dict[ir.Value, Source] = {}
        self._groups: dict[tuple[str, ...], int | None] = {(): None}
        self._tensors: dict[tuple[ir.Value, str, tuple[int, ...]], int] = {}
        self._symbols: dict[str, str] = {}

    # --- nodes -------------------------------------------------------------------------------------

    def add(self, layer: str, path: Sequence[str], params: Mapping[str, Any]) -> int:
        """Add a node under a name that is free; groups are made as the path asks for them."""
        parent = self._group(tuple(path[:-1]))
        name = clean(path[-1]) or layer.lower()
        if self.draft.named(parent, name) is not None:
            name = self.draft.fresh_name(parent, f"{name}_")
        return self.draft.add(layer, name, params, parent=parent)

    def _group(self, path: tuple[str, ...]) -> int | None:
        if path not in self._groups:
            parent = self._group(path[:-1])
            name = clean(path[-1])
            found = self.draft.named(parent, name)
            if found is None or not self.draft.spec(found).group:
                layer = self._group_layers.get("/".join(path), "Group")
                name = name if found is None else self.draft.fresh_name(parent, f"{name}_")
                found = self.draft.add(
                    layer if layer in ("Group", "Sequential") else "Group", name, parent=parent
                )
            self._groups[path] = found
        return self._groups[path]

    def commit(self, plans: Sequence[Plan], path: Sequence[str]) -> list[int]:
        """Add the layers of a plan; the last one bears the name, earlier ones say what they do for it."""
        ids: list[int] = []
        for place, plan in enumerate(plans):
            named = path if place == len(plans) - 1 else (*path[:-1], f"{path[-1]}_{plan.layer.lower()}")
            ids.append(self.add(plan.layer, named, plan.params))
            for into, source in enumerate(plan.inputs):
                if isinstance(source, tuple):
                    self.draft.connect(ids[source[0]], source[1], ids[-1], into, check_cycle=False)
                elif source is not None:
                    self.wire(source, ids[-1], into)
            for role, weight in plan.weights.items():
                set_weight(self.draft, ids[-1], role, self.tensor(weight))
            for out, value in enumerate(plan.outputs):
                if value is not None:
                    self.bind(value, ids[-1], out)
        return ids

    # --- wires -------------------------------------------------------------------------------------

    def bind(self, value: ir.Value, node_id: int, out: int = 0) -> None:
        """A value of the file comes from this output."""
        self._sources[value] = (node_id, out)

    def alias(self, value: ir.Value, same: ir.Value) -> None:
        """A value of the file is another one under a second name."""
        self._sources[value] = self._source(same)

    def _source(self, value: ir.Value) -> Source:
        if value not in self._sources:
            self._sources[value] = (self._constant_node(value), 0)
        return self._sources[value]

    def wire(self, value: ir.Value, target: int, into: int) -> None:
        """Wire a value to an input; a constant becomes a node of its own first."""
        self.draft.connect(*self._source(value), target, into, check_cycle=False)

    def _constant_node(self, value: ir.Value) -> int:
        tensor = known(value)
        name = clean(value.name or "constant")
        if tensor is None:
            raise ValueError(f"the value {name!r} is made by no operator")
        claim = self._constants.get(value.name or "")
        dtype = TYPE_NAMES[tensor.dtype.value]
        shape = _shape(tensor)
        if claim is not None and claim.layer in ("Constant", "Parameter"):
            node_id = self.add(claim.layer, claim.path, claim.params)
            if claim.layer == "Parameter" or claim.params.get("shape") is not None:
                set_weight(self.draft, node_id, "value", self.tensor(Weight(value)))
            return node_id
        if int(np.prod(shape, dtype=object)) <= SMALL_VALUE and dtype not in _UNPACKED:
            plain = np.asarray(tensor.numpy())
            if np.isfinite(plain.astype(np.float64)).all():
                return self.add("Constant", (name,), {"value": plain.tolist(), "dtype": dtype})
        kind = "Parameter" if dtype in ("float32", "float16", "bfloat16", "float64") else "Constant"
        node_id = self.add(kind, (name,), {"shape": shape, "dtype": dtype})
        set_weight(self.draft, node_id, "value", self.tensor(Weight(value)))
        return node_id

    # --- tensors -----------------------------------------------------------------------------------

    def tensor(self, weight: Weight) -> int:
        """The stored tensor of a weight; the same constant twice is one tensor (tied)."""
        tensor = known(weight.value)
        if tensor is None:
            raise ValueError("a weight is no constant")
        shape = weight.shape if weight.shape is not None else _shape(tensor)
        key = (weight.value, weight.part, shape)
        if key not in self._tensors:
            dtype = TYPE_NAMES[tensor.dtype.value]
            name = clean(weight.value.name or "")
            if weight.change is None and isinstance(tensor, ir.ExternalTensor) and dtype not in _UNPACKED:
                place = FileSlice(str(tensor.path), int(tensor.offset or 0), int(tensor.length or 0))
                digest = self._task.store.put_slice(place, dtype, shape)
            else:
                array = stored_array(tensor)
                array = weight.change(array) if weight.change else array.reshape(shape)
                shape = array.shape
                digest = self._task.store.put(array, dtype)
            self._tensors[key] = add_tensor(self.draft, digest, shape, dtype, name)
        return self._tensors[key]

    def blob(self, data: bytes, name: str) -> int:
        """Bytes that are kept as they are, as a tensor of uint8."""
        array = np.frombuffer(data, np.uint8)
        return add_tensor(self.draft, self._task.store.put(array, "uint8"), array.shape, "uint8", name)

    # --- types -------------------------------------------------------------------------------------

    def type_of(self, value: ir.Value) -> ValueType | None:
        """The element type and shape that the file gives a value."""
        if value.dtype is None or value.dtype.value not in TYPE_NAMES:
            return None
        dtype = TYPE_NAMES[value.dtype.value]
        if value.shape is None or not isinstance(value.type, ir.TensorType):
            return ValueType(dtype, None)
        owner = clean(value.name or "value")
        return ValueType(dtype, tuple(self._dim(size, f"{owner}_{n}") for n, size in enumerate(value.shape)))

    def _dim(self, size: Any, owner: str) -> Any:
        if isinstance(size, int):
            return size if size >= 0 else parse_dim(self.symbol(owner))
        text = getattr(size, "value", None)
        return parse_dim(self.symbol(str(text) if text is not None else owner))

    def symbol(self, text: str) -> str:
        """A dimension's name as the graph takes it; the same text always gives the same name."""
        if text not in self._symbols:
            try:
                found = str(parse_dim(text)) if len(text) < NAME_OF_DIM else ""
            except ExpressionError:
                found = ""
            if not found:
                plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in text)[:40]
                found = plain if plain.isidentifier() else f"d_{plain}"
                while found in self._symbols.values():
                    found += "_"
            self._symbols[text] = found
        return self._symbols[text]

    def hint(self, node_id: int, out: int, value: ir.Value) -> None:
        """Declare the type of a foreign operator's output."""
        kind = self.type_of(value) or ValueType("float32", None)
        set_hint(self.draft, node_id, out, kind)


NAME_OF_DIM = 64
"""Longer texts are no names of dimensions."""


def _shape(tensor: ir.TensorProtocol) -> tuple[int, ...]:
    return tuple(int(size) for size in tensor.shape)  # type: ignore[arg-type]


def stored_array(tensor: ir.TensorProtocol) -> np.ndarray[Any, Any]:
    """The elements as the tensor store keeps them: raw bits where numpy lacks the type."""
    array = np.asarray(tensor.numpy())
    dtype = TYPE_NAMES[tensor.dtype.value]
    if dtype == "bfloat16":
        return array.view(np.uint16)
    if dtype.startswith("float8"):
        return array.view(np.uint8)
    if dtype in _UNPACKED:
        mask = 3 if dtype.endswith("int2") else 15
        return np.asarray(array.view(np.uint8) & mask, np.uint8)
    return array


def encoded_type(data: bytes) -> str:
    """A TypeProto as text."""
    return base64.b64encode(data).decode()


def group_layers(text: str) -> dict[str, str]:
    """Path of a group -> Sequential or Group, from the file's metadata."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(path): str(layer) for path, layer in raw.items()} if isinstance(raw, dict) else {}
