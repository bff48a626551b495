"""A tensor whose view was changed: the whole with the changed part, by the opposite of the call that made the view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from sketch.kernels.pytorch.capture.book import Book, Entry, Unrecordable, Value
from sketch.kernels.pytorch.capture.calls import set_item
from sketch.kernels.pytorch.capture.nesting import Ref


def write(book: Book, value: Value, ref: Ref) -> None:
    """A value was changed in place to `ref`: so were the tensors that it is a view of."""
    if value.parent is not None:
        whole = book.read(value.parent)
        write(book, value.parent, _with_part(book, value, whole, ref))
        value.seen = value.parent.version
    value.ref = ref
    value.version += 1


def _with_part(book: Book, value: Value, whole: Ref, part: Ref) -> Ref:
    """What `whole` is after its view `value` became `part`."""
    if value.made is None or value.via is None:
        return part
    made = book.entries[value.made.entry]
    name = made.name
    if book.kind_of(value.via)[1] != book.kind_of(value.made)[1]:
        name = f"{name} as another element type"
    undo = _UNDO.get(name)
    if undo is None:
        raise Unrecordable(book.context.place, f"a view made by {name} is changed in place")
    return undo(book, made, value, whole, part)


def _given(made: Entry, position: int, *names: str, default: Any = None) -> Any:
    """An argument of a call by its place (0 is the tensor) or by one of its names."""
    if position < len(made.args):
        return made.args[position]
    return next((made.kwargs[name] for name in names if name in made.kwargs), default)


def _put(book: Book, whole: Ref, index: Any, part: Ref) -> Ref:
    return book.emit("function", set_item, (whole, index, part), book.kind_of(whole))


def _axis(dim: int, key: Any) -> tuple[Any, ...]:
    return (*(slice(None),) * dim, key)


def _undo_index(book: Book, made: Entry, _value: Value, whole: Ref, part: Ref) -> Ref:
    return _put(book, whole, made.args[1], part)


def _undo_select(book: Book, made: Entry, _value: Value, whole: Ref, part: Ref) -> Ref:
    dim = _given(made, 1, "dim", default=0) % len(book.kind_of(whole)[0])
    return _put(book, whole, _axis(dim, _given(made, 2, "index")), part)


def _undo_narrow(book: Book, made: Entry, _value: Value, whole: Ref, part: Ref) -> Ref:
    dim = _given(made, 1, "dim") % len(book.kind_of(whole)[0])
    start, length = _given(made, 2, "start"), _given(made, 3, "length")
    return _put(book, whole, _axis(dim, slice(start, start + length)), part)


def _undo_slice(book: Book, made: Entry, _value: Value, whole: Ref, part: Ref) -> Ref:
    dim = _given(made, 1, "dim", default=0) % len(book.kind_of(whole)[0])
    key = slice(_given(made, 2, "start"), _given(made, 3, "end"), _given(made, 4, "step"))
    return _put(book, whole, _axis(dim, key), part)


def _undo_split(book: Book, made: Entry, value: Value, whole: Ref, part: Ref) -> Ref:
    """One of several parts along a dimension: it starts where the ones before it end."""
    out = value.made.out if value.made is not None else 0
    dim = _given(made, 2, "dim", default=0) % len(book.kind_of(whole)[0])
    sizes = [shape[dim] for shape, _ in made.types]
    start = sum(sizes[:out])
    return _put(book, whole, _axis(dim, slice(start, start + sizes[out])), part)


def _undo_unbind(book: Book, made: Entry, value: Value, whole: Ref, part: Ref) -> Ref:
    dim = _given(made, 1, "dim", default=0) % len(book.kind_of(whole)[0])
    return _put(book, whole, _axis(dim, value.made.out if value.made is not None else 0), part)


def _undo_shape(book: Book, _made: Entry, _value: Value, whole: Ref, part: Ref) -> Ref:
    like = book.kind_of(whole)
    return book.emit("method", "reshape", (part, *like[0]), like)


def _undo_order(book: Book, made: Entry, _value: Value, whole: Ref, part: Ref) -> Ref:
    """Dimensions in another order: the order is read off a tensor whose sizes are all different."""
    rank = len(book.kind_of(whole)[0])
    sample = torch.empty(tuple(range(2, 2 + rank)), device="meta")
    function: Any = getattr(torch.Tensor, made.target) if made.kind == "method" else made.target
    with torch._C.DisableTorchFunction():
        order = [size - 2 for size in function(sample, *made.args[1:], **made.kwargs).shape]
    back = tuple(order.index(dim) for dim in range(rank))
    return book.emit("method", "permute", (part, *back), book.kind_of(whole))


def _undo_nothing(_book: Book, _made: Entry, _value: Value, _whole: Ref, part: Ref) -> Ref:
    return part


_Undo = Callable[[Book, Entry, Value, Ref, Ref], Ref]

_UNDO: dict[str, _Undo] = {
    "getitem": _undo_index, "select": _undo_select, "narrow": _undo_narrow, "slice": _undo_slice,
    **dict.fromkeys(("split", "chunk", "tensor_split", "split_with_sizes"), _undo_split), "unbind": _undo_unbind,
    **dict.fromkeys(
        ("view", "reshape", "flatten", "unflatten", "view_as", "reshape_as", "squeeze", "unsqueeze", "ravel",
         "_unsafe_view", "squeeze_", "unsqueeze_", "Flatten", "Unflatten"), _undo_shape),
    **dict.fromkeys(
        ("transpose", "permute", "movedim", "moveaxis", "swapaxes", "swapdims", "t", "transpose_", "t_"),
        _undo_order),
    **dict.fromkeys(("detach", "alias", "contiguous", "dropout", "Identity", "Dropout", "Dropout1d",
                     "Dropout2d", "Dropout3d", "AlphaDropout"), _undo_nothing),
}  # fmt: skip
