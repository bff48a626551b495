"""Rules of operators that sample an image anew."""

from __future__ import annotations

import math
from typing import Any

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out, Shape, Values
from sketch.graph.shape_rules.sizes import axes_of


def resize(call: OperatorCall) -> tuple[Out, ...]:
    """Sizes as the fourth input says, or those of X times the third."""
    shape = call.shape()
    axes = axes_of(call, call.attr("axes"), len(shape), "axes")
    sizes, scales = _given(call, 3, len(axes)), _given(call, 2, len(axes))
    if sizes is not None and scales is not None and call.given(3) and call.given(2):
        raise ShapeError(f"{call.spec.name} has both scales and sizes.", "Leave one of them open.", port=3)
    wanted: list[Any]
    if sizes is not None:
        wanted = _kept(call, shape, axes, sizes)
    elif scales is not None:
        wanted = [_scaled(shape[axis], scale) for axis, scale in zip(axes, scales, strict=True)]
    else:
        wanted = [None] * len(axes)
    result = list(shape)
    for axis, size in zip(axes, wanted, strict=True):
        result[axis] = size
    return (tuple(result),)


def upsample(call: OperatorCall) -> tuple[Out, ...]:
    """Sizes times the second input."""
    scales = call.elements(1)
    if scales is None:
        return ((None,) * len(call.shape()),)
    return (tuple(_scaled(size, scale) for size, scale in zip(call.shape(), scales, strict=False)),)


def _given(call: OperatorCall, index: int, count: int) -> Values | None:
    """The elements of scales or sizes; an empty one counts as open."""
    found = call.elements(index)
    if not found:
        return None
    if len(found) != count:
        name = call.spec.input_port(index).name
        raise ShapeError(
            f"{call.spec.name} has {len(found)} numbers on {name!r} for {count} dimensions.",
            f"Give {name} {count} numbers, or name the dimensions in axes.",
            port=index,
        )
    return found


def _scaled(size: Dim | None, scale: Any) -> Dim | None:
    if size is None or scale is None:
        return None
    if isinstance(scale, float) and scale.is_integer():
        scale = int(scale)
    if isinstance(scale, int) and not isinstance(size, int):
        return size * scale
    if isinstance(size, int) and isinstance(scale, (int, float)):
        return math.floor(size * scale)
    return _fraction(size, scale)


def _fraction(size: Dim, scale: Any) -> Dim | None:
    """A half, a third, ... of a size that is a name."""
    part = round(1 / scale) if isinstance(scale, float) and scale else 0
    return size // part if part and 1 / part == scale else None


def _kept(call: OperatorCall, shape: Shape, axes: tuple[int, ...], sizes: Values) -> list[Any]:
    """The sizes, one scale for all of them where the attribute asks for it."""
    policy = call.attr("keep_aspect_ratio_policy")
    if policy in (None, "stretch"):
        return list(sizes)
    old = [shape[axis] for axis in axes]
    if not all(isinstance(item, int) for item in (*old, *sizes)):
        return [None] * len(axes)
    ratios = [new / size for new, size in zip(sizes, old, strict=True) if size]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return [math.floor(scale * size + 0.5) for size in old]


def grid_sample(call: OperatorCall) -> tuple[Out, ...]:
    """Batch and channels of X, places of the grid."""
    shape, grid = call.shape(), call.shape(1)
    if len(grid) != len(shape):
        raise ShapeError(
            f"{call.spec.name} has a grid of {len(grid)} dimensions for an input of {len(shape)}.",
            "Give the grid as many.",
            port=1,
        )
    return ((shape[0], shape[1], *grid[1:-1]),)


def affine_grid(call: OperatorCall) -> tuple[Out, ...]:
    """For each place of an image of the given size, where to look."""
    size = call.numbers(1)
    if size is None:
        count = call.shape(1)[0]
        return ((*(None,) * (count - 1), count - 2) if isinstance(count, int) else None,)
    return ((size[0], *size[2:], len(size) - 2),)


RULES = {"Resize": resize, "Upsample": upsample, "GridSample": grid_sample, "AffineGrid": affine_grid}
