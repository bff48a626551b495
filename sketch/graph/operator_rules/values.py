"""Which elements small results have, so that a shape computed from another keeps its names (Shape, Gather, Concat)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sketch.graph import elements as work
from sketch.graph.dims import Symbolic, product
from sketch.graph.operator_call import MOST_VALUES, NotKnownError, OperatorCall, Values
from sketch.graph.operator_rules.making import part_of
from sketch.graph.rows import ValueType

Known = tuple[Values | None, ...]
"""Known elements of each output."""
Follow = Callable[[OperatorCall, ValueType], Known]


def _array(call: OperatorCall, index: int = 0) -> Any:
    """The elements of an input in its shape."""
    return work.array(call.elements(index), call.shape(index))


def _sizes(kind: ValueType) -> tuple[int, ...]:
    """The sizes of an output, which are all numbers where elements are followed."""
    return tuple(size for size in kind.shape or () if isinstance(size, int))


def _whole(call: OperatorCall, index: int) -> tuple[int, ...]:
    found = call.whole(index)
    if found is None:
        raise NotKnownError("The elements are not known.")
    return found


def shape_of(call: OperatorCall, _kind: ValueType) -> Known:
    """The sizes of the input."""
    return (tuple(part_of(call, call.shape())),)


def size_of(call: OperatorCall, _kind: ValueType) -> Known:
    """The number of elements."""
    return ((product(call.shape()),),)


def constant(call: OperatorCall, _kind: ValueType) -> Known:
    """What the attribute says."""
    record = call.params.get("value")
    if isinstance(record, dict):
        data = record.get("data")
        return (tuple(data) if data is not None else None,)
    for name in ("value_int", "value_float"):
        if name in call.params:
            return ((call.params[name],),)
        if f"{name}s" in call.params:
            return (tuple(call.params[f"{name}s"]),)
    return (None,)


def filled(call: OperatorCall, kind: ValueType) -> Known:
    """One number everywhere."""
    record = call.params.get("value")
    data = record.get("data") if isinstance(record, dict) else (0,)
    if not data or kind.shape is None:
        return (None,)
    return ((work.fitted(data[0], kind.dtype),) * math.prod(kind.shape),)


def same(call: OperatorCall, _kind: ValueType) -> Known:
    """The elements in the same order (Reshape, Squeeze, Unsqueeze, Flatten, Identity)."""
    found = call.elements(0)
    return (found if found is None or len(found) <= MOST_VALUES else None,)


def cast(call: OperatorCall, kind: ValueType) -> Known:
    """The elements in another type."""
    return (work.each(work.cast(kind.dtype), kind.dtype, _array(call)),)


def gather(call: OperatorCall, _kind: ValueType) -> Known:
    """The picked elements."""
    indices = np.array(_whole(call, 1), np.int64).reshape(call.shape(1))
    try:
        return (work.listed(np.take(_array(call), indices, axis=call.attr("axis"))),)
    except (IndexError, ValueError):
        raise NotKnownError("An index lies outside.") from None


def slice_(call: OperatorCall, _kind: ValueType) -> Known:
    """The elements that are cut out."""
    data = _array(call)
    starts, ends = _whole(call, 1), _whole(call, 2)
    axes = _whole(call, 3) if call.given(3) else tuple(range(len(starts)))
    steps = _whole(call, 4) if call.given(4) else (1,) * len(starts)
    cuts = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        past = step < 0 and end < -data.shape[axis]
        cuts[axis] = slice(start, None if past else end, step)
    return (work.listed(data[tuple(cuts)]),)


def concat(call: OperatorCall, _kind: ValueType) -> Known:
    """The elements of all inputs; what is not known of one stays open."""
    parts = []
    for index in range(len(call.inputs)):
        shape = call.shape(index)
        values = call.elements(index)
        if values is None and all(isinstance(size, int) for size in shape):
            values = (None,) * math.prod(shape)
        parts.append(work.array(values, shape))
    return (work.listed(np.concatenate(parts, axis=call.attr("axis"))),)


def split(call: OperatorCall, kind: ValueType) -> Known:
    """The elements of each part."""
    data, axis = _array(call), call.attr("axis")
    if call.given(1):
        sizes = _whole(call, 1)
    else:
        count, each, total = call.attr("num_outputs") or call.outputs, _sizes(kind)[axis], data.shape[axis]
        sizes = tuple(max(0, min(each, total - each * place)) for place in range(count))
    return tuple(work.listed(part) for part in np.split(data, np.cumsum(sizes)[:-1].tolist(), axis=axis))


def transpose(call: OperatorCall, _kind: ValueType) -> Known:
    """The elements in the order of the dimensions."""
    return (work.listed(np.transpose(_array(call), call.attr("perm"))),)


def expand(call: OperatorCall, kind: ValueType) -> Known:
    """The elements repeated."""
    return (work.listed(np.broadcast_to(_array(call), _sizes(kind))),)


def tile(call: OperatorCall, _kind: ValueType) -> Known:
    """The elements repeated."""
    return (work.listed(np.tile(_array(call), _whole(call, 1))),)


def range_(call: OperatorCall, kind: ValueType) -> Known:
    """The numbers from start to limit."""
    (start,), (_limit,), (step,) = _whole(call, 0), _whole(call, 1), _whole(call, 2)
    return (tuple(start + place * step for place in range(_sizes(kind)[0])),)


def element_wise(function: Callable[..., Any], count: int = 2) -> Follow:
    """A rule that works element by element on `count` inputs."""

    def follow(call: OperatorCall, kind: ValueType) -> Known:
        return (work.each(function, kind.dtype, *(_array(call, index) for index in range(count))),)

    return follow


def many(function: Callable[[Any, Any], Any]) -> Follow:
    """A rule that works element by element on any number of inputs."""

    def follow(call: OperatorCall, kind: ValueType) -> Known:
        shape = call.shape()
        found = work.each(lambda item: item, kind.dtype, _array(call))
        for index in range(1, len(call.inputs)):
            shaped = work.array(found, shape)
            found = work.each(function, kind.dtype, shaped, _array(call, index))
            shape = np.broadcast_shapes(shape, call.shape(index))
        return (found,)

    return follow


def divide(call: OperatorCall, kind: ValueType) -> Known:
    """Quotients."""
    return (work.each(work.divide(kind.dtype), kind.dtype, _array(call), _array(call, 1)),)


def remainder(call: OperatorCall, kind: ValueType) -> Known:
    """Rests; those of attribute fmod are left open."""
    if call.flag("fmod"):
        raise NotKnownError("fmod is not followed.")
    return (work.each(work.modulo, kind.dtype, _array(call), _array(call, 1)),)


def reduced(function: Callable[[Any], Any]) -> Follow:
    """A rule that takes elements together."""

    def follow(call: OperatorCall, kind: ValueType) -> Known:
        data = _array(call)
        axes = {axis % max(data.ndim, 1) for axis in _whole(call, 1)} if call.given(1) else set()
        if not axes and call.flag("noop_with_empty_axes"):
            return (work.listed(data),)
        axes = axes or set(range(data.ndim))
        kept = [axis for axis in range(data.ndim) if axis not in axes]
        count = math.prod(data.shape[axis] for axis in kept)
        if not data.size:
            raise NotKnownError("There are no elements.")
        rows = np.transpose(data, [*kept, *sorted(axes)]).reshape(count, -1)
        return (tuple(work.fitted(function(row.tolist()), kind.dtype) for row in rows),)

    return follow


def _turned(item: Any) -> Any:
    return -item if not isinstance(item, bool) else None


def _floor(item: Any) -> Any:
    return item if isinstance(item, Symbolic) else float(math.floor(item))


def _ceil(item: Any) -> Any:
    return item if isinstance(item, Symbolic) else float(math.ceil(item))


def _fold(function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def run(items: Any) -> Any:
        found = items[0]
        for item in items[1:]:
            found = None if found is None or item is None else function(found, item)
        return found

    return run


VALUES: Mapping[str, Follow] = {
    f"ai.onnx:{kind}": follow
    for kind, follow in {
        "Shape": shape_of, "Size": size_of, "Constant": constant, "ConstantOfShape": filled,
        **dict.fromkeys(("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"), same),
        "Cast": cast, "CastLike": cast, "Gather": gather, "Slice": slice_, "Concat": concat, "Split": split,
        "Transpose": transpose, "Expand": expand, "Tile": tile, "Range": range_,
        "Add": element_wise(work.plus), "Sub": element_wise(work.minus), "Mul": element_wise(work.times),
        "Div": divide, "Mod": remainder, "Min": many(work.smaller), "Max": many(work.larger), "Sum": many(work.plus),
        "Neg": element_wise(_turned, 1), "Floor": element_wise(_floor, 1), "Ceil": element_wise(_ceil, 1),
        "Equal": element_wise(work.compare(lambda gap: gap == 0)),
        "Less": element_wise(work.compare(lambda gap: gap < 0)),
        "LessOrEqual": element_wise(work.compare(lambda gap: gap <= 0)),
        "Greater": element_wise(work.compare(lambda gap: gap > 0)),
        "GreaterOrEqual": element_wise(work.compare(lambda gap: gap >= 0)),
        "Not": element_wise(lambda item: not item, 1),
        "And": element_wise(lambda a, b: a and b), "Or": element_wise(lambda a, b: a or b),
        "Where": element_wise(work.choose, 3),
        "ReduceProd": reduced(work.multiply_all), "ReduceSum": reduced(work.add_all),
        "ReduceMax": reduced(_fold(work.larger)), "ReduceMin": reduced(_fold(work.smaller)),
    }.items()
}  # fmt: skip
"""`domain:Kind` -> how its elements follow from those of its inputs."""
