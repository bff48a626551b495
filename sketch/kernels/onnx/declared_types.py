"""Declared types of values against those that the drawing has now."""

from __future__ import annotations

from typing import Any

import onnx

from sketch.graph.dims import Symbolic
from sketch.graph.element_types import HELD_TYPES
from sketch.graph.rows import ValueType


def as_now(value: onnx.ValueInfoProto, now: onnx.ValueInfoProto, *, same_type: bool) -> onnx.ValueInfoProto:
    """The value with its documentation and metadata, under the present name and with the present type."""
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(value)
    copy.name = now.name
    if not same_type:
        copy.type.CopyFrom(now.type)
    return copy


def typed(name: str, kind: ValueType) -> onnx.ValueInfoProto | None:
    """A value with the type that the drawing has, None where ONNX has no name for it."""
    if kind.dtype not in HELD_TYPES:
        return None
    shape = (
        None if kind.shape is None else [size if isinstance(size, int) else str(size) for size in kind.shape]
    )
    return onnx.helper.make_tensor_value_info(name, HELD_TYPES[kind.dtype], shape)


def agrees(proto: onnx.TypeProto, kind: ValueType, *, strict: bool) -> bool:
    """True when a declared type says nothing else than the drawing; `strict`: a number is no name either."""
    if not proto.HasField("tensor_type") or kind.dtype not in HELD_TYPES:
        return True
    if proto.tensor_type.elem_type != HELD_TYPES[kind.dtype]:
        return False
    if kind.shape is None or not proto.tensor_type.HasField("shape"):
        return True
    dims = proto.tensor_type.shape.dim
    if len(dims) != len(kind.shape):
        return False
    return all(_fits(dim, size, strict=strict) for dim, size in zip(dims, kind.shape, strict=True))


def _fits(dim: Any, size: Any, *, strict: bool) -> bool:
    if not dim.HasField("dim_value"):
        return True
    if isinstance(size, Symbolic):
        return not strict
    return bool(dim.dim_value == size)
