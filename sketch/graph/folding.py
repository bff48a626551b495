"""Groups that are open in place: drawn as a frame with their own canvas inside. A row of `meta` for each of them.

A group without a row is closed. Nothing else that is stored changes when a group is opened or closed: members keep
their places, which are coordinates of their own group's canvas.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sketch.graph.delta import Change, Delta
from sketch.graph.rows import number_in
from sketch.graph.zone_kinds import BRANCHES, ENDS

if TYPE_CHECKING:
    from sketch.graph.draft_rows import DraftRows
    from sketch.graph.library import LayerLibrary
    from sketch.graph.tables import Tables

FEW = 300
"""Up to so many nodes the groups of a file that is opened start open; above they start closed."""
ZONES = frozenset((*ENDS, *BRANCHES.values()))
"""Layers whose groups always start closed: what runs in them is not simply part of the whole."""
_ROW = "open."


def open_row(group_id: int) -> str:
    """The name of the row of `meta` that says that a group is open."""
    return f"{_ROW}{group_id}"


def group_of(row: str) -> int | None:
    """The group that a row of `meta` with this name is about; None for every other row."""
    return number_in(row, _ROW)


def is_open(tables: Tables, group_id: int) -> bool:
    """True for a group that is open in place."""
    return f"{_ROW}{group_id}" in tables.meta


def open_groups(tables: Tables) -> list[int]:
    """The groups that are open in place, oldest first; one inside a closed group counts too."""
    found = (group_of(row) for row in tables.meta)
    return sorted(group for group in found if group is not None and group in tables.nodes)


def set_open(draft: DraftRows, group_id: int, open_: bool) -> None:
    """Open a group in place, or close it."""
    if (draft.get("meta", open_row(group_id)) is not None) != open_:
        draft.put("meta", open_row(group_id), True if open_ else None)


def foldable(tables: Tables, library: LayerLibrary, node_ids: Iterable[int]) -> list[int]:
    """Those of these nodes that are groups."""
    nodes = tables.nodes
    rows = [nodes[node_id] for node_id in node_ids if node_id in nodes]
    groups = {layer for layer in {row.layer for row in rows} if library[layer].group}
    return [row.id for row in rows if row.layer in groups] if groups else []


def start(tables: Tables, library: LayerLibrary) -> Delta:
    """The rows that open the groups of a drawing that is opened for the first time; zones stay closed."""
    if len(tables.nodes) > FEW:
        return ()
    groups = foldable(tables, library, tables.nodes)
    return tuple(
        Change("meta", open_row(group), tables.meta.get(open_row(group)), True)
        for group in groups
        if tables.nodes[group].layer not in ZONES and not is_open(tables, group)
    )
