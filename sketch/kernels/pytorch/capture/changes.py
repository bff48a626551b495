"""Operations in place, written as operations that give a new tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from sketch.kernels.pytorch.capture.book import Book, Kind, Unrecordable
from sketch.kernels.pytorch.capture.naming import Spelling
from sketch.kernels.pytorch.capture.nesting import Ref, leaves

RESHAPING = frozenset({"squeeze", "unsqueeze", "t", "transpose", "swapaxes", "swapdims"})
"""Operations in place that change only the shape: the tensor becomes a view of what it was."""

_REFUSED = frozenset({"resize", "resize_", "set_", "resize_as", "resize_as_", "data.__set__", "as_strided"})


def functional(book: Book, call: Spelling, kind: Kind) -> Ref:
    """The result of an operation in place as a new value of the same shape and element type.

    Args:
        call: with references instead of tensors; the changed tensor is its first argument.
        kind: shape and element type of the changed tensor.
    """
    if call.name in _REFUSED:
        raise Unrecordable(book.context.place, f"{call.name} replaces the memory of a tensor")
    special = _SPECIAL.get(call.name)
    if special is not None:
        return special(book, call, kind)
    if call.name.endswith("_") and not call.name.endswith("__"):
        raise Unrecordable(book.context.place, f"{call.name} changes a tensor in place and has no other form")
    made = _promoted(book, call, kind)
    ref = book.emit(call.kind, call.target, call.args, (kind[0], made), **call.kwargs)
    return ref if made == kind[1] else book.emit("method", "to", (ref, kind[1]), kind)


def _promoted(book: Book, call: Spelling, kind: Kind) -> torch.dtype:
    """The element type that the same operation has when it is not in place."""
    if call.name in ("masked_fill", "index_fill", "scatter", "index_copy", "index_put", "masked_scatter"):
        return kind[1]
    samples = [_sample(book, item) for item in leaves((call.args, call.kwargs))]
    found = kind[1]
    for sample in samples:
        if sample is not None:
            found = torch.result_type(torch.empty(kind[0], dtype=found, device="meta"), sample)
    return found


def _sample(book: Book, item: Any) -> Any:
    """A stand-in for an operand: what it does to the element type of a result."""
    if isinstance(item, Ref):
        shape, dtype = book.kind_of(item)
        integers = not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)
        return None if integers and shape else torch.empty(shape, dtype=dtype, device="meta")
    return item if isinstance(item, (float, complex)) and not isinstance(item, bool) else None


def _copied(book: Book, call: Spelling, kind: Kind) -> Ref:
    source = call.args[1] if len(call.args) > 1 else call.kwargs.get("src")
    if not isinstance(source, Ref):
        return _filled(book, call, kind)
    shape, dtype = book.kind_of(source)
    if dtype != kind[1]:
        source = book.emit("method", "to", (source, kind[1]), (shape, kind[1]))
    return source if shape == kind[0] else book.emit("method", "expand", (source, *kind[0]), kind)


def _filled(book: Book, call: Spelling, kind: Kind) -> Ref:
    value = call.args[1] if len(call.args) > 1 else call.kwargs.get("value")
    if isinstance(value, Ref):
        return _copied(book, call, kind)
    return book.emit("function", torch.full_like, (call.args[0], value), kind)


def _zeroed(book: Book, call: Spelling, kind: Kind) -> Ref:
    return book.emit("function", torch.zeros_like, (call.args[0],), kind)


def _tossed(book: Book, call: Spelling, kind: Kind) -> Ref:
    chance = _filled(book, call, kind) if len(call.args) > 1 or call.kwargs else None
    if chance is None:
        chance = book.emit("function", torch.full_like, (call.args[0], 0.5), kind)
    return book.emit("method", "bernoulli", (chance,), kind)


def _random(
    function: Any, scale: Callable[[Any, Any], tuple[Any, Any]]
) -> Callable[[Book, Spelling, Kind], Ref]:
    """`x.uniform_(a, b)` and `x.normal_(mean, std)` as numbers of the standard distribution, scaled and shifted."""

    def made(book: Book, call: Spelling, kind: Kind) -> Ref:
        given = dict(zip(("a", "b"), call.args[1:], strict=False))
        first = given.get("a", call.kwargs.get("mean", call.kwargs.get("from", 0.0)))
        second = given.get("b", call.kwargs.get("std", call.kwargs.get("to", 1.0)))
        factor, shift = scale(first, second)
        ref = book.emit("function", function, (call.args[0],), kind)
        ref = book.emit("method", "mul", (ref, factor), kind)
        return book.emit("method", "add", (ref, shift), kind)

    return made


_SPECIAL: dict[str, Callable[[Book, Spelling, Kind], Ref]] = {
    "copy_": _copied, "bernoulli": _tossed, "fill_": _filled, "zero_": _zeroed,
    "uniform_": _random(torch.rand_like, lambda low, high: (high - low, low)),
    "normal_": _random(torch.randn_like, lambda mean, std: (std, mean)),
}  # fmt: skip
