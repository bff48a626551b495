"""What an edit may have changed on a canvas: items of its levels, wires, and which groups are open. No Qt."""

from __future__ import annotations

from sketch.graph.delta import Delta
from sketch.graph.folding import group_of
from sketch.graph.lifting import descendants, wired_source
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables

_PORTS = "ports."
"""The rows of `meta` that order and name the ports of a group."""


class Touched:
    """What a Delta that was applied to the tables may have changed. `open_groups` is brought up to date.

    Groups around what changed are among the items, since their ports may differ. `regrouped` says that levels
    may have come or gone.
    """

    def __init__(self, tables: Tables, open_groups: set[int], delta: Delta):
        self.items: dict[int, None] = {}
        self.edges: dict[Edge, None] = {}
        self.notes: dict[int, None] = {}
        self.regrouped = False
        self._nodes = tables.nodes
        self._tables = tables
        self._open = open_groups
        for change in delta:
            if change.table == "places" and change.key not in tables.notes:
                self.items[change.key] = None
            elif change.table in ("places", "notes"):
                self.notes[change.key] = None
            elif change.table == "nodes":
                self._take_node(change.before, change.after)
            elif change.table == "meta":
                self._take_row(change.key, is_there=change.after is not None)

    # --- inside ------------------------------------------------------------------------------------

    def _take_node(self, before: Node | None, after: Node | None) -> None:
        for row in (before, after):
            if row is not None:
                self.edges.update(dict.fromkeys((*row.prior, *row.next)))
                self.items[row.id] = None
                self._take_around(row.parent)
        if before is not None and after is not None and before.parent == after.parent:
            return
        row = before or after
        self.regrouped = self.regrouped or (row is not None and row.id in self._open)
        if before is not None and after is not None:
            for inner in descendants(self._tables, after.id):
                self.edges.update(dict.fromkeys((*self._nodes[inner].prior, *self._nodes[inner].next)))

    def _take_around(self, group: int | None) -> None:
        while group is not None:
            self.items[group] = None
            group = self._nodes[group].parent if group in self._nodes else None

    def _take_row(self, row: str, *, is_there: bool) -> None:
        group, source = group_of(row), wired_source(row)
        if group is not None:
            (self._open.add if is_there else self._open.discard)(group)
            self.regrouped = True
        elif source is not None and source in self._nodes:
            self.edges.update(dict.fromkeys(self._nodes[source].next))
        elif row.startswith(_PORTS):
            self.items[int(row[len(_PORTS) :])] = None
