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
from sketch.graph.draft import Draft
from sketch.graph.element_types import HELD_NAMES
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.claims import Claim
from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.naming import clean, constant_path
from sketch.kernels.onnx.origin import Origin
from sketch.kernels.onnx.raising.site import Plan, Weight
from sketch.kernels.onnx.value_kinds import ValueKinds

SMALL_VALUE = 16
"""A constant of up to this many elements is shown as a value, a larger one is stored."""
_LOOKED_AT = 1 << 20
"""Larger constants are not searched for numbers that are not finite."""
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
        self._kinds = ValueKinds()
        self._slices: dict[tuple[FileSlice, str, tuple[int, ...]], str] = {}
        self.origin = Origin()

    # --- nodes -------------------------------------------------------------------------------------

    def add(self, layer: str, path: Sequence[str], params: Mapping[str, Any]) -> int:
        """Add a node under a name that is free; groups are made as the path asks for them."""
        parent = self._group(tuple(path[:-1]))
        name = clean(path[-1]) or layer.lower()
        if self.draft.named(parent, name) is not None:
            name = self.draft.fresh_name(parent, f"{name}_")
        node_id = self.draft.add(layer, name, params, parent=parent)
        self.origin.add(node_id)
        return node_id

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

    def zone(self, path: tuple[str, ...], layer: str) -> tuple[str, ...]:
        """Make a group of a kind (If, Loop, ...) under a name that is free; the path by which members are added."""
        parent = self._group(path[:-1])
        name = clean(path[-1]) or layer.lower()
        if self.draft.named(parent, name) is not None:
            name = self.draft.fresh_name(parent, f"{name}_")
        self._groups[(*path[:-1], name)] = self.draft.add(layer, name, parent=parent)
        return (*path[:-1], name)

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
        self.origin.values[node_id, out] = value

    def alias(self, value: ir.Value, same: ir.Value) -> None:
        """A value of the file is another one under a second name."""
        self._sources[value] = self._source(same)

    def _source(self, value: ir.Value) -> Source:
        if value not in self._sources:
            with self.origin.apart():
                node_id = self._constant_node(value)
            self._sources[value] = (node_id, 0)
            self.origin.values[node_id, 0] = value
        return self._sources[value]

    def wire(self, value: ir.Value, target: int, into: int) -> None:
        """Wire a value to an input; a constant becomes a node of its own first."""
        self.draft.connect(*self._source(value), target, into, check_cycle=False)

    def _constant_node(self, value: ir.Value) -> int:
        tensor = known(value)
        if tensor is None:
            raise ValueError(f"the value {clean(value.name or '')!r} is made by no operator")
        path = _free_path(value.name or "", self._groups, self.draft)
        if tensor.dtype == ir.DataType.STRING:
            return self._text_node(value, tensor, path)
        claim = self._constants.get(value.name or "")
        dtype = HELD_NAMES[tensor.dtype.value]
        shape = _shape(tensor)
        if claim is not None and claim.layer in ("Constant", "Parameter"):
            node_id = self.add(claim.layer, claim.path, claim.params)
            if claim.layer == "Parameter" or claim.params.get("shape") is not None:
                set_weight(self.draft, node_id, "value", self.tensor(Weight(value)))
            return node_id
        if int(np.prod(shape, dtype=object)) <= SMALL_VALUE and dtype not in _UNPACKED:
            plain = np.asarray(tensor.numpy())
            if np.isfinite(plain.astype(np.float64)).all():
                return self.add("Constant", path, {"value": plain.tolist(), "dtype": dtype})
        kind = "Parameter" if _trains(tensor, dtype) else "Constant"
        node_id = self.add(kind, path, {"shape": shape, "dtype": dtype})
        set_weight(self.draft, node_id, "value", self.tensor(Weight(value)))
        return node_id

    def _text_node(self, value: ir.Value, tensor: ir.TensorProtocol, path: Sequence[str]) -> int:
        """Text is no tensor of the store: a Constant operator holds it as the file does."""
        node_id = self.add("ai.onnx:Constant", path, {"value": {"kind": "tensor", "role": "@value"}})
        attribute = ir.to_proto(ir.AttrTensor("value", tensor))
        set_weight(self.draft, node_id, "@value", self.blob(attribute.SerializeToString(), ""))
        shape = tuple(int(size) for size in tensor.shape if isinstance(size, int))
        set_hint(self.draft, node_id, 0, ValueType("string", shape))
        return node_id

    # --- tensors -----------------------------------------------------------------------------------

    def tensor(self, weight: Weight) -> int:
        """The stored tensor of a weight; the same constant twice is one tensor (tied)."""
        tensor = known(weight.value)
        if tensor is None:
            raise ValueError("a weight is no constant")
        whole = _shape(tensor)
        shape = weight.shape if weight.shape is not None else whole
        key = (weight.value, weight.part, shape)
        if key not in self._tensors:
            dtype = HELD_NAMES[tensor.dtype.value]
            digest, shape = self._stored(tensor, weight, shape, dtype)
            self._tensors[key] = add_tensor(self.draft, digest, shape, dtype, clean(weight.value.name or ""))
            same = weight.change is None and shape == whole
            self.origin.tensor(self._tensors[key], weight.value.name or "", same=same)
        return self._tensors[key]

    def _stored(
        self, tensor: ir.TensorProtocol, weight: Weight, shape: tuple[int, ...], dtype: str
    ) -> tuple[str, tuple[int, ...]]:
        """(digest, shape) in the store; transposed and reshaped tensors of a file are views and are not copied."""
        whole = _shape(tensor)
        turned = weight.change is np.transpose and len(whole) == 2
        if (
            isinstance(tensor, ir.ExternalTensor)
            and dtype not in _UNPACKED
            and (weight.change is None or turned)
        ):
            digest = self.slice(tensor, dtype)
            if turned:
                return self._task.store.view(digest, whole, dtype, order=(1, 0)), whole[::-1]
            if shape != whole:
                return self._task.store.view(digest, whole, dtype, new_shape=shape), shape
            return digest, shape
        array = stored_array(tensor)
        array = weight.change(array) if weight.change else array.reshape(shape)
        return self._task.store.put(array, dtype), array.shape

    def slice(self, tensor: ir.ExternalTensor, dtype: str) -> str:
        """The digest of a tensor that lies in a file, as it lies there."""
        place = FileSlice(str(tensor.path), int(tensor.offset or 0), int(tensor.length or 0))
        key = (place, dtype, _shape(tensor))
        if key not in self._slices:
            self._slices[key] = self._task.store.put_slice(place, dtype, key[2])
        return self._slices[key]

    def blob(self, data: bytes, name: str) -> int:
        """Bytes that are kept as they are, as a tensor of uint8."""
        array = np.frombuffer(data, np.uint8)
        return add_tensor(self.draft, self._task.store.put(array, "uint8"), array.shape, "uint8", name)

    # --- types -------------------------------------------------------------------------------------

    def type_of(self, value: ir.Value) -> ValueType | None:
        """The element type and shape that the file gives a value; `seq(float32)` for a sequence."""
        return self._kinds.type_of(value)

    def hint(self, node_id: int, out: int, value: ir.Value) -> None:
        """Declare the type of a foreign operator's output."""
        kind = self.type_of(value) or ValueType("float32", None)
        set_hint(self.draft, node_id, out, kind)


def _shape(tensor: ir.TensorProtocol) -> tuple[int, ...]:
    return tuple(int(size) for size in tensor.shape)  # type: ignore[arg-type]


def _free_path(name: str, groups: Mapping[tuple[str, ...], int | None], draft: Draft) -> tuple[str, ...]:
    """Where a constant stands: in the group of its module, unless a layer of that name is there."""
    path = constant_path(name)
    if path[:-1] in groups:
        return path
    if not name.startswith("/"):
        return (clean(name),)
    known_part = next(length for length in range(len(path), -1, -1) if path[:length] in groups)
    blocked = draft.named(groups[path[:known_part]], path[known_part]) is not None
    return (*path[:known_part], "_".join(path[known_part:])) if blocked else path


def _trains(tensor: ir.TensorProtocol, dtype: str) -> bool:
    """True for real numbers that an optimiser could move; a mask of -inf is no parameter."""
    if dtype not in ("float32", "float16", "bfloat16", "float64"):
        return False
    if tensor.size > _LOOKED_AT:
        return True
    return bool(np.isfinite(np.asarray(tensor.numpy()).astype(np.float64)).all())


def stored_array(tensor: ir.TensorProtocol) -> np.ndarray[Any, Any]:
    """The elements as the tensor store keeps them: raw bits where numpy lacks the type."""
    array = np.asarray(tensor.numpy())
    dtype = HELD_NAMES[tensor.dtype.value]
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
