"""Types of values of a file as the graph has them: element types by name, dimensions as symbols."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from sketch.graph.dims import parse_dim
from sketch.graph.element_types import HELD_NAMES
from sketch.graph.errors import ExpressionError
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.naming import clean

NAME_OF_DIM = 64
"""Longer texts are no names of dimensions."""


class ValueKinds:
    """The types of one import; the same text is the same symbol everywhere in it."""

    def __init__(self) -> None:
        self._symbols: dict[str, str] = {}
        self._dims: dict[str, Any] = {}
        self._types: dict[ir.Value, ValueType | None] = {}

    def type_of(self, value: ir.Value) -> ValueType | None:
        """The element type and shape that the file gives a value; `seq(float32)` for a sequence."""
        if value not in self._types:
            self._types[value] = self._type(value)
        return self._types[value]

    def _type(self, value: ir.Value) -> ValueType | None:
        if isinstance(value.type, (ir.SequenceType, ir.OptionalType)):
            nested = nested_type(value.type)
            return None if nested is None else ValueType(nested, None)
        if value.dtype is None or value.dtype.value not in HELD_NAMES:
            return None
        dtype = HELD_NAMES[value.dtype.value]
        if value.shape is None or not isinstance(value.type, ir.TensorType):
            return ValueType(dtype, None)
        owner = clean(value.name or "value")
        return ValueType(dtype, tuple(self._dim(size, f"{owner}_{n}") for n, size in enumerate(value.shape)))

    def _dim(self, size: Any, owner: str) -> Any:
        if isinstance(size, int) and size >= 0:
            return size
        text = getattr(size, "value", None)
        name = self.symbol(str(text) if text is not None else owner)
        if name not in self._dims:
            self._dims[name] = parse_dim(name)
        return self._dims[name]

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


def nested_type(kind: ir.TypeProtocol) -> str | None:
    """`seq(float32)`, `optional(seq(float32))`: a type in words, None for one that has none."""
    if isinstance(kind, ir.SequenceType):
        inner = nested_type(kind.elem_type)
        return inner and f"seq({inner})"
    if isinstance(kind, ir.OptionalType):
        inner = nested_type(kind.elem_type)
        return inner and f"optional({inner})"
    return HELD_NAMES.get(kind.dtype.value)
