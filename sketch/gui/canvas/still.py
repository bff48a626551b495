"""What a canvas draws that nobody can edit: boxes and wires just where a layout has put them. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sketch.graph.arrange import Canvas
from sketch.graph.delta import Delta
from sketch.graph.layout.drawing import Drawn as Part
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import lift
from sketch.graph.rows import Edge
from sketch.graph.tables import Tables
from sketch.gui.canvas.badges import Badges
from sketch.gui.canvas.boxes import Box, Point
from sketch.gui.canvas.drawn import Changes, ItemKey, Line
from sketch.gui.canvas.levels import KnownLevels
from sketch.gui.canvas.wires import Wiring

_new = tuple.__new__
"""Makes a named tuple in half the time; tens of thousands are made."""
_NOTHING = Changes(frozenset(), frozenset())


class StillWiring(Wiring):
    """The top level with all groups closed, as `draw_parts` has drawn it: what a Wiring of the rows would show.

    It takes a fraction of the time because no ways are looked for, and follows no edit.
    """

    def __init__(
        self, tables: Tables, library: LayerLibrary, canvas: Canvas, parts: Sequence[tuple[list[int], Part]]
    ):
        self._canvas, self._parts = canvas, parts
        self._lines_at: dict[ItemKey, list[Line]] = {}
        super().__init__(tables, library, None)

    @staticmethod
    def can_show(canvas: Canvas, parts: Sequence[tuple[list[int], Part]]) -> bool:
        """False where wires form a loop: a layout knows no ways back up."""
        return sum(len(drawn.ways) for _, drawn in parts) == len(canvas.wires)

    @property
    def right(self) -> bool:
        """True for a drawing that runs to the right."""
        return self._canvas.turned

    def shown(self, node_id: int) -> int | None:
        """What stands for a node: its own box or that of the closed group around it; None for no node."""
        return lift(self.tables, node_id, None) if node_id in self.tables.nodes else None

    def lines_at(self, key: ItemKey) -> Iterator[Line]:
        """The lines that touch a box."""
        return iter(self._lines_at.get(key, ()))

    def edges_at(self, node_id: int) -> dict[Edge, bool]:
        """The wires of `lines_at`; True for those that come in."""
        return {line.edge: line.end == node_id for line in self._lines_at.get(node_id, ())}

    def stored(self, node_id: int, x: float, y: float) -> Point:
        """The place itself: nothing gives way to anything."""
        return x, y

    def stored_in(self, group: int | None, x: float, y: float) -> Point:
        """The point itself."""
        return x, y

    def scene_place(self, group: int | None, x: float, y: float) -> Point:
        """The place itself."""
        return x, y

    def use_badges(self, wanted: bool) -> Changes:
        """Nothing changes here."""
        return _NOTHING

    def known(self) -> KnownLevels:
        """No ways were looked for."""
        return {}

    def rest(self) -> None:
        """Nothing is kept beside what is drawn."""

    def let_go(self) -> None:
        """Untie what nobody looks at any more."""
        for table in (self._lines_at, self.boxes, self.lines, self.badges):
            table.clear()

    def sync(self, delta: Delta) -> Changes:
        """Nothing changes here."""
        return _NOTHING

    # --- inside ------------------------------------------------------------------------------------

    def _start(self, known: KnownLevels | None = None) -> Changes:
        for items, drawn in self._parts:
            self._put_boxes(items, drawn.centres)
            self._put_lines(items, drawn)
        for line in self.lines.values():
            for end in (line.start, line.end):
                self._lines_at.setdefault(end, []).append(line)
        self._put_badges()
        self._parts = ()
        return _NOTHING

    def _put_boxes(self, items: Sequence[int], centres: Sequence[Point]) -> None:
        shapes, ports, right, boxes = self._canvas.shapes, self._canvas.ports, self.right, self.boxes
        for item, (x, y) in zip(items, centres, strict=True):
            shape = shapes[item]
            size = (shape.height, shape.width) if right else (shape.width, shape.height)
            boxes[item] = _new(Box, (x, y, *size, shape.inputs, shape.outputs, ports.get(item), right))

    def _put_lines(self, items: Sequence[int], drawn: Part) -> None:
        wires, lines = self._canvas.wires, self.lines
        for (source, out, target, into), points in drawn.ways.items():
            arc = items[source], out, items[target], into
            for edge in wires[arc]:
                lines[edge] = _new(Line, (edge, *arc, points, None))

    def _put_badges(self) -> None:
        badges = Badges(self.tables)
        for source, edges in self._canvas.shared.items():
            for edge in edges:
                item = self.shown(edge.target)
                if item is not None and item != self.shown(source):
                    badges.put(edge, (item, self.boxes[item].input_port(edge)))
        self.badges.update((item, badges.at(item)) for item in badges.changed)
