"""Types of values as the drawing will see them, before anything is drawn."""

from __future__ import annotations

import onnx_ir as ir

from sketch.graph.dims import Dim, parse_dim
from sketch.graph.element_types import HELD_NAMES
from sketch.graph.errors import ExpressionError
from sketch.graph.rows import ValueType


def type_of(value: ir.Value) -> ValueType | None:
    """Element type and sizes; a size without a usable name gets one of its own."""
    if value.dtype is None or value.dtype.value not in HELD_NAMES:
        return None
    dtype = HELD_NAMES[value.dtype.value]
    if value.shape is None or not isinstance(value.type, ir.TensorType):
        return ValueType(dtype, None)
    return ValueType(dtype, tuple(_dim(size, value, n) for n, size in enumerate(value.shape)))


def _dim(size: int | ir.SymbolicDim, value: ir.Value, place: int) -> Dim:
    if isinstance(size, int):
        return size
    try:
        return parse_dim(str(size.value))
    except ExpressionError:
        return parse_dim(f"unk__{id(value)}_{place}")
