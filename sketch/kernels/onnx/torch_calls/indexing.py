"""Indexing as Python writes it, and functions that pick and write elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sketch.graph.dims import Dim
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.assigning import assign, at_numbers, entries_of, part
from sketch.kernels.onnx.torch_calls.writer import Given, Val, Writer, scaled


def getitem(w: Writer, x: Val, key: Any) -> Val:
    """x[key]: whole numbers and slices first, then values as indices."""
    keys = entries_of(x, key)
    found: list[tuple[int, Val]] = []
    axis = 0
    for entry in keys:
        if entry is None:
            x = w.unsqueeze(x, axis)
            axis += 1
        elif isinstance(entry, slice):
            x = part(w, x, axis, entry)
            axis += 1
        elif isinstance(entry, Val) and entry.dtype == "bool":
            return _masked(w, x, keys, axis, entry)
        elif isinstance(entry, (Val, list, tuple)):
            found.append((axis, entry if isinstance(entry, Val) else w.tensor("int64", entry)))
            axis += 1
        else:
            x = pick(w, x, axis, entry)
    return _advanced(w, x, found) if found else x


def pick(w: Writer, x: Val, axis: int, entry: Any) -> Val:
    """One entry of a dimension, which goes."""
    if isinstance(entry, bool) or not isinstance(entry, int):
        raise UnsayableError(f"An index of {entry!r} has no counterpart in ONNX.")
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    return w.op("Gather", x, w.tensor("int64", entry), like=x, shape=shape, axis=axis)


def _masked(w: Writer, x: Val, keys: Sequence[Any], axis: int, mask: Val) -> Val:
    """x[mask]: how many there are is known when the model runs."""
    if axis or sum(isinstance(entry, (Val, list)) for entry in keys) > 1:
        raise UnsayableError("A mask beside other indices has no counterpart in ONNX.")
    kind = w.e.step.types[0] if w.e.step.types else None
    places = w.op("NonZero", mask, like=mask, dtype="int64", shape=(mask.rank, 1))
    rows = w.permute(places, (1, 0))
    shape = kind.shape if kind is not None and kind.shape is not None else (1, *x.shape[mask.rank :])
    return w.op("GatherND", x, rows, like=x, shape=shape)


def _advanced(w: Writer, x: Val, found: Sequence[tuple[int, Val]]) -> Val:
    if len(found) == 1:
        axis, index = found[0]
        return index_select(w, x, axis, index)
    axes = [axis for axis, _ in found]
    rest = [axis for axis in range(x.rank) if axis not in axes]
    numbers, shape = at_numbers(w, [index for _, index in found])
    front = w.permute(x, (*axes, *rest))
    wide = (*shape, *(x.shape[axis] for axis in rest))
    y = w.op("GatherND", front, numbers, like=x, shape=wide)
    if axes != list(range(axes[0], axes[0] + len(axes))) or axes[0] == 0:
        return y
    count = len(shape)
    order = (*range(count, count + axes[0]), *range(count), *range(count + axes[0], y.rank))
    return w.permute(y, order)


def index(w: Writer, x: Val, indices: Sequence[Any]) -> Val:
    """aten's index: None stands for a whole dimension."""
    return getitem(w, x, tuple(slice(None) if item is None else item for item in indices))


def index_select(w: Writer, x: Val, dim: int, index: Val) -> Val:
    """Entries of a dimension by their numbers."""
    axis = x.axis(dim)
    numbers = index if index.dtype in ("int32", "int64") else w.cast(index, "int64")
    shape = (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])
    return w.op("Gather", x, numbers, like=x, shape=shape, axis=axis)


def set_item(w: Writer, x: Val, key: Any, value: Given) -> Val:
    """A copy of x with another value at a key."""
    return assign(w, x, entries_of(x, key), w.cast(w.number(value, x), x.dtype))


def index_put(w: Writer, x: Val, indices: Sequence[Any], values: Val, accumulate: bool = False) -> Val:
    """aten's index_put."""
    keys = entries_of(x, tuple(slice(None) if item is None else item for item in indices))
    return assign(w, x, keys, w.cast(values, x.dtype), adds=accumulate)


def select(w: Writer, x: Val, dim: int, index: Any) -> Val:
    """One entry of a dimension."""
    return pick(w, x, x.axis(dim), index)


def narrow(w: Writer, x: Val, dim: int, start: Any, length: Any) -> Val:
    """`length` entries from `start` on."""
    return part(w, x, x.axis(dim), slice(start, start + length))


def sliced(w: Writer, x: Val, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Val:
    """aten's slice."""
    return part(w, x, x.axis(dim), slice(start, end, step))


def _at(x: Val, dim: int, entry: Any) -> list[Any]:
    axis = x.axis(dim)
    return [entry if place == axis else slice(None) for place in range(x.rank)]


def select_scatter(w: Writer, x: Val, src: Val, dim: int, index: int) -> Val:
    """A copy with one entry replaced."""
    return assign(w, x, _at(x, dim, index), src)


def slice_scatter(
    w: Writer, x: Val, src: Val, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Val:
    """A copy with a slice replaced."""
    return assign(w, x, _at(x, dim, slice(start, end, step)), src)


def gather(w: Writer, x: Val, dim: int, index: Val, *, sparse_grad: bool = False) -> Val:
    """One entry for each element of the index."""
    del sparse_grad
    return w.layer("GatherElements", x, w.cast(index, "int64"), dim=dim)


def take_along_dim(w: Writer, indices_of: Val, indices: Val, dim: int | None = None) -> Val:
    """As gather, with sizes of 1 repeated."""
    x = indices_of
    if dim is None:
        count = _count(x)
        return w.layer("GatherElements", w.reshape(x, count), w.reshape(indices, _count(indices)), dim=0)
    axis = x.axis(dim)
    wide = [b if a == 1 else a for a, b in zip(x.shape, indices.shape, strict=True)]
    x = w.expand(x, [x.shape[axis] if at == axis else size for at, size in enumerate(wide)])
    full = [indices.shape[axis] if at == axis else size for at, size in enumerate(wide)]
    return w.layer("GatherElements", x, w.expand(indices, full), dim=axis)


def _count(x: Val) -> Dim:
    total: Dim = 1
    for size in x.shape:
        total = total * size
    return total


def take(w: Writer, x: Val, index: Val) -> Val:
    """Entries of all elements as one row."""
    return index_select(w, w.reshape(x, _count(x)), 0, index)


_REDUCE = {"sum": "add", "add": "add", "prod": "mul", "multiply": "mul", "amax": "max", "amin": "min"}


def scatter(
    w: Writer, x: Val, dim: int, index: Val, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Val:
    """Values, or one number, at entries."""
    given = src if value is None else value
    values = given if isinstance(given, Val) else w.full(index.shape, given, x.dtype)
    if reduce is not None:
        return _reduced(w, x, dim, index, values, reduce)
    return w.layer("Scatter", x, index, w.cast(values, x.dtype), dim=dim)


def scatter_add(w: Writer, x: Val, dim: int, index: Val, src: Val) -> Val:
    """Sums at entries."""
    return w.layer("ScatterAdd", x, index, src, dim=dim)


def scatter_reduce(
    w: Writer, x: Val, dim: int, index: Val, src: Val, reduce: str, *, include_self: bool = True
) -> Val:
    """Sums, products and extremes at entries."""
    if not include_self:
        raise UnsayableError("scatter_reduce without include_self has no counterpart in ONNX.")
    return _reduced(w, x, dim, index, src, reduce)


def _reduced(w: Writer, x: Val, dim: int, index: Val, src: Val, reduce: str) -> Val:
    if reduce not in _REDUCE or w.e.opset < 18:
        raise UnsayableError(f"scatter with reduce={reduce!r} has no counterpart in ONNX.")
    return w.op("ScatterElements", x, index, src, like=x, axis=x.axis(dim), reduction=_REDUCE[reduce])


def index_add(w: Writer, x: Val, dim: int, index: Val, source: Val, *, alpha: Any = 1) -> Val:
    """Sums at entries of a dimension."""
    return assign(w, x, _at(x, dim, index), scaled(w, source, alpha), adds=True)


def index_copy(w: Writer, x: Val, dim: int, index: Val, source: Val) -> Val:
    """Other values at entries of a dimension."""
    return assign(w, x, _at(x, dim, index), source)


def index_fill(w: Writer, x: Val, dim: int, index: Val, value: Given) -> Val:
    """One number at entries of a dimension."""
    return assign(w, x, _at(x, dim, index), w.cast(w.number(value, x), x.dtype))


def masked_fill(w: Writer, x: Val, mask: Val, value: Given) -> Val:
    """One number where the mask is true."""
    if isinstance(value, Val):
        return w.layer("MaskedFill", x, w.cast(mask, "bool"), value)
    return w.layer("MaskedFill", x, w.cast(mask, "bool"), value=float(value))


def bucketize(w: Writer, x: Val, boundaries: Val, *, right: bool = False, out_int32: bool = False) -> Val:
    """How many boundaries are below each element."""
    compare = "LessEqual" if right else "Less"
    below = w.layer(compare, boundaries, w.unsqueeze(x, x.rank))
    return w.layer("Sum", w.cast(below, "int32" if out_int32 else "int64"), dim=[-1])


def one_hot(w: Writer, x: Val, num_classes: int = -1) -> Val:
    """Rows of 0 with a 1."""
    return w.layer("OneHot", x, num_classes=num_classes)


def unbind(w: Writer, x: Val, dim: int = 0) -> tuple[Val, ...]:
    """Each entry of a dimension."""
    axis = x.axis(dim)
    return tuple(pick(w, x, axis, place) for place in range(int(x.shape[axis])))


LOWERINGS: Mapping[str, Any] = {
    "slice": sliced,
    "slice_copy": sliced,
    "_index_put_impl": index_put,
    **{item.__name__: item for item in (
        getitem, index, index_select, set_item, index_put, select, narrow, select_scatter, slice_scatter, gather,
        take_along_dim, take, scatter, scatter_add, scatter_reduce, index_add, index_copy, index_fill, masked_fill,
        bucketize, one_hot, unbind)},
}  # fmt: skip
