"""Every wire of the network as pieces on the open levels of a canvas, or as a badge. No Qt.

A wire between two things of one level is one arc. A wire into an open group is an arc to the group's box and, inside,
one from a gate on its border; a wire that leaves the canvas ends at a stub.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import MOST_WIRES, is_shared, shared_sources
from sketch.graph.rows import Edge
from sketch.graph.tables import Tables
from sketch.gui.canvas.badges import Badges
from sketch.gui.canvas.boxes import Gate, Stub
from sketch.gui.canvas.level import Arc, Course, Key, Level

Spot = tuple[Level, int]
"""Where a node is seen: a level, and the item that stands for it there."""
Courses = list[tuple[Level, Course]]


class Pieces:
    """The arcs of each wire, from its source to its target, and the badges of wires that are not drawn."""

    def __init__(
        self, tables: Tables, library: LayerLibrary, levels: Mapping[int | None, Level], *, badges: bool
    ):
        self.arcs: dict[Edge, tuple[Arc, ...]] = {}
        self.changed: dict[Edge, None] = {}
        """Wires whose pieces changed; to be emptied by who reads it."""
        self.badges = Badges(tables)
        self._tables = tables
        self._library = library
        self._levels = levels
        self._with_badges = badges

    def use(self, tables: Tables) -> None:
        """Follow these rows from now on; they are the same as before."""
        self._tables = tables
        self.badges.use(tables)

    def locate(self, node_id: int) -> Spot | None:
        """Where a node is seen; None when it is not on this canvas."""
        nodes, levels = self._tables.nodes, self._levels
        while True:
            above = nodes[node_id].parent
            level = levels.get(above)
            if level is not None:
                return level, node_id
            if above is None:
                return None
            node_id = above

    def use_badges(self, wanted: bool) -> None:
        """Let badges stand for the wires of shared sources, or draw them all."""
        self._with_badges = wanted
        for source in shared_sources(self._tables, self._library):
            self.lift(self._tables.nodes[source].next)

    def lift(self, edges: Iterable[Edge]) -> None:
        """Bring the pieces of wires up to date; those that do not exist any more go."""
        nodes, arcs = self._tables.nodes, self.arcs
        shared: dict[int, bool] = {}
        for edge in edges:
            node = nodes.get(edge.target)
            courses: Courses = []
            badge: tuple[int, int] | None = None
            if node is not None and edge in node.prior:
                source = edge.source
                if source not in shared:
                    shared[source] = self._is_shared(source)
                if shared[source]:
                    badge = self._badged(edge)
                else:
                    courses = self._courses(edge)
            self.badges.put(edge, badge)
            if courses or edge in arcs:
                self._join(edge, courses)

    # --- inside ------------------------------------------------------------------------------------

    def _is_shared(self, source: int) -> bool:
        node = self._tables.nodes.get(source)
        if not self._with_badges or node is None or len(node.next) <= MOST_WIRES:
            return False
        return is_shared(self._tables, self._library, source)

    def _join(self, edge: Edge, courses: Courses) -> None:
        """Draw a wire along these courses; arcs that stay keep their way."""
        before = self.arcs.get(edge, ())
        now = tuple([level.join(edge, course) for level, course in courses])
        if now == before:
            return
        self.changed[edge] = None
        if now:
            self.arcs[edge] = now
        else:
            del self.arcs[edge]
        for arc in before:
            if arc not in now:
                arc.level.part(edge, arc)

    def _badged(self, edge: Edge) -> tuple[int, int] | None:
        """The item and its port where the badge of a wire stands."""
        source, target = self.locate(edge.source), self.locate(edge.target)
        if target is None or target == source:
            return None
        level, item = target
        return item, level.boxes[item].input_port(edge)

    def _courses(self, edge: Edge) -> Courses:
        """The pieces of a wire, from its source to its target."""
        start, end = self.locate(edge.source), self.locate(edge.target)
        if start is not None and end is not None and start[0] is end[0]:
            return [] if start == end else [_across(start[0], edge, start[1], end[1])]
        rising: Courses = []
        falling: Courses = []
        while start is not None or end is not None:
            if start is not None and end is not None and start[0] is end[0]:
                rising.append(_across(start[0], edge, start[1], end[1]))
                break
            if start is not None and (end is None or start[0].depth > end[0].depth):
                rising.append(_outwards(*start, edge))
                start = _above(start[0])
            elif end is not None:
                falling.append(_inwards(*end, edge))
                end = _above(end[0])
        return [*rising, *reversed(falling)]


def _above(level: Level) -> Spot | None:
    return None if level.above is None or level.group is None else (level.above, level.group)


def _across(level: Level, edge: Edge, first: int, last: int) -> tuple[Level, Course]:
    boxes = level.boxes
    return level, Course(first, boxes[first].output_port(edge), last, boxes[last].input_port(edge))


def _outwards(level: Level, item: int, edge: Edge) -> tuple[Level, Course]:
    last: Key = Gate(False, edge.source, edge.out) if level.above else Stub.after(edge)
    return level, Course(item, level.boxes[item].output_port(edge), last, 0)


def _inwards(level: Level, item: int, edge: Edge) -> tuple[Level, Course]:
    first: Key = Gate(True, edge.source, edge.out) if level.above else Stub.before(edge)
    return level, Course(first, 0, item, level.boxes[item].input_port(edge))
