"""Boxes by colour and wires in bundles, ready to be painted by the thousand; an edit makes few of them anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

from sketch.gui.canvas.extents import Extents, State
from sketch.gui.canvas.line_table import LineTable, points_of
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    import numpy as np

BUNDLE = 512
"""Wires of one path: an edit makes one such path anew, and bundles out of sight are left out."""
Blocks = list[tuple[QPen, QPainterPath]]


class Batches:
    """What the far view paints. `brush_of` is asked for once a node, until the node changes or `forget`.

    Boxes of one colour and height are one path: each is a line along its middle, as wide as the box is high.
    """

    def __init__(self, boxes: Extents[int], lines: LineTable, brush_of: Callable[[int], QBrush]):
        self._boxes, self._lines, self._brush_of = boxes, lines, brush_of
        self._codes: np.ndarray[Any, Any] | None = None
        self._colours: list[QColor] = []
        self._brushes: list[QBrush] = []
        self._numbers: dict[int, int] = {}
        """Brush (by its id: nodes of one colour share one, and `_brushes` keeps it) -> number of its colour."""
        self._all: Blocks | None = None
        self._bundles: dict[int, QPainterPath] = {}

    def forget(self) -> None:
        """Colours differ: ask for all of them again."""
        self._codes, self._all = None, None
        self._colours, self._brushes, self._numbers = [], [], {}

    def forget_nodes(self, node_ids: Collection[int]) -> None:
        """Ask for the colours of these again."""
        slots, renewed = self._boxes.slots, self._boxes.renewed
        if len(renewed) < len(slots):
            renewed.update(slots[node_id] for node_id in node_ids if node_id in slots)

    def blocks(self, areas: Sequence[QRectF] | None, state: State = State.SHOWN) -> Blocks:
        """Boxes as paths with their pens: what touches the areas, everything for None."""
        self._follow_boxes()
        if areas is not None or state is not State.SHOWN:
            everywhere = [self._boxes.bounds()]
            return self._grouped(self._boxes.touching(everywhere if areas is None else areas, state))
        if self._all is None:
            self._all = self._grouped(self._boxes.touching([self._boxes.bounds()]))
        return self._all

    def blocks_of(self, node_ids: Iterable[int]) -> Blocks:
        """The boxes of some nodes as paths with their pens."""
        self._follow_boxes()
        return self._grouped(self._boxes.slots_of(node_ids))

    def around(self, node_ids: Iterable[int], reach: float, colour: QColor) -> Blocks:
        """The boxes of some nodes in one colour, larger by `reach` to all sides."""
        import numpy as np

        slots = self._boxes.slots_of(node_ids)
        if not len(slots):
            return []
        grown = self._boxes.array()[slots] + np.array([-reach, -reach, reach, reach])
        return blocks_by(grown, np.zeros(len(slots), dtype=np.int32), [colour])

    def wires(self, areas: Sequence[QRectF] | None) -> list[QPainterPath]:
        """Wires as straight pieces, in bundles: those that touch the areas, everything for None."""
        extents = self._lines.extents
        for number in {slot // BUNDLE for slot in extents.stale}:
            self._bundles.pop(number, None)
        extents.stale.clear()
        if areas is None:
            return [self._bundle(number) for number in range(-(-extents.size // BUNDLE))]
        near = extents.touching(areas) // BUNDLE
        return [self._bundle(number) for number in dict.fromkeys(near.tolist())]

    def take_wires(self, bundles: dict[int, QPainterPath]) -> None:
        """Take the bundles that were made of all lines as they are now, when all of them are shown."""
        if bundles and self._lines.is_whole:
            self._bundles = bundles
            self._lines.extents.stale.clear()

    def exchange_wires(self, bundles: dict[int, QPainterPath]) -> None:
        """As `take_wires`; `bundles` is left with those that were painted before: freeing them takes a while."""
        painted = self._bundles
        self.take_wires(bundles.copy())
        if self._bundles is not painted:
            bundles.clear()
            bundles.update(painted)

    def shift(self, boxes: Collection[int], lines: Collection[int], dx: float, dy: float) -> None:
        """Boxes and wires, by their slots, moved alike."""
        import numpy as np

        self._boxes.stale.update(boxes)
        moved = np.bincount(np.fromiter(lines, np.intp, len(lines)) // BUNDLE)
        for number in [n for n in moved.nonzero()[0].tolist() if n in self._bundles]:
            first = number * BUNDLE
            if moved[number] == len(self._lines.in_slots(first, first + BUNDLE)):
                self._bundles[number].translate(dx, dy)
            else:
                del self._bundles[number]

    # --- inside ------------------------------------------------------------------------------------

    def _bundle(self, number: int) -> QPainterPath:
        path = self._bundles.get(number)
        if path is None:
            first = number * BUNDLE
            path = self._bundles[number] = straight_path(self._lines.shown_in(first, first + BUNDLE))
        return path

    def _follow_boxes(self) -> None:
        """Take in what changed since the last painting."""
        boxes = self._boxes
        renewed = list(boxes.slots.values()) if self._codes is None else list(boxes.renewed)
        if renewed or boxes.stale:
            self._all = None
        boxes.stale.clear()
        boxes.renewed.clear()
        if renewed:
            codes = self._room()
            codes[renewed] = self._codes_in(renewed)

    def _room(self) -> np.ndarray[Any, Any]:
        """The colours by slot, as many as there are slots."""
        import numpy as np

        size = self._boxes.size
        if self._codes is None:
            self._codes = np.zeros(size, dtype=np.int32)
        elif len(self._codes) < size:
            self._codes = np.concatenate([self._codes, np.zeros(size - len(self._codes), dtype=np.int32)])
        return self._codes

    def _codes_in(self, slots: Iterable[int]) -> list[int]:
        """The numbers of the colours of the nodes in some slots; 0 for a free one."""
        key_in, brush_of, numbers, found = self._boxes.key, self._brush_of, self._numbers, list[int]()
        for slot in slots:
            if (node_id := key_in(slot)) is None:
                found.append(0)
                continue
            brush = brush_of(node_id)
            number = numbers.get(id(brush))
            if number is None:
                number = numbers[id(brush)] = len(self._colours)
                self._colours.append(brush.color())
                self._brushes.append(brush)
            found.append(number)
        return found

    def _grouped(self, slots: np.ndarray[Any, Any]) -> Blocks:
        """The boxes in some slots, by colour and height."""
        if self._codes is None or not len(slots):
            return []
        return blocks_by(self._boxes.array()[slots], self._codes[slots], self._colours)


def bundles_of(lines: LineTable) -> dict[int, QPainterPath]:
    """All lines in bundles, by number; any thread may."""
    firsts = range(0, lines.extents.size, BUNDLE)
    return {first // BUNDLE: straight_path(lines.in_slots(first, first + BUNDLE)) for first in firsts}


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
    import numpy as np

    places, starts = points_of(lines)
    kinds = np.ones(len(places), dtype=np.int32)
    kinds[starts] = 0
    return _path(places, kinds)


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
