"""What an edit did to stored weights: one row for each tensor kept, changed, created or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sketch.graph.lifting import path_of
from sketch.graph.rows import TensorRow, shape_text
from sketch.graph.tables import Tables

KEPT, CHANGED, CREATED, DROPPED = "kept", "changed", "created", "dropped"
STATES = (KEPT, CHANGED, CREATED, DROPPED)


@dataclass(frozen=True, slots=True)
class WeightChange:
    """One tensor of the drawing. `name` is its full name, `what` says in words what became of it.

    `before` and `after` are its rows, None when it was or is not stored. After a change of shape `before` is the
    whole tensor from which the new one is cut, so that another choice can start from it again.
    """

    node: int
    role: str
    name: str
    state: str
    what: str
    before: TensorRow | None = None
    after: TensorRow | None = None


def full_name(tables: Tables, node_id: int, role: str = "") -> str:
    """`layer1.0.conv1.weight`: the key in a state_dict; without a role, the layer's full name."""
    path = path_of(tables, node_id)
    return ".".join((*path, role) if role else path)


def weight_name(tables: Tables, node_id: int, role: str) -> str:
    """The key of a weight in a state_dict; that of a Parameter or Constant is the name of its node."""
    bare = tables.nodes[node_id].layer in ("Parameter", "Constant") and role == "value"
    return full_name(tables, node_id, "" if bare else role)


def stored_by_key(tables: Tables) -> tuple[dict[str, TensorRow], dict[str, TensorRow]]:
    """The stored tensors of a drawing by their keys, and by the names that their file gave them."""
    by_key: dict[str, TensorRow] = {}
    by_name: dict[str, TensorRow] = {}
    for (node_id, role), tensor in tables.weights.items():
        row = tables.tensors[tensor]
        if ":" not in tables.nodes[node_id].layer:  # the roles of operators are numbers of inputs
            key = weight_name(tables, node_id, role)
            by_key[key] = replace(row, id=0, name=key)
        if row.name:
            by_name[row.name] = replace(row, id=0)
    return by_key, by_name


def counted(changes: Sequence[WeightChange]) -> str:
    """`3 kept, 1 changed, 2 created, 1 dropped`; what there is none of is left out."""
    counts = Counter(change.state for change in changes)
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "no weights"


def report_text(changes: Sequence[WeightChange], title: str) -> str:
    """The report for a person to copy: the counts, then a line for each tensor."""
    width = max((len(change.name) for change in changes), default=0)
    lines = [f"{change.state:8} {change.name:{width}}  {change.what}".rstrip() for change in changes]
    return "\n".join([f"{title}: {counted(changes)}", *lines])


def report_facts(changes: Iterable[WeightChange]) -> list[dict[str, object]]:
    """The same for a script: name, state, what, shapes."""
    return [
        {
            "name": change.name, "state": change.state, "what": change.what,
            "shape_before": None if change.before is None else list(change.before.shape),
            "shape_after": None if change.after is None else list(change.after.shape),
        }
        for change in changes
    ]  # fmt: skip


def overlap_text(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """`kept 10 of 1000 rows`: what an overlap keeps, in the dimension that changed; several as shapes."""
    changed = [axis for axis, sizes in enumerate(zip(before, after, strict=True)) if sizes[0] != sizes[1]]
    if len(changed) != 1:
        both = tuple(min(sizes) for sizes in zip(before, after, strict=True))
        return f"kept {shape_text(both)} of {shape_text(before)}"
    axis = changed[0]
    old, new, word = before[axis], after[axis], _part(axis, len(before))
    return f"kept {new} of {old} {word}" if new < old else f"kept {old} {word}, {new - old} new"


def _part(axis: int, rank: int) -> str:
    """What the parts along a dimension are called."""
    if rank == 1:
        return "values"
    names = ("rows", "columns") if rank == 2 else ("filters", "channels")
    return names[axis] if axis < 2 else "taps"
