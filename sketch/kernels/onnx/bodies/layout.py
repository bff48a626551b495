"""Layers that move or select elements without computing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sketch.kernels.onnx.bodies.window import END
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.program import TensorValue, flat


def reshape_to(e: Emitter, x: str, shape: Sequence[Any], like: int = 0) -> str:
    """Reshape to sizes that may be symbolic: 0 and -1 where they say it, else sizes read from the input."""
    have = e.shape(like)
    wanted: list[int | None] = []
    for place, size in enumerate(shape):
        if isinstance(size, int):
            wanted.append(size)
        else:
            wanted.append(0 if place < len(have) and have[place] == size else None)
    if 0 in [size for size in shape if isinstance(size, int)]:
        raise UnsayableError("Empty tensors cannot be reshaped here; give the dimension a size above 0.")
    open_places = [place for place, size in enumerate(wanted) if size is None]
    if len(open_places) == 1:
        wanted[open_places[0]] = -1
    if len(open_places) < 2:
        return e.reshape(x, *(int(size or 0) for size in wanted))
    return e.op("Reshape", x, _assembled(e, x, shape, have))


def _assembled(e: Emitter, x: str, shape: Sequence[Any], have: Sequence[Any]) -> str:
    """The target shape put together at run time; one size that is no input size becomes -1."""
    whole = e.op("Shape", e.x[0] if x == e.x[0] else x)
    pieces, free = [], 1
    for size in shape:
        if isinstance(size, int):
            pieces.append(e.ints(size))
        elif size in have:
            place = list(have).index(size)
            pieces.append(e.slice(whole, 0, place, place + 1))
        elif free:
            free -= 1
            pieces.append(e.ints(-1))
        else:
            pieces.append(e.measure(size))
    return e.op("Concat", *pieces, axis=0)


def to_output(e: Emitter) -> str:
    """Reshape to the output's shape (Unflatten)."""
    return reshape_to(e, e.x[0], e.out_shape())


def reshape(e: Emitter) -> str:
    """Numbers as they are; names by the input's sizes."""
    shape = e.params["shape"]
    if all(isinstance(size, int) and size != 0 for size in shape):
        return e.reshape(e.x[0], *shape)
    return to_output(e)


def flatten(e: Emitter) -> str:
    """Flatten keeps dimension 0; any other range is a Reshape."""
    if e.rank() == 0:
        return e.reshape(e.x[0], -1)
    start, end = e.axis(e.params["start_dim"]), e.axis(e.params["end_dim"])
    if start == 1 and end == e.rank() - 1:
        return e.op("Flatten", e.x[0], axis=1)
    trailing = [e.shape()[axis] for axis in range(end + 1, e.rank())]
    if all(isinstance(size, int) and size for size in trailing):
        return e.reshape(e.x[0], *(0,) * start, -1, *trailing)
    return to_output(e)


def permute(e: Emitter) -> str:
    """Transpose with the dimensions counted from the front."""
    return e.op("Transpose", e.x[0], perm=tuple(e.axis(dim) for dim in e.params["dims"]))


def transpose(e: Emitter) -> str:
    """Transpose that swaps two dimensions."""
    order = list(range(e.rank()))
    if not order:
        return e.x[0]
    first, second = e.axis(e.params["dim0"]), e.axis(e.params["dim1"])
    order[first], order[second] = order[second], order[first]
    return e.op("Transpose", e.x[0], perm=tuple(order))


def squeeze(e: Emitter) -> str:
    """Only dimensions of size 1 go, as in PyTorch."""
    chosen = range(e.rank()) if e.params["dim"] is None else [e.axis(dim) for dim in e.params["dim"]]
    axes = [axis for axis in chosen if e.rank() and e.shape()[axis] == 1]
    return e.squeeze(e.x[0], *axes) if axes else e.x[0]


def unsqueeze(e: Emitter) -> str:
    """A new dimension of size 1."""
    return e.unsqueeze(e.x[0], e.axis(e.params["dim"], extra=1))


def expand(e: Emitter) -> str:
    """Expand; 1 keeps a size."""
    out, have = e.out_shape(), e.shape()
    sizes = []
    for place, size in enumerate(out):
        own = place - len(out) + len(have)
        sizes.append(1 if own >= 0 and have[own] == size else size)
    return e.op("Expand", e.x[0], e.shape_of(sizes))


def common(e: Emitter, first: int = 0) -> list[str]:
    """The inputs from one port on, in the element type of the output."""
    kind = e.step.types[0]
    if kind is None:
        raise UnsayableError("The element type of its output is not known yet.")
    return [e.cast(e.x[index], e.type(index).dtype, kind.dtype) for index in range(first, len(e.x))]


def concat(e: Emitter) -> str:
    """Concat in the common element type."""
    return e.op("Concat", *common(e), axis=e.params["dim"])


def stack(e: Emitter) -> str:
    """Each input gets the new dimension, then Concat."""
    axis = e.axis(e.params["dim"], extra=1)
    return e.op("Concat", *(e.unsqueeze(x, axis) for x in common(e)), axis=axis)


def split(e: Emitter) -> tuple[str, ...]:
    """Split by the given sizes."""
    return e.split(e.x[0], e.axis(e.params["dim"]), e.params["split_size_or_sections"])


def chunk(e: Emitter) -> tuple[str, ...]:
    """Split by the sizes that the chunks have."""
    axis = e.axis(e.params["dim"])
    sizes = [e.out_shape(out)[axis] for out in range(len(e.step.types))]
    if all(isinstance(size, int) for size in sizes):
        return e.split(e.x[0], axis, [int(size) for size in sizes])
    if e.opset < 18:
        raise UnsayableError("Chunks of a symbolic size need opset 18; choose opset 18 or newer.")
    return e.many("Split", len(sizes), e.x[0], axis=axis, num_outputs=len(sizes))


def slice_(e: Emitter) -> str:
    """Slice along one dimension."""
    params = e.params
    end = END if params["end"] is None else params["end"]
    return e.slice(e.x[0], e.axis(params["dim"]), params["start"], end, params["step"])


def gather(e: Emitter) -> str:
    """Gather by the index input, or by the index of the parameters."""
    axis = e.axis(e.params["dim"])
    if e.given(1):
        kind = e.type(1).dtype
        index = e.x[1] if kind in ("int32", "int64") else e.cast(e.x[1], kind, "int64")
    else:
        shape, data = flat(e.params["index"])
        index = e.constant(TensorValue("int64", shape, tuple(int(item) for item in data)))
    return e.op("Gather", e.x[0], index, axis=axis)


Lowering = Callable[[Emitter], Any]

BODIES: Mapping[str, Lowering] = {
    "Reshape": reshape,
    "Unflatten": to_output,
    "Flatten": flatten,
    "Permute": permute,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Expand": expand,
    "Concat": concat,
    "Stack": stack,
    "Split": split,
    "Chunk": chunk,
    "Slice": slice_,
    "Gather": gather,
}
