"""Frozen weights: training leaves them as they are (`requires_grad` is False). A row of `meta` for each such node."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sketch.graph.rows import number_in

if TYPE_CHECKING:
    from sketch.graph.draft_rows import DraftRows
    from sketch.graph.infer import Inference
    from sketch.graph.tables import Tables

_ROW = "frozen."


def frozen_row(node_id: int) -> str:
    """The name of the row of `meta` that says which weights of a node are frozen."""
    return f"{_ROW}{node_id}"


def frozen_roles(meta: Mapping[str, Any], node_id: int) -> frozenset[str]:
    """The roles of the frozen weights of a node; a role that the node does not have now means nothing."""
    return frozenset(meta.get(frozen_row(node_id), ()))


def frozen_node(row: str) -> int | None:
    """The node that a row of `meta` of this name is about; None for every other row."""
    return number_in(row, _ROW)


def frozen_nodes(meta: Mapping[str, Any]) -> dict[int, frozenset[str]]:
    """node id -> roles, for every node that has frozen weights."""
    found = ((frozen_node(name), roles) for name, roles in meta.items())
    return {node_id: frozenset(roles) for node_id, roles in found if node_id is not None}


def frozen_among(meta: Mapping[str, Any], node_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """`frozen_nodes` of some nodes; costs what the fewer are, these or the rows."""
    if len(node_ids) > len(meta):
        return {node_id: roles for node_id, roles in frozen_nodes(meta).items() if node_id in node_ids}
    return {node_id: roles for node_id in node_ids if (roles := frozen_roles(meta, node_id))}


def set_frozen(draft: DraftRows, node_id: int, roles: Iterable[str]) -> None:
    """Let exactly these weights of a node be frozen."""
    found = tuple(sorted(roles))
    name = frozen_row(node_id)
    if (draft.get("meta", name) or ()) != found:
        draft.put("meta", name, found or None)


def frozen_parameters(tables: Tables, inference: Inference) -> int:
    """How many elements are frozen of those that `inference.total_parameters` counts; tied tensors once."""
    return max(counting_frozen(tables, inference), default=0)


def counting_frozen(tables: Tables, inference: Inference) -> Iterator[int]:
    """`frozen_parameters`, node by node: how many there are so far."""
    seen: set[object] = set()
    total = 0
    for node_id, roles in frozen_nodes(tables.meta).items():
        weights = inference.of(node_id).weights if node_id in inference else {}
        for role in roles:
            kind, key = weights.get(role), tables.weights.get((node_id, role), (node_id, role))
            if kind is not None and kind.trainable and kind.count is not None and key not in seen:
                seen.add(key)
                total += kind.count
        yield total
