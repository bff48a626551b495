"""Rules of operators that pick, cut and place entries."""

from __future__ import annotations

from sketch.graph.dims import Dim, Symbolic
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import NotKnownError, OperatorCall, Out
from sketch.graph.operator_rules.broadcasting import same
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.shape_rules.sizes import axis_of

BOUND = 2**31 - 1
"""Ends from here on mean the end of the dimension, whatever its size."""


def gather(call: OperatorCall) -> tuple[Out, ...]:
    """The dimension `axis` becomes those of the indices."""
    shape, indices = call.shape(), call.shape(1)
    axis = _axis(call, len(shape))
    return ((*shape[:axis], *indices, *shape[axis + 1 :]),)


def gather_elements(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the indices."""
    _same_rank(call)
    return (call.shape(1),)


def gather_nd(call: OperatorCall) -> tuple[Out, ...]:
    """The indices without their last dimension, then what each index leaves of the data."""
    shape, indices, batch = call.shape(), call.shape(1), call.attr("batch_dims")
    last = indices[-1] if indices else 0
    if not isinstance(last, int):
        return (None,)
    if last + batch > len(shape):
        raise ShapeError(
            f"{call.spec.name} has {last} numbers for each entry, the data {len(shape)} dimensions.",
            "Give the indices a smaller last size.",
            port=1,
        )
    return ((*indices[:-1], *shape[batch + last :]),)


def scatter_elements(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the data."""
    _same_rank(call)
    _axis(call, len(call.shape()))
    return (call.shape(),)


def slice_(call: OperatorCall) -> tuple[Out, ...]:
    """Each named dimension from start to end in steps."""
    shape = call.shape()
    starts, ends = call.numbers(1), call.numbers(2)
    steps = call.numbers(4) if call.given(4) else None
    axes = _slice_axes(call, starts or ends, len(shape))
    if axes is None:
        return ((None,) * len(shape),)
    sizes = list(shape)
    for place, axis in enumerate(axes):
        step = steps[place] if steps else 1
        known = starts is not None and ends is not None and (steps is not None or not call.given(4))
        size = cut(shape[axis], starts[place], ends[place], step) if known and starts and ends else None
        sizes[axis] = size
    return (tuple(sizes),)


def _slice_axes(call: OperatorCall, given: tuple[Dim, ...] | None, rank: int) -> tuple[int, ...] | None:
    """The dimensions that are cut; None when they are not known."""
    if call.given(3):
        axes = call.whole(3)
        return None if axes is None else tuple(axis_of(call, axis, rank, "axes") for axis in axes)
    if given is not None:
        return tuple(range(min(len(given), rank)))
    count = call.shape(1)[0]
    return tuple(range(count)) if isinstance(count, int) else None


def cut(size: Dim, start: Dim, end: Dim, step: Dim) -> Dim | None:
    """How many entries lie from `start` to `end` in steps of `step`; None when it is not known."""
    if not isinstance(step, int) or step == 0:
        return None
    if isinstance(size, int) and isinstance(start, int) and isinstance(end, int):
        return len(range(*slice(_far(start, step), _far(end, step), step).indices(size)))
    first, last = _place(size, start, step), _place(size, end, step)
    if first is None or last is None:
        return None
    if step == 1:
        return last - first
    if step > 1:
        return (last - first + step - 1) // step
    return None if step != -1 else first - last


def _far(bound: int, step: int) -> int | None:
    """An end that lies before the first entry, going backwards, is none for Python."""
    return None if step < 0 and bound <= -BOUND else bound


def _place(size: Dim, bound: Dim, step: int) -> Dim | None:
    """Where a bound lies along a dimension whose size is a name."""
    if isinstance(bound, Symbolic):
        gap = bound - size
        return None if isinstance(gap, int) and gap > 0 else bound
    if bound >= BOUND:
        return size if step > 0 else size - 1
    if bound <= -BOUND:
        return 0 if step > 0 else -1
    if isinstance(size, int):
        return min(max(bound + size if bound < 0 else bound, 0), size)
    return size + bound if bound < 0 else bound if bound == 0 else None


def compress(call: OperatorCall) -> tuple[Out, ...]:
    """As many entries as there are true conditions."""
    found = call.elements(1)
    if call.attr("axis") is None:
        return ((_count(call, found),),)
    shape = call.shape()
    axis = _axis(call, len(shape))
    return ((*shape[:axis], _count(call, found), *shape[axis + 1 :]),)


def _count(call: OperatorCall, found: object) -> Dim:
    if isinstance(found, tuple) and all(isinstance(item, int) for item in found):
        return sum(1 for item in found if item)
    return call.fresh(0, 0)


def non_zero(call: OperatorCall) -> tuple[Out, ...]:
    """The places of the entries that are not zero: a row for each dimension."""
    return ((max(len(call.shape()), 1), call.fresh(0, 1)),)


def unique(call: OperatorCall) -> tuple[Out, ...]:
    """The different entries, where each stood, which each is, how often it occurs."""
    shape, count = call.shape(), call.fresh(0, 0)
    if call.attr("axis") is None:
        total: Dim = 1
        for size in shape:
            total = total * size
        return (count,), (count,), (total,), (count,)
    axis = _axis(call, len(shape))
    return (*shape[:axis], count, *shape[axis + 1 :]), (count,), (shape[axis],), (count,)


def one_hot(call: OperatorCall) -> tuple[Out, ...]:
    """A new dimension `axis` with one entry for each class."""
    shape, depth = call.shape(), call.numbers(1)
    axis = axis_of(call, call.attr("axis"), len(shape) + 1, "axis")
    return ((*shape[:axis], depth[0] if depth else None, *shape[axis:]),)


def top(call: OperatorCall) -> tuple[Out, ...]:
    """The K largest along `axis`, and where they stood."""
    shape, count = call.shape(), call.numbers(1)
    axis = _axis(call, len(shape))
    size = count[0] if count else None
    if isinstance(size, int) and isinstance(shape[axis], int) and size > shape[axis]:
        raise ShapeError(
            f"{call.spec.name} takes {size} of {shape[axis]} entries in dimension {axis}.",
            "Make K smaller.",
            port=1,
        )
    result = (*shape[:axis], size, *shape[axis + 1 :])
    if size is None:
        size = call.fresh(0, axis)
        result = (*shape[:axis], size, *shape[axis + 1 :])
    return result, result


def boxes(call: OperatorCall) -> tuple[Out, ...]:
    """A row for each box that stays: batch, class, box."""
    return (ValueType("int64", (call.fresh(0, 0), 3)),)


def _axis(call: OperatorCall, rank: int) -> int:
    return axis_of(call, call.attr("axis"), rank, "axis")


def _same_rank(call: OperatorCall) -> None:
    if len(call.shape()) != len(call.shape(1)):
        raise ShapeError(
            f"{call.spec.name} has indices {shape_text(call.shape(1))} for data {shape_text(call.shape())}.",
            "Both need as many dimensions.",
            port=1,
        )


def at_shape(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the data, whatever the indices are."""
    if not call.given(0):
        raise NotKnownError("The data is not known.")
    return same(call)


RULES = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Scatter": scatter_elements,
    "ScatterElements": scatter_elements,
    "ScatterND": at_shape,
    "Slice": slice_,
    "Compress": compress,
    "NonZero": non_zero,
    "Unique": unique,
    "OneHot": one_hot,
    "TopK": top,
    "NonMaxSuppression": boxes,
}
