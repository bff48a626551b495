"""The picture of one node or closed group: one light item that paints itself from its box and its look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.gui.canvas.boxes import Box
from sketch.gui.canvas.fitting import fit_texts
from sketch.gui.canvas.ink import PORT_ZOOM, TEXT_ZOOM, Ink
from sketch.gui.canvas.look import NodeLook

RADIUS = 7.0
STRIP = 5.0
PORT = 4.0
PADDING = 9.0
STACK = 5.0
REACH = 9.0


@dataclass(frozen=True, slots=True)
class PortHit:
    """A port under the pointer: its side (`in` or `out`) and index."""

    side: str
    index: int


class NodeItem(QGraphicsItem):
    """Paints a node. `look` is asked for at the first painting after a change, so that big drawings open fast."""

    def __init__(self, node_id: int, box: Box, look: Callable[[int], NodeLook], ink: Ink):
        super().__init__()
        self.node_id = node_id
        self.box = box
        self.wired_in: frozenset[int] = frozenset()
        self.wired_out: frozenset[int] = frozenset()
        self.targets: frozenset[PortHit] = frozenset()
        self.marked = False
        self._ask = look
        self._ink = ink
        self._look: NodeLook | None = None
        self._texts: tuple[str, str, str] | None = None
        self._rect = QRectF(-box.width / 2, -box.height / 2, box.width, box.height)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setPos(box.x, box.y)

    @property
    def look(self) -> NodeLook:
        """What the node says about itself."""
        if self._look is None:
            self._look = self._ask(self.node_id)
        return self._look

    def set_box(self, box: Box) -> None:
        """Take a new place, size or number of ports."""
        if (box.width, box.height) != (self.box.width, self.box.height):
            self.prepareGeometryChange()
            self._rect = QRectF(-box.width / 2, -box.height / 2, box.width, box.height)
        self.box = box
        self.setPos(box.x, box.y)
        self.forget()

    def forget(self) -> None:
        """Ask for the look again before the next painting."""
        self._look = None
        self._texts = None
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-8, -10, 10, 10)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self._rect.adjusted(-3, -5, 3, 5))
        return path

    def anchor(self, port: PortHit) -> QPointF:
        """Where a port is, in scene coordinates."""
        x, y = self._anchor(port.side, port.index)
        return QPointF(self.x() + x, self.y() + y)

    def port_at(self, where: QPointF) -> PortHit | None:
        """The port within reach of a point in scene coordinates."""
        reach = max(REACH, 7.0 / self._ink.zoom)
        best: tuple[float, PortHit] | None = None
        for side, count in (("in", self.box.inputs), ("out", self.box.outputs)):
            for index in range(count):
                x, y = self._anchor(side, index)
                distance = max(abs(where.x() - self.x() - x), abs(where.y() - self.y() - y))
                if distance <= reach and (best is None or distance < best[0]):
                    best = (distance, PortHit(side, index))
        return best[1] if best else None

    def is_border(self, where: QPointF) -> bool:
        """True within a few pixels of the border, where a link may start."""
        local = where - self.pos()
        inner = self._rect.adjusted(6, 6, -6, -6)
        return self._rect.adjusted(-4, -5, 4, 5).contains(local) and not inner.contains(local)

    def nearest_output(self, where: QPointF) -> int | None:
        """The output port whose place along the border is nearest; None for a node without outputs."""
        count = self.box.outputs
        return min(
            range(count), key=lambda i: abs(self._anchor("out", i)[0] + self.x() - where.x()), default=None
        )

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        ink = self._ink
        look = self.look
        if ink.zoom < TEXT_ZOOM:
            self._paint_far(painter, look)
            return
        self._paint_card(painter, look)
        self._paint_texts(painter, look)
        if ink.zoom >= PORT_ZOOM:
            self._paint_ports(painter)
        if look.severity is not None:
            self._paint_badge(painter, look.severity)

    # --- inside ------------------------------------------------------------------------------------

    def _anchor(self, side: str, index: int) -> tuple[float, float]:
        x, y = self.box.input_anchor(index) if side == "in" else self.box.output_anchor(index)
        return x - self.box.x, y - self.box.y

    def _paint_far(self, painter: QPainter, look: NodeLook) -> None:
        ink = self._ink
        painter.fillRect(self._rect, ink.group if look.is_group else ink.node)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(self._outline())
        pen.setWidthF((2.0 if self.isSelected() or self.marked else 1.0) / ink.zoom)
        painter.setPen(pen)
        painter.drawRect(self._rect)
        strip = QRectF(self._rect.left(), self._rect.top(), 14, self._rect.height())
        painter.fillRect(strip, ink.category(look.category))

    def _paint_card(self, painter: QPainter, look: NodeLook) -> None:
        ink, rect = self._ink, self._rect
        if self.isSelected():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(ink.halo)
            painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), RADIUS + 3, RADIUS + 3)
        if look.is_group:
            painter.setPen(ink.border)
            painter.setBrush(ink.group)
            painter.drawRoundedRect(rect.translated(STACK, STACK), RADIUS, RADIUS)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.shadow)
            painter.drawRoundedRect(rect.translated(0, 1.5), RADIUS, RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.category(look.category))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        painter.setBrush(ink.group if look.is_group else ink.node)
        painter.drawRoundedRect(rect.adjusted(STRIP, 0, 0, 0), RADIUS - 2, RADIUS - 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._outline())
        painter.drawRoundedRect(rect, RADIUS, RADIUS)

    def _paint_texts(self, painter: QPainter, look: NodeLook) -> None:
        ink, rect = self._ink, self._rect
        if self._texts is None:
            self._texts = fit_texts(ink, look, self.box.width - STRIP - 2 * PADDING)
        title, layer, subtitle = self._texts
        if not ink.options.parameters:
            subtitle = ""
        left = rect.left() + STRIP + PADDING
        first = rect.top() + 23.0 if subtitle else 4.5
        painter.setFont(ink.title_font)
        painter.setPen(ink.title)
        painter.drawText(QPointF(left, first), title)
        painter.setFont(ink.small_font)
        painter.setPen(ink.subtitle)
        width = ink.small_metrics.horizontalAdvance(layer)
        painter.drawText(QPointF(rect.right() - PADDING - width, first), layer)
        if subtitle:
            painter.drawText(QPointF(left, rect.top() + 42.0), subtitle)

    def _paint_ports(self, painter: QPainter) -> None:
        ink = self._ink
        near = self is ink.hovered
        painter.setPen(ink.port_pen)
        for index in range(self.box.inputs):
            self._dot(painter, PortHit("in", index), index in self.wired_in, near)
        for index in range(self.box.outputs):
            self._dot(painter, PortHit("out", index), index in self.wired_out, near)

    def _dot(self, painter: QPainter, port: PortHit, wired: bool, near: bool) -> None:
        ink, target = self._ink, port in self.targets
        painter.setBrush(ink.target if target else ink.port if wired else ink.port_free)
        radius = PORT + (1.5 if target or near else 0.0)
        painter.drawEllipse(QPointF(*self._anchor(port.side, port.index)), radius, radius)

    def _paint_badge(self, painter: QPainter, severity: str) -> None:
        ink = self._ink
        centre = QPointF(self._rect.right() - 2, self._rect.top() + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.severity[severity])
        painter.drawEllipse(centre, 8.0, 8.0)
        painter.setFont(ink.title_font)
        painter.setPen(ink.badge_text)
        mark = QRectF(centre.x() - 8, centre.y() - 8.5, 16, 16)
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, "i" if severity == "note" else "!")

    def _outline(self) -> QPen:
        ink = self._ink
        if self.marked:
            return ink.target_border
        if self.isSelected():
            return ink.selected_border
        return ink.hover_border if self is ink.hovered else ink.border
