"""Seeded inputs for the numeric proof: right in shape and type, and within the range that an index needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketch.graph.dims import parse_dim, substitute, symbols_in
from sketch.graph.network import Network, Source, Step

FIRST_SYMBOL = 2
OTHER_SYMBOLS = 8


def sample_inputs(
    network: Network, seed: int = 0, sizes: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, np.ndarray[Any, Any]]:
    """Name of each Input -> array. `sizes` gives the shape of some inputs; symbols get small numbers."""
    random = np.random.default_rng(seed)
    values: dict[str, int] = {}
    arrays = {}
    for step in network.inputs:
        shape = (sizes or {}).get(step.name) or _shape(step, values)
        arrays[step.name] = _draw(random, shape, step.params["dtype"], _highest(network, step))
    return arrays


def _shape(step: Step, values: dict[str, int]) -> tuple[int, ...]:
    found = []
    for item in step.params["shape"]:
        dim = parse_dim(item)
        for name in sorted(symbols_in(dim)):
            values.setdefault(name, OTHER_SYMBOLS if values else FIRST_SYMBOL)
        found.append(int(str(substitute(dim, values))))
    return tuple(found)


def _draw(
    random: np.random.Generator, shape: tuple[int, ...], dtype: str, highest: int | None
) -> np.ndarray[Any, Any]:
    if dtype == "bool":
        return random.random(shape) < 0.5
    if dtype.startswith(("int", "uint")):
        return random.integers(0, max(1, highest or 4), shape).astype(dtype)
    return random.standard_normal(shape).astype("float32" if dtype == "bfloat16" else dtype)


def _highest(network: Network, step: Step) -> int | None:
    """The exclusive upper bound that consumers put on an index: rows of an Embedding, entries of a Gather."""
    bounds = [
        bound
        for user in network.steps
        for index, source in enumerate(user.inputs)
        if source == Source(step.id, 0) and (bound := _bound(user, index)) is not None
    ]
    return min(bounds, default=None)


def _bound(user: Step, index: int) -> int | None:
    if user.layer == "Embedding":
        return int(user.params["num_embeddings"])
    first = user.input_types[0].shape if user.input_types and user.input_types[0] else None
    if user.layer == "Gather" and index == 1 and first is not None:
        size = first[user.params["dim"]]
        return size if isinstance(size, int) else None
    if user.layer in ("CrossEntropyLoss", "NLLLoss") and index == 1 and first is not None and len(first) > 1:
        return first[1] if isinstance(first[1], int) else None
    return None
