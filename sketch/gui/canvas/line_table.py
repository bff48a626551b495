"""The lines of a canvas with their bounding boxes in one array, so that a look-up touches only what is near."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

from sketch.graph.rows import Edge
from sketch.gui.canvas import extents
from sketch.gui.canvas.boxes import fanned
from sketch.gui.canvas.extents import Borders, Extents, State, shift, shift_beyond
from sketch.gui.canvas.wire_shape import crosses, distance, wire_path
from sketch.gui.canvas.wires import ItemKey, Line

if TYPE_CHECKING:
    import numpy as np

MANY = 64
_WAY = attrgetter("points")


class LabelSpot(NamedTuple):
    """The wire of an output that carries the label; whether the label is to its left, and in which row."""

    edge: Edge
    to_left: bool
    row: int


class LineTable:
    """Lines by wire and by place; paths are made when they are first needed.

    `siblings` gives all lines that touch a box: which of them bears the label of an output is decided among them.
    """

    def __init__(self) -> None:
        self.siblings: Callable[[ItemKey], Iterable[Line]] = lambda key: ()
        self.extents: Extents[Edge] = Extents()
        self.right = False
        """True when wires leave and arrive sideways."""
        self._style = "curved"
        self._lines: list[Line | None] = []
        self._paths: list[QPainterPath | None] = []
        self._late = bytearray()
        """1 in the slots of lines that moved and were not looked at since then."""
        self._moved: Mapping[Edge, Line] = {}
        """Where these are."""
        self._spots: dict[tuple[object, int], LabelSpot] = {}

    def __len__(self) -> int:
        return len(self.extents)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self.extents)

    @property
    def hidden(self) -> frozenset[Edge]:
        """The wires that a gesture paints itself."""
        return self.extents.marked(State.CARRIED)

    def line(self, edge: Edge) -> Line | None:
        """The line of a wire, None when it is not here."""
        slot = self.extents.slots.get(edge)
        return None if slot is None else self._line(slot)

    def ends(self, edge: Edge) -> tuple[ItemKey, ...]:
        """What a wire joined when it was last taken in; nothing when it is not here."""
        slot = self.extents.slots.get(edge)
        line = None if slot is None else self._lines[slot]
        return () if line is None else (line.start, line.end)

    def box(self, edge: Edge) -> QRectF | None:
        """The bounding box of a wire, None when it is not here."""
        return self.extents.borders(edge)

    def use_style(self, style: str) -> None:
        """Make every path anew: curved, straight or square."""
        self._style = style
        self._paths = [None] * len(self._paths)

    def near(
        self, areas: QRectF | Sequence[QRectF], state: State = State.SHOWN
    ) -> list[tuple[Line, QPainterPath]]:
        """The lines whose box touches an area, with their paths."""
        wanted = [areas] if isinstance(areas, QRectF) else areas
        return self._those(self.extents.slots_near(wanted, state))

    def those(self, edges: Iterable[Edge]) -> list[tuple[Line, QPainterPath]]:
        """The lines of these wires that are here, with their paths."""
        return self._those([slot for edge in edges if (slot := self.extents.slots.get(edge)) is not None])

    def at(self, where: QPointF, reach: float) -> Line | None:
        """The wire nearest to a point within reach (scene px), None when there is none."""
        around = QRectF(where.x() - reach, where.y() - reach, 2 * reach, 2 * reach)
        found = [(distance(path, where), line) for line, path in self.near(around)]
        best = min(found, key=lambda item: item[0], default=None)
        return best[1] if best is not None and best[0] <= reach else None

    def crossing(self, stroke: QLineF) -> list[Edge]:
        """The wires that a straight stroke crosses."""
        around = QRectF(stroke.p1(), stroke.p2()).normalized().adjusted(-1, -1, 1, 1)
        return [line.edge for line, path in self.near(around) if crosses(path, stroke)]

    def take(self, lines: Mapping[Edge, Line], changed: Collection[Edge]) -> None:
        """Bring the given wires up to date; those no longer in `lines` go."""
        for edge in changed if self._lines else ():
            if edge not in lines:
                self._remove(edge)
        new = [line for edge in changed if (line := lines.get(edge)) is not None]
        slots = self.extents.put_all([line.edge for line in new], borders_of(new))
        more = self.extents.size - len(self._lines)
        self._lines.extend([None] * more)
        self._paths.extend([None] * more)
        self._late.extend(bytes(more))
        for slot, line in zip(slots, new, strict=True):
            self._lines[slot], self._paths[slot], self._late[slot] = line, None, 0
        self.forget_labels()

    def shift(
        self, lines: Mapping[Edge, Line], edges: Collection[Edge], dx: float, dy: float
    ) -> np.ndarray[Any, Any]:
        """Take in wires that only moved, all alike; True in their slots."""
        import numpy as np

        moved = np.zeros(self.extents.size, dtype=bool)
        moved[shift(self.extents, edges, dx, dy)] = True
        self._be_late(lines, moved)
        return moved

    def shift_beyond(
        self, lines: Mapping[Edge, Line], start: float, dx: float, dy: float, but: Collection[Edge]
    ) -> np.ndarray[Any, Any]:
        """As `shift`, of all but some wires that begin at a height, in a drawing to the right at an x, or after it."""
        moved = shift_beyond(self.extents, start, dx, dy, but, right=self.right)
        self._be_late(lines, moved)
        return moved

    def become(self, other: LineTable) -> None:
        """Take over the lines of another, which is left with those that were here: freeing them takes a while."""
        self.extents.become(other.extents)
        self._lines, other._lines = other._lines, self._lines
        self._paths, other._paths = other._paths, self._paths
        self._late, other._late = other._late, self._late
        self._moved, other._moved = other._moved, self._moved
        self.forget_labels()

    def in_slots(self, first: int, last: int) -> list[Line]:
        """The lines in slots from `first` up to before `last`."""
        slots = range(first, min(last, len(self._lines)))
        return [line for slot in slots if (line := self._line(slot)) is not None]

    def by_slot(self, slots: Iterable[int]) -> dict[int, Line]:
        """The lines in some slots."""
        return {slot: line for slot in slots if (line := self._line(slot)) is not None}

    def joining(self, keys: Collection[ItemKey]) -> list[int]:
        """The slots of the wires that end at any of some things."""
        lines = enumerate(self._lines)
        return [slot for slot, line in lines if line and (line.start in keys or line.end in keys)]

    def label_spot(self, line: Line) -> LabelSpot:
        """Where the label of the output of a line stands."""
        key = (line.start, line.out)
        if key not in self._spots:
            slots, hidden = self.extents.slots, State.HIDDEN
            leaving = [
                wire
                for wire in self.siblings(line.start)
                if wire.start == line.start
                and (slot := slots.get(wire.edge)) is not None
                and not self.extents.is_in(slot, hidden)
            ]
            lines = [wire for wire in leaving if wire.out == line.out] or [line]
            bends = {_bend(wire, self.right) for wire in lines}
            to_left, row = 1 in bends and -1 not in bends, 0
            outs = sorted({line.out, *(wire.out for wire in leaving)})
            if len(outs) > 1 and not self.right:
                to_left, row = fanned(outs.index(line.out), len(outs))
            self._spots[key] = LabelSpot(min(lines, key=_plainness).edge, to_left, row)
        return self._spots[key]

    def forget_labels(self) -> None:
        """Decide again which wires bear labels: other ones are hidden."""
        self._spots.clear()

    def bounds(self) -> QRectF:
        """The area that all wires cover; null when there are none."""
        return self.extents.bounds()

    # --- inside ------------------------------------------------------------------------------------

    def _remove(self, edge: Edge) -> None:
        slot = self.extents.remove(edge)
        if slot is not None:
            self._lines[slot] = self._paths[slot] = None

    def _be_late(self, lines: Mapping[Edge, Line], moved: np.ndarray[Any, Any]) -> None:
        import numpy as np

        self._moved = lines
        np.frombuffer(self._late, dtype=bool)[:] |= moved

    def _line(self, slot: int) -> Line | None:
        if self._late[slot]:
            self._late[slot] = 0
            before = self._lines[slot]
            if before is not None:
                self._lines[slot], self._paths[slot] = self._moved.get(before.edge, before), None
        return self._lines[slot]

    def _those(self, slots: Sequence[int]) -> list[tuple[Line, QPainterPath]]:
        """The lines in some slots with their paths."""
        return [(line, self._path(slot)) for slot in slots if (line := self._line(slot)) is not None]

    def _path(self, slot: int) -> QPainterPath:
        path = self._paths[slot]
        if path is None:
            line = self._line(slot)
            path = QPainterPath() if line is None else self.path_of(line)
            self._paths[slot] = path
        return path

    def path_of(self, line: Line) -> QPainterPath:
        """The path of a line in the style that is in use."""
        return wire_path(line.points, self._style, right=self.right)


def copied(table: LineTable) -> LineTable:
    """The same lines in the same slots, all shown, their paths not made yet."""
    made = LineTable()
    made.siblings, made.extents, made.right = table.siblings, extents.copied(table.extents), table.right
    made._style, made._lines, made._paths = table._style, table._lines.copy(), [None] * len(table._paths)
    made._late, made._moved = table._late.copy(), table._moved
    return made


def borders_of(lines: Sequence[Line]) -> Sequence[Borders]:
    """Left, top, right and bottom of each line: a row each."""
    if len(lines) < MANY:
        return [_borders(line) for line in lines]
    import numpy as np

    points, starts = points_of(lines)
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    return cast("Sequence[Borders]", np.hstack([low, high]))


def points_of(lines: Sequence[Line]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(the points of all lines, one after the other: a row each; the row that each line begins at)."""
    import numpy as np

    ways = list(map(_WAY, lines))
    points = np.fromiter(chain.from_iterable(chain.from_iterable(ways)), float).reshape(-1, 2)
    counts = np.fromiter(map(len, ways), np.intp, len(ways))
    return points, np.cumsum(counts) - counts


def _borders(line: Line) -> Borders:
    xs, ys = zip(*line.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _plainness(line: Line) -> tuple[int, float, int]:
    (left, top), (right, bottom) = line.points[0], line.points[-1]
    return len(line.points), abs(bottom - top) + abs(right - left), line.edge.target


def _bend(line: Line, right: bool) -> int:
    """-1, 0 or 1: whether a wire first turns left (up), runs straight on, or turns right (down)."""
    side = 1 if right else 0
    across = line.points[1][side] - line.points[0][side]
    return 0 if abs(across) < 1 else 1 if across > 0 else -1
