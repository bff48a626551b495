"""Rules of layers that make dimensions vanish: sums, means, largest and smallest values."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.sizes import Shape, axes_of


def reduce_rule(call: Call) -> tuple[ValueType | None, ...]:
    """Dimensions `dim` (all when open) vanish, or stay with size 1 when `keepdim`.

    Arguments: `dtype: sum` makes whole numbers and truth values int64, another `dtype` is the output's;
    `filled` refuses a dimension without entries, which has no largest one; `outputs` is how many there are;
    `scalar` keeps no dimension while `dim` is open.
    """
    shape = call.shape()
    dim = call.param("dim")
    axes = axes_of(call, (dim,) if isinstance(dim, int) else dim, len(shape))
    if call.arg("filled", False):
        _refuse_empty(call, shape, axes)
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    gone = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    keeps = call.param("keepdim") and not (dim is None and call.arg("scalar", False))
    found = ValueType(_dtype(call), kept if keeps else gone)
    return (found,) * int(call.arg("outputs", 1))


def _dtype(call: Call) -> str:
    given, wanted = call.input().dtype, call.arg("dtype", "")
    if wanted == "sum":
        return "int64" if given == "bool" or given.startswith(("int", "uint")) else given
    return wanted or given


def _refuse_empty(call: Call, shape: Shape, axes: tuple[int, ...]) -> None:
    for axis in axes:
        if axis < len(shape) and shape[axis] == 0:
            raise ShapeError(
                f"{call.spec.name} looks along dimension {axis}, which has no entries.",
                "Choose another dim.",
                param="dim",
            )


RULES: Mapping[str, Rule] = {"reduce": reduce_rule}
