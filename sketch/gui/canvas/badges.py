"""Badges at the consumers of shared sources, in place of wires across the drawing. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sketch.graph.rows import Edge
from sketch.graph.tables import Tables
from sketch.gui.canvas.boxes import Badge


class Badges:
    """Badges by the box they stand at; one for each input port and source."""

    def __init__(self, tables: Tables):
        self._tables = tables
        self._spots: dict[Edge, tuple[int, int]] = {}
        self._at: dict[int, dict[Edge, Badge]] = {}
        self.changed: dict[int, None] = {}
        """Boxes whose badges changed; to be emptied by who reads it."""

    def use(self, tables: Tables) -> None:
        """Follow these rows from now on; they are the same as before."""
        self._tables = tables

    def put(self, edge: Edge, spot: tuple[int, int] | None) -> None:
        """Let the badge of a wire stand at a port of an item, or nowhere."""
        before = self._spots.get(edge)
        if before is None and spot is None:
            return
        badge = None
        if spot is not None:
            badge = Badge(spot[1], edge.source, self._tables.nodes[edge.source].name, edge)
        if before is not None and (spot is None or before[0] != spot[0]):
            self._at[before[0]].pop(edge, None)
            self.changed[before[0]] = None
            del self._spots[edge]
        if badge is not None and spot is not None:
            self._spots[edge] = spot
            at = self._at.setdefault(spot[0], {})
            if at.get(edge) != badge:
                at[edge] = badge
                self.changed[spot[0]] = None

    def at(self, item: int) -> tuple[Badge, ...]:
        """The badges of a box by port; a value that several wires bring to one port has one badge."""
        found = {
            (badge.port, badge.edge.source, badge.edge.out): badge
            for badge in self._at.get(item, {}).values()
        }
        return tuple(sorted(found.values(), key=lambda badge: badge[:3]))

    def edges_at(self, items: Iterable[object]) -> Iterator[Edge]:
        """The wires whose badges stand at these items."""
        for item in items:
            if isinstance(item, int):
                yield from tuple(self._at.get(item, ()))
