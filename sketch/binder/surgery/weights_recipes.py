"""The arrays that records of `graph.recipes` stand for: overlaps, repetitions, fresh values, other element types."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from sketch.binder.initial import initial_tensor
from sketch.binder.surgery.arrays import from_numbers, to_numbers
from sketch.binder.tensors import storage_dtype
from sketch.graph.recipes import CAST, KEEP, TILE, base_of
from sketch.graph.rows import FrozenDict
from sketch.graph.weights import WeightType

if TYPE_CHECKING:
    from sketch.binder.tensors import TensorStore

Array = np.ndarray[Any, Any]
Spans = list[tuple[slice, slice]]


def made(store: TensorStore, recipe: Mapping[str, Any]) -> Array:
    """The array of a record, as the store keeps its element type; BinderError when the base is gone."""
    shape, dtype, how = tuple(recipe["shape"]), str(recipe["dtype"]), recipe["how"]
    row = base_of(recipe)
    if row is None:
        return _fresh(recipe)
    base = store.get(row.digest, row.shape, row.dtype)
    if row.dtype != dtype:
        base = from_numbers(to_numbers(base, row.dtype), dtype)
    if how == CAST:
        return base
    if how == TILE and base.size:
        return _tiled(base, shape, recipe["blocks"])
    result = _fresh(recipe) if recipe["fill"] else np.zeros(shape, storage_dtype(dtype))
    if how == KEEP:
        _keep(base, result, recipe["blocks"], recipe["centred"])
    return result


def kept_part(recipe: Mapping[str, Any]) -> tuple[int, int]:
    """(elements that come from the base, elements of the base) of a record that keeps an overlap."""
    row = base_of(recipe)
    if row is None or recipe["how"] != KEEP:
        return 0, 0
    pairs = zip(row.shape, recipe["shape"], strict=True)
    kept = int(np.prod([min(old, new) for old, new in pairs], dtype=np.int64))
    return kept, int(np.prod(row.shape, dtype=np.int64))


def _fresh(recipe: Mapping[str, Any]) -> Array:
    """What the elements start from, by the scheme of the record."""
    fill = recipe["fill"]
    init = {name: _tuples(value) for name, value in fill["init"].items()}
    params: dict[str, Any] = {}
    if fill["zero_row"] is not None:
        init["zero_row"], params["row"] = "row", fill["zero_row"]
    weight = WeightType(fill["role"], tuple(recipe["shape"]), recipe["dtype"], True, FrozenDict(init))
    siblings = {}
    if fill["of"] is not None:
        siblings[init["of"]] = WeightType(init["of"], tuple(fill["of"]), recipe["dtype"], True, FrozenDict())
    return initial_tensor(weight, siblings, params, fill["seed"], fill["node"])


def _keep(base: Array, result: Array, blocks: list[int], centred: list[bool]) -> None:
    """Copy into a larger or smaller array what both have: block by block, from the start or around the middle."""
    places = zip(base.shape, result.shape, blocks, centred, strict=True)
    spans = [_spans(old, new, count, middle) for old, new, count, middle in places]
    for parts in product(*spans):
        result[tuple(into for _, into in parts)] = base[tuple(source for source, _ in parts)]


def _spans(old: int, new: int, blocks: int, centred: bool) -> Spans:
    """(place in the old, place in the new) for each block of one dimension."""
    if old % blocks or new % blocks:
        blocks = 1
    one, other = old // blocks, new // blocks
    both = min(one, other)
    first, into = ((one - both) // 2, (other - both) // 2) if centred else (0, 0)
    return [
        (slice(n * one + first, n * one + first + both), slice(n * other + into, n * other + into + both))
        for n in range(blocks)
    ]


def _tiled(base: Array, shape: tuple[int, ...], blocks: list[int]) -> Array:
    """The elements again and again along each dimension, inside of each block."""
    for axis, (size, count) in enumerate(zip(shape, blocks, strict=True)):
        old = base.shape[axis]
        parts = 1 if old % count or size % count else count
        inside = np.arange(size // parts) % (old // parts)
        places = (np.arange(parts)[:, None] * (old // parts) + inside).reshape(-1)
        base = np.take(base, places, axis=axis)
    return np.ascontiguousarray(base)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
