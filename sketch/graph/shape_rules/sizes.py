"""How sizes meet: which axis a number names, when two sizes agree, what broadcasting makes of shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sketch.graph.dims import Dim, Symbolic
from sketch.graph.errors import ShapeError
from sketch.graph.rows import shape_text
from sketch.graph.rule import Call

Shape = tuple[Dim, ...]


def axis_of(call: Call, value: int, rank: int, param: str = "dim") -> int:
    """`value` counted from the front; a scalar counts as one dimension, as in torch."""
    size = max(rank, 1)
    if -size <= value < size:
        return value % size
    raise ShapeError(
        f"{call.spec.name} has {param} {value}, the input has {rank} dimension{'' if rank == 1 else 's'}.",
        f"Choose {param} from {-size} to {size - 1}.",
        param=param,
    )


def axes_of(call: Call, values: Sequence[int] | None, rank: int, param: str = "dim") -> tuple[int, ...]:
    """Several axes counted from the front; None or nothing means all of them."""
    if not values:
        return tuple(range(rank))
    axes = tuple(axis_of(call, value, rank, param) for value in values)
    if len(set(axes)) < len(axes):
        listed = ", ".join(map(str, values))
        raise ShapeError(
            f"{call.spec.name} names a dimension twice in {param} {listed}.",
            "Name each dimension once.",
            param=param,
        )
    return axes


def agree(first: Dim, second: Dim) -> Dim | None:
    """The size that two equal sizes have, the number if one is known; None when they surely differ."""
    if first == second:
        return first
    if isinstance(first - second, int):
        return None
    return first if isinstance(first, int) else second if isinstance(second, int) else first


def require_same(call: Call, first: Sequence[Any], second: Sequence[Any], port: int, what: str) -> Shape:
    """One shape out of two that must be equal; ShapeError shows both."""
    sizes = [agree(a, b) for a, b in zip(first, second, strict=False)]
    if len(first) == len(second) and None not in sizes:
        return tuple(size for size in sizes if size is not None)
    raise ShapeError(
        f"{call.spec.name} needs {what} of shape {shape_text(tuple(first))}, gets {shape_text(tuple(second))}.",
        "Reshape one of the two, or change the layer that makes it.",
        port=port,
    )


def broadcast(call: Call, shapes: Sequence[Shape], first_port: int = 0) -> Shape:
    """The common shape of several under torch's rule: sizes from the back are equal, or one of them is 1."""
    result = shapes[0]
    for index, shape in enumerate(shapes[1:], start=1):
        result = _broadcast_two(call, result, shape, first_port + index)
    return result


def _broadcast_two(call: Call, first: Shape, second: Shape, port: int) -> Shape:
    rank = max(len(first), len(second))
    left = (1,) * (rank - len(first)) + first
    right = (1,) * (rank - len(second)) + second
    sizes: list[Dim] = []
    for axis, (a, b) in enumerate(zip(left, right, strict=True)):
        size = _meet(a, b)
        if size is None:
            raise ShapeError(
                f"{call.spec.name} cannot combine {shape_text(first)} with {shape_text(second)}: "
                f"{a} and {b} differ in dimension {axis - rank}.",
                "Make the sizes equal (resize, crop, or a layer with as many channels), or 1.",
                port=port,
            )
        sizes.append(size)
    return tuple(sizes)


def _meet(a: Dim, b: Dim) -> Dim | None:
    """The broadcast of two sizes. A symbol beside a number above 1 must be that number (or 1): the number stays."""
    if b in (a, 1):
        return a
    if a == 1:
        return b
    if isinstance(a, Symbolic):
        return a if isinstance(b, Symbolic) else b
    return a if isinstance(b, Symbolic) else None
