"""Layers that edited source makes and never calls: their tensors are no part of the drawing."""

from __future__ import annotations

from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import path_of
from sketch.graph.tables import Tables

_TENSORS = ("Parameter", "Constant")
Path = tuple[str, ...]


def drop_unread(new: Tables, base: Tables, library: LayerLibrary) -> list[str]:
    """Take tensors that nothing reads out of a drawing, unless the base has them too; names of what held them."""
    known = {(node.layer, *path_of(base, key)) for key, node in base.nodes.items()}
    loose = {
        key: path_of(new, key)
        for key, node in new.nodes.items()
        if node.layer in _TENSORS and not node.next and (node.layer, *path_of(new, key)) not in known
    }
    if not loose:
        return []
    draft = Draft(new, library)
    draft.remove(loose)
    for key in loose:
        group = new.nodes[key].parent
        while group is not None and draft.get("nodes", group) is not None and not draft.members(group):
            row = new.nodes[group]
            if (row.layer, *path_of(new, group)) in known:
                break
            draft.remove([group])
            group = row.parent
    new.apply(draft.delta())
    return sorted({".".join(path[:-1]) or path[-1] for path in loose.values()})
