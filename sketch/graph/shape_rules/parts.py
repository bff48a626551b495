"""Rules of layers that join, cut, pad or pick along a dimension: Concat, Split, Slice, Pad, Gather."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.dims import Dim, Symbolic
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules import promotion
from sketch.graph.shape_rules.sizes import Shape, agree, axis_of, require_same
from sketch.graph.shape_rules.source import nested_shape


def concat(call: Call) -> tuple[ValueType | None, ...]:
    """Sizes along `dim` add up, all others must agree."""
    values = [call.input(index) for index in range(len(call.inputs))]
    first = call.shape(0)
    if not first:
        raise ShapeError(f"{call.spec.name} cannot join single numbers.", "Use Stack.", port=0)
    axis = axis_of(call, call.param("dim"), len(first))
    shape = first
    for index in range(1, len(values)):
        shape = _join(call, shape, call.shape(index), axis, index)
    return (ValueType(promotion.joined(call, [value.dtype for value in values]), shape),)


def _join(call: Call, first: Shape, second: Shape, axis: int, port: int) -> Shape:
    if len(first) != len(second):
        raise ShapeError(
            f"{call.spec.name} cannot join {shape_text(first)} and {shape_text(second)}: "
            f"{len(first)} and {len(second)} dimensions.",
            "Unsqueeze or Flatten one of them.",
            port=port,
        )
    sizes: list[Dim] = []
    for index, (a, b) in enumerate(zip(first, second, strict=True)):
        size = a + b if index == axis else agree(a, b)
        if size is None:
            raise ShapeError(
                f"{call.spec.name} along dimension {axis} cannot join {shape_text(first)} and {shape_text(second)}: "
                f"{a} and {b} differ in dimension {index}.",
                "Pad, crop or resize one of them, or choose another dim.",
                port=port,
            )
        sizes.append(size)
    return tuple(sizes)


def stack(call: Call) -> tuple[ValueType | None, ...]:
    """As many inputs as there are become the size of a new dimension `dim`."""
    values = [call.input(index) for index in range(len(call.inputs))]
    shape = call.shape(0)
    for index in range(1, len(values)):
        shape = require_same(call, shape, call.shape(index), index, "inputs")
    axis = axis_of(call, call.param("dim"), len(shape) + 1)
    dtype = promotion.joined(call, [value.dtype for value in values])
    return (ValueType(dtype, (*shape[:axis], len(values), *shape[axis:])),)


def split(call: Call) -> tuple[ValueType | None, ...]:
    """One output a section; the sections add up to dimension `dim`."""
    axis, size = _cut_axis(call)
    sections = call.param("split_size_or_sections")
    total = sum(sections)
    if agree(size, total) is None:
        raise ShapeError(
            f"{call.spec.name} has sections of {total} entries together, dimension {axis} has {size}.",
            f"Make the sections add up to {size}.",
            param="split_size_or_sections",
        )
    return tuple(_resized(call, axis, section) for section in sections)


def chunk(call: Call) -> tuple[ValueType | None, ...]:
    """Parts of ceil(size / chunks) entries; torch gives fewer parts where these suffice, which is refused."""
    axis, size = _cut_axis(call)
    count = call.param("chunks")
    part = _ceil(size, count)
    if isinstance(size, int) and isinstance(part, int):
        _check_chunks(call, size, part, axis)
    last = size - part * (count - 1)
    return (*[_resized(call, axis, part)] * (count - 1), _resized(call, axis, last))


def _check_chunks(call: Call, size: int, part: int, axis: int) -> None:
    count, most = call.param("chunks"), -(-size // part) if size else call.param("chunks")
    if most < count:
        raise ShapeError(
            f"{call.spec.name} cuts {size} entries of dimension {axis} in {most} part{'s' if most != 1 else ''} "
            f"of {part}, not {count}.",
            f"Set chunks to {most}.",
            param="chunks",
        )


def slice_rule(call: Call) -> tuple[ValueType | None, ...]:
    """Python's slice along `dim`; a symbolic size is taken to be large enough for the numbers given."""
    axis, size = _cut_axis(call)
    start, end, step = call.param("start"), call.param("end"), call.param("step")
    if isinstance(size, int):
        return (_resized(call, axis, len(range(*slice(start, end, step).indices(size)))),)
    first = start if start >= 0 else size + start
    stop = size if end is None else end if end >= 0 else size + end
    length = stop - first
    if isinstance(length, int) and length < 0:
        length = 0
    return (_resized(call, axis, _ceil(length, step)),)


def pad(call: Call) -> tuple[ValueType | None, ...]:
    """Sizes grow by the numbers of `pad`, two a dimension from the last one forward."""
    sizes = list(call.shape())
    pads, mode = call.param("pad"), call.param("mode")
    if len(pads) % 2 or len(pads) > 2 * len(sizes):
        raise ShapeError(
            f"{call.spec.name} has {len(pads)} numbers for {len(sizes)} dimensions ({shape_text(tuple(sizes))}).",
            f"Give two a dimension, from the last one; at most {2 * len(sizes)}.",
            param="pad",
        )
    if mode != "constant":
        _check_mode_rank(call, len(pads), len(sizes), mode)
    for index in range(len(pads) // 2):
        axis = len(sizes) - 1 - index
        sizes[axis] = _padded(call, sizes[axis], pads[2 * index], pads[2 * index + 1], mode)
    return (ValueType(call.input().dtype, tuple(sizes)),)


def _check_mode_rank(call: Call, count: int, rank: int, mode: str) -> None:
    spatial = count // 2
    if not 1 <= spatial <= 3 or rank not in (spatial + 1, spatial + 2):
        raise ShapeError(
            f"{call.spec.name} in mode {mode} pads the last {rank - 2} or {rank - 1} of {rank} dimensions, "
            f"gets numbers for {spatial}.",
            "Give two numbers for each dimension behind batch and channels (at most 3), or use mode constant.",
            param="pad",
        )


def _padded(call: Call, size: Dim, before: int, after: int, mode: str) -> Dim:
    grown = size + before + after
    if isinstance(size, int) and isinstance(grown, int):
        most = {"reflect": size - 1, "circular": size}.get(mode)
        if most is not None and max(before, after) > most:
            raise ShapeError(
                f"{call.spec.name} in mode {mode} adds {max(before, after)} to a size of {size}; at most {most} fit.",
                f"Use up to {most}, or mode replicate.",
                param="pad",
            )
        kept = size + min(before, 0) + min(after, 0)
        left = {"constant": kept + 1, "circular": kept}.get(mode, grown)  # torch cuts first in these two
        if left < 1:
            raise ShapeError(
                f"{call.spec.name} cuts {size - kept} from a size of {size}.", "Cut less.", param="pad"
            )
    return grown


def gather(call: Call) -> tuple[ValueType | None, ...]:
    """Dimension `dim` is replaced by the dimensions of the index (a single number removes it)."""
    axis, size = _cut_axis(call)
    shape = call.shape()
    picked = call.shape(1) if call.given(1) else _index_shape(call, size, axis)
    return (ValueType(call.input().dtype, (*shape[:axis], *picked, *shape[axis + 1 :])),)


def _index_shape(call: Call, size: Dim, axis: int) -> Shape:
    index = call.param("index")
    if index is None:
        raise ShapeError(f"{call.spec.name} has no index.", "Wire one or write it.", param="index")
    for number in _numbers(index):
        if isinstance(number, bool) or number != int(number):
            raise ShapeError(f"{call.spec.name} has index {number}.", "Use whole numbers.", param="index")
        if isinstance(size, int) and not -size <= number < size:
            raise ShapeError(
                f"{call.spec.name} picks entry {number} of dimension {axis}, which has {size}.",
                f"Choose from {-size} to {size - 1}.",
                param="index",
            )
    return nested_shape(call, index)


def _numbers(value: Any) -> list[Any]:
    return [number for item in value for number in _numbers(item)] if isinstance(value, tuple) else [value]


def _cut_axis(call: Call) -> tuple[int, Dim]:
    shape = call.shape()
    if not shape:
        raise ShapeError(f"{call.spec.name} needs a dimension, the input is a single number.", port=0)
    axis = axis_of(call, call.param("dim"), len(shape))
    return axis, shape[axis]


def _resized(call: Call, axis: int, size: Dim) -> ValueType:
    shape = call.shape()
    return ValueType(call.input().dtype, (*shape[:axis], size, *shape[axis + 1 :]))


def _ceil(size: Dim, by: int) -> Dim:
    if isinstance(size, Symbolic) and by == 1:
        return size
    return (size + (by - 1)) // by


RULES: Mapping[str, Rule] = {
    "concat": concat,
    "stack": stack,
    "split": split,
    "chunk": chunk,
    "slice": slice_rule,
    "pad": pad,
    "gather": gather,
}
