"""Operators that are no pattern to recognise: calls of a layer's own function, and those that stay operators."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.graph.attachments import set_weight
from sketch.graph.element_types import HELD_NAMES
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import LayerSpec
from sketch.kernels.onnx.building import Builder
from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.foreign import CAPTURES, INPUT, INPUT_ROLE, OUTPUTS, OVERLOAD, layer_name
from sketch.kernels.onnx.graph_bytes import captured_names, graphs_of
from sketch.kernels.onnx.raising.site import Plan, Weight, plain_attribute, short_decimal

SMALL_INPUT = 64
"""A constant input of up to this many numbers is a parameter of its operator, a larger one a stored weight."""


def called_layer(node: ir.Node, spec: LayerSpec, formal: Sequence[str]) -> Plan | None:
    """The layer that a function call stands for, by its attributes and the function's formal names."""
    inputs: list[ir.Value | None] = []
    weights: dict[str, Weight] = {}
    for name, value in zip(formal, node.inputs, strict=True):
        place = _port(spec, name)
        if place is not None:
            inputs.extend([None] * (place + 1 - len(inputs)))
            inputs[place] = value
        elif value is not None and known(value) is not None:
            weights[name] = Weight(value)
        else:
            return None
    return Plan(spec.name, _parameters(node, spec), inputs, weights, list(node.outputs))


def _port(spec: LayerSpec, name: str) -> int | None:
    """The port of a formal input; `x3` is the third of a variadic port x."""
    ports = [port.name for port in spec.inputs]
    if name in ports:
        return ports.index(name)
    stem = name.rstrip("0123456789")
    if stem in ports and stem != name and spec.inputs[-1].variadic:
        return len(ports) - 2 + int(name[len(stem) :])
    return None


def _parameters(node: ir.Node, spec: LayerSpec) -> dict[str, Any]:
    """Attributes as parameters; an empty parameter is one that the call leaves out."""
    params: dict[str, Any] = {}
    for name, item in spec.params.items():
        if name in node.attributes:
            value = plain_attribute(node.attributes[name])
            params[name] = bool(value) if item.type == "bool" else value
        elif item.optional and item.default is not None:
            params[name] = None
    return params


def keep(node: ir.Node, path: Sequence[str], build: Builder, values: Mapping[str, ir.Value]) -> None:
    """Add an operator as it is: attributes, wires, weights and declared types. `values` are all values by name."""
    params, bodies, captured = _attributes(node)
    outer = {name: values[name] for name in captured if name in values}
    if outer:
        params[CAPTURES] = tuple((name, len(node.inputs) + place) for place, name in enumerate(outer))
    if node.overload:
        params[OVERLOAD] = node.overload
    if any(not value.name for value in node.outputs):
        params[OUTPUTS] = tuple(place for place, value in enumerate(node.outputs) if value.name)
    given = {into: value for into, value in enumerate([*node.inputs, *outer.values()]) if value is not None}
    small = {f"{INPUT}{into}": small_input(known(value)) for into, value in given.items()}
    params.update({name: value for name, value in small.items() if value is not None})
    node_id = build.add(layer_name(node.domain, node.op_type), path, params)
    for role, data in bodies.items():
        set_weight(build.draft, node_id, role, build.blob(data, ""))
    for into, value in given.items():
        _give(build, node_id, into, value)
    for out, value in enumerate(node.outputs):
        build.bind(value, node_id, out)
        build.hint(node_id, out, value)


def _give(build: Builder, node_id: int, into: int, value: ir.Value) -> None:
    """Wire an input, or store it as a weight where it is a constant that is no parameter already."""
    tensor = known(value)
    if tensor is None or tensor.dtype == ir.DataType.STRING:
        build.wire(value, node_id, into)
        return
    if value.name:
        build.origin.roles[node_id, f"{INPUT_ROLE}{into}"] = value.name
    if f"{INPUT}{into}" not in build.draft.node(node_id).params:
        set_weight(build.draft, node_id, f"{INPUT_ROLE}{into}", build.tensor(Weight(value)))


def small_input(tensor: ir.TensorProtocol | None) -> FrozenDict | None:
    """A constant of few plain numbers as a parameter: {dtype, shape, data}; None for what is stored as a weight."""
    if tensor is None or tensor.size > SMALL_INPUT or tensor.dtype.value not in HELD_NAMES:
        return None
    dtype = HELD_NAMES[tensor.dtype.value]
    if dtype == "string" or dtype.startswith("complex"):
        return None
    flat = np.asarray(tensor.numpy()).reshape(-1)
    data = tuple(_plain_number(item, dtype) for item in flat)
    if not all(math.isfinite(item) for item in data):
        return None
    return FrozenDict(dtype=dtype, shape=tuple(int(size) for size in tensor.shape), data=data)  # type: ignore[arg-type]


def _plain_number(item: Any, dtype: str) -> bool | int | float:
    """A Python number; floats as the shortest decimal that gives the same number in their type."""
    if dtype == "bool":
        return bool(item)
    if dtype.startswith(("int", "uint")):
        return int(item)
    return short_decimal(item) if dtype != "float64" else float(item)


def _attributes(node: ir.Node) -> tuple[dict[str, Any], dict[str, bytes], dict[str, None]]:
    """(plain values and records of the others, bytes of the others by role, outer names that they read)."""
    params: dict[str, Any] = {}
    bodies: dict[str, bytes] = {}
    captured: dict[str, None] = {}
    for name, attribute in node.attributes.items():
        value = plain_attribute(attribute)
        if value is not None:
            params[name] = value
            continue
        proto = ir.to_proto(attribute)
        for graph in graphs_of(proto):
            captured.update(captured_names(graph))
        params[name] = {"kind": attribute.type.name.lower(), "role": f"@{name}"}
        bodies[f"@{name}"] = proto.SerializeToString()
    return params, bodies, captured
