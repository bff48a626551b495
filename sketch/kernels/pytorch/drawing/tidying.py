"""What is taken back from a drawing: parts that nothing takes, parameters that mean nothing, attempts that failed."""

from __future__ import annotations

from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.evaluate import applies


def forget_idle(draft: Draft) -> None:
    """Leave out parameters that mean nothing beside the others, as the source does."""
    for number in range(1, draft.get("meta", "next_id") or 1):
        row = draft.get("nodes", number)
        if row is None or not row.params or draft.library[row.layer].is_operator:
            continue
        spec = draft.library[row.layer]
        given = {**spec.defaults(), **row.params}
        idle = [name for name in row.params if not applies(spec, name, given)]
        if given.get("stride") is not None and given["stride"] == given.get("kernel_size"):
            idle += ["stride"] if spec.params["stride"].optional else []
        if idle:
            draft.put("nodes", number, replace(row, params=row.params.without(*idle)))


def prune(draft: Draft) -> None:
    """Remove parts that a reader made of a call and that nothing takes."""
    weighted = {change.key[0] for change in draft.delta() if change.table == "weights"}
    for number in range((draft.get("meta", "next_id") or 1) - 1, 0, -1):
        row = draft.get("nodes", number)
        ends = row is None or row.next or row.layer in ("Input", "Output") or draft.library[row.layer].group
        if not ends and number not in weighted:
            draft.remove([number])


def undo(draft: Draft, mark: int) -> None:
    """Remove the nodes that a reader made before it gave up."""
    for number in range(mark, draft.get("meta", "next_id") or 1):
        row = draft.get("nodes", number)
        if row is not None and not draft.library[row.layer].group:
            draft.remove([number])
