"""Rules of the layers without an input: they say their type themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.dims import Dim, Symbolic, parse_dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.sizes import Shape


def input_rule(call: Call) -> tuple[ValueType | None, ...]:
    """Shape and element type as declared; names are symbols."""
    sizes = tuple(parse_dim(size) for size in call.param("shape"))
    _refuse_negative(call, sizes)
    return (ValueType(call.param("dtype"), sizes),)


def parameter(call: Call) -> tuple[ValueType | None, ...]:
    """A stored tensor: every size is a number."""
    return (ValueType(call.param("dtype"), _numbers(call)),)


def constant(call: Call) -> tuple[ValueType | None, ...]:
    """The shape of the nested lists, or the declared one that `value` fills (one number) or has."""
    found = nested_shape(call, call.param("value"))
    shape = found if call.params.get("shape") is None else _numbers(call)
    if found not in ((), shape):
        raise ShapeError(
            f"{call.spec.name} has values of shape {list(found)}, its shape says {list(shape)}.",
            "Clear the shape, or give one number as value.",
            param="shape",
        )
    return (ValueType(call.param("dtype"), shape),)


def nested_shape(call: Call, value: Any) -> tuple[int, ...]:
    """The shape of nested tuples; ShapeError when rows differ in length."""
    if not isinstance(value, tuple):
        return ()
    inner = {nested_shape(call, item) for item in value}
    if len(inner) > 1:
        raise ShapeError(
            f"{call.spec.name} has rows of different lengths in its value.",
            "Give all rows one length.",
            param="value",
        )
    return (len(value), *(inner.pop() if inner else ()))


def _numbers(call: Call) -> tuple[int, ...]:
    sizes = tuple(parse_dim(size) for size in call.param("shape"))
    for size in sizes:
        if isinstance(size, Symbolic):
            raise ShapeError(
                f"{call.spec.name} is stored, so its size {size} must be a number.",
                "Write a number, or Expand it after the node.",
                param="shape",
            )
    _refuse_negative(call, sizes)
    return tuple(size for size in sizes if isinstance(size, int))


def _refuse_negative(call: Call, sizes: Shape) -> None:
    for size in sizes:
        if _is_negative(size):
            raise ShapeError(
                f"{call.spec.name} has size {size}.", "Write a number from 0, or a name.", param="shape"
            )


def _is_negative(size: Dim) -> bool:
    return isinstance(size, int) and size < 0


RULES: Mapping[str, Rule] = {"input": input_rule, "parameter": parameter, "constant": constant}
