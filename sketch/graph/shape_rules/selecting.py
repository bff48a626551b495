"""Rules of layers that pick, sort or overwrite elements by numbers or masks."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.sizes import axis_of, broadcast

Types = tuple[ValueType | None, ...]


def top_k(call: Call) -> Types:
    """Dimension `dim` has k entries; values, and their numbers."""
    shape, axis, count = call.shape(), _axis(call), call.param("k")
    size = shape[axis] if shape else 1
    if isinstance(size, int) and count > size:
        raise ShapeError(
            f"{call.spec.title} takes {count} of the {size} entries of dimension {axis}.",
            f"Set k to {size} or less.",
            param="k",
        )
    found = (*shape[:axis], count, *shape[axis + 1 :]) if shape else ()
    return ValueType(call.input().dtype, found), ValueType("int64", found)


def sort(call: Call) -> Types:
    """Two outputs of the input's shape: values, and their numbers."""
    _axis(call)
    return call.input(), ValueType("int64", call.shape())


def gather_elements(call: Call) -> Types:
    """The index's shape."""
    _check_index(call)
    return (ValueType(call.input().dtype, call.shape(1)),)


def scatter(call: Call) -> Types:
    """Output = first input; src covers the index and has the input's element type."""
    _check_index(call)
    index, source = call.shape(1), call.shape(2)
    pairs = zip(index, source, strict=False)
    if len(index) != len(source) or any(isinstance(b - a, int) and b - a < 0 for a, b in pairs):
        raise ShapeError(
            f"{call.spec.title} has an index of {shape_text(index)} and values of {shape_text(source)}.",
            "Give a value for each element of the index.",
            port=2,
        )
    _check_alike(call, 2)
    return (call.input(),)


def one_hot(call: Call) -> Types:
    """A last dimension of num_classes."""
    _check_long(call, 0)
    return (ValueType("int64", (*call.shape(), call.param("num_classes"))),)


def masked_fill(call: Call) -> Types:
    """x and mask broadcast; the value is a single number."""
    if call.given(2) and call.shape(2):
        raise ShapeError(
            f"{call.spec.title} writes one number, gets {shape_text(call.shape(2))}.", "Use Where.", port=2
        )
    return (ValueType(call.input().dtype, broadcast(call, [call.shape(0), call.shape(1)])),)


def _axis(call: Call) -> int:
    return axis_of(call, call.param("dim"), len(call.shape()))


def _check_long(call: Call, port: int) -> None:
    kind = call.input(port).dtype
    if kind != "int64":
        raise ShapeError(
            f"{call.spec.title} takes numbers of int64, gets {kind}.", "Insert a Cast to int64.", port=port
        )


def _check_index(call: Call) -> None:
    _check_long(call, 1)
    shape, index, axis = call.shape(), call.shape(1), _axis(call)
    rest = [at for at in range(min(len(shape), len(index))) if at != axis]
    if len(shape) != len(index) or any(_larger(index[at], shape[at]) for at in rest):
        raise ShapeError(
            f"{call.spec.title} reads {shape_text(shape)} with an index of {shape_text(index)}.",
            f"Give the index as many dimensions, none larger but dimension {axis}.",
            port=1,
        )


def _larger(first: Dim, second: Dim) -> bool:
    gap = first - second
    return isinstance(gap, int) and gap > 0


def _check_alike(call: Call, port: int) -> None:
    first, other = call.input().dtype, call.input(port).dtype
    if first != other:
        raise ShapeError(
            f"{call.spec.title} needs one element type, gets {first} and {other}.",
            f"Insert a Cast to {first}.",
            port=port,
        )


RULES: Mapping[str, Rule] = {
    "top_k": top_k,
    "sort": sort,
    "gather_elements": gather_elements,
    "scatter": scatter,
    "one_hot": one_hot,
    "masked_fill": masked_fill,
}
