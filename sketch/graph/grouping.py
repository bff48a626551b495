"""Groups are flat: members point to their parent. Forming, leaving and dissolving them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.errors import GroupError
from sketch.graph.rows import Node, Note, Place


def group(draft: Draft, node_ids: Iterable[int], layer: str = "Group", name: str | None = None) -> int:
    """Enclose nodes of one canvas in a group and return its id; GroupError when they do not share a canvas."""
    ids = list(dict.fromkeys(node_ids))
    if all(draft.get("notes", node_id) is not None for node_id in ids):
        raise GroupError("Select the layers to group first.")
    parents = {_row(draft, node_id).parent for node_id in ids}
    if len(parents) > 1:
        raise GroupError("Only layers of one canvas can be grouped.")
    if not draft.library[layer].group:
        raise GroupError(f"{layer} is a layer, not a group; use Group or Sequential.")
    places = [draft.get("places", node_id) or Place(0, 0) for node_id in ids]
    centre = (sum(p.x for p in places) / len(places), sum(p.y for p in places) / len(places))
    group_id = draft.add(layer, name, parent=parents.pop(), place=centre)
    for node_id in ids:
        put_in(draft, node_id, group_id)
    return group_id


def ungroup(draft: Draft, group_id: int) -> list[int]:
    """Take a group apart and return its former members."""
    draft.require_group(group_id)
    parent = draft.node(group_id).parent
    members = draft.members(group_id)
    draft.drop_rows(group_id)
    for node_id in members:
        put_in(draft, node_id, parent)
    for note_id in draft.notes_in(group_id):
        draft.put("notes", note_id, replace(draft.get("notes", note_id), parent=parent))
    return members


def put_in(draft: Draft, node_id: int, parent: int | None) -> None:
    """Move a node into a group (None: the top level); a taken name gets a number."""
    above = parent
    while above is not None:
        if above == node_id:
            raise GroupError("A group cannot hold itself.")
        draft.require_group(above)
        above = draft.node(above).parent
    node = _row(draft, node_id)
    if isinstance(node, Note):
        draft.put("notes", node_id, replace(node, parent=parent))
        return
    taken = draft.named(parent, node.name)
    name = node.name if taken in (None, node_id) else draft.fresh_name(parent, node.name + "_")
    draft.put("nodes", node_id, replace(node, parent=parent, name=name))


def _row(draft: Draft, row_id: int) -> Node | Note:
    note: Note | None = draft.get("notes", row_id)
    return note or draft.node(row_id)
