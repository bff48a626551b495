"""Operators of a newer opset in the form that an older one has, where both mean the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import onnx
from onnx import helper

Constants = Callable[[str], tuple[Any, ...] | None]
"""The elements of a small constant by name; None for what is no such constant."""
Types = Callable[[str], str | None]
"""The element type of a value by name, None when it is not known."""

_SPELLING = {"float32": "float", "float64": "double"}
_CHANGED: Mapping[str, int] = {"GroupNormalization": 21, "RoiAlign": 16, "DFT": 20}
"""Operators whose meaning changed at this version while their form fits."""
_VALUES: Mapping[tuple[str, str], tuple[int, Mapping[bytes, bytes]]] = {
    ("GridSample", "mode"): (20, {b"linear": b"bilinear", b"cubic": b"bicubic"}),
}
"""Attribute values that were spelled otherwise before a version."""
_NEW_VALUES: Mapping[tuple[str, str], Mapping[bytes, int]] = {
    ("ScatterElements", "reduction"): {b"add": 16, b"mul": 16, b"max": 18, b"min": 18},
    ("ScatterND", "reduction"): {b"add": 16, b"mul": 16, b"max": 18, b"min": 18},
    ("Pad", "mode"): {b"wrap": 19},
    ("Resize", "coordinate_transformation_mode"): {b"half_pixel_symmetric": 19},
    ("Resize", "keep_aspect_ratio_policy"): {b"not_larger": 18, b"not_smaller": 18},
    ("DepthToSpace", "mode"): {}, ("SpaceToDepth", "mode"): {b"CRD": 28},
}  # fmt: skip
"""Attribute values that came with a version."""


class NoOlderFormError(Exception):
    """The operator cannot be said in this opset; `since` is the oldest in which it can."""

    def __init__(self, message: str, since: int):
        super().__init__(message)
        self.since = since


def older_form(
    node: onnx.NodeProto, have: int, target: int, constants: Constants, types: Types
) -> onnx.NodeProto:
    """The operator in the form of the opset `target`, the node itself where nothing changes.

    Args:
        node: in the form of the opset `have`.
        constants: elements of constants that may have to become attributes.
        types: element types of what flows in.

    Raises:
        NoOlderFormError: there is no such form, or none that is known to mean the same.
    """
    schema = _schema(node.op_type, have, node.domain)
    if schema is None or schema.since_version <= target:
        return node
    old = _schema(node.op_type, target, node.domain)
    if old is None:
        since = _CHANGED.get(node.op_type, 0)
        if since > target:
            raise _refused(since)
        first = _first(node.op_type, node.domain)
        raise NoOlderFormError(f"came with opset {first}", first)
    if _CHANGED.get(node.op_type, 0) > target:
        raise _refused(_CHANGED[node.op_type])
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    _axes_as_attribute(copy, old, schema, constants)
    _check_ports(copy, old, schema)
    _fit_attributes(copy, old, schema, target)
    _check_types(copy, old, schema, types)
    return copy


def _refused(since: int) -> NoOlderFormError:
    return NoOlderFormError(f"has its present form since opset {since}", since)


@cache
def _schema(kind: str, opset: int, domain: str) -> Any:
    if domain not in ("", "ai.onnx"):
        return None
    try:
        found = onnx.defs.get_schema(kind, opset, "")
    except onnx.defs.SchemaError:
        return None
    return None if found.deprecated else found


@cache
def _first(kind: str, domain: str) -> int:
    """The opset in which an operator came."""
    return min(
        item.since_version
        for item in onnx.defs.get_all_schemas_with_history()
        if item.name == kind and item.domain == domain
    )


def _axes_as_attribute(node: onnx.NodeProto, old: Any, schema: Any, constants: Constants) -> None:
    """The reductions take their axes as an input since 18, as an attribute before."""
    if "axes" not in old.attributes or not any(port.name == "axes" for port in schema.inputs):
        return
    place = next(at for at, port in enumerate(schema.inputs) if port.name == "axes")
    keeps_all = any(item.name == "noop_with_empty_axes" and item.i for item in node.attribute)
    if place < len(node.input) and node.input[place]:
        axes = constants(node.input[place])
        if axes is None or (not axes and keeps_all):
            raise _refused(schema.since_version)
        if axes:
            node.attribute.append(helper.make_attribute("axes", [int(axis) for axis in axes]))
    elif keeps_all:
        raise _refused(schema.since_version)
    if place < len(node.input):
        del node.input[place:]
    kept = [item for item in node.attribute if item.name != "noop_with_empty_axes"]
    copies = [onnx.AttributeProto.FromString(item.SerializeToString()) for item in kept]
    del node.attribute[:]
    node.attribute.extend(copies)


def _check_ports(node: onnx.NodeProto, old: Any, schema: Any) -> None:
    while node.input and not node.input[-1]:
        del node.input[-1]
    too_many = len(node.input) > old.max_input or len(node.output) > old.max_output
    if too_many or len(node.input) < old.min_input or len(node.output) < old.min_output:
        raise _refused(_since_ports(node) or schema.since_version)


def _since_ports(node: onnx.NodeProto) -> int:
    """The oldest opset whose form of this operator has room for its inputs and outputs, 0 when none is found."""
    versions = [
        item.since_version
        for item in onnx.defs.get_all_schemas_with_history()
        if item.name == node.op_type and item.domain == ""
        and item.min_input <= len(node.input) <= item.max_input
        and item.min_output <= len(node.output) <= item.max_output
    ]  # fmt: skip
    return min(versions, default=0)


def _fit_attributes(node: onnx.NodeProto, old: Any, schema: Any, target: int) -> None:
    """Drop attributes that the old form lacks where they say what it does anyway; write out what it assumed else."""
    for attribute in list(node.attribute):
        known = schema.attributes.get(attribute.name)
        fallback = known.default_value if known is not None else None
        if attribute.name not in old.attributes:
            if fallback is None or not fallback.name or not _same_value(attribute, fallback):
                raise _refused(_since_attribute(node, attribute.name))
            node.attribute.remove(attribute)
            continue
        _fit_value(node, attribute, target)
    given = {attribute.name for attribute in node.attribute}
    for name, known in schema.attributes.items():
        before = old.attributes.get(name)
        if name in given or before is None or not known.default_value.name:
            continue
        if not before.default_value.name or not _same_value(known.default_value, before.default_value):
            node.attribute.append(known.default_value)


def _fit_value(node: onnx.NodeProto, attribute: onnx.AttributeProto, target: int) -> None:
    since, spelling = _VALUES.get((node.op_type, attribute.name), (0, {}))
    if target < since:
        attribute.s = spelling.get(attribute.s, attribute.s)
    came = _NEW_VALUES.get((node.op_type, attribute.name), {}).get(attribute.s, 0)
    if came > target:
        raise _refused(came)


def _since_attribute(node: onnx.NodeProto, name: str) -> int:
    versions = [
        item.since_version
        for item in onnx.defs.get_all_schemas_with_history()
        if item.name == node.op_type and item.domain == "" and name in item.attributes
    ]
    return min(versions)


def _same_value(one: onnx.AttributeProto, other: onnx.AttributeProto) -> bool:
    return bool(
        one.type == other.type and helper.get_attribute_value(one) == helper.get_attribute_value(other)
    )


def _check_types(node: onnx.NodeProto, old: Any, schema: Any, types: Types) -> None:
    """Versions that only took in more element types: the old form takes those that flow here."""
    for place, name in enumerate(node.input):
        dtype = types(name) if name else None
        if dtype is None or "(" in dtype or not old.inputs:
            continue
        port = old.inputs[min(place, len(old.inputs) - 1)]
        wanted = f"tensor({_SPELLING.get(dtype, dtype)})"
        if port.types and wanted not in port.types:
            raise _refused(schema.since_version)
    for attribute in node.attribute:
        if attribute.name in ("to", "output_dtype") and attribute.i:
            wanted = f"tensor({_element(attribute.i)})"
            if old.outputs and old.outputs[0].types and wanted not in old.outputs[0].types:
                raise _refused(schema.since_version)


def _element(number: int) -> str:
    return str(onnx.TensorProto.DataType.Name(number)).lower()
