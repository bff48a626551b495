"""Boxes by colour and wires in bundles, ready to be painted by the thousand; an edit makes few of them anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

from sketch.graph.rows import Edge
from sketch.gui.canvas.extents import Extents, State
from sketch.gui.canvas.line_table import LineTable, points_of
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    import numpy as np

BUNDLE = 512
"""Wires of one path: an edit makes one such path anew, and bundles out of sight are left out."""
Blocks = list[tuple[QPen, QPainterPath]]
Areas = Sequence[QRectF]
Parts = tuple[list[QPainterPath], Blocks]
"""Wires and boxes."""


class Bundle:
    """Wires by slot as one path of straight pieces; what moves alike, or stays, is not looked at one by one."""

    def __init__(self, lines: Mapping[int, Line]):
        self._places, self._kinds, self._owners = _points_by_slot(lines)
        self._path: QPainterPath | None = None

    def path(self, shown: np.ndarray[Any, Any] | None) -> QPainterPath:
        """The path, made when it is first asked for after a change; `shown` is True in the slots to be seen."""
        if self._path is None:
            self._path = _path(self._places, self._kinds) if shown is None else self.part(shown)
        return self._path

    def part(self, wanted: np.ndarray[Any, Any]) -> QPainterPath:
        """The path of some wires; `wanted` is True in their slots, of which all are to be seen."""
        seen = wanted[self._owners]
        if self._path is not None and seen.all():
            return self._path
        return _path(self._places[seen], self._kinds[seen])

    def forget_path(self) -> None:
        """Others are to be seen."""
        self._path = None

    def shift(self, moved: np.ndarray[Any, Any], dx: float, dy: float) -> None:
        """Some wires moved: `moved` is True in their slots."""
        these = moved[self._owners]
        if these.any():
            self._places[these] += (dx, dy)
            self._path = None

    def renew(self, slots: Collection[int], lines: Mapping[int, Line]) -> None:
        """In some slots are these wires now, and no others."""
        import numpy as np

        first, last = min(slots), max(slots) + 1
        gone = np.zeros(last - first, dtype=bool)
        gone[np.fromiter(slots, np.intp, len(slots)) - first] = True
        inside = (self._owners >= first) & (self._owners < last)
        stay = ~inside
        stay[inside] = ~gone[self._owners[inside] - first]
        mine = self._places[stay], self._kinds[stay], self._owners[stay]
        parts = zip(mine, _points_by_slot(lines), strict=True)
        self._places, self._kinds, self._owners = (np.concatenate(part) for part in parts)
        self._path = None


class Batches:
    """What the far view paints.

    Boxes of one colour and height are one path: each is a line along its middle, as wide as the box is high.

    Args:
        kinds_of: what decides the colour of some nodes; asked once for each, until the node changes or `forget`.
        brush_of: the colour of a kind; kinds of one colour share one brush object.
    """

    def __init__(
        self,
        boxes: Extents[int],
        lines: LineTable,
        kinds_of: Callable[[Sequence[int]], Sequence[Hashable]],
        brush_of: Callable[[Any], QBrush],
    ):
        self._boxes, self._lines, self._kinds_of, self._brush_of = boxes, lines, kinds_of, brush_of
        self._ready: Sequence[Hashable] = ()
        """The kinds by slot that somebody else has looked up."""
        self._codes: np.ndarray[Any, Any] | None = None
        self._brushes: list[QBrush] = []
        self._numbers: dict[Hashable, int] = {}
        """Kind -> number of its brush."""
        self._all: Blocks | None = None
        self._out: tuple[frozenset[int], Container[Edge], Parts] | None = None
        """What stands out, and of which nodes and wires that is."""
        self._bundles: dict[int, Bundle] = {}

    def forget(self) -> None:
        """Colours differ: ask for all of them again."""
        self._codes, self._ready = None, ()
        self._differ()
        self._brushes, self._numbers = [], {}

    def retint(self) -> None:
        """Every kind has another colour; what had one colour with others still has."""
        self._differ()
        for kind, number in self._numbers.items():
            self._brushes[number] = self._brush_of(kind)

    def take_kinds(self, kinds: Sequence[Hashable]) -> None:
        """Take the kinds by slot, as `kinds_of` would say them now; of none, all are asked for."""
        self._codes, self._ready = None, kinds
        self._differ()
        if kinds:
            self._boxes.renewed.clear()

    def forget_nodes(self, node_ids: Collection[int]) -> None:
        """Ask for the colours of these again."""
        slots, renewed = self._boxes.slots, self._boxes.renewed
        if len(renewed) < len(slots):
            renewed.update(slots[node_id] for node_id in node_ids if node_id in slots)

    def blocks(self, areas: Areas | None, state: State = State.SHOWN) -> Blocks:
        """Boxes as paths with their pens: what touches the areas, everything for None."""
        self._follow_boxes()
        if areas is not None or state is not State.SHOWN:
            everywhere = [self._boxes.bounds()]
            return self._grouped(self._boxes.touching(everywhere if areas is None else areas, state))
        if self._all is None:
            self._all = self._grouped(self._boxes.touching([self._boxes.bounds()]))
        return self._all

    def wires(self, areas: Areas | None) -> list[QPainterPath]:
        """Wires as straight pieces, in bundles: those that touch the areas, everything for None."""
        extents = self._lines.extents
        if extents.stale or extents.restated:
            self._out = None
        stale: dict[int, list[int]] = {}
        for slot in extents.stale:
            stale.setdefault(slot // BUNDLE, []).append(slot)
        extents.stale.clear()
        for number, slots in stale.items():
            bundle = self._bundles.get(number)
            if bundle is not None:
                bundle.renew(slots, self._lines.by_slot(slots))
        for number in {slot for slots in extents.restated for slot in (slots // BUNDLE).tolist()}:
            if number in self._bundles:
                self._bundles[number].forget_path()
        extents.restated.clear()
        shown = extents.shown()
        if areas is None:
            return [self._bundle(number).path(shown) for number in range(-(-extents.size // BUNDLE))]
        near = extents.touching(areas) // BUNDLE
        return [self._bundle(number).path(shown) for number in dict.fromkeys(near.tolist())]

    def standing_out(self, node_ids: frozenset[int], edges: Container[Edge], areas: Areas | None) -> Parts:
        """Those of some wires and the boxes of some nodes that touch the areas; `wires` and `blocks` come before.

        All of them (None) are kept for the same objects, which may not change, until what is painted does.
        """
        if areas is not None:
            return self._among(node_ids, edges, areas)
        if self._out is None or self._out[0] is not node_ids or self._out[1] is not edges:
            self._out = node_ids, edges, self._among(node_ids, edges, None)
        return self._out[2]

    def wires_among(self, edges: Container[Edge], areas: Areas | None) -> list[QPainterPath]:
        """Those of some wires that touch the areas (None: all) in bundles; `wires` comes before."""
        import numpy as np

        slots = _slots_among(self._lines.extents, edges, [self._lines.bounds()] if areas is None else areas)
        wanted = np.zeros(self._lines.extents.size, dtype=bool)
        wanted[slots] = True
        return [self._bundle(number).part(wanted) for number in dict.fromkeys((slots // BUNDLE).tolist())]

    def take_wires(self, bundles: dict[int, Bundle]) -> None:
        """Take the bundles that were made of all lines as they are now."""
        if bundles:
            self._bundles = bundles
            self._lines.extents.stale.clear()

    def exchange_wires(self, bundles: dict[int, Bundle]) -> None:
        """As `take_wires`; `bundles` is left with those that were painted before: freeing them takes a while."""
        painted, self._bundles, self._out = self._bundles, {}, None
        self.take_wires(bundles.copy())
        bundles.clear()
        bundles.update(painted)

    def shift(self, lines: np.ndarray[Any, Any], dx: float, dy: float) -> None:
        """Boxes and wires moved, these alike: `lines` is True in their slots."""
        self._differ()
        for bundle in self._bundles.values():
            bundle.shift(lines, dx, dy)

    # --- inside ------------------------------------------------------------------------------------

    def _differ(self) -> None:
        """Boxes are not as they were painted."""
        self._all = self._out = None

    def _among(self, ids: frozenset[int], edges: Container[Edge], areas: Areas | None) -> Parts:
        near = [self._boxes.bounds()] if areas is None else areas
        return self.wires_among(edges, areas), self._grouped(_slots_among(self._boxes, ids, near))

    def _bundle(self, number: int) -> Bundle:
        bundle = self._bundles.get(number)
        if bundle is None:
            first = number * BUNDLE
            slots = range(first, min(first + BUNDLE, self._lines.extents.size))
            bundle = self._bundles[number] = Bundle(self._lines.by_slot(slots))
        return bundle

    def _follow_boxes(self) -> None:
        """Take in what changed since the last painting."""
        import numpy as np

        boxes = self._boxes
        if self._codes is None or boxes.renewed or boxes.stale or boxes.restated:
            self._differ()
        if self._codes is None:
            known = bool(self._ready)
            self._codes = self._codes_by(self._ready) if known else self._codes_in(range(boxes.size))
            self._ready = ()
            if not known:
                boxes.renewed.clear()
        if boxes.renewed:
            slots = np.fromiter(boxes.renewed, np.intp, len(boxes.renewed))
            self._codes = _padded(self._codes, boxes.size)
            self._codes[slots] = self._codes_in(boxes.renewed)
        boxes.restated.clear()
        boxes.stale.clear()
        boxes.renewed.clear()

    def _codes_in(self, slots: Iterable[int]) -> np.ndarray[Any, Any]:
        """The numbers of the colours of the nodes in some slots; 0 for a free one."""
        import numpy as np

        keys = self._boxes.keys_in(slots)
        there = [key for key in keys if key is not None]
        found = self._codes_by(self._kinds_of(there))
        if len(there) == len(keys):
            return found
        codes = np.zeros(len(keys), dtype=np.int32)
        codes[[place for place, key in enumerate(keys) if key is not None]] = found
        return codes

    def _codes_by(self, kinds: Sequence[Hashable]) -> np.ndarray[Any, Any]:
        """The numbers of the colours of some kinds."""
        import numpy as np

        numbers, known = self._numbers, {id(brush): number for number, brush in enumerate(self._brushes)}
        for kind in dict.fromkeys(kinds).keys() - numbers.keys():
            brush = self._brush_of(kind)
            numbers[kind] = known.setdefault(id(brush), len(self._brushes))
            if numbers[kind] == len(self._brushes):
                self._brushes.append(brush)
        return np.fromiter(map(numbers.__getitem__, kinds), np.int32, len(kinds))

    def _grouped(self, slots: np.ndarray[Any, Any]) -> Blocks:
        """The boxes in some slots, by colour and height."""
        if self._codes is None or not len(slots):
            return []
        colours = [brush.color() for brush in self._brushes]
        return blocks_by(self._boxes.array()[slots], self._codes[slots], colours)


def _padded(codes: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """The colours by slot, as many as there are slots."""
    import numpy as np

    missing = size - len(codes)
    return codes if missing <= 0 else np.concatenate([codes, np.zeros(missing, dtype=np.int32)])


def blocks_around(boxes: Extents[int], node_ids: Iterable[int], reach: float, colour: QColor) -> Blocks:
    """The boxes of some nodes in one colour, larger by `reach` to all sides."""
    import numpy as np

    slots = boxes.slots_of(node_ids)
    if not len(slots):
        return []
    grown = boxes.array()[slots] + np.array([-reach, -reach, reach, reach])
    return blocks_by(grown, np.zeros(len(slots), dtype=np.int32), [colour])


def _slots_among(extents: Extents[Any], keys: Container[Any], areas: Areas) -> np.ndarray[Any, Any]:
    """The slots of those of some things that touch the areas and are shown."""
    import numpy as np

    near = extents.touching(areas)
    found = np.fromiter((key in keys for key in extents.keys_in(near.tolist())), bool, len(near))
    return np.compress(found, near)


def bundles_of(lines: LineTable) -> dict[int, Bundle]:
    """All lines in bundles, by number; any thread may."""
    size = lines.extents.size
    firsts = range(0, size, BUNDLE)
    return {
        first // BUNDLE: Bundle(lines.by_slot(range(first, min(first + BUNDLE, size)))) for first in firsts
    }


def blocks_by(
    borders: np.ndarray[Any, Any], codes: np.ndarray[Any, Any], colours: Sequence[QColor]
) -> Blocks:
    """Boxes (left, top, right, bottom: a row each) whose colour is that at their code, by colour and height."""
    import numpy as np

    heights = np.round(borders[:, 3] - borders[:, 1], 1)
    blocks: Blocks = []
    for height in sorted(set(heights.tolist())):  # np.unique would load a module of 0.1 s
        for code in np.bincount(codes[heights == height]).nonzero()[0].tolist():
            pen = QPen(colours[code], height)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            blocks.append((pen, _bars(borders[(heights == height) & (codes == code)])))
    return blocks


def paint_blocks(painter: QPainter, blocks: Blocks) -> None:
    """Paint boxes that a Batches gave."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen, path in blocks:
        painter.setPen(pen)
        painter.drawPath(path)


def _bars(borders: np.ndarray[Any, Any]) -> QPainterPath:
    """A path with a line along the middle of each box."""
    import numpy as np

    middles = (borders[:, 1] + borders[:, 3]) / 2
    places = np.column_stack([borders[:, 0], middles, borders[:, 2], middles]).reshape(-1, 2)
    kinds = np.arange(len(places)) % 2
    return _path(places, kinds)


def straight_path(lines: Sequence[Line]) -> QPainterPath:
    """Lines as one path of straight pieces."""
    if not lines:
        return QPainterPath()
    places, starts = points_of(lines)
    return _path(places, _kinds(len(places), starts))


def _points_by_slot(
    lines: Mapping[int, Line],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(the points of wires by slot, how a path comes to each, the slot of the wire that it is of)."""
    import numpy as np

    if not lines:
        return np.empty((0, 2)), np.empty(0, np.int32), np.empty(0, np.int32)
    places, starts = points_of(list(lines.values()))
    counts = np.diff(starts, append=len(places))
    return (
        places,
        _kinds(len(places), starts),
        np.repeat(np.fromiter(lines, np.int32, len(lines)), counts),
    )


def _kinds(count: int, starts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What a path does to come to each of its points: move to those that lines begin at, draw to the others."""
    import numpy as np

    kinds = np.ones(count, dtype=np.int32)
    kinds[starts] = 0
    return kinds


def _path(places: np.ndarray[Any, Any], kinds: np.ndarray[Any, Any]) -> QPainterPath:
    """A path through places, moving (kind 0) or drawing (1) to each: Qt takes bytes ten times faster than calls."""
    import numpy as np

    parts = np.empty(len(places), dtype=[("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
    parts["kind"], parts["x"], parts["y"] = kinds, places[:, 0], places[:, 1]
    head, tail = np.array([len(places)], ">i4").tobytes(), np.zeros(2, ">i4").tobytes()
    data = QByteArray(
        head + parts.tobytes() + tail
    )  # kept in a name: the stream reads from it, it owns nothing
    stream, path = QDataStream(data, QIODevice.OpenModeFlag.ReadOnly), QPainterPath()
    stream >> path  # an operator of Qt that reads
    return path
