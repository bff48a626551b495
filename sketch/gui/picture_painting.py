"""What a picture shows of a canvas, and its painting in small steps: a canvas of its own, whatever is on the screen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPicture
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from sketch.graph.lifting import descendants
from sketch.gui.canvas.carry_layer import inside
from sketch.gui.canvas.extents import State
from sketch.gui.canvas.group_frame import paint_frame, paint_name
from sketch.gui.canvas.ink import LABEL_ZOOM, TEXT_ZOOM
from sketch.gui.canvas.node_layer import placed_badges
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.paint_layer import EVERYWHERE
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.colour_picture import PictureLegend

if TYPE_CHECKING:
    from sketch.graph.colour_rules import Rule
    from sketch.graph.colouring import Colouring
    from sketch.gui.canvas.options import CanvasOptions
    from sketch.gui.canvas.value_badges import ShownValues
    from sketch.gui.canvas.wires import Line, Wiring
    from sketch.gui.theme import Theme
    from sketch.state.document import Document

MARGIN = 24.0
"""Empty space around everything that is painted, scene px."""
LEGEND_GAP = 24.0
MANY_LINES, MANY_NODES = 200, 30
"""So many wires or nodes are painted in one step: some milliseconds."""


@dataclass(frozen=True)
class PictureOptions:
    """How a picture looks. `scale` is pixels for a scene unit (of a PNG); `legend` asks for what colours mean.

    `values` are those of a run, as the canvas shows them.
    """

    theme: Theme
    transparent: bool = False
    shapes: bool = True
    parameters: bool = True
    legend: bool = False
    scale: float = 2.0
    values: ShownValues | None = None


@dataclass(frozen=True)
class Colours:
    """The rule that a picture is coloured by."""

    rule: Rule
    colouring: Colouring


class Painting:
    """A canvas that is painted once, as a whole or without what is not `only`. Nothing on the screen changes."""

    def __init__(
        self,
        document: Document,
        group: int | None,
        options: PictureOptions,
        *,
        look: CanvasOptions | None = None,
        wiring: Wiring | None = None,
        only: Collection[int] | None = None,
        hidden: Collection[int] = (),
        colours: Colours | None = None,
    ):
        self.options, self.document = options, document
        self.canvas = CanvasScene(document, options.theme, group, None, wiring)
        ink = self.canvas.ink
        ink.thin_wires = False  # a line of one device pixel is not to be seen on paper
        look = look or ink.options
        ink.options = look._replace(shapes=options.shapes, parameters=options.parameters)
        self.canvas.edges.restyle()
        self.canvas.badges.show_values(options.values)
        self._wished, self._only = only, None if only is None else set[int]()
        self._hidden, self._colours = hidden, colours
        self.ids: list[int] = []
        """The nodes that are painted; known once the area is."""
        self._legend: PictureLegend | None = None
        self._lines: list[tuple[Line, QPainterPath]] = []
        self._area: QRectF | None = None

    @property
    def area(self) -> QRectF:
        """What the picture covers, scene px: everything that is painted, and a margin."""
        if self._area is None:
            for _ in self.measure():
                pass
        return self._area or QRectF()

    def close(self) -> None:
        """Delete the canvas, on the window's thread; what was measured stays."""
        self.canvas.deleteLater()

    def let_go(self) -> None:
        """Free the ways of all wires: the last that is done with it, and any thread may."""
        self._lines = []

    def measure(self) -> Iterator[None]:
        """Find out what is painted, and the area, a little at a time; once."""
        if self._area is not None:
            return
        yield from self._choose()
        area, self._lines = QRectF(), []
        for number, part in enumerate(itertools.chain(self._of_the_rest(), self._of_wires())):
            area |= part
            if number % MANY_LINES == 0:
                yield
        area = area if not area.isNull() else QRectF(-92, -28, 184, 56)
        self._area = self._with_legend(area).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)

    def steps(self, painter: QPainter, zoom: float = 1.0) -> Iterator[float]:
        """Paint, the painter in scene coordinates; yields the share that is done after each step.

        `zoom` is how large the picture will be: far below 1 nodes are painted as on the screen at that zoom.
        """
        ink = self.canvas.ink
        ink.zoom = min(1.0, zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        if not self.options.transparent:
            painter.fillRect(self.area.adjusted(-1, -1, 1, 1), ink.canvas)
        total, done = max(1, 3 * len(self._lines) + len(self.ids) * 4), 0
        for _ in self._paint_below(painter):
            yield 0.0
        for work, weight in self._paint_wires(painter):
            work()
            done += weight
            yield done / total
        for frame in self.canvas.frame_layer.near(None):
            paint_name(painter, ink, frame)
        for item in self.canvas.stubs.values() if self._only is None else ():
            _paint_item(painter, item)
        for start in range(0, len(self.ids), MANY_NODES):
            some = self.ids[start : start + MANY_NODES]
            self.canvas.node_layer.paint_nodes(painter, [self.canvas.nodes[node_id] for node_id in some])
            done += 4 * len(some)
            yield done / total
        self._paint_values(painter)
        if self._legend is not None:
            self._legend.paint(painter, self._legend_place)
        yield 1.0

    # --- inside ------------------------------------------------------------------------------------

    def _choose(self) -> Iterator[None]:
        """Find out what is painted, and in which colours."""
        self._only = _with_inside(self.canvas, self._wished)
        yield
        self._leave_out(self._hidden)
        yield
        self.ids = self.canvas.node_layer.ids_near([EVERYWHERE])
        if self._colours is not None:
            self._legend = yield from _coloured(self, self._colours)

    def _leave_out(self, hidden: Collection[int]) -> None:
        canvas = self.canvas
        gone = set(hidden)
        if self._only is not None:
            gone |= canvas.wiring.boxes.keys() - self._only
            canvas.frame_layer.away = frozenset(canvas.frames.keys() - self._only)
        canvas.hide(gone & canvas.wiring.boxes.keys())

    def _notes(self) -> list[NoteItem]:
        notes = [note for key, note in self.canvas.notes.items() if self._only is None or key in self._only]
        return sorted(notes, key=lambda note: note.zValue())

    def _paint_below(self, painter: QPainter) -> Iterator[None]:
        for number, frame in enumerate(self.canvas.frame_layer.near(None)):
            paint_frame(painter, self.canvas.ink, frame)
            if number % MANY_NODES == 0:
                yield
        for note in self._notes():
            _paint_item(painter, note)

    def _paint_values(self, painter: QPainter) -> None:
        """What the last run gave, if it is shown on the canvas."""
        self.canvas.badges.paint_areas(painter, (EVERYWHERE,))

    def _paint_wires(self, painter: QPainter) -> Iterator[tuple[Callable[[], None], int]]:
        """(what to call, how many wires it paints): all ways, then all heads, then all labels."""
        edges = self.canvas.edges
        pieces = [self._lines[start : start + MANY_LINES] for start in range(0, len(self._lines), MANY_LINES)]
        for piece in pieces:
            yield partial(self._paint_ways, painter, piece), len(piece)
        zoom = self.canvas.ink.zoom
        for piece in pieces if zoom >= TEXT_ZOOM else ():
            yield partial(edges.paint_heads, painter, [line for line, _ in piece], {}), len(piece)
        for piece in pieces if self.options.shapes and zoom >= LABEL_ZOOM else ():
            yield partial(edges.paint_labels, painter, [line for line, _ in piece]), len(piece)

    def _paint_ways(self, painter: QPainter, piece: Sequence[tuple[Line, QPainterPath]]) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.canvas.ink.wire_pen())
        for _, path in piece:
            painter.drawPath(path)

    def _of_wires(self) -> Iterator[QRectF]:
        """The areas of wires and of their labels; the wires are kept for the painting."""
        edges = self.canvas.edges
        for slot in range(0, edges.lines.extents.size, MANY_LINES):
            for line in edges.lines.in_slots(slot, slot + MANY_LINES):
                if edges.lines.extents.is_in(edges.lines.extents.slots[line.edge], State.SHOWN):
                    path = edges.lines.path_of(line)
                    self._lines.append((line, path))
                    yield path.controlPointRect().adjusted(-3, -3, 3, 3)
                    if self.options.shapes and (found := edges.label_of(line)) is not None:
                        yield found[0]

    def _of_the_rest(self) -> Iterator[QRectF]:
        """The areas of nodes, badges, frames, notes and stubs."""
        canvas = self.canvas
        for item in map(self.canvas.nodes.__getitem__, self.ids):
            yield item.area()
            for _, place in placed_badges(canvas.ink, item.box, canvas.wiring.badges.get(item.node_id, ())):
                yield place
            for text in canvas.node_layer.port_texts(item) if item.box.ports is not None else ():
                yield text.place
        for frame in canvas.frame_layer.near(None):
            yield frame.area()
        for card in [*self._notes(), *(canvas.stubs.values() if self._only is None else ())]:
            yield card.sceneBoundingRect()
        if canvas.badges.shown is not None:
            yield self._of_values()

    def _of_values(self) -> QRectF:
        """The area of the values of a run: what painting them leaves on a sheet without borders."""
        sheet = QPicture()
        painter = QPainter(sheet)
        self._paint_values(painter)
        painter.end()
        return QRectF(sheet.boundingRect()).adjusted(-2, -2, 2, 2)

    def _with_legend(self, area: QRectF) -> QRectF:
        """The area with room for the legend: to the right of a tall drawing, below a wide one."""
        if self._legend is None:
            return area
        size = self._legend.size
        if area.height() >= area.width():
            place = QRectF(QPointF(area.right() + LEGEND_GAP, area.top()), size)
        else:
            place = QRectF(QPointF(area.left(), area.bottom() + LEGEND_GAP), size)
        self._legend_place = place.topLeft()
        return area | place


def _coloured(painting: Painting, colours: Colours) -> Generator[None, None, PictureLegend | None]:
    """Colour the canvas; the legend if it is asked for, of what is painted."""
    from sketch.gui.colour_palette import palette_of

    rule, colouring, ink = colours.rule, colours.colouring, painting.canvas.ink
    if rule.tints:
        ink.colour_by(colouring.shades, palette_of(rule, colouring.names))
    if not painting.options.legend:
        return None
    tables, deep = painting.document.tables, dict[int, None]()
    for number, node_id in enumerate(painting.ids):
        deep.update(dict.fromkeys((node_id, *descendants(tables, node_id))))
        if number % MANY_LINES == 0:
            yield
    return PictureLegend(ink, rule, colouring, deep)


def _with_inside(canvas: CanvasScene, only: Collection[int] | None) -> set[int] | None:
    """These boxes, frames and notes; of a node inside a closed group, that group; of a frame, what it holds."""
    if only is None:
        return None
    found = set(only) & canvas.wiring.boxes.keys()
    for node_id in only if len(found) < len(only) else ():
        if node_id in canvas.notes:
            found.add(node_id)
        elif node_id in canvas.document.tables.nodes:
            shown = canvas.wiring.shown(node_id)
            found.update(() if shown is None else (shown,))
    for frame in [canvas.frames[key] for key in found if key in canvas.frames]:
        found.update(inside(canvas, frame))
    return found


def _paint_item(painter: QPainter, item: QGraphicsItem) -> None:
    """Paint one of the few items of a scene that are no part of a layer."""
    painter.save()
    painter.translate(item.pos())
    item.paint(painter, QStyleOptionGraphicsItem())
    painter.restore()
