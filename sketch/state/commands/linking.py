"""Linked groups: edit one, and all change. Made by duplicating, or of groups that are equal already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.linking import verbs
from sketch.graph.linking.rows import fresh_link, instances, link_of, set_link
from sketch.graph.linking.structure import group_key, match_groups
from sketch.graph.rows import Node
from sketch.state.clip import Clip, adopt, put_down, take
from sketch.state.clip_groups import KEPT
from sketch.state.commands.naming import count_of, name_of, names_of
from sketch.state.commands.nodes import settle_new
from sketch.state.document import Document

OFFSET = (28.0, 28.0)


def duplicate_linked(
    document: Document, ids: Iterable[int], offset: tuple[float, float] = OFFSET
) -> list[int]:
    """Copies of groups, beside them and linked to them; the ids of the copies. Weights start as copies."""
    chosen = _groups(document, ids)
    clips = [take(document.tables, [group], document.store) for group in chosen]
    tensors = [adopt(clip, document.store) for clip in clips]

    def edit(draft: Draft) -> list[int]:
        made = []
        for group, clip, rows in zip(chosen, clips, tensors, strict=True):
            verbs.require_plain(draft, group)
            link = link_of(draft.base, group) or fresh_link(draft, draft.node(group).name)
            x, y = clip.centre
            place = x + offset[0], y + offset[1]
            (copy,) = put_down(draft, clip, rows, place, draft.node(group).parent, KEPT)
            set_link(draft, group, link)
            set_link(draft, copy, link)
            made.append(copy)
        return made

    return document.edit(f"Duplicate {names_of(document, chosen)} linked", edit)


def link(document: Document, ids: Iterable[int]) -> list[int]:
    """Link groups that are equal; for one group, all that are equal to it. All that are linked now.

    LinkError says how groups differ, or that there is no other like it.
    """
    chosen = _groups(document, ids)
    if len(chosen) == 1:
        chosen = [chosen[0], *equal_groups(document, chosen[0])]
        if len(chosen) == 1:
            raise LinkError(f"There is no other group that is equal to {name_of(document, chosen[0])}.")
    return document.edit(f"Link {count_of(len(chosen), 'group')}", lambda draft: verbs.link(draft, chosen))


def unlink(document: Document, ids: Iterable[int]) -> None:
    """Let groups stand alone again; what they hold stays as it is."""
    chosen = _groups(document, ids)
    document.edit(f"Unlink {names_of(document, chosen)}", lambda draft: verbs.unlink(draft, chosen))


def equal_groups(document: Document, group: int) -> list[int]:
    """Other groups made like this one that are not linked to it, oldest first."""
    tables, library = document.tables, document.library
    known = instances(tables, group)
    wanted = group_key(tables, group)
    return [
        n
        for n, node in sorted(tables.nodes.items())
        if n != group
        and n not in known
        and library[node.layer].group
        and node.layer == tables.nodes[group].layer
        and group_key(tables, n) == wanted
        and match_groups(tables, group, n) is not None
    ]


def insert_linked(
    document: Document, clip: Clip, place: tuple[float, float], parent: int | None, label: str, name: str
) -> int:
    """Put down a clip of one group, linked to those that were put down under this name and are still like it."""
    tensors = adopt(clip, document.store)

    def edit(draft: Draft) -> int:
        (made,) = put_down(draft, clip, tensors, place, parent)
        settle_new(draft, made)
        number, wanted = 1, f"{name} (block)"
        while (standing := draft.base.linked(wanted)) and not verbs.alike(draft, standing[0], made):
            number += 1
            wanted = f"{name} (block) {number}"
        set_link(draft, made, wanted)
        return made

    return document.edit(label, edit)


def without_weights(document: Document, clip: Clip) -> Clip:
    """A clip whose layers are to be initialised; the constants of operators and layers stay."""
    kept = {key: tensor for key, tensor in clip.weights.items() if _is_fixed(document, clip.nodes[key[0]])}
    return replace(clip, weights=kept, tensors={n: clip.tensors[n] for n in kept.values()}, frozen={})


def _is_fixed(document: Document, node: Node) -> bool:
    return node.layer == "Constant" or document.library[node.layer].is_operator


def _groups(document: Document, ids: Iterable[int]) -> list[int]:
    nodes = document.tables.nodes
    chosen = [n for n in dict.fromkeys(ids) if n in nodes]
    if not chosen:
        raise LinkError("Select a group first.")
    for node_id in chosen:
        if not document.library[nodes[node_id].layer].group:
            raise LinkError(f"{name_of(document, node_id)} is no group; group it first.")
    return chosen
