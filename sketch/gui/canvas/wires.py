"""What a canvas draws: boxes, frames of open groups, wires and badges in scene coordinates. No Qt.

Kept up to date from Updates; the cost follows the edit. The wires of each open group are found on a level of its own
(`levels`, `level`), each level is drawn around its open groups (`picture`), and the pictures are put into one scene
(`composed`).
"""

from __future__ import annotations

from collections.abc import Iterator

from sketch.graph.delta import Delta
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import Edge
from sketch.graph.tables import Tables
from sketch.gui.canvas.boxes import Badge, Box, Point, Stub
from sketch.gui.canvas.composed import Composed
from sketch.gui.canvas.drawn import Changes, Drawn, ItemKey, Line, Shift
from sketch.gui.canvas.level import Level
from sketch.gui.canvas.levels import KnownLevels, Levels
from sketch.gui.canvas.spreading import Spread

_TABLES = ("boxes", "stubs", "lines", "frames", "badges")
__all__ = ["Changes", "ItemKey", "Line", "Shift", "Wiring"]


class Wiring:
    """The canvas of `parent` (None: the top level) with what is open in it.

    `badges` False draws the wires of shared sources, too. `known` is that of a wiring of this canvas for the same
    rows but for what is open and closed.
    """

    def __init__(
        self,
        tables: Tables,
        library: LayerLibrary,
        parent: int | None,
        *,
        badges: bool = True,
        known: KnownLevels | None = None,
    ):
        self.tables = tables
        self.library = library
        self.parent = parent
        self._drawn = Drawn()
        self.boxes = self._drawn.boxes
        self.stubs = self._drawn.stubs
        self.lines = self._drawn.lines
        self.frames = self._drawn.frames
        """The open groups, by id; `depth` says which is inside of which."""
        self.badges = self._drawn.badges
        """Badges by the box they stand at."""
        self._with_badges = badges
        try:
            self._start(known)
        except BaseException:
            if "_composed" in vars(self):
                self.let_go()
            raise

    @property
    def right(self) -> bool:
        """True for a drawing that runs to the right: inputs are on the left border of a box."""
        return self._levels.right

    def box(self, key: ItemKey) -> Box:
        """The box of a node, group or stub of this canvas, or the area of a frame; KeyError when it is not here."""
        if isinstance(key, Stub):
            return self.stubs[key]
        return self.boxes[key] if key in self.boxes else self.frames[key].rect

    def shown(self, node_id: int) -> int | None:
        """What stands for a node: its own box or frame, or the box of a closed group around it; None: not here."""
        spot = self._levels.pieces.locate(node_id) if node_id in self.tables.nodes else None
        return None if spot is None else spot[1]

    def lines_at(self, key: ItemKey) -> Iterator[Line]:
        """The lines that touch a box, or pass the border of an open group."""
        level = self._levels.levels[self.parent] if isinstance(key, Stub) else self._levels.home.get(key)
        for arc in level.at.get(key, ()) if level is not None else ():
            yield from (self.lines[edge] for edge in arc.edges)

    def edges_at(self, node_id: int) -> dict[Edge, bool]:
        """The wires of `lines_at`; True for those that come in. The lines of thousands need not be looked up."""
        found: dict[Edge, bool] = {}
        level = self._levels.home.get(node_id)
        for arc in level.at.get(node_id, ()) if level is not None else ():
            found.update(dict.fromkeys(arc.edges, arc.course.end == node_id))
        return found

    def canvas_at(self, x: float, y: float) -> int | None:
        """The group whose frame holds a point, the innermost; outside of all frames the group of this canvas.

        What is added, dropped or pasted at this point becomes a member of that group.
        """
        around = (frame for frame in self.frames.values() if _holds(frame.rect, x, y))
        frame = max(around, key=lambda frame: frame.depth, default=None)
        return self.parent if frame is None else frame.group

    def stored(self, node_id: int, x: float, y: float) -> Point:
        """The coordinates that the Place of a node, group or note of this canvas takes to stand at (x, y).

        (x, y) is the centre of its box. For an open group it is the centre of its frame as `frames` has it,
        moved by what the frame is to move.
        """
        level = self._levels.home.get(node_id)
        if level is None:
            note = self.tables.notes.get(node_id)
            return self.stored_in(note.parent if note else self.parent, x, y)
        box = level.boxes[node_id]
        if node_id not in self.frames:
            return self._stored(
                level, x, y, box.width, box.height, self._composed.pictures[level.group].spread
            )
        return self._stored_frame(level, node_id, x, y)

    def stored_in(self, group: int | None, x: float, y: float) -> Point:
        """The coordinates of a point in the canvas of a group that is open here (or is this canvas' own group).

        What a new layer takes as its place to stand at (x, y) of the scene. (x, y) itself for other groups.
        """
        level = self._levels.levels.get(group)
        if level is None:
            return x, y
        return self._stored(level, x, y, *level.borders.layer, self._composed.pictures[group].spread)

    def scene_place(self, group: int | None, x: float, y: float) -> Point:
        """Where a place on the canvas of an open group is drawn: the way back of `stored_in`."""
        picture = self._composed.pictures.get(group)
        if picture is None or picture.origin is None:
            return x, y
        u, v = self._turned((x, y))
        across, along = picture.moves(u, v)
        return self._turned((u + across + picture.origin[0], v + along + picture.origin[1]))

    def loose_line(self, badge: Badge) -> Line | None:
        """The wire that a badge stands for, drawn straight; None when its source is not seen here."""
        start, end = self.shown(badge.source), self.shown(badge.edge.target)
        if start not in self.boxes or end not in self.boxes or start is None or end is None:
            return None
        out = self.boxes[start].output_port(badge.edge)
        ends = self.boxes[start].output_anchor(out), self.boxes[end].input_anchor(badge.port)
        return Line(badge.edge, start, out, end, badge.port, ends)

    def use_badges(self, wanted: bool) -> Changes:
        """Let badges stand for the wires of shared sources (True, as at first), or draw all wires."""
        if wanted != self._with_badges:
            self._with_badges = wanted
            self._levels.pieces.use_badges(wanted)
        return self._composed.redraw()

    def adopt(self, ready: Wiring) -> None:
        """Take what another wiring of the same rows and canvas has worked out; it is left with what this one had."""
        for name in ("_drawn", "_levels", "_composed", *_TABLES):
            mine, its = getattr(self, name), getattr(ready, name)
            setattr(self, name, its)
            setattr(ready, name, mine)
        self._levels.use(self.tables)

    def known(self) -> KnownLevels:
        """The ways that were found, for a wiring that is to differ from this one in what is open alone."""
        return self._levels.known()

    def rest(self) -> None:
        """No change follows: keep what is drawn and where, forget which wires belong to what. Any thread may."""
        self._drawn.boxes.settle()
        self._drawn.lines.settle()
        self._levels.rest()

    def let_go(self) -> None:
        """Untie what nobody looks at any more, so that it is freed; any thread may."""
        self._levels.let_go()
        self._composed.pictures.clear()
        for table in (self.boxes, self.stubs, self.lines, self.frames, self.badges):
            table.clear()

    def sync(self, delta: Delta) -> Changes:
        """Follow a Delta that was applied to the tables; cost follows the edit."""
        if any(change.table == "meta" and change.key == "direction" for change in delta):
            return self._drawn.clear().and_then(self._start())
        return self._composed.redraw(self._levels.follow(delta))

    # --- inside ------------------------------------------------------------------------------------

    def _start(self, known: KnownLevels | None = None) -> Changes:
        """Draw everything."""
        self._levels = Levels(self.tables, self.library, self.parent, badges=self._with_badges, known=known)
        self._composed = Composed(self._levels, self._drawn)
        return self._composed.redraw()

    def _stored_frame(self, level: Level, group: int, x: float, y: float) -> Point:
        """The place of an open group whose frame is to have its centre at (x, y), among the others."""
        frame, picture = self.frames[group].rect, self._composed.pictures[level.group]
        u, v = self._turned((x - frame.width / 2, y - frame.height / 2))
        dx, dy = picture.origin or (0.0, 0.0)
        box = picture.stored_frame(group, (u - dx, v - dy))
        return self._turned((box.x, box.y))

    def _turned(self, where: Point) -> Point:
        return (where[1], where[0]) if self.right else where

    def _stored(
        self, level: Level, x: float, y: float, width: float, height: float, spread: Spread | None
    ) -> Point:
        picture = self._composed.pictures[level.group]
        u, v = self._turned((x, y))
        if picture.origin is not None:
            u, v = u - picture.origin[0], v - picture.origin[1]
        if spread is not None:
            left, top = spread.place((u - width / 2, v - height / 2))
            u, v = left + width / 2, top + height / 2
        return self._turned((u, v))


def _holds(rect: Box, x: float, y: float) -> bool:
    return rect.left <= x <= rect.right and rect.top <= y <= rect.bottom
