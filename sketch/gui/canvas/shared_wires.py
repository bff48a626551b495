"""The wires of shared sources, which are badges as a rule: painted while somebody asks where a value goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

from sketch.gui.canvas.boxes import Badge
from sketch.gui.canvas.edge_layer import EdgeLayer
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.line_table import LineTable
from sketch.gui.canvas.wires import Line, Wiring

MOST = 4000
"""So many wires at most are shown at once."""


class SharedWires:
    """Shows the wires of some nodes that are not drawn otherwise: of a source all, of a consumer its own."""

    def __init__(self, ink: Ink, wiring: Wiring):
        self.layer = EdgeLayer(ink, LineTable())
        self.layer.setZValue(-0.5)
        self._wiring = wiring
        self._wanted: tuple[frozenset[int], Badge | None] = (frozenset(), None)
        self._by_source: dict[int, list[Badge]] | None = None

    def forget(self) -> None:
        """Boxes or badges changed: show again what is wanted."""
        self._by_source = None
        wanted, self._wanted = self._wanted, (frozenset(), None)
        self.show_for(*wanted)

    def feeds(self, node_id: int) -> bool:
        """True for a source that badges stand for."""
        return bool(self._wiring.badges) and node_id in self._consumers()

    def show_for(self, node_ids: Collection[int], badge: Badge | None = None) -> None:
        """Show the wires of these nodes and the one of a badge; of none of them to end it."""
        wanted = (frozenset(node_ids), badge)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        lines = {line.edge: line for line in self._lines(wanted[0], badge)}
        self.layer.set_lines(lines, lines.keys() | set(self.layer.lines))
        self.layer.trace({edge: line.end in wanted[0] for edge, line in lines.items()})

    # --- inside ------------------------------------------------------------------------------------

    def _lines(self, node_ids: frozenset[int], badge: Badge | None) -> Iterable[Line]:
        if not self._wiring.badges:
            return []
        consumers, badges = self._consumers(), self._wiring.badges
        found = [
            own for node_id in node_ids for own in (*consumers.get(node_id, ()), *badges.get(node_id, ()))
        ]
        found += [] if badge is None else [badge]
        return [line for own in found[:MOST] if (line := self._wiring.loose_line(own)) is not None]

    def _consumers(self) -> dict[int, list[Badge]]:
        """Source -> the badges that stand for it."""
        if self._by_source is None:
            self._by_source = {}
            for badge in chain.from_iterable(self._wiring.badges.values()):
                self._by_source.setdefault(badge.source, []).append(badge)
        return self._by_source
