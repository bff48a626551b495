"""Rules of operators that keep the elements and change their order, grouping or number."""

from __future__ import annotations

from typing import Any

from sketch.graph.dims import Dim, Symbolic, floor_divide, product
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out, Shape
from sketch.graph.rows import shape_text
from sketch.graph.shape_rules.layout import sizes_differ
from sketch.graph.shape_rules.shaping import fill
from sketch.graph.shape_rules.sizes import agree, axes_of, axis_of, broadcast


def reshape(call: OperatorCall) -> tuple[Out, ...]:
    """The sizes that the second input holds; 0 keeps one, -1 takes what is left."""
    kind, wanted = call.input(), call.elements(1)
    if kind.shape is None and wanted is not None:
        return (tuple(size if size not in (0, -1) else None for size in wanted),)
    shape = call.shape()
    if wanted is None:
        count = call.shape(1)[0] if call.shape(1) else None
        return (_declared_or_open(call, shape, count) if isinstance(count, int) else None,)
    keep = not call.flag("allowzero")
    sizes = [
        shape[axis] if size == 0 and keep and axis < len(shape) else size for axis, size in enumerate(wanted)
    ]
    if any(size is not None and not isinstance(size, (int, Symbolic)) for size in sizes):
        return (None,)
    if None in sizes:
        return (_one_open(shape, sizes),)
    return (fill(call, product(shape), _cancelled(shape, wanted, sizes), "shape"),)


def _cancelled(shape: Shape, wanted: Shape, sizes: list[Any]) -> Shape:
    """The sizes as they are; where -1 stands beside kept zeros, an empty tensor has no other reading."""
    if -1 in wanted and 0 in sizes:
        kept = [size for axis, size in enumerate(sizes) if size != 0 or wanted[axis] != 0]
        rest = [size for axis, size in enumerate(shape) if not (axis < len(wanted) and wanted[axis] == 0)]
        known = product([size for size in kept if size != -1])
        if known != 0:
            return tuple(floor_divide(product(rest), known) if size == -1 else size for size in sizes)
    return tuple(sizes)


def _one_open(shape: Shape, sizes: list[Any]) -> Shape:
    """Sizes some of which are not known: nothing can be said of those, nor of a -1 beside them."""
    return tuple(None if size is None or size == -1 else size for size in sizes)


def _declared_or_open(call: OperatorCall, shape: Shape, count: int) -> Shape:
    """Open sizes; what the file declared holds only while it has as many elements as the input."""
    hint = call.declared[0] if call.declared else None
    if hint is None or hint.shape is None:
        return (None,) * count
    try:
        fill(call, product(shape), hint.shape, "shape")
    except ShapeError:
        return tuple(call.fresh(0, axis) for axis in range(count))
    return (None,) * count


def flatten(call: OperatorCall) -> tuple[Out, ...]:
    """Two dimensions: those before `axis`, and the others."""
    shape, axis = call.shape(), call.attr("axis")
    if not -len(shape) <= axis <= len(shape):
        raise ShapeError(
            f"{call.spec.name} has axis {axis}, the input {len(shape)} dimensions.",
            f"Choose axis from {-len(shape)} to {len(shape)}.",
            param="axis",
        )
    axis += len(shape) if axis < 0 else 0
    return ((product(shape[:axis]), product(shape[axis:])),)


def transpose(call: OperatorCall) -> tuple[Out, ...]:
    """The dimensions in the order of `perm`, or backwards."""
    shape, order = call.shape(), call.attr("perm")
    if order is None:
        return (shape[::-1],)
    if len(order) != len(shape):
        raise ShapeError(
            f"{call.spec.name} orders {len(order)} dimensions, the input has {len(shape)} ({shape_text(shape)}).",
            f"Give each number from 0 to {max(len(shape) - 1, 0)} once.",
            param="perm",
        )
    return (tuple(shape[axis] for axis in (axes_of(call, order, len(shape), "perm") if order else ())),)


def squeeze(call: OperatorCall) -> tuple[Out, ...]:
    """Sizes of 1 vanish: those that the second input names, or all."""
    shape = call.shape()
    if not call.given(1):
        known = all(isinstance(size, int) for size in shape)
        return (tuple(size for size in shape if size != 1) if known else None,)
    axes = call.whole(1)
    if axes is None:
        return (_shorter(call, len(shape), -1),)
    gone = axes_of(call, axes, len(shape), "axes") if axes else ()
    for axis in gone:
        if isinstance(shape[axis], int) and shape[axis] != 1:
            raise ShapeError(
                f"{call.spec.name} removes dimension {axis}, whose size is {shape[axis]}.",
                "Only sizes of 1 vanish; change axes.",
                port=1,
            )
    return (tuple(size for axis, size in enumerate(shape) if axis not in gone),)


def unsqueeze(call: OperatorCall) -> tuple[Out, ...]:
    """New dimensions of size 1 where the second input names them."""
    shape, axes = call.shape(), call.whole(1)
    if axes is None:
        return (_shorter(call, len(shape), 1),)
    rank = len(shape) + len(axes)
    new = axes_of(call, axes, rank, "axes") if axes else ()
    old = iter(shape)
    return (tuple(1 if axis in new else next(old) for axis in range(rank)),)


def _shorter(call: OperatorCall, rank: int, sign: int) -> Out:
    """A shape of known rank after `axes` came or went, whose number its own shape tells."""
    axes = call.shape(1)
    count = axes[0] if axes else 1
    return (None,) * (rank + sign * count) if isinstance(count, int) else None


def expand(call: OperatorCall) -> tuple[Out, ...]:
    """The common shape of the input and of the sizes that the second input holds."""
    shape, wanted = call.shape(), call.elements(1)
    if wanted is None:
        count = call.shape(1)[0] if call.shape(1) else None
        kept = tuple(size if isinstance(size, int) and size != 1 else None for size in shape)
        return ((*(None,) * (count - len(kept)), *kept) if isinstance(count, int) else None,)
    known = tuple(
        size if isinstance(size, (int, Symbolic)) else call.fresh(0, i) for i, size in enumerate(wanted)
    )
    return (broadcast(call, [shape, known]),)


def tile(call: OperatorCall) -> tuple[Out, ...]:
    """Each size times its number of repeats."""
    shape, repeats = call.shape(), call.elements(1)
    if repeats is None:
        return ((None,) * len(shape),)
    if len(repeats) != len(shape):
        raise ShapeError(
            f"{call.spec.name} has {len(repeats)} repeats for {len(shape)} dimensions.",
            "Give one number for each dimension.",
            port=1,
        )
    return (tuple(_times(size, by) for size, by in zip(shape, repeats, strict=True)),)


def _times(size: Any, by: Any) -> Any:
    return size * by if isinstance(by, (int, Symbolic)) else None


def concat(call: OperatorCall) -> tuple[Out, ...]:
    """Sizes along `axis` are added, the others must agree."""
    shapes = [call.shape(index) for index in range(len(call.inputs))]
    return (joined(call, shapes, axis_of(call, call.attr("axis"), len(shapes[0]), "axis")),)


def joined(call: OperatorCall, shapes: list[Shape], axis: int) -> Shape:
    """The shape of several one after the other; ShapeError names the input that does not fit."""
    result = list(shapes[0])
    for index, shape in enumerate(shapes[1:], start=1):
        met = [
            agree(a, b) if place != axis else 0
            for place, (a, b) in enumerate(zip(result, shape, strict=False))
        ]
        if len(shape) != len(result) or None in met:
            raise ShapeError(
                f"{call.spec.name} cannot join {shape_text(shapes[0])} and {shape_text(shape)} along dimension {axis}.",
                "All other sizes must be equal.",
                port=index,
            )
        result = [
            result[place] + shape[place] if place == axis else met[place] for place in range(len(result))
        ]
    return tuple(result)


def split(call: OperatorCall) -> tuple[Out, ...]:
    """The parts along `axis`: as the second input says, or `num_outputs` equal ones, the last the smallest."""
    shape = call.shape()
    axis = axis_of(call, call.attr("axis"), len(shape), "axis")
    sizes = (
        call.numbers(1) if call.given(1) else _parts(shape[axis], call.attr("num_outputs") or call.outputs)
    )
    if sizes is None:
        return ((*shape[:axis], None, *shape[axis + 1 :]),) * call.outputs
    if call.given(1) and sizes_differ(shape[axis], sum(sizes, start=0)):
        raise ShapeError(
            f"{call.spec.name} has parts of {', '.join(map(str, sizes))} for a size of {shape[axis]}.",
            "The parts must add up to it.",
            port=1,
        )
    return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in sizes)


def _parts(size: Dim, count: int) -> tuple[Dim, ...]:
    if isinstance(size, int):
        each = -(-size // count)
        return tuple(max(0, min(each, size - each * place)) for place in range(count))
    part = (size + count - 1) // count
    return (*(part,) * (count - 1), size - part * (count - 1))


def pad(call: OperatorCall) -> tuple[Out, ...]:
    """Entries before and after each dimension, or those that the fourth input names."""
    shape, pads = call.shape(), call.elements(1)
    axes = tuple(range(len(shape)))
    if call.given(3):
        named = call.whole(3)
        if named is None:
            return ((None,) * len(shape),)
        axes = axes_of(call, named, len(shape), "axes")
    if pads is None:
        return (tuple(None if axis in axes else size for axis, size in enumerate(shape)),)
    if len(pads) != 2 * len(axes):
        raise ShapeError(
            f"{call.spec.name} has {len(pads)} pads for {len(axes)} dimensions.",
            f"Give {2 * len(axes)}: those before each, then those after.",
            port=1,
        )
    result = list(shape)
    for place, axis in enumerate(axes):
        before, after = pads[place], pads[place + len(axes)]
        known = isinstance(before, (int, Symbolic)) and isinstance(after, (int, Symbolic))
        result[axis] = result[axis] + before + after if known else None
    return (tuple(result),)


def crop(call: OperatorCall) -> tuple[Out, ...]:
    """The sizes that the second input holds, for all dimensions or those in `axes`."""
    shape, wanted = call.shape(), call.elements(1)
    axes = axes_of(call, call.attr("axes"), len(shape), "axes")
    result = list(shape)
    for place, axis in enumerate(axes):
        result[axis] = wanted[place] if wanted is not None and place < len(wanted) else None
    return (tuple(result),)


def to_space(call: OperatorCall) -> tuple[Out, ...]:
    """Channels become blocks of height and width."""
    batch, channels, height, width = _image(call)
    block = call.attr("blocksize", 1)
    _divides(call, channels, block * block, "channels")
    return ((batch, channels // (block * block), height * block, width * block),)


def to_depth(call: OperatorCall) -> tuple[Out, ...]:
    """Blocks of height and width become channels."""
    batch, channels, height, width = _image(call)
    block = call.attr("blocksize", 1)
    _divides(call, height, block, "rows")
    _divides(call, width, block, "columns")
    return ((batch, channels * block * block, height // block, width // block),)


def _image(call: OperatorCall) -> Shape:
    shape = call.shape()
    if len(shape) != 4:
        raise ShapeError(
            f"{call.spec.name} needs batch, channels, height and width, gets {shape_text(shape)}.",
            "Change the shape with a Reshape.",
            port=0,
        )
    return shape


def _divides(call: OperatorCall, size: Dim, by: int, what: str) -> None:
    if isinstance(size, int) and size % by:
        raise ShapeError(
            f"{call.spec.name} splits {size} {what} by {by}.", "Choose another blocksize.", param="blocksize"
        )


RULES = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Expand": expand,
    "Tile": tile,
    "Concat": concat,
    "Split": split,
    "Pad": pad,
    "CenterCropPad": crop,
    "DepthToSpace": to_space,
    "SpaceToDepth": to_depth,
}
