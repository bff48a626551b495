"""Cards of nodes as pictures: most nodes of a drawing share a few, and a picture is painted ten times faster."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform

from sketch.gui.canvas.ink import PORT_ZOOM, Ink
from sketch.gui.canvas.node_item import NodeItem, PortHit
from sketch.gui.colour_swatch import Swatch

RADIUS = 7.0
STACK = 5.0
MARGIN = 8.0
LARGEST = 1.6
"""Up to this scale (device px for one unit) cards are kept as pictures; beyond it only few are in view."""
MOST_KEPT = 256
PORT = 4.0


class Cards:
    """Paints cards; keeps the pictures of one scale."""

    def __init__(self, ink: Ink):
        self._ink = ink
        self._scale, self._ratio = 0.0, 1.0
        self._look = (0.0, "")
        self._kinds: dict[tuple[object, ...], int] = {}
        """Cards by what they look like but for colour and selection; a node knows its number."""
        self._pictures: dict[tuple[int, int, bool, float], tuple[Swatch, QPixmap]] = {}
        self._transform = QTransform()

    def begin(self, painter: QPainter) -> bool:
        """Get ready to paint on what a painter paints on; False where cards are to be drawn as vectors."""
        self._transform = painter.worldTransform()
        ratio = painter.device().devicePixelRatioF()
        scale, self._ratio = self._transform.m11() * ratio, ratio
        look = (scale, self._ink.theme.name)
        if look != self._look or len(self._pictures) > MOST_KEPT:
            self._look, self._scale, self._pictures = look, scale, {}
        return bool(self._ink.exposed) and scale <= LARGEST

    def paint(self, painter: QPainter, item: NodeItem, swatch: Swatch, strip: float) -> None:
        """Paint card and ports of a node from their picture."""
        box = item.box
        kind = item.card_kind if item.card_kind is not None else self._kind(item)
        key = (kind, id(swatch), item.selected, strip)
        kept, picture = self._pictures.get(key, (None, None))
        if picture is None or kept is not swatch:  # an id may have been given away again
            picture = self._picture(item, swatch, strip)
            self._pictures[key] = (swatch, picture)
        corner = self._transform.map(QPointF(box.left - MARGIN, box.top - MARGIN))
        painter.setWorldMatrixEnabled(False)
        ratio = self._ratio  # whole pixels of the screen, or the picture would be blurred
        painter.drawPixmap(
            QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio), picture
        )
        painter.setWorldMatrixEnabled(True)

    def _kind(self, item: NodeItem) -> int:
        box = item.box
        look = (
            box.width, box.height, item.look.is_group, box.inputs, box.outputs, item.wired_in, item.wired_out,
            box.sideways,
        )  # fmt: skip
        item.card_kind = self._kinds.setdefault(look, len(self._kinds))
        return item.card_kind

    def _picture(self, item: NodeItem, swatch: Swatch, strip: float) -> QPixmap:
        whole = item.rect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        size = (whole.size() * self._scale).toSize()
        picture = QPixmap(size.width() + 1, size.height() + 1)
        picture.setDevicePixelRatio(self._ratio)
        picture.fill(Qt.GlobalColor.transparent)
        inner = QPainter(picture)
        inner.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner.scale(self._transform.m11(), self._transform.m11())
        inner.translate(-whole.topLeft())
        draw_card(inner, self._ink, item, swatch, strip)
        if item.selected:
            inner.setPen(self._ink.selected_border)
            inner.drawRoundedRect(item.rect(), RADIUS, RADIUS)
        draw_ports(inner, self._ink, item)
        inner.end()
        return picture


def draw_card(painter: QPainter, ink: Ink, item: NodeItem, swatch: Swatch, strip: float) -> None:
    """Draw a card: its halo if selected, its shadow (of a group: a second card below it), strip, ground and border."""
    rect, group = item.rect(), item.look.is_group
    ground = swatch.group if group else swatch.ground
    if item.selected:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ink.halo)
        painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), RADIUS + 3, RADIUS + 3)
    if group:
        painter.setPen(ink.border)
        painter.setBrush(ground)
        painter.drawRoundedRect(rect.translated(STACK, STACK), RADIUS, RADIUS)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.shadow)
        painter.drawRoundedRect(rect.translated(0, 1.5), RADIUS, RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(swatch.fill)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect.adjusted(strip, 0, 0, 0), RADIUS - 2, RADIUS - 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(ink.border)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)


def draw_ports(painter: QPainter, ink: Ink, item: NodeItem) -> None:
    """Draw the ports: filled where there is a wire, larger under the pointer, green where a wire may end."""
    if ink.zoom < PORT_ZOOM:
        return
    near, box, targets = item == ink.hovered, item.box, item.targets
    painter.setPen(ink.port_pen)
    for side, count, wired in (("in", box.inputs, item.wired_in), ("out", box.outputs, item.wired_out)):
        for index in range(count):
            port = PortHit(side, index)
            target = bool(targets) and port in targets
            painter.setBrush(ink.target if target else ink.port if index in wired else ink.port_free)
            radius = PORT + (1.5 if target or near else 0.0)
            anchor = box.input_anchor(index) if side == "in" else box.output_anchor(index)
            painter.drawEllipse(QPointF(*anchor), radius, radius)
