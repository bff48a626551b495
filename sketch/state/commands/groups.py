"""Forming, filling and dissolving groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sketch.graph import grouping
from sketch.graph.draft import Draft
from sketch.state.commands.naming import name_of, names_of
from sketch.state.document import Document


def group(document: Document, ids: Iterable[int], layer: str = "Group") -> int:
    """Enclose layers and notes of one canvas in a new group; its id."""
    chosen = list(dict.fromkeys(ids))
    return document.edit(
        f"Group {names_of(document, chosen)}", lambda draft: grouping.group(draft, chosen, layer)
    )


def ungroup(document: Document, group_id: int) -> list[int]:
    """Take a group apart; the ids of its former members."""
    return document.edit(
        f"Ungroup {name_of(document, group_id)}", lambda draft: grouping.ungroup(draft, group_id)
    )


def move_into(
    document: Document,
    ids: Iterable[int],
    parent: int | None,
    places: Mapping[int, tuple[float, float]] | None = None,
) -> None:
    """Move layers and notes to the canvas of a group (None: the top level), to places on it where they are given."""
    chosen = list(dict.fromkeys(ids))

    def edit(draft: Draft) -> None:
        for node_id in chosen:
            grouping.put_in(draft, node_id, parent)
            if places is not None and node_id in places:
                draft.move(node_id, *places[node_id])

    where = "the top level" if parent is None else name_of(document, parent)
    document.edit(f"Move {names_of(document, chosen)} into {where}", edit)
