"""What is taken back from a drawing: parts that nothing takes, parameters that mean nothing, attempts that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from sketch.graph.draft import Draft
from sketch.graph.evaluate import applies
from sketch.graph.rows import Node


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


def close_gaps(draft: Draft, numbered: Iterable[int], is_free: Callable[[int | None, str], bool]) -> None:
    """Number nodes anew, so that what was taken back leaves no gap in their names.

    Args:
        numbered: nodes whose names are their layer's with a number, in their order.
        is_free: whether a name is free in a group.
    """
    rows = [row for row in map(partial(draft.get, "nodes"), numbered) if row is not None]
    own = {row.id for row in rows}
    fixed = {(row.parent, row.name) for row in _rows(draft) if row.id not in own}
    numbers: Counter[tuple[int | None, str]] = Counter()
    for row in rows:
        key = (row.parent, draft.library[row.layer].prefix)
        while True:
            numbers[key] += 1
            name = f"{key[1]}{numbers[key]}"
            if (row.parent, name) not in fixed and is_free(row.parent, name):
                break
        if name != row.name:
            draft.put("nodes", row.id, replace(draft.node(row.id), name=name))


def _rows(draft: Draft) -> Iterator[Node]:
    for number in range(1, draft.get("meta", "next_id") or 1):
        row = draft.get("nodes", number)
        if row is not None:
            yield row


def undo(draft: Draft, mark: int) -> None:
    """Remove the nodes that a reader made before it gave up."""
    for number in range(mark, draft.get("meta", "next_id") or 1):
        row = draft.get("nodes", number)
        if row is not None and not draft.library[row.layer].group:
            draft.remove([number])
