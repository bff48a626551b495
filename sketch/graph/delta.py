"""An edit as a value: what each row was and is. Its inverse is mechanical, so nobody writes an undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TABLES = ("nodes", "places", "tensors", "weights", "hints", "notes", "meta")
"""The tables of a document.

nodes: id -> Node. places: id -> Place (nodes and notes). tensors: id -> TensorRow.
weights: (node id, role) -> tensor id; two weights with one tensor id are tied.
hints: (node id, out) -> ValueType a file declared for an output that no layer rule covers.
notes: id -> Note. meta: name -> plain value (`next_id`, `seed`, ...).
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One row before and after; None means that the row is absent."""

    table: str
    key: Any
    before: Any
    after: Any


Delta = tuple[Change, ...]


def inverse(delta: Delta) -> Delta:
    """The Delta that takes this one back."""
    return tuple(Change(c.table, c.key, c.after, c.before) for c in reversed(delta))


def compose(*deltas: Delta) -> Delta:
    """One Delta with the effect of all in turn; rows that end as they began drop out."""
    merged: dict[tuple[str, Any], Change] = {}
    for change in (change for delta in deltas for change in delta):
        key = (change.table, change.key)
        before = merged[key].before if key in merged else change.before
        merged[key] = Change(change.table, change.key, before, change.after)
    return tuple(c for c in merged.values() if c.before != c.after)
