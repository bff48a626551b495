"""The open levels of a canvas: one for its own group and one for each group that is open in it. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sketch.graph.delta import Delta
from sketch.graph.folding import open_groups
from sketch.graph.geometry import NODE_HEIGHT, NODE_WIDTH, RIGHT, direction
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import descendants
from sketch.graph.rows import Edge
from sketch.graph.stopping import checked
from sketch.graph.tables import Tables
from sketch.gui.canvas.boxes import HEADER, STUB_HEIGHT, STUB_WIDTH, Box, box_of, turned
from sketch.gui.canvas.level import Borders, Course, Key, Known, Level, forget_wires, known_ways, untie
from sketch.gui.canvas.outline import Padding
from sketch.gui.canvas.pieces import Pieces
from sketch.gui.canvas.routing import Points
from sketch.gui.canvas.touching import Touched

STUB_DISTANCE = 64.0
SIDE = 32.0
END = 30.0
GATE_GAP = 24.0
KnownLevels = Mapping[int | None, Known]
"""What levels have found before, by their group."""


class Levels:
    """The levels by group, the canvas' own first, kept up to date with the tables."""

    def __init__(
        self,
        tables: Tables,
        library: LayerLibrary,
        parent: int | None,
        *,
        badges: bool,
        known: KnownLevels | None,
    ):
        self.tables, self.library, self.parent = tables, library, parent
        self._known = known or {}
        self.right = direction(tables.meta) == RIGHT
        self.levels: dict[int | None, Level] = {parent: Level(parent, None, self._borders(parent))}
        self.levels[parent].known = self._known.get(parent)
        self.pieces = Pieces(tables, library, self.levels, badges=badges)
        self.home: dict[int, Level] = {}
        """The level of each item."""
        self._noted: dict[int, Level] = {}
        self._open = set(open_groups(tables))
        try:
            self._build()
        except BaseException:  # stopped: levels and wires hold each other in circles, which nobody else holds
            self.let_go()
            raise

    @property
    def padding(self) -> Padding:
        """Space in frames, for a drawing that runs down or (exchanged) to the right."""
        return Padding(SIDE + HEADER, 0.0, SIDE) if self.right else Padding(SIDE, HEADER, SIDE)

    def use(self, tables: Tables) -> None:
        """Follow these rows from now on; they are the same as before."""
        self.tables = tables
        self.pieces.use(tables)

    def known(self) -> KnownLevels:
        """The ways of all levels, for levels of rows that differ in what is open alone."""
        return {group: known_ways(level) for group, level in self.levels.items()}

    def rest(self) -> None:
        """Forget the wires, whose ways are found; boxes stay where they are."""
        self.pieces.arcs.clear()
        for level in self.levels.values():
            forget_wires(level)

    def let_go(self) -> None:
        """Untie everything, which is of no more use, so that it is freed."""
        self.pieces.arcs.clear()
        for level in self.levels.values():
            untie(level)

    def follow(self, delta: Delta) -> list[Level]:
        """Take in an edit; the levels that are gone. `Level.settle` is next."""
        touched = Touched(self.tables, self._open, delta)
        lost = self._regroup(touched) if touched.regrouped else []
        for item in touched.items:
            self._place(item, touched.edges)
        for note_id in touched.notes if not touched.regrouped else self.tables.notes:
            self._note(note_id)
        self.pieces.lift(touched.edges)
        return lost

    # --- inside ------------------------------------------------------------------------------------

    def _build(self) -> None:
        edges: dict[Edge, None] = {}
        nodes = self.tables.nodes
        self._fill(self.levels[self.parent], edges)
        self._open_levels(edges)
        if self.parent is None:
            edges = {edge: None for node in nodes.values() for edge in node.next}
        else:
            _gather(self.tables, self.parent, edges)
        self.pieces.lift(checked(edges))
        for note_id in self.tables.notes:
            self._note(note_id)
        self._known = {}

    def _fill(self, level: Level, edges: dict[Edge, None]) -> None:
        """Place the members of a level."""
        for item in checked(self.tables.children(level.group)):
            self._place(item, edges)

    def _open_levels(self, edges: dict[Edge, None]) -> None:
        """Make the levels that are wanted and not there."""
        made: set[int | None] = set()
        for group in sorted(wanted := self._wanted(), key=lambda group: (wanted[group], group)):
            if group in self.levels:
                continue
            above = self.levels[self.tables.nodes[group].parent]
            level = self.levels[group] = above.open[group] = Level(group, above, self._borders(group))
            above.moved[group] = None
            level.known = self._known.get(group)
            self._fill(level, edges)
            if above.group not in made:
                _gather(self.tables, group, edges)
            made.add(group)

    def _wanted(self) -> dict[int, int]:
        """Open group -> its depth, for those whose surroundings on this canvas are all open."""
        nodes = self.tables.nodes
        found: dict[int, int] = {}
        for group in self._open:
            depth, current = 1, group
            while current in nodes:
                above = nodes[current].parent
                if above == self.parent:
                    found[group] = depth
                if above == self.parent or above not in self._open:
                    break
                current, depth = above, depth + 1
        return found

    def _borders(self, group: int | None) -> Borders:
        layer = (NODE_HEIGHT, NODE_WIDTH) if self.right else (NODE_WIDTH, NODE_HEIGHT)
        if group == self.parent:
            size = (STUB_HEIGHT, STUB_WIDTH) if self.right else (STUB_WIDTH, STUB_HEIGHT)
            return Borders(STUB_DISTANCE, STUB_DISTANCE, *size, size[0] + 12.0, layer)
        return Borders(END, END, 0.0, 0.0, GATE_GAP, layer)

    def _regroup(self, touched: Touched) -> list[Level]:
        """Drop the levels that are no longer open, make those that are now."""
        wanted, nodes = self._wanted(), self.tables.nodes
        lost: list[Level] = []
        for group, level in list(self.levels.items()):
            above = level.above
            if above is None or group is None:
                continue
            if group not in wanted or above in lost or nodes[group].parent != above.group:
                lost.append(level)
                del self.levels[group]
                above.open.pop(group, None)
                above.moved[group] = None
                touched.edges.update(dict.fromkeys(e for arc in level.arcs.values() for e in arc.edges))
                touched.edges.update(dict.fromkeys(self.pieces.badges.edges_at(level.boxes)))
                for item in level.boxes:
                    if isinstance(item, int) and self.home.get(item) is level:
                        del self.home[item]
        self._open_levels(touched.edges)
        return lost

    def _note(self, note_id: int) -> None:
        """Bring a note up to date where it lies in an open group."""
        note, place = self.tables.notes.get(note_id), self.tables.places.get(note_id)
        level = self.levels.get(note.parent) if note is not None else None
        before = self._noted.pop(note_id, None)
        if before is not None and before is not level:
            before.note(note_id, None)
        if level is None or level.above is None or note is None or place is None:
            return
        self._noted[note_id] = level
        box = Box(place.x, place.y, note.width, note.height, 0, 0, None, self.right)
        level.note(note_id, turned(box) if self.right else box)

    def _place(self, item: int, edges: dict[Edge, None]) -> None:
        """Bring one box up to date; wires of a group whose ports changed are lifted anew."""
        node = self.tables.nodes.get(item)
        before = self.home.get(item)
        level = self.levels.get(node.parent) if node is not None else None
        if before is not None and before is not level:
            edges.update(dict.fromkeys(self._edges_at(before, item)))
            before.place(item, None)
            before.use_ways(item, {})
            del self.home[item]
        if level is None:
            return
        self.home[item] = level
        old, box = level.boxes.get(item), self._box(item)
        level.place(item, box)
        level.use_ways(item, self._ways(item))
        if old is not None and old.ports != box.ports:
            edges.update(dict.fromkeys(self._edges_at(level, item)))

    def _edges_at(self, level: Level, item: Key) -> Iterator[Edge]:
        for arc in level.at.get(item, ()):
            yield from arc.edges
        if isinstance(item, int):
            yield from self.pieces.badges.edges_at((item,))

    def _box(self, item: int) -> Box:
        if self.right:
            return turned(box_of(self.tables, self.library, item, RIGHT))
        return box_of(self.tables, self.library, item)

    def _ways(self, item: int) -> dict[Course, Points]:
        place = self.tables.places.get(item)
        if place is None or not place.ways:
            return {}
        return {Course(item, way.out, way.target, way.into): self._along(way.points) for way in place.ways}

    def _along(self, points: Points) -> Points:
        return tuple((v, u) for u, v in points) if self.right else points


def _gather(tables: Tables, group: int, edges: dict[Edge, None]) -> None:
    """Take in all wires around everything in a group."""
    nodes = tables.nodes
    for inner in descendants(tables, group):
        edges.update(dict.fromkeys(nodes[inner].prior))
        edges.update(dict.fromkeys(nodes[inner].next))
