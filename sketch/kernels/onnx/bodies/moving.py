"""Layers that shift, mirror and repeat entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sketch.graph.dims import Dim, parse_dim
from sketch.kernels.onnx.bodies.window import END
from sketch.kernels.onnx.emitter import Emitter
from sketch.kernels.onnx.program import TensorValue


def roll(e: Emitter) -> str:
    """The last entries in front of the others, dimension by dimension."""
    x = e.x[0]
    for shift, dim in zip(e.params["shifts"], e.params["dims"], strict=True):
        axis = e.axis(dim)
        size = e.shape()[axis]
        far = shift % size if isinstance(size, int) and size else shift
        if far:
            x = e.op("Concat", e.slice(x, axis, -far, END), e.slice(x, axis, 0, -far), axis=axis)
    return x


def flip(e: Emitter) -> str:
    """Slices with a step of -1."""
    axes = [e.axis(dim) for dim in e.params["dims"]]
    if not axes or not e.rank():
        return e.x[0]
    back = e.ints(*(-1,) * len(axes))
    return e.op("Slice", e.x[0], back, e.ints(*(-END,) * len(axes)), e.ints(*axes), back)


def repeat(e: Emitter) -> str:
    """Tile, with new dimensions in front."""
    times = [parse_dim(count) for count in e.params["repeats"]]
    extra = len(times) - e.rank()
    x = e.unsqueeze(e.x[0], *range(extra)) if extra else e.x[0]
    return e.op("Tile", x, e.shape_of(times)) if times else x


def repeat_interleave(e: Emitter) -> str:
    """A new dimension behind that is expanded and joined."""
    axis, times = e.axis(e.params["dim"]) if e.rank() else 0, e.params["repeats"]
    x = e.unsqueeze(e.x[0] if e.rank() else e.unsqueeze(e.x[0], 0), axis + 1)
    ones = [1] * (max(e.rank(), 1) + 1)
    ones[axis + 1] = times
    return reshaped(e, e.op("Expand", x, e.ints(*ones)), e.out_shape())


def reshaped(e: Emitter, x: str, sizes: Sequence[Dim]) -> str:
    """Reshape to sizes of which one may be worked out and others are measured."""
    open_ones = [size for size in sizes if not isinstance(size, int)]
    if len(open_ones) == 1 and 0 not in sizes:
        return e.reshape(x, *(size if isinstance(size, int) else -1 for size in sizes))
    return e.op("Reshape", x, e.shape_of(sizes))


def unfold_dim(e: Emitter) -> str:
    """Windows picked by their numbers, or side by side where their number is symbolic."""
    params, rank = e.params, e.rank()
    axis, size, step = e.axis(params["dimension"]), params["size"], params["step"]
    count = e.out_shape()[axis]
    if not isinstance(count, int):
        parts = (e.slice(e.x[0], axis, at, at - size + 1 or END, step) for at in range(size))
        return e.op("Concat", *(e.unsqueeze(part, rank) for part in parts), axis=rank)
    places = tuple(window * step + at for window in range(count) for at in range(size))
    found = e.op("Gather", e.x[0], e.constant(TensorValue("int64", (count, size), places)), axis=axis)
    order = [place for place in range(rank + 1) if place != axis + 1]
    return e.op("Transpose", found, perm=(*order, axis + 1)) if axis + 1 != rank else found


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "Roll": roll,
    "Flip": flip,
    "Repeat": repeat,
    "RepeatInterleave": repeat_interleave,
    "UnfoldDim": unfold_dim,
}
