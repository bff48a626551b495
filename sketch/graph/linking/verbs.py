"""Linking and unlinking groups in a draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.lifting import descendants
from sketch.graph.linking.rows import fresh_link, instances, is_linked, link_of, set_link
from sketch.graph.linking.structure import match_groups, name_of_difference
from sketch.graph.ports import said_ports, set_ports
from sketch.graph.tables import Tables
from sketch.graph.zone_kinds import BRANCHES, ENDS

_ZONES = frozenset((*ENDS, *BRANCHES.values()))


def link(draft: Draft, groups: Sequence[int]) -> list[int]:
    """Make groups that are made alike instances of one link; all of them, with those that they were linked to.

    Their members take the names and places of those of the first. LinkError says which is different and how.
    """
    tables = draft.base
    chosen = _with_instances(tables, groups)
    for group in chosen:
        require_plain(draft, group)
    if len(chosen) < 2:
        raise LinkError("Select two or more equal groups to link.")
    first = chosen[0]
    _refuse_nested(draft, chosen)
    for other in chosen[1:]:
        pairs = match_groups(tables, first, other)
        if pairs is None:
            raise LinkError(f"Only equal groups can be linked: {name_of_difference(tables, first, other)}.")
        adapt(draft, pairs, first, other)
    name = link_of(tables, first) if is_linked(tables, first) else None
    for group in chosen:
        set_link(draft, group, name := name or fresh_link(draft, tables.nodes[first].name))
    return chosen


def _with_instances(tables: Tables, groups: Sequence[int]) -> list[int]:
    """Groups with those that they are linked to, each once."""
    found: dict[int, None] = {}
    for group in groups:
        if group not in found:
            found.update(dict.fromkeys((group, *instances(tables, group))))
    return list(found)


def require_plain(draft: Draft, group: int) -> None:
    """GroupError for a layer, LinkError for the groups of control flow, whose ends are not simply ports."""
    draft.require_group(group)
    if draft.node(group).layer in _ZONES:
        raise LinkError(f"'{draft.node(group).name}' is control flow; only plain groups can be linked.")


def adapt(draft: Draft, pairs: dict[int, int], first: int, other: int) -> None:
    """Give the members of a group the names, places and ports of those of another; `pairs`: member -> its twin."""
    for mine, theirs in pairs.items():
        name = draft.node(mine).name
        if draft.node(theirs).name != name:
            draft.put("nodes", theirs, replace(draft.node(theirs), name=name))
        place = draft.get("places", mine)
        if place is not None:
            ways = tuple(replace(w, target=pairs[w.target]) for w in place.ways if w.target in pairs)
            draft.put("places", theirs, replace(place, ways=ways))
    for mine, theirs in {first: other, **pairs}.items():
        inputs, outputs = said_ports(draft.base.meta, mine)
        if inputs or outputs:
            both = [
                [replace(e, inner=(pairs[e.inner[0]], e.inner[1])) for e in side if e.inner[0] in pairs]
                for side in (inputs, outputs)
            ]
            set_ports(draft, theirs, *both)


def unlink(draft: Draft, groups: Iterable[int]) -> None:
    """Let groups stand alone; LinkError when one does already."""
    for group in groups:
        if not is_linked(draft.base, group):
            raise LinkError(f"'{draft.node(group).name}' is not linked to another group.")
        set_link(draft, group, None)


def _refuse_nested(draft: Draft, groups: Sequence[int]) -> None:
    chosen = set(groups)
    for group in groups:
        for member in descendants(draft.base, group):
            if member in chosen:
                raise LinkError(
                    f"'{draft.node(member).name}' is inside '{draft.node(group).name}'; a group cannot be linked "
                    "to one that holds it."
                )


def alike(draft: Draft, here: int, there: int) -> bool:
    """True for groups whose members, as the draft has them, are the same by name, with the same wires inside."""
    pairs = {here: there}
    stack = [here]
    while stack:
        group = stack.pop()
        inside = draft.members(group)
        if len(inside) != len(draft.members(pairs[group])):
            return False
        for member in inside:
            twin = draft.named(pairs[group], draft.node(member).name)
            if twin is None:
                return False
            pairs[member] = twin
            stack.append(member)
    return all(_same_row(draft, pairs, mine) for mine in pairs if mine != here)


def _same_row(draft: Draft, pairs: dict[int, int], mine: int) -> bool:
    row, twin = draft.node(mine), draft.node(pairs[mine])
    there = set(pairs.values())
    reads = [(e.into, e.out, pairs[e.source]) for e in row.prior if e.source in pairs]
    return (row.layer, row.params) == (twin.layer, twin.params) and reads == [
        (e.into, e.out, e.source) for e in twin.prior if e.source in there
    ]
