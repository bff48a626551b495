"""Which groups are linked: a row of `meta` for each, with the name of the link. Groups of one name are instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sketch.graph.rows import number_in

if TYPE_CHECKING:
    from sketch.graph.delta import Delta
    from sketch.graph.draft_rows import DraftRows
    from sketch.graph.tables import Tables

_ROW = "link."


def link_row(group: int) -> str:
    """The name of the row of `meta` that says what a group is linked to."""
    return f"{_ROW}{group}"


def linked_group(row: str) -> int | None:
    """The group that a row of `meta` of this name is about; None for every other row."""
    return number_in(row, _ROW)


def set_link(draft: DraftRows, group: int, link: str | None) -> None:
    """Make a group an instance of a link, or of none."""
    if draft.get("meta", link_row(group)) != link:
        draft.put("meta", link_row(group), link)


def link_of(tables: Tables, group: int) -> str | None:
    """The name of a group's link, None where it has none."""
    link = tables.meta.get(link_row(group))
    return link if isinstance(link, str) else None  # a damaged file may hold anything


def instances(tables: Tables, group: int) -> tuple[int, ...]:
    """All groups linked to a group, itself among them, oldest first; () for a group that stands alone."""
    link = link_of(tables, group)
    found = () if link is None else tuple(n for n in tables.linked(link) if n in tables.nodes)
    return found if len(found) > 1 else ()


def is_linked(tables: Tables, group: int) -> bool:
    """True for a group with others in its link."""
    link = link_of(tables, group)
    return link is not None and tables.is_linked(link, group)


def around(tables: Tables, node_id: int) -> Iterator[int]:
    """The linked groups around a node, innermost first."""
    current = tables.nodes[node_id].parent if node_id in tables.nodes else None
    while current is not None and current in tables.nodes:
        if is_linked(tables, current):
            yield current
        current = tables.nodes[current].parent


def fresh_link(draft: DraftRows, name: str) -> str:
    """A link name that no group of the document carries: the name itself, or with a number."""
    link, number = name, 1
    while draft.base.linked(link) or link in _drafted(draft):
        number += 1
        link = f"{name} {number}"
    return link


def members_of_link(draft: DraftRows, link: str) -> list[int]:
    """The groups of a link as the draft sees them."""
    known = dict.fromkeys(
        (*draft.base.linked(link), *(group for group, name in _changed(draft) if name == link))
    )
    return [n for n in known if draft.get("meta", link_row(n)) == link and draft.get("nodes", n) is not None]


def touched(tables: Tables, delta: Delta) -> set[int]:
    """Groups whose mark (`2 of 6`) may differ after a Delta that was applied."""
    names: set[str] = set()
    for change in delta:
        if change.table == "meta" and linked_group(change.key) is not None:
            names.update(row for row in (change.before, change.after) if isinstance(row, str))
        elif change.table in ("places", "nodes") and (link := link_of(tables, change.key)) is not None:
            names.add(link)
    return {group for name in names for group in tables.linked(name)}


def _drafted(draft: DraftRows) -> set[str]:
    return {name for _, name in _changed(draft)}


def _changed(draft: DraftRows) -> Iterable[tuple[int, str]]:
    for row, value in draft.changed("meta"):
        group = linked_group(row)
        if group is not None and isinstance(value, str):
            yield group, value
