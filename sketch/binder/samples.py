"""Seeded inputs for the numeric proof: right in shape and type, and within the range that their consumers need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sketch.binder.ranges import Need, needs
from sketch.graph.dims import Symbolic, parse_dim, substitute, symbols_in
from sketch.graph.network import Network, Step

SYMBOL_SIZES = ((2, 8), (1, 32), (1, 224))
"""Numbers for the first symbol and for the others; the later pairs are for networks that cannot run at the first."""
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Samples:
    """Arrays by the names of the Inputs, and in words what each was drawn from."""

    arrays: Mapping[str, Array]
    drawn_from: Mapping[str, str] = field(default_factory=dict)


def sample_inputs(
    network: Network, seed: int = 0, sizes: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, Array]:
    """Name of each Input -> array. `sizes` gives the shape of some inputs; symbols get small numbers."""
    return dict(draw_samples(network, seed, sizes).arrays)


def draw_samples(
    network: Network,
    seed: int = 0,
    sizes: Mapping[str, tuple[int, ...]] | None = None,
    symbols: tuple[int, int] = SYMBOL_SIZES[0],
) -> Samples:
    """As `sample_inputs`, with the range that each input was drawn from; `symbols` is a pair of SYMBOL_SIZES."""
    random = np.random.default_rng(seed)
    values = _chosen(network, sizes or {})
    shapes = {
        step.id: (sizes or {}).get(step.name) or _shape(step, values, symbols) for step in network.inputs
    }
    asked = needs(network, lambda dim: _number(dim, values))
    arrays, words = {}, {}
    for step in network.inputs:
        need = asked.get(step.id) or _by_name(step)
        arrays[step.name] = _draw(random, shapes[step.id], step.params["dtype"], need)
        words[step.name] = str(need) if need else _usual(step.params["dtype"])
    return Samples(arrays, words)


def _chosen(network: Network, sizes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """Symbol -> number, as far as the given shapes fix it."""
    values: dict[str, int] = {}
    for step in network.inputs:
        for item, size in zip(step.params["shape"], sizes.get(step.name, ()), strict=False):
            if isinstance(item, str) and item.isidentifier():
                values.setdefault(item, size)
    return values


def _number(dim: Any, values: dict[str, int]) -> int:
    if isinstance(dim, int):
        return dim
    known = parse_dim(dim) if isinstance(dim, str) else dim
    return int(str(substitute(known, values)))  # ValueError when a symbol has no number


def has_symbols(network: Network) -> bool:
    """True when a size of an input may be any number."""
    return any(isinstance(size, str) for step in network.inputs for size in step.params["shape"])


def _shape(step: Step, values: dict[str, int], symbols: tuple[int, int]) -> tuple[int, ...]:
    found = []
    for item in step.params["shape"]:
        dim = parse_dim(item)
        for name in sorted(symbols_in(dim)):
            values.setdefault(name, symbols[1 if values else 0])
        size = substitute(dim, values)
        found.append(symbols[1] if isinstance(size, Symbolic) else int(size))
    return tuple(found)


def _by_name(step: Step) -> Need | None:
    """What a name says where no consumer does: whole numbers called a mask are 0 or 1."""
    if "mask" in step.name.lower() and step.params["dtype"].startswith(("int", "uint", "bool")):
        return Need("mask", 0, 2)
    return None


def _usual(dtype: str) -> str:
    if dtype.startswith(("int", "uint")):
        return "whole numbers from 0 to 3"
    return "true or false" if dtype == "bool" else "the normal distribution"


def _draw(random: np.random.Generator, shape: tuple[int, ...], dtype: str, need: Need | None) -> Array:
    if dtype == "string":
        letters = random.integers(97, 123, (*shape, 4)).astype(np.uint8)
        return np.array([bytes(word).decode() for word in letters.reshape(-1, 4)]).reshape(shape)
    if need is not None and need.kind in ("mask", "additive mask"):
        return _mask(random, shape, dtype, need.kind)
    if dtype == "bool":
        return random.random(shape) < 0.5
    if need is not None and need.kind == "exact":
        return np.resize(np.array(need.values, np.int64), shape).astype(_held(dtype))
    if dtype.startswith(("int", "uint")):
        return _whole(random, shape, need).astype(dtype)
    if need is not None and need.kind == "unit":
        return random.uniform(0.05, 0.95, shape).astype(_held(dtype))
    if need is not None:
        return _whole(random, shape, need).astype(_held(dtype))
    drawn = random.standard_normal(shape)
    if dtype.startswith("complex"):
        drawn = drawn + 1j * random.standard_normal(shape)
    return drawn.astype(_held(dtype))


def _held(dtype: str) -> str:
    """numpy's type for values of an element type that numpy lacks."""
    return "float32" if dtype.startswith(("bfloat", "float8", "float4")) else dtype


def _whole(random: np.random.Generator, shape: tuple[int, ...], need: Need | None) -> Array:
    low, high = (need.low, max(need.high, need.low + 1)) if need else (0, 4)
    count = int(np.prod(shape, dtype=np.int64))
    if need is not None and need.kind == "unique" and count <= high - low:
        return (random.permutation(high - low)[:count] + low).reshape(shape)
    if need is not None and need.kind == "unique" and shape and max(shape) <= high - low:
        axis = int(np.argmax(shape))  # each number once along the longest dimension
        rows = [random.permutation(high - low)[: shape[axis]] + low for _ in range(count // shape[axis])]
        others = tuple(size for place, size in enumerate(shape) if place != axis)
        return np.moveaxis(np.array(rows).reshape(*others, shape[axis]), -1, axis)
    return random.integers(low, high, shape)


def _mask(random: np.random.Generator, shape: tuple[int, ...], dtype: str, kind: str) -> Array:
    """Where something is seen: half of all places, and always the first of a row, as a row of nothing has no answer."""
    seen = random.random(shape) < 0.5
    if shape and shape[-1]:
        seen[..., 0] = True
    if kind == "additive mask" and not dtype.startswith(("int", "uint", "bool")):
        return np.where(seen, 0.0, -np.inf).astype(_held(dtype))
    return seen.astype(_held(dtype))
