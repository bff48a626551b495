"""All wires of a canvas in one item: thousands of items would cost far more than thousands of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.graph.rows import Edge
from sketch.gui.canvas.ink import LABEL_ZOOM, TEXT_ZOOM, Ink
from sketch.gui.canvas.line_table import LineTable
from sketch.gui.canvas.wire_shape import ARROW
from sketch.gui.canvas.wires import Line

THIN_FROM = 250
WIDE, TALL = 170.0, 24.0
"""How far a label reaches from its wire at most, px; longer ones are cut short."""


class EdgeLayer(QGraphicsItem):
    """Paints the wires, their arrow heads, and the shape of what they carry; a painting touches what is exposed."""

    def __init__(self, ink: Ink, label: Callable[[Edge], str]):
        super().__init__()
        self.selected: frozenset[Edge] = frozenset()
        self.hovered: Edge | None = None
        self._ink = ink
        self._label = label
        self.lines = LineTable()
        self._bounds = QRectF()
        self.setZValue(-1)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_lines(self, lines: dict[Edge, Line], changed: Iterable[Edge]) -> None:
        """Bring the given wires up to date; those no longer in `lines` go."""
        for edge in changed:
            self.touch(edge)
            line = lines.get(edge)
            if line is None:
                self.lines.remove(edge)
            else:
                self.lines.put(line)
            self.touch(edge)
        self.selected = frozenset(edge for edge in self.selected if edge in lines)
        self.hovered = self.hovered if self.hovered in lines else None
        self._ink.thin_wires = len(self.lines) > THIN_FROM
        self._grow()

    def leave_out(self, edges: Iterable[Edge]) -> None:
        """Leave wires out while something else draws them."""
        gone = frozenset(edges)
        for edge in gone ^ self.lines.hidden:
            self.touch(edge)
        self.lines.hidden = gone

    def touch(self, edge: Edge) -> None:
        """Paint a wire again."""
        box = self.lines.box(edge)
        if box is not None:
            self.update(box.adjusted(-WIDE, -TALL, WIDE, TALL))

    def select(self, edges: Iterable[Edge]) -> None:
        """Show these wires as selected."""
        chosen = frozenset(edges)
        for edge in chosen ^ self.selected:
            self.touch(edge)
        self.selected = chosen

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

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink = self._ink
        near = self.lines.near(option.exposedRect.adjusted(-WIDE, -TALL, WIDE, TALL))
        strong = self.selected | ({self.hovered} if self.hovered else set())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, is_strong in ((ink.wire_pen(), False), (ink.wire_selected, True)):
            painter.setPen(pen)
            for line, path in near:
                if (line.edge in strong) == is_strong:
                    painter.drawPath(path)
        lines = [line for line, _ in near]
        if ink.zoom >= TEXT_ZOOM:
            self._paint_arrows(painter, lines, strong)
        if ink.zoom >= LABEL_ZOOM and ink.options.shapes:
            self._paint_labels(painter, lines)

    # --- inside ------------------------------------------------------------------------------------

    def _paint_arrows(
        self, painter: QPainter, lines: list[Line], strong: set[Edge] | frozenset[Edge]
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for line in lines:
            painter.setBrush(self._ink.wire_selected.color() if line.edge in strong else self._ink.wire)
            painter.drawConvexPolygon(ARROW.translated(*line.points[-1]))

    def _paint_labels(self, painter: QPainter, lines: list[Line]) -> None:
        ink = self._ink
        painter.setFont(ink.small_font)
        for line in lines:
            edge, to_left = self.lines.label_spot(line)
            if edge != line.edge or not (text := self._label(edge)):
                continue
            text = ink.small_metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, WIDE - 12)
            width = ink.small_metrics.horizontalAdvance(text) + 6
            x, y = line.points[0]
            pill = QRectF(x - width - 5 if to_left else x + 5, y + 6, width, 14)
            painter.fillRect(pill, ink.veil)
            painter.setPen(ink.wire_label)
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _grow(self) -> None:
        bounds = self.lines.bounds()
        if not bounds.isNull():
            bounds = bounds.adjusted(-WIDE, -TALL, WIDE, TALL)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
