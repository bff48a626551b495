"""Weights as numbers: from the store or from their initial values, in float64, and back into their element type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sketch.binder.initial import initial_tensor
from sketch.binder.tensors import storage_dtype
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network, Step, build_network
from sketch.graph.rows import TensorRow
from sketch.graph.tables import Tables, whole

Array = np.ndarray[Any, Any]


def weight_of(network: Network, step: Step, role: str) -> tuple[Array, str]:
    """(the values of a weight in float64, its element type), stored or as they would be initialised."""
    tensor = step.stored.get(role)
    if tensor is not None:
        row = network.tensors[tensor]
        return to_numbers(network.store.get(row.digest, row.shape, row.dtype), row.dtype), row.dtype
    kind = step.weights[role]
    array = initial_tensor(kind, step.weights, step.params, network.seed, step.id)
    return to_numbers(array, kind.dtype), kind.dtype


def to_numbers(array: Array, dtype: str) -> Array:
    """Stored values in float64; the raw bits of bfloat16 become what they stand for."""
    if dtype == "bfloat16":
        return (array.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return array.astype(np.float64)


def from_numbers(values: Array, dtype: str) -> Array:
    """Numbers as the store keeps an element type, rounded to nearest (bfloat16: ties to even)."""
    if dtype == "bfloat16":
        bits = values.astype(np.float32).view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return values.astype(storage_dtype(dtype))


def store_weight(
    draft: Draft, network: Network, node: int, role: str, array: Array, dtype: str, name: str = ""
) -> None:
    """Keep an array and let it be a weight of a node."""
    digest = network.store.put(array, dtype)
    set_weight(draft, node, role, add_tensor(draft, digest, tuple(array.shape), dtype, name))


def tied_with(network: Network) -> Mapping[int, list[tuple[int, str]]]:
    """Tensor id -> every (node id, role) that holds it."""
    found: dict[int, list[tuple[int, str]]] = {}
    for step in network.steps:
        for role, tensor in step.stored.items():
            found.setdefault(tensor, []).append((step.id, role))
    return found


def begun(network: Network, library: LayerLibrary) -> Draft:
    """A Draft over the rows of a network; ValueError for one without a drawing."""
    if network.tables is None:
        raise ValueError("the network has no drawing")
    return Draft(network.tables, library)


def after(network: Network, delta: Delta, library: LayerLibrary) -> Network:
    """The network as it would be after a Delta; the drawing itself stays as it is."""
    if network.tables is None:
        raise ValueError("the network has no drawing")
    tables = Tables()
    tables.apply(whole(network.tables))
    tables.apply(delta)
    made = build_network(tables, library, name=network.name, store=network.store)
    return replace(made, meta={**network.meta, **made.meta})


def stored_bytes(network: Network) -> int:
    """Bytes of all weights that are in use, tied ones once; missing ones as they would be initialised."""
    used: dict[Any, int] = {}
    for step in network.steps:
        for tensor in step.stored.values():
            used[tensor] = row_bytes(network.tensors[tensor])
        for role, kind in step.weights.items():
            if role not in step.stored and kind.count is not None:
                used[step.id, role] = kind.count * storage_dtype(kind.dtype).itemsize
    return sum(used.values())


def row_bytes(row: TensorRow) -> int:
    """Bytes of one stored tensor."""
    return int(np.prod(row.shape, dtype=np.int64)) * storage_dtype(row.dtype).itemsize
