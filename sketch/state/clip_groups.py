"""What a clip says of its groups besides their rows: the ports as they were said, and the links among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sketch.graph.draft import Draft
from sketch.graph.linking.rows import fresh_link, link_row, members_of_link, set_link
from sketch.graph.ports import of_row, ports_row, set_ports
from sketch.graph.rows import Node
from sketch.graph.tables import Tables

OWN, BACK, KEPT = "own", "back", "kept"
"""How links of what is put down go on: among the copies only; back into the link where what was cut is gone, else
as OWN; or as instances of the same link."""


def group_facts(tables: Tables, nodes: Mapping[int, Node]) -> dict[int, tuple[str, Any]]:
    """Group -> (link name or "", its ports as a row or None), for groups that have either."""
    found = {n: (tables.meta.get(link_row(n)) or "", tables.meta.get(ports_row(n))) for n in nodes}
    return {n: facts for n, facts in found.items() if any(facts)}


def in_linked(nodes: Mapping[int, Node], facts: Mapping[int, tuple[str, Any]]) -> set[int]:
    """The nodes of a clip that are inside a linked group of it."""
    found: set[int] = set()
    for key, row in nodes.items():
        above, seen = row.parent, {key}  # a damaged clip may hold a group in itself
        while above is not None and above in nodes and above not in seen:
            if facts.get(above, ("", None))[0]:
                found.add(key)
                break
            seen.add(above)
            above = nodes[above].parent
    return found


def put_facts(
    draft: Draft, facts: Mapping[int, tuple[str, Any]], ids: Mapping[int, int], links: str = OWN
) -> None:
    """Write the facts for copies; `ids`: node of the clip -> its copy."""
    for key, (_, row) in facts.items():
        if key in ids and row is not None:
            both = [
                [
                    replace(said, inner=(ids[said.inner[0]], said.inner[1]))
                    for said in side
                    if said.inner[0] in ids
                ]
                for side in of_row(row)
            ]
            set_ports(draft, ids[key], *both)
    by_link: dict[str, list[int]] = defaultdict(list)
    for key, (link, _) in facts.items():
        if link and key in ids:
            by_link[link].append(key)
    for link, keys in by_link.items():
        name = _name(draft, link, [ids[key] for key in keys], keys, links)
        for key in keys if name else ():
            set_link(draft, ids[key], name)


def _name(draft: Draft, link: str, copies: list[int], keys: list[int], links: str) -> str | None:
    if links == KEPT:
        return link
    from sketch.graph.linking.verbs import alike  # only where something linked is put down

    standing = [n for n in members_of_link(draft, link) if n not in copies]
    gone = all(draft.get("nodes", key) is None for key in keys)
    if links == BACK and gone and standing and all(alike(draft, standing[0], copy) for copy in copies):
        return link
    return fresh_link(draft, link) if len(copies) > 1 else None
