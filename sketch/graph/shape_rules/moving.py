"""Rules of layers that shift, mirror and repeat entries: Roll, Flip, Repeat, RepeatInterleave, UnfoldDim."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import parse_dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.sizes import axes_of, axis_of

Types = tuple[ValueType | None, ...]


def roll(call: Call) -> Types:
    """Output = input; one shift for each dimension."""
    shifts, dims = call.param("shifts"), call.param("dims")
    if len(shifts) != len(dims):
        raise ShapeError(
            f"{call.spec.name} has {len(shifts)} shifts for {len(dims)} dimensions.",
            "Give one shift for each dimension.",
            param="shifts",
        )
    for dim in dims:
        axis_of(call, dim, len(call.shape()), "dims")
    return (call.input(),)


def flip(call: Call) -> Types:
    """Output = input, whose dimensions `dims` must be there."""
    if call.param("dims"):
        axes_of(call, call.param("dims"), len(call.shape()), "dims")
    return (call.input(),)


def repeat(call: Call) -> Types:
    """Every size times its number of copies; numbers that are left over are sizes of new dimensions in front."""
    shape, times = call.shape(), tuple(parse_dim(count) for count in call.param("repeats"))
    if len(times) < len(shape) or any(isinstance(count, int) and count < 0 for count in times):
        raise ShapeError(
            f"{call.spec.name} has {list(map(str, times))} copies for an input of {shape_text(shape)}.",
            f"Give {len(shape)} numbers or more, from 0 on.",
            param="repeats",
        )
    full = (1,) * (len(times) - len(shape)) + tuple(shape)
    return (ValueType(call.input().dtype, tuple(s * t for s, t in zip(full, times, strict=True))),)


def repeat_interleave(call: Call) -> Types:
    """Dimension `dim` becomes `repeats` times as large."""
    shape = call.shape() or (1,)
    axis = axis_of(call, call.param("dim"), len(shape))
    size = shape[axis] * call.param("repeats")
    return (ValueType(call.input().dtype, (*shape[:axis], size, *shape[axis + 1 :])),)


def unfold_dim(call: Call) -> Types:
    """The dimension becomes the number of windows, their size is a new last one."""
    shape, size, step = call.shape(), call.param("size"), call.param("step")
    if not shape:
        raise ShapeError(f"{call.spec.title} cuts a dimension, the input is a single number.", port=0)
    axis = axis_of(call, call.param("dimension"), len(shape), "dimension")
    have = shape[axis]
    if isinstance(have, int) and size > have:
        raise ShapeError(
            f"{call.spec.title} cuts windows of {size} out of {have} entries.",
            f"Set size to {have} or less.",
            param="size",
        )
    count = (have - size) // step + 1
    return (ValueType(call.input().dtype, (*shape[:axis], count, *shape[axis + 1 :], size)),)


RULES: Mapping[str, Rule] = {
    "roll": roll,
    "flip": flip,
    "repeat": repeat,
    "repeat_interleave": repeat_interleave,
    "unfold_dim": unfold_dim,
}
