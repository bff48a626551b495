"""Other shapes, other orders, joins and parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sketch.graph.dims import Dim, product
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.assigning import part
from sketch.kernels.onnx.torch_calls.writer import TypeWord, Val, Writer


def _sizes(args: Sequence[Any]) -> list[Any]:
    first = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    if any(isinstance(item, (TypeWord, Val)) for item in first):
        raise UnsayableError("These sizes are not known before the model runs.")
    return list(first)


def reshape(w: Writer, x: Val, *shape: Any, size: Any = None) -> Val:
    """Other sizes; one may be -1."""
    sizes = _sizes(shape or (size,))
    if -1 in sizes:
        known = product([item for item in sizes if not (isinstance(item, int) and item == -1)])
        if known == 0:
            raise UnsayableError("A size of -1 beside one of 0 has no counterpart in ONNX.")
        total = product(list(x.shape))
        sizes = [total // known if isinstance(item, int) and item == -1 else item for item in sizes]
    return w.reshape(x, *sizes)


def view_as(w: Writer, x: Val, other: Val) -> Val:
    """The sizes of another value."""
    return w.reshape(x, *other.shape)


def flatten(w: Writer, x: Val, start_dim: int = 0, end_dim: int = -1) -> Val:
    """Some dimensions as one."""
    if not x.rank:
        return w.reshape(x, 1)
    first, last = x.axis(start_dim), x.axis(end_dim)
    return w.reshape(x, *x.shape[:first], product(list(x.shape[first : last + 1])), *x.shape[last + 1 :])


def unflatten(w: Writer, x: Val, dim: int, sizes: Sequence[Any]) -> Val:
    """One dimension as several."""
    axis = x.axis(dim)
    known = product([size for size in sizes if not (isinstance(size, int) and size == -1)])
    parts = [x.shape[axis] // known if isinstance(size, int) and size == -1 else size for size in sizes]
    return w.reshape(x, *x.shape[:axis], *parts, *x.shape[axis + 1 :])


def permute(w: Writer, x: Val, *dims: Any) -> Val:
    """Another order."""
    return w.permute(x, [x.axis(dim) for dim in _sizes(dims)])


def transpose(w: Writer, x: Val, dim0: int, dim1: int) -> Val:
    """Two dimensions swapped."""
    order = list(range(x.rank))
    first, second = x.axis(dim0), x.axis(dim1)
    if order:
        order[first], order[second] = order[second], order[first]
    return w.permute(x, order)


def turned(w: Writer, x: Val) -> Val:
    """x.t()."""
    return w.permute(x, list(reversed(range(x.rank))))


def movedim(w: Writer, x: Val, source: Any, destination: Any) -> Val:
    """Dimensions at other places."""
    pairs = [[item] if isinstance(item, int) else list(item) for item in (source, destination)]
    moved = {x.axis(to): x.axis(at) for at, to in zip(*pairs, strict=True)}
    rest = iter(at for at in range(x.rank) if at not in moved.values())
    return w.permute(x, [moved[place] if place in moved else next(rest) for place in range(x.rank)])


def squeeze(w: Writer, x: Val, *dims: Any, dim: Any = None) -> Val:
    """Without sizes of 1."""
    given = _sizes(dims) if dims else None if dim is None else _sizes((dim,) if isinstance(dim, int) else dim)
    axes = range(x.rank) if given is None else [x.axis(item) for item in given]
    for axis in sorted(axes, reverse=True):
        if x.rank and x.shape[axis] == 1:
            x = w.squeeze(x, axis)
    return x


def unsqueeze(w: Writer, x: Val, dim: int) -> Val:
    """With a size of 1."""
    return w.unsqueeze(x, x.axis(dim, 1))


def expand(w: Writer, x: Val, *sizes: Any, size: Any = None, implicit: bool = False) -> Val:
    """Sizes of 1 repeated; -1 keeps a size."""
    del implicit
    wanted = _sizes(sizes or (size,))
    extra = len(wanted) - x.rank
    have = [1] * extra + list(x.shape)
    return w.expand(
        x, [h if isinstance(s, int) and s == -1 else s for s, h in zip(wanted, have, strict=True)]
    )


def expand_as(w: Writer, x: Val, other: Val) -> Val:
    """Repeated to the sizes of another value."""
    return w.expand(x, other.shape)


def broadcast_tensors(w: Writer, *values: Any) -> tuple[Val, ...]:
    """All in one shape."""
    items = values[0] if len(values) == 1 and isinstance(values[0], (tuple, list)) else values
    shape: tuple[Dim, ...] = ()
    for item in items:
        rank = max(len(shape), item.rank)
        pairs = zip((1,) * (rank - len(shape)) + shape, (1,) * (rank - item.rank) + item.shape, strict=True)
        shape = tuple(b if a == 1 else a for a, b in pairs)
    return tuple(w.expand(item, shape) for item in items)


def repeat(w: Writer, x: Val, *repeats: Any) -> Val:
    """Copies along dimensions."""
    return w.layer(
        "Repeat", x, repeats=[str(item) if not isinstance(item, int) else item for item in _sizes(repeats)]
    )


def tile(w: Writer, x: Val, *dims: Any) -> Val:
    """Copies, where missing numbers in front are 1."""
    times = _sizes(dims)
    return repeat(w, x, *([1] * (x.rank - len(times)) + times))


def repeat_interleave(
    w: Writer, x: Val, repeats: Any, dim: int | None = None, *, output_size: Any = None
) -> Val:
    """Each entry several times."""
    del output_size
    if not isinstance(repeats, int):
        raise UnsayableError("Repeats that differ from entry to entry have no counterpart in ONNX.")
    if dim is None:
        x, dim = flatten(w, x), 0
    return w.layer("RepeatInterleave", x, repeats=repeats, dim=dim)


def roll(w: Writer, x: Val, shifts: Any, dims: Any = None) -> Val:
    """Moved along dimensions, or as one row."""
    many = list(shifts) if isinstance(shifts, (tuple, list)) else [shifts]
    if dims is None or dims in ((), []):
        return w.reshape(w.layer("Roll", flatten(w, x), shifts=many, dims=[0]), *x.shape)
    return w.layer("Roll", x, shifts=many, dims=list(dims) if isinstance(dims, (tuple, list)) else [dims])


def flip(w: Writer, x: Val, *dims: Any) -> Val:
    """Reversed."""
    return w.layer("Flip", x, dims=_sizes(dims))


def cat(w: Writer, tensors: Sequence[Val], dim: int = 0) -> Val:
    """Joined; empty vectors among them are passed over."""
    items = [item for item in tensors if not (item.shape == (0,) and len(tensors) > 1)]
    return w.layer("Concat", *items, dim=dim)


def stack(w: Writer, tensors: Sequence[Val], dim: int = 0) -> Val:
    """Joined along a new dimension."""
    return w.layer("Stack", *tensors, dim=dim)


def _joined(axis: int, rank: int) -> Callable[..., Val]:
    def lower(w: Writer, tensors: Sequence[Val]) -> Val:
        items = [at_least(w, item, rank) for item in tensors]
        return w.layer("Concat", *items, dim=axis if items[0].rank > axis else 0)

    return lower


def at_least(w: Writer, x: Val, rank: int) -> Val:
    """With dimensions of size 1 as torch adds them."""
    if rank == 3 and x.rank in (1, 2):
        return w.unsqueeze(x, 2) if x.rank == 2 else w.unsqueeze(x, 0, 2)
    missing = rank - x.rank
    return w.unsqueeze(x, *range(missing)) if missing > 0 else x


def split(w: Writer, x: Val, split_size_or_sections: Any, dim: int = 0) -> tuple[Val, ...]:
    """Parts of given sizes, or of one size."""
    axis = x.axis(dim)
    size, sections = x.shape[axis], split_size_or_sections
    if isinstance(sections, int):
        if not isinstance(size, int):
            raise UnsayableError("A split of a size that is not fixed has no counterpart in ONNX.")
        sections = [min(sections, size - start) for start in range(0, size, sections)]
    starts, parts = 0, []
    for length in sections:
        parts.append(part(w, x, axis, slice(starts, starts + length)))
        starts = starts + length
    return tuple(parts)


def chunk(w: Writer, x: Val, chunks: int, dim: int = 0) -> tuple[Val, ...]:
    """Equal parts."""
    size = x.shape[x.axis(dim)]
    if isinstance(size, int):
        return split(w, x, max(1, -(-size // chunks)), dim)
    return w.layers("Chunk", x, chunks=chunks, dim=dim)


def tensor_split(w: Writer, x: Val, indices_or_sections: Any, dim: int = 0) -> tuple[Val, ...]:
    """Parts that differ in size by at most 1, or cut at places."""
    size = x.shape[x.axis(dim)]
    if isinstance(indices_or_sections, int):
        small, more = divmod(int(size), indices_or_sections)
        return split(w, x, [small + (place < more) for place in range(indices_or_sections)], dim)
    ends = [0, *indices_or_sections, size]
    return tuple(part(w, x, x.axis(dim), slice(a, b)) for a, b in pairwise(ends))


def unfold_dim(w: Writer, x: Val, dimension: int, size: int, step: int) -> Val:
    """Overlapping windows."""
    return w.layer("UnfoldDim", x, dimension=dimension, size=size, step=step)


def triangle(layer: str) -> Callable[..., Val]:
    """torch.tril and triu, of any element type."""

    def lower(w: Writer, x: Val, diagonal: int = 0) -> Val:
        if x.dtype == "bool":
            return w.cast(lower(w, w.cast(x, "int32"), diagonal), "bool")
        upper = int(layer == "Triu")
        return w.op("Trilu", x, w.tensor("int64", diagonal), like=x, upper=upper)

    return lower


def diagonal(w: Writer, x: Val, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Val:
    """The diagonal of two dimensions as a last one."""
    first, second = x.axis(dim1), x.axis(dim2)
    rest = [at for at in range(x.rank) if at not in (first, second)]
    rows, columns = x.shape[first], x.shape[second]
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise UnsayableError("A diagonal needs numbers as sizes.")
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    y = w.permute(x, [first, second, *rest])
    numbers = w.tensor("int64", [[place - min(offset, 0), place + max(offset, 0)] for place in range(count)])
    found = w.op("GatherND", y, numbers, like=x, shape=(count, *(x.shape[at] for at in rest)))
    return w.permute(found, [*range(1, found.rank), 0])


def diag_embed(w: Writer, x: Val, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Val:
    """The last dimension as a diagonal."""
    size = x.shape[-1]
    if offset or (dim1, dim2) != (-2, -1) or not isinstance(size, int):
        raise UnsayableError("This diagonal has no counterpart in ONNX.")
    unit = w.tensor(x.dtype, [[int(a == b) for b in range(size)] for a in range(size)])
    return w.mul(w.unsqueeze(x, x.rank), unit)


def diag(w: Writer, x: Val, diagonal_: int = 0) -> Val:
    """A vector as a matrix, or the diagonal of one."""
    return diag_embed(w, x, diagonal_) if x.rank == 1 else diagonal(w, x, diagonal_)


def meshgrid(w: Writer, *tensors: Any, indexing: str = "ij") -> tuple[Val, ...]:
    """Each vector along a dimension of its own."""
    items = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)
    swap = indexing == "xy" and len(items) > 1
    items = [items[1], items[0], *items[2:]] if swap else items
    shape = [item.shape[0] if item.rank else 1 for item in items]
    made = [
        w.expand(w.reshape(item, *(size if at == place else 1 for at, size in enumerate(shape))), shape)
        for place, item in enumerate(items)
    ]
    return tuple((made[1], made[0], *made[2:]) if swap else made)


LOWERINGS: Mapping[str, Any] = {
    **dict.fromkeys(("view", "reshape"), reshape),
    "t": turned,
    **dict.fromkeys(("adjoint", "mT"), lambda w, x: transpose(w, x, -2, -1)),
    "ravel": flatten,
    "broadcast_to": expand,
    "fliplr": lambda w, x: flip(w, x, 1),
    "flipud": lambda w, x: flip(w, x, 0),
    "hstack": _joined(1, 1), "vstack": _joined(0, 2), "row_stack": _joined(0, 2), "dstack": _joined(2, 3),
    "atleast_1d": lambda w, x: at_least(w, x, 1),
    "atleast_2d": lambda w, x: at_least(w, x, 2),
    "atleast_3d": lambda w, x: at_least(w, x, 3),
    "split_with_sizes": split, "unsafe_split": split, "unsafe_chunk": chunk,
    "unfold": unfold_dim,
    "tril": triangle("Tril"), "triu": triangle("Triu"),
    **{item.__name__: item for item in (
        view_as, flatten, unflatten, permute, transpose, movedim, squeeze, unsqueeze, expand, expand_as,
        broadcast_tensors, repeat, tile, repeat_interleave, roll, flip, cat, stack, split, chunk, tensor_split,
        diagonal, diag_embed, diag, meshgrid)},
}  # fmt: skip
