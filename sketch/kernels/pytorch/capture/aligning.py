"""Several runs laid side by side: what is the same, what follows the batch size, what came from the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import torch

from sketch.graph.dims import Dim, symbol
from sketch.kernels.pytorch.capture.book import Entry, Kind
from sketch.kernels.pytorch.capture.nesting import Ref
from sketch.kernels.pytorch.capture.running import Run


@dataclass(frozen=True, slots=True)
class Size:
    """A whole number that depends on the batch size N, in the form of sketch.graph.dims."""

    text: str


class DifferentError(Exception):
    """Runs differ from entry number `at` on."""

    def __init__(self, at: int, what: str):
        super().__init__(what)
        self.at = at
        self.what = what


@dataclass(slots=True)
class Aligned:
    """The calls of all runs as one list; `constant` has the entries that gave the same tensors in every run."""

    entries: list[Entry]
    constant: list[bool] = field(default_factory=list)

    def with_constants_of(self, other: Aligned) -> Aligned:
        """The same calls; constant is what was constant in both."""
        return Aligned(self.entries, [a and b for a, b in zip(self.constant, other.constant, strict=True)])


def align(runs: Sequence[Run], batches: Sequence[int]) -> Aligned:
    """The first run with whatever follows the batch size written as a Size.

    Args:
        batches: batch size of each run.

    Raises:
        DifferentError: at the first call that differs in any other way.
    """
    found = Aligned([])
    for at, group in enumerate(zip(*(run.entries for run in runs), strict=False)):
        try:
            found.entries.append(_entry(group, batches))
        except _Unequal as error:
            raise DifferentError(at, str(error)) from None
        found.constant.append(_is_constant(group))
        if group[0].target is None and group[0].kind == "tensor" and not found.constant[-1]:
            raise DifferentError(at, "a tensor that is made outside of torch has other numbers")
    lengths = {len(run.entries) for run in runs}
    if len(lengths) > 1:
        raise DifferentError(min(lengths), "the model makes other calls")
    if any(run.results.refs != runs[0].results.refs for run in runs) or any(
        run.results.template != runs[0].results.template for run in runs
    ):
        raise DifferentError(len(found.entries), "the result is another")
    return found


class _Unequal(Exception):  # noqa: N818 - caught in this file
    pass


def _entry(group: Sequence[Entry], batches: Sequence[int]) -> Entry:
    first = group[0]
    if any((other.kind, other.name) != (first.kind, first.name) for other in group):
        raise _Unequal("the model makes other calls")
    args, kwargs = _merge([(entry.args, entry.kwargs) for entry in group], batches)
    results = _merge([entry.results for entry in group], [0] * len(group))
    types = [_kind([entry.types[out] for entry in group], batches) for out in range(_count(group))]
    return Entry(
        first.kind, first.target, args, kwargs, results, types, first.origin, first.scope, first.place,
        first.values, first.label,
    )  # fmt: skip


def _count(group: Sequence[Entry]) -> int:
    if len({len(entry.types) for entry in group}) > 1:
        raise _Unequal("the number of results is another")
    return len(group[0].types)


def _kind(kinds: Sequence[Kind], batches: Sequence[int]) -> Kind:
    if len({dtype for _, dtype in kinds}) > 1 or len({len(shape) for shape, _ in kinds}) > 1:
        raise _Unequal("the shape or the element type of a result is another")
    try:
        shape = tuple(_fit(sizes, batches) for sizes in zip(*(shape for shape, _ in kinds), strict=True))
    except _Unequal:
        raise _Unequal("the shape of a result is another") from None
    return shape, kinds[0][1]


def _merge(values: Sequence[Any], batches: Sequence[int]) -> Any:
    """One template out of several of the same structure."""
    first = values[0]
    if any(type(value) is not type(first) for value in values):
        raise _Unequal("an argument is another")
    if isinstance(first, (tuple, list)):
        if len({len(value) for value in values}) > 1:
            raise _Unequal("an argument has another length")
        items = [_merge(group, batches) for group in zip(*values, strict=True)]
        return items if isinstance(first, list) else tuple(items)
    if isinstance(first, dict):
        if any(list(value) != list(first) for value in values):
            raise _Unequal("the arguments have other names")
        return {name: _merge([value[name] for value in values], batches) for name in first}
    if isinstance(first, slice):
        return slice(*_merge([(value.start, value.stop, value.step) for value in values], batches))
    return _merge_leaves(values, batches)


def _merge_leaves(values: Sequence[Any], batches: Sequence[int]) -> Any:
    first = values[0]
    if isinstance(first, int) and not isinstance(first, bool):
        return _fit(values, batches)
    if isinstance(first, float):
        if any(value != first and not (isnan(value) and isnan(first)) for value in values):
            raise _Unequal(f"the number {first!r} is another")
        return first
    if any(value != first for value in values):
        raise _Unequal(
            "an operand is another" if isinstance(first, Ref) else f"the argument {first!r} is another"
        )
    return first


def _fit(values: Sequence[int], batches: Sequence[int]) -> Any:
    """A number that is the same in all runs, or a*N+c; `batches` has different sizes then."""
    if len(set(values)) == 1:
        return values[0]
    pairs = sorted(set(zip(batches, values, strict=True)))
    (low, at_low), (high, at_high) = pairs[0], pairs[-1]
    if low == high or len(pairs) < 3 or (at_high - at_low) % (high - low):
        raise _Unequal(f"the number {values[0]} is another")
    slope = (at_high - at_low) // (high - low)
    offset = at_low - slope * low
    if any(slope * batch + offset != value for batch, value in pairs):
        raise _Unequal(f"the number {values[0]} is another")
    text: Dim = symbol("N") * slope + offset
    return Size(str(text))


def _is_constant(group: Sequence[Entry]) -> bool:
    """True for calls that depend on nothing and gave the same tensors in every run."""
    first = group[0]
    if first.origin or len(first.values) != len(first.types):
        return False
    return all(_equal(first.values, other.values) for other in group[1:])


def _equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(
        a is b or (a.shape == b.shape and a.dtype == b.dtype and _same_numbers(a, b))
        for a, b in zip(one, other, strict=True)
    )


def _same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.is_floating_point() or a.is_complex():
        return bool(torch.allclose(a, b, rtol=0.0, atol=0.0, equal_nan=True))
    return bool(torch.equal(a, b))
