"""Repeated blocks that were found become groups, linked with each other, in one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sketch.graph import grouping
from sketch.graph.arrange import Task, arrange
from sketch.graph.delta import compose
from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.linking import verbs
from sketch.graph.linking.rows import fresh_link, set_link
from sketch.graph.linking.structure import match
from sketch.graph.repeats import Repeat, block_name, common_prefix, whole_part
from sketch.state.clip import free_name
from sketch.state.commands.naming import count_of
from sketch.state.commands.prepared import apply_prepared
from sketch.state.document import Document


def fold_repeats(document: Document, repeats: Iterable[Repeat], *, linked: bool = True) -> list[int]:
    """Put each part of each repeat into a group (parts that are groups stay); the groups.

    Linked groups take the names and places of the first. The canvases are arranged, as part of the same step.
    LinkError when the drawing has changed since the repeats were found.
    """
    tables, chosen = document.tables.copy(), list(repeats)
    if not chosen:
        raise LinkError("Choose the blocks to fold first.")
    if any(n not in tables.nodes for repeat in chosen for part in repeat.parts for n in part):
        raise LinkError("The drawing has changed meanwhile; find the repeated blocks again.")
    canvases = {tables.nodes[part[0]].parent for r in chosen if not r.are_groups for part in r.parts}
    draft, groups = Draft(tables, document.library), []
    for number, repeat in enumerate(chosen):
        document.report(number, len(chosen), "Folding repeated blocks")
        groups.extend(_fold(draft, repeat, linked=linked))
    folded = draft.delta()
    tables.apply(folded)
    places = Draft(tables, document.library)
    _arrange(places, canvases, document.task)
    label = f"Fold {count_of(sum(len(repeat.parts) for repeat in chosen), 'repeated block')}"
    apply_prepared(document, label, compose(folded, places.delta()))
    return groups


def _fold(draft: Draft, repeat: Repeat, *, linked: bool) -> list[int]:
    tables = draft.base
    if repeat.are_groups:
        groups = [part[0] for part in repeat.parts]
        return verbs.link(draft, groups) if linked else groups
    pairs = [_pairs(draft, repeat.parts[0], part) for part in repeat.parts]
    groups = []
    for part in repeat.parts:
        parent = tables.nodes[part[0]].parent
        groups.append(grouping.group(draft, part, name=_free(draft, parent, block_name(tables, part))))
        _shorten(draft, part)
    if linked:
        link = fresh_link(draft, repeat.name)
        for group, twins in zip(groups, pairs, strict=True):
            if group != groups[0]:
                verbs.adapt(draft, twins, groups[0], group)
            set_link(draft, group, link)
    return groups


def _pairs(draft: Draft, first: Sequence[int], part: Sequence[int]) -> dict[int, int]:
    found = match(draft.base, whole_part(draft.base, first), whole_part(draft.base, part))
    if found is None:
        raise LinkError("The drawing has changed meanwhile; find the repeated blocks again.")
    return found


def _free(draft: Draft, parent: int | None, name: str) -> str:
    return draft.fresh_name(parent, "block") if name == "block" else free_name(draft, parent, name)


def _shorten(draft: Draft, part: Sequence[int]) -> None:
    """Names without what their group says now."""
    prefix = common_prefix([draft.node(n).name for n in part])
    for node_id in part if prefix else ():
        row = draft.node(node_id)
        rest = row.name[len(prefix) :]
        if rest and draft.named(row.parent, rest) is None:
            draft.put("nodes", node_id, replace(row, name=rest))


def _arrange(draft: Draft, canvases: Iterable[int | None], task: Task | None) -> None:
    for canvas in canvases:
        for node_id, place in arrange(draft.base, canvas, draft.library, task).items():
            if draft.get("places", node_id) is not None:
                draft.put("places", node_id, place)
