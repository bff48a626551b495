"""One canvas level as it is stored: closed boxes at their places, and the ways of the wires between them. No Qt.

Coordinates are (u across, v along the drawing), so that a level knows nothing of the direction. Open groups are closed
boxes here; `picture` draws them open.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import NamedTuple

from sketch.graph.rows import Edge
from sketch.graph.stopping import checked
from sketch.gui.canvas.areas import Extent, Heights
from sketch.gui.canvas.boxes import Box, End, Point, area_of, in_a_row
from sketch.gui.canvas.routing import Lane, Obstacles, Points, passes_box, route

Key = int | End
Owner = tuple[int, int]
EMPTY = (-92.0, 0.0, 92.0, 40.0)
"""The area of a level without members."""
SAME = 0.5
"""A stored way is used while its ends are at most this far from the ports."""


class Course(NamedTuple):
    """What a wire joins on one level: things and their ports."""

    start: Key
    out: int
    end: Key
    into: int


class Arc:
    """One drawn piece of wire on a level: all wires of one value between the same two ports.

    `points` is its way among the closed boxes, `spread` that around the open groups, `drawn` the one on the picture.
    """

    __slots__ = (
        "course",
        "drawn",
        "edges",
        "is_stored",
        "lane",
        "level",
        "owner",
        "points",
        "spread",
        "turn",
    )

    def __init__(self, level: Level, course: Course, owner: Owner):
        self.level = level
        self.course = course
        self.owner = owner
        self.edges: dict[Edge, None] = {}
        self.points: Points = ()
        self.spread: Points = ()
        self.drawn: Points = ()
        self.lane: Lane | None = None
        self.is_stored = False
        self.turn = 0  # of the picture that its drawn way is of


class Known(NamedTuple):
    """The arcs of a settled level for another one with the same boxes, by course; those that a box hinders, and it."""

    arcs: Mapping[Course, Arc]
    hindered: Mapping[Arc, int]


class Borders(NamedTuple):
    """How far from the boxes wires pass the border of a level, and the size of what stands there."""

    before: float
    after: float
    width: float
    height: float
    gap: float
    layer: tuple[float, float]
    """Width and height of a layer."""


class Level:
    """Boxes and arcs of the canvas of `group`. After changes, `settle` finds the ways."""

    def __init__(self, group: int | None, above: Level | None, borders: Borders):
        self.group = group
        self.above = above
        self.depth: int = 0 if above is None else above.depth + 1
        self.boxes: dict[Key, Box] = {}
        self.arcs: dict[Course, Arc] = {}
        self.open: dict[int, Level] = {}
        """The levels of the open groups on this one."""
        self.at: dict[Key, dict[Arc, None]] = {}
        self.moved: dict[Key, None] = {}
        """Boxes that changed since the picture was brought up to date."""
        self.bent: dict[Arc, None] = {}
        """Arcs that changed since then, those that are gone included."""
        self.notes: dict[int, Box] = {}
        self.noted: dict[int, None] = {}
        """Notes that changed since then; they widen the frame."""
        self.borders = borders
        self._obstacles = Obstacles()
        self._extent: Extent[Hashable] = Extent()
        self._heights: Heights[Arc] = Heights()
        self.uneven: dict[Arc, None] = {}
        """Arcs that run above their upper end or below their lower one, or upwards."""
        self._ways: dict[Course, Points] = {}
        self._ways_of: dict[int, tuple[Course, ...]] = {}
        self.ends: dict[End, None] = {}
        """What stands at the borders."""
        self.known: Known | None = None
        """Ways that were found among the same boxes before."""
        self._stale: dict[Arc, None] = {}
        self._placed: dict[int, None] = {}
        self._hindered: dict[Arc, int] = {}
        """Arcs that do not follow their stored way, by the box that stands on it."""

    @property
    def is_settled(self) -> bool:
        """True when nothing changed since the picture was brought up to date."""
        return not (self.moved or self.bent or self._stale or self.noted)

    def place(self, item: int, box: Box | None) -> bool:
        """Bring the box of an item up to date (None: it is gone); True when it changed."""
        before = self.boxes.get(item)
        if before == box:
            return False
        if before is not None:
            self._obstacles.remove(item, before)
        if box is None:
            del self.boxes[item]
            self._extent.drop(item)
        else:
            self.boxes[item] = box
            self._obstacles.add(item, box)
            if self.group is not None:
                self._extent.put(item, area_of(box))
        self.moved[item] = self._placed[item] = None
        self._stale.update(self.at.get(item, ()))
        return True

    def note(self, note_id: int, box: Box | None) -> None:
        """Bring the area of a note up to date (None: it is gone)."""
        if self.notes.get(note_id) != box:
            self.noted[note_id] = None
            if box is None:
                del self.notes[note_id]
                self._extent.drop(("note", note_id))
            else:
                self.notes[note_id] = box
                self._extent.put(("note", note_id), area_of(box))

    def use_ways(self, item: int, ways: Mapping[Course, Points]) -> None:
        """The stored ways of the wires that start at an item."""
        if not ways and item not in self._ways_of:
            return
        before = {course: self._ways.pop(course) for course in self._ways_of.pop(item, ())}
        if ways:
            self._ways_of[item] = tuple(ways)
            self._ways.update(ways)
        if before != ways:
            for arc in self.at.get(item, ()):
                self._hindered.pop(arc, None)
                self._stale[arc] = None

    def join(self, edge: Edge, course: Course) -> Arc:
        """Draw a wire, or a piece of one, along the arc of this course."""
        arc = self.arcs.get(course)
        if arc is None:
            arc = self.arcs[course] = Arc(self, course, (edge.source, edge.out))
            for key in (course[0], course[2]):
                around = self.at.get(key)
                if around is None:
                    around = self.at[key] = {}
                    if not isinstance(key, int):
                        self.ends[key] = None
                around[arc] = None
            self._stale[arc] = None
        arc.edges[edge] = None
        return arc

    def part(self, edge: Edge, arc: Arc) -> None:
        """Take a wire off an arc; an arc without wires goes, one that carries another value now is stale."""
        arc.edges.pop(edge, None)
        if arc.edges:
            left = next(iter(arc.edges))
            if arc.owner != (left.source, left.out):
                self._free(arc)
                arc.owner = left.source, left.out
                self._stale[arc] = None
            return
        del self.arcs[arc.course]
        for key in (arc.course.start, arc.course.end):
            around = self.at[key]
            around.pop(arc, None)
            if not around:
                del self.at[key]
                if not isinstance(key, int):
                    self.ends.pop(key, None)
                    self.boxes.pop(key, None)
                    self.moved[key] = None
        self._free(arc)
        self._heights.drop(arc)
        self.uneven.pop(arc, None)
        self._hindered.pop(arc, None)
        self._stale.pop(arc, None)
        self.bent[arc] = None

    def settle(self) -> None:
        """Find ways for arcs that are new or whose ends moved, and for those that a box now stands on."""
        if self.ends:
            self._place_ends()
        placed, self._placed = self._placed, {}
        for arc in [arc for arc, item in self._hindered.items() if item in placed]:
            del self._hindered[arc]
            self._stale[arc] = None
        for item in placed:
            if item in self.boxes:
                self._stand(item, self.boxes[item])
        stale, self._stale = self._stale, {}
        self._reroute(list(stale))
        self.bent.update(stale)

    def extent(self) -> tuple[float, float]:
        """(top, bottom) of the borders where wires come in and leave."""
        area = self._extent.area or EMPTY
        return area[1] - self.borders.before, area[3] + self.borders.after

    # --- inside ------------------------------------------------------------------------------------

    def _place_ends(self) -> None:
        """Line up what stands at the borders, near what it is wired to."""
        top, bottom = self.extent()
        size = self.borders.width, self.borders.height
        for entering, v in ((True, top), (False, bottom)):
            wishes = {end: _wishes(self, end) for end in self.ends if end.entering == entering}
            ports = (0, 1) if entering else (1, 0)
            for end, u in in_a_row(wishes, self.borders.gap).items():
                box = Box(u, v, *size, *ports)
                if self.boxes.get(end) != box:
                    self.boxes[end] = box
                    self.moved[end] = None
                    self._stale.update(self.at[end])

    def _stand(self, item: int, box: Box) -> None:
        """Wires that a box stands on look for another way."""
        for arc in self._heights.near(box.top, box.bottom):
            if arc not in self._stale and passes_box(arc.points, box):
                self._stale[arc] = None
                if arc.is_stored:
                    self._hindered[arc] = item

    def _reroute(self, arcs: list[Arc]) -> None:
        """Find ways, the longest of each output first, so that the shorter ones join their lane."""
        for arc in arcs:
            self._free(arc)
        known, self.known = self.known, None
        if known is not None:
            arcs = _follow_known(self, known, arcs)
        ends = {arc: _anchors(self.boxes, arc) for arc in arcs}
        seen: dict[Point, float] = {}
        rest = [arc for arc in checked(arcs) if not _follow_stored(self, arc, *ends[arc], seen)]
        rest.sort(key=_lane_order(ends))
        for arc in checked(rest):
            arc.points, arc.lane = route(*ends[arc], self._obstacles, arc.owner)
            if arc.lane is not None:
                self._obstacles.take(arc.lane, arc.owner)
        for arc in arcs:
            _note_heights(self, arc)

    def _free(self, arc: Arc) -> None:
        if arc.lane is not None:
            self._obstacles.release(arc.lane, arc.owner)
            arc.lane = None


def _follow_stored(level: Level, arc: Arc, start: Point, end: Point, seen: dict[Point, float]) -> bool:
    """Use the stored way where it still fits."""
    points = level._ways.get(arc.course)
    arc.is_stored = False
    if points is None or arc in level._hindered:
        return False
    if not (_is_near(points[0], start) and _is_near(points[-1], end)):
        return False
    standing = level._obstacles.blocker(points, seen)
    if standing is not None:
        level._hindered[arc] = standing
        return False
    arc.points = (start, *points[1:-1], end)
    arc.is_stored = True
    return True


def known_ways(level: Level) -> Known:
    """What a settled level has found; its arcs are read later, so that this takes no time."""
    return Known(level.arcs.copy(), level._hindered.copy())


def _follow_known(level: Level, known: Known, arcs: list[Arc]) -> list[Arc]:
    """Let arcs have the ways that are known; the other arcs."""
    rest = []
    for arc in checked(arcs):
        way, (start, _, end, _) = known.arcs.get(arc.course), arc.course
        if way is None or not isinstance(start, int) or not isinstance(end, int):
            rest.append(arc)
            continue
        arc.points, arc.lane, arc.is_stored = way.points, way.lane, way.is_stored
        if arc.lane is not None:
            level._obstacles.take(arc.lane, arc.owner)
        if (hindered := known.hindered.get(way)) is not None:
            level._hindered[arc] = hindered
        _note_heights(level, arc)
    return rest


def _note_heights(level: Level, arc: Arc) -> None:
    """Keep in mind where the way of an arc passes."""
    points = arc.points
    top, bottom = points[0][1], points[-1][1]
    is_even = top <= bottom
    if len(points) > 2 and not (arc.is_stored and is_even):
        heights = [v for _, v in points]
        is_even = is_even and min(heights) >= top and max(heights) <= bottom
        top, bottom = min(heights), max(heights)
    if is_even:
        level.uneven.pop(arc, None)
    else:
        level.uneven[arc] = None
    level._heights.put(arc, min(top, bottom), max(top, bottom))


def passing(level: Level, top: float, bottom: float) -> Iterator[Arc]:
    """The arcs whose ends are not both above or both below these heights, and all uneven ones."""
    yield from level.uneven
    for arc in level._heights.near(top, bottom):
        points = arc.points
        if points[-1][1] >= top and points[0][1] < bottom and arc not in level.uneven:
            yield arc


def untie(level: Level) -> None:
    """Forget what a level that is of no more use holds and is known by: the arcs, and the levels inside."""
    forget_wires(level)
    for known in (level.open, level.boxes, level.moved, level._placed):
        known.clear()


def forget_wires(level: Level) -> None:
    """Forget the arcs of a settled level and what it needs to find other ways for them."""
    for known in (
        level.arcs,
        level.at,
        level.bent,
        level._stale,
        level._hindered,
        level.uneven,
        level._ways,
        level._ways_of,
    ):
        known.clear()
    level._heights, level._obstacles = Heights(), Obstacles()


def _anchors(boxes: Mapping[Key, Box], arc: Arc) -> tuple[Point, Point]:
    """Where an arc starts and ends among the closed boxes."""
    start, out, end, into = arc.course
    return boxes[start].output_anchor(out), boxes[end].input_anchor(into)


def _wishes(level: Level, end: End) -> list[float]:
    """Where what is wired to an end would have it."""
    courses = [arc.course for arc in level.at[end]]
    if end.entering:
        return [level.boxes[course.end].input_anchor(course.into)[0] for course in courses]
    return [level.boxes[course.start].output_anchor(course.out)[0] for course in courses]


def _is_near(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) <= SAME and abs(one[1] - other[1]) <= SAME


def _lane_order(
    ends: Mapping[Arc, tuple[Point, Point]],
) -> Callable[[Arc], tuple[float, int, int, float, int, int]]:
    """Short trunks first, so that long ones run outside of them; in each, its longest wire first."""
    spans = {arc: end[1] - start[1] for arc, (start, end) in ends.items()}
    reach: dict[Owner, float] = {}
    for arc, span in spans.items():
        reach[arc.owner] = max(reach.get(arc.owner, span), span)

    def key(arc: Arc) -> tuple[float, int, int, float, int, int]:
        end, into = arc.course.end, arc.course.into
        target = (end, into) if isinstance(end, int) else (end.node, end.port)
        return reach[arc.owner], *arc.owner, -spans[arc], *target

    return key
