"""`x[key] = value` as a new value, and what it shares with reading: entries, parts, and numbers of elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sketch.graph.dims import Dim
from sketch.kernels.onnx.bodies.window import END
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.writer import Val, Writer


def entries_of(x: Val, key: Any) -> list[Any]:
    """A key as one entry for each dimension, None where a new one comes."""
    keys = list(key) if isinstance(key, tuple) else [key]
    used = sum(_taken(entry) for entry in keys)
    if used > x.rank:
        raise UnsayableError(f"An index has {used} entries for {x.rank} dimensions.")
    rest = [slice(None)] * (x.rank - used)
    place = next((at for at, entry in enumerate(keys) if entry is Ellipsis), None)
    return [*keys, *rest] if place is None else [*keys[:place], *rest, *keys[place + 1 :]]


def _taken(entry: Any) -> int:
    if entry is None or entry is Ellipsis:
        return 0
    return entry.rank if isinstance(entry, Val) and entry.dtype == "bool" else 1


def bounds(size: Dim, entry: slice) -> tuple[Dim, Dim, int]:
    """(start, end, step) of a slice, counted from the front."""
    step = 1 if entry.step is None else entry.step
    start, end = entry.start, entry.stop
    if any(isinstance(item, Val) for item in (start, end, step)) or not isinstance(step, int) or step < 1:
        raise UnsayableError("A slice with computed ends has no counterpart in ONNX here.")
    if isinstance(size, int) and all(item is None or isinstance(item, int) for item in (start, end)):
        found = range(*entry.indices(size))
        return found.start, max(found.stop, found.start), step
    return (
        _from_front(size, 0 if start is None else start),
        _from_front(size, size if end is None else end),
        step,
    )


def _from_front(size: Dim, place: Dim) -> Dim:
    return size + place if isinstance(place, int) and place < 0 else place


def part(w: Writer, x: Val, axis: int, entry: slice) -> Val:
    """The entries of a slice."""
    size = x.shape[axis]
    if isinstance(entry.start, Val) or isinstance(entry.stop, Val):
        return _computed(w, x, axis, entry)
    start, end, step = bounds(size, entry)
    if start == 0 and end == size and step == 1:
        return x
    length = end - start if step == 1 else (end - start + step - 1) // step
    return _cut(w, x, axis, (start, end, step), length)


def _computed(w: Writer, x: Val, axis: int, entry: slice) -> Val:
    """A slice whose ends are values; how long it is, the node's type says."""
    kind = w.e.step.types[0] if w.e.step.types else None
    if entry.step not in (None, 1) or kind is None or kind.shape is None or len(kind.shape) != x.rank:
        raise UnsayableError("A slice with computed ends beside other indices has no counterpart in ONNX.")
    ends = [
        w.unsqueeze(w.cast(item, "int64"), 0).name if isinstance(item, Val) else w.sizes([item])
        for item in (0 if entry.start is None else entry.start, END if entry.stop is None else entry.stop)
    ]
    shape = (*x.shape[:axis], kind.shape[axis], *x.shape[axis + 1 :])
    return w.op("Slice", x, *ends, w.e.ints(axis), like=x, shape=shape)


def _cut(w: Writer, x: Val, axis: int, ends: tuple[Dim, Dim, int], length: Dim) -> Val:
    start, end, step = ends
    shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
    last = w.e.ints(END) if end == x.shape[axis] else w.sizes([end])
    return w.op("Slice", x, w.sizes([start]), last, w.e.ints(axis), w.e.ints(step), like=x, shape=shape)


def at_numbers(w: Writer, indices: Sequence[Val]) -> tuple[Val, tuple[Dim, ...]]:
    """Index values side by side in a last dimension, all broadcast; and their common shape."""
    indices = [w.cast(item, "int64") for item in indices]
    if len({item.shape for item in indices}) > 1:
        zero = w.mul(indices[0], 0)
        for item in indices[1:]:
            zero = w.add(zero, w.mul(item, 0))
        indices = [w.add(item, zero) for item in indices]
    shape = indices[0].shape
    return w.concat([w.unsqueeze(item, len(shape)) for item in indices], len(shape)), shape


def assign(w: Writer, x: Val, keys: Sequence[Any], value: Val, *, adds: bool = False) -> Val:
    """A copy of x in which `value` stands at the keys (or is added there)."""
    if any(entry is None for entry in keys):
        raise UnsayableError("An assignment to a new dimension has no counterpart in ONNX.")
    if any(isinstance(entry, Val) and entry.dtype == "bool" for entry in keys):
        return _where(w, x, keys, value)
    if any(isinstance(entry, (Val, list)) for entry in keys):
        return _scattered(w, x, keys, value, adds=adds)
    if adds:
        raise UnsayableError("Sums at a slice have no counterpart in ONNX.")
    return _pasted(w, x, keys, value)


def _where(w: Writer, x: Val, keys: Sequence[Any], value: Val) -> Val:
    mask = next(entry for entry in keys if isinstance(entry, Val))
    others = [entry for entry in keys if not (isinstance(entry, slice) and entry == slice(None))]
    place = next(at for at, entry in enumerate(keys) if entry is mask)
    if len(others) > 1 or value.rank > x.rank - mask.rank - place:
        raise UnsayableError("An assignment of many values at a mask has no counterpart in ONNX.")
    behind = x.rank - mask.rank - place
    if behind:
        mask = w.unsqueeze(mask, *range(mask.rank, mask.rank + behind))
    return w.layer("Where", mask, value, x)


def _pasted(w: Writer, x: Val, keys: Sequence[Any], value: Val) -> Val:
    """Whole numbers and slices: what is before, the new part, and what is behind, dimension by dimension."""
    places: list[tuple[int, Dim, Dim, int]] = []
    gone, shape = [], []
    for axis, (entry, size) in enumerate(zip(keys, x.shape, strict=True)):
        ends = bounds(size, slice(entry, entry + 1 or None) if isinstance(entry, int) else entry)
        if isinstance(entry, int):
            gone.append(axis)
        else:
            shape.append(ends[1] - ends[0] if ends[2] == 1 else (ends[1] - ends[0] + ends[2] - 1) // ends[2])
        if ends != (0, size, 1):
            places.append((axis, *ends))
    value = w.expand(_no_wider(w, value, len(shape)), shape)
    return _put(w, x, places, w.unsqueeze(value, *gone) if gone else value)


def _no_wider(w: Writer, value: Val, rank: int) -> Val:
    """Without the leading sizes of 1 that the part does not have."""
    while value.rank > rank:
        value = w.squeeze(value, 0)
    return value


def _put(w: Writer, x: Val, places: Sequence[tuple[int, Dim, Dim, int]], value: Val) -> Val:
    if not places:
        return value
    axis, start, end, step = places[0]
    size = x.shape[axis]
    length = end - start if step == 1 else (end - start + step - 1) // step
    inner = _put(w, _cut(w, x, axis, (start, end, step), length), places[1:], value) if places[1:] else value
    if step != 1:
        return _strided(w, x, places[0], inner)
    pieces = [inner]
    if start != 0:
        pieces.insert(0, _cut(w, x, axis, (0, start, 1), start))
    if end != size:
        pieces.append(_cut(w, x, axis, (end, size, 1), size - end))
    joined = w.e.op("Concat", *(piece.name for piece in pieces), axis=axis) if len(pieces) > 1 else inner.name
    return Val(joined, x.kind)


def _strided(w: Writer, x: Val, place: tuple[int, Dim, Dim, int], value: Val) -> Val:
    axis, start, end, step = place
    if not isinstance(start, int) or not isinstance(end, int):
        raise UnsayableError("An assignment to every n-th entry needs numbers as sizes.")
    numbers = w.tensor("int64", [[at] for at in range(start, end, step)])
    order = (axis, *(at for at in range(x.rank) if at != axis))
    back = tuple(order.index(at) for at in range(x.rank))
    front = w.permute(x, order)
    return w.permute(w.op("ScatterND", front, numbers, w.permute(value, order), like=front), back)


def _scattered(w: Writer, x: Val, keys: Sequence[Any], value: Val, *, adds: bool) -> Val:
    """Values as indices (and numbers beside them); the other dimensions are whole."""
    axes = [at for at, entry in enumerate(keys) if not isinstance(entry, slice)]
    rest = [at for at in range(x.rank) if at not in axes]
    if any(keys[at] != slice(None) for at in rest) or (adds and w.e.opset < 16):
        raise UnsayableError("An assignment by values as indices and slices has no counterpart in ONNX.")
    given = [keys[at] if isinstance(keys[at], Val) else w.tensor("int64", keys[at]) for at in axes]
    numbers, shape = at_numbers(w, given)
    wide = (*shape, *(x.shape[at] for at in rest))
    values = _arranged(w, _no_wider(w, value, len(wide)), axes, shape, [x.shape[at] for at in rest])
    order = (*axes, *rest)
    front = w.permute(x, order)
    attributes: dict[str, Any] = {"reduction": "add"} if adds else {}
    done = w.op("ScatterND", front, numbers, values, like=front, **attributes)
    return w.permute(done, tuple(order.index(at) for at in range(x.rank)))


def _arranged(w: Writer, value: Val, axes: Sequence[int], shape: Sequence[Dim], rest: Sequence[Dim]) -> Val:
    """The values with the dimensions of the indices in front."""
    count, first = len(shape), axes[0]
    if first == 0 or list(axes) != list(range(first, first + len(axes))):
        return w.expand(value, (*shape, *rest))
    value = w.expand(value, (*rest[:first], *shape, *rest[first:]))
    order = (*range(first, first + count), *range(first), *range(first + count, value.rank))
    return w.permute(value, order)
