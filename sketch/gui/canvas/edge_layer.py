"""All wires of a canvas in one item: thousands of items would cost far more than thousands of lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from sketch.graph.rows import Edge
from sketch.gui.canvas.extents import State
from sketch.gui.canvas.ink import LABEL_ZOOM, TEXT_ZOOM, Ink
from sketch.gui.canvas.line_table import LabelSpot, LineTable
from sketch.gui.canvas.paint_layer import PaintLayer
from sketch.gui.canvas.wire_shape import arrow
from sketch.gui.canvas.wires import ItemKey, Line

THIN_FROM = 250
WIDE, TALL = 170.0, 36.0
"""How far a label reaches from its wire at most, px; longer ones are cut short."""
BESIDE, LEAST_LABEL = 16.0, 24.0
"""In a drawing that runs to the right a label has the length of its wire without this, and is left out below that."""
HIGH, ROWS = 14.0, 2
"""Height of a label; those of outputs beside each other stand in so many rows: more would reach the next layer."""
MOST_TOUCHED = 200
"""More wires than this that change at once paint everything again instead of each its own area."""
Drawn = Sequence[tuple[Line, QPainterPath]]


class EdgeLayer(PaintLayer):
    """Paints the wires, their arrow heads, and the shape of what they carry; a painting touches what is exposed."""

    def __init__(
        self,
        ink: Ink,
        lines: LineTable,
        label: Callable[[Line], str] = lambda line: "",
        veil: Callable[[ItemKey], QColor] | None = None,
    ):
        """`label` is what stands at the start of a wire, `veil` what lies below it at a box."""
        super().__init__(ink, -1)
        self.selected: frozenset[Edge] = frozenset()
        self.hovered: Edge | None = None
        self.traced: Mapping[Edge, bool] = {}
        """The wires of the selected nodes: True for those that feed them."""
        self.lines = lines
        self._label = label
        self._veil = veil or (lambda key: ink.veil)

    def set_lines(self, lines: Mapping[Edge, Line], changed: Collection[Edge]) -> None:
        """Bring the given wires up to date; those no longer in `lines` go."""
        self._touch_all(changed)
        self.lines.take(lines, changed)
        self._touch_all(changed)
        if self.selected:
            self.selected = frozenset(edge for edge in self.selected if edge in lines)
        self.hovered = self.hovered if self.hovered in lines else None
        self._ink.thin_wires = len(self.lines) > THIN_FROM

    def leave_out(self, edges: Iterable[Edge]) -> None:
        """Leave wires out while something else draws them."""
        gone, before = frozenset(edges), self.lines.hidden
        self._touch_all(gone ^ before)
        self.lines.extents.mark(gone, State.CARRIED)

    def touch(self, edge: Edge) -> None:
        """Paint a wire again."""
        box = self.lines.box(edge)
        if box is not None:
            self.update(box.adjusted(-WIDE, -TALL, WIDE, TALL))

    def select(self, edges: Iterable[Edge]) -> None:
        """Show these wires as selected."""
        chosen = frozenset(edges)
        self._touch_all(chosen ^ self.selected)
        self.selected = chosen

    def trace(self, edges: Mapping[Edge, bool]) -> None:
        """Show these wires as those of the selection; True for those that feed it."""
        if edges != self.traced:
            self._touch_all(edges.keys() | self.traced.keys())
            self.traced = edges

    def hover(self, edge: Edge | None) -> None:
        """Show one wire as being under the pointer."""
        if edge == self.hovered:
            return
        before, self.hovered = self.hovered, edge
        for changed in (before, edge):
            if changed is not None:
                self.touch(changed)

    def restyle(self) -> None:
        """Draw every wire anew, in the style that the options now ask for."""
        self.lines.use_style(self._ink.options.wires)
        self.update()

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint the wires that touch some areas."""
        grown = [area.adjusted(-WIDE, -TALL, WIDE, TALL) for area in areas]
        self.paint_lines(painter, self.lines.near(grown), grown)

    def paint_lines(self, painter: QPainter, near: Drawn, areas: Sequence[QRectF] = ()) -> None:
        """Paint some of the wires with their heads and labels, these only where they are in the areas if any."""
        ink, pens = self._ink, self.special()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ink.wire_pen())
        strong = [(line, path) for line, path in near if line.edge in pens] if pens else []
        for line, path in near:
            if not pens or line.edge not in pens:
                painter.drawPath(path)
        for line, path in strong:
            painter.setPen(pens[line.edge])
            painter.drawPath(path)
        if ink.zoom >= TEXT_ZOOM:
            self.paint_heads(painter, _with_end_in(near, areas, -1), pens)
        if ink.zoom >= LABEL_ZOOM and ink.options.shapes:
            self.paint_labels(painter, _with_end_in(near, areas, 0))

    def special(self) -> dict[Edge, QPen]:
        """The pens of the wires that are not plain: of the selection, selected, under the pointer."""
        ink = self._ink
        pens = {edge: ink.wire_in if feeds else ink.wire_out for edge, feeds in self.traced.items()}
        pens.update(dict.fromkeys(self.selected, ink.wire_selected))
        if self.hovered is not None:
            pens[self.hovered] = ink.wire_selected
        return pens

    def paint_heads(self, painter: QPainter, lines: list[Line], pens: Mapping[Edge, QPen]) -> None:
        """Paint where wires end."""
        painter.setPen(Qt.PenStyle.NoPen)
        plain, right = self._ink.wire, self.lines.right
        for line in lines:
            pen = pens.get(line.edge) if pens else None
            painter.setBrush(plain if pen is None else pen.color())
            painter.drawConvexPolygon(arrow(line.points, right=right))

    def paint_labels(self, painter: QPainter, lines: list[Line]) -> None:
        """Paint the shapes beside wires."""
        ink = self._ink
        painter.setFont(ink.small_font)
        for line in lines:
            if (found := self.label_of(line)) is None:
                continue
            pill, text = found
            painter.fillRect(pill, self._veil(line.start))
            painter.setPen(ink.wire_label)
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def label_of(self, line: Line) -> tuple[QRectF, str] | None:
        """Where the label of a wire stands, and its text; None when another wire of the same output carries it."""
        if not (text := self._label(line)):
            return None
        spot = self.lines.label_spot(line)
        if spot.edge != line.edge or spot.row >= ROWS:
            return None
        metrics = self._ink.small_metrics
        room = (
            min(WIDE - 12, line.points[-1][0] - line.points[0][0] - BESIDE) if self.lines.right else WIDE - 12
        )
        if room < LEAST_LABEL:
            return None
        text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        return self._label_area(line, metrics.horizontalAdvance(text) + 6, spot), text

    # --- inside ------------------------------------------------------------------------------------

    def _touch_all(self, edges: Collection[Edge]) -> None:
        if len(edges) > MOST_TOUCHED:
            self.update()
            return
        for edge in edges:
            self.touch(edge)

    def _label_area(self, line: Line, width: float, spot: LabelSpot) -> QRectF:
        """Beside the start of a wire that runs down; above (below) the start of one that runs to the right."""
        x, y = line.points[0]
        if self.lines.right:
            return QRectF(x + 7, y - 5 - HIGH if spot.to_left else y + 5, width, HIGH)
        return QRectF(x - width - 5 if spot.to_left else x + 5, y + 5 + HIGH * spot.row, width, HIGH)


def _with_end_in(near: Drawn, areas: Sequence[QRectF], end: int) -> list[Line]:
    """The lines whose first (0) or last (-1) point is in any of the areas; all of them where there are none."""
    if not areas:
        return [line for line, _ in near]
    found: dict[int, Line] = {}
    for area in areas:
        left, top, right, bottom = area.left(), area.top(), area.right(), area.bottom()
        for line, _ in near:
            x, y = line.points[end]
            if left <= x <= right and top <= y <= bottom:
                found[id(line)] = line
    return list(found.values())
