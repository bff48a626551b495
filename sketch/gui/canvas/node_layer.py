"""All nodes of a canvas in one item, which asks only for those in view; the badges and the names at their ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter

from sketch.gui.canvas.boxes import Badge, Box
from sketch.gui.canvas.detail import Detail
from sketch.gui.canvas.extents import Extents, State
from sketch.gui.canvas.ink import LABEL_ZOOM, Ink
from sketch.gui.canvas.node_item import NodeItem, NodeItems
from sketch.gui.canvas.node_painter import NodePainter
from sketch.gui.canvas.paint_layer import PaintLayer
from sketch.gui.canvas.port_names import REACH, PortNames, PortText, has_names
from sketch.gui.canvas.wires import ItemKey, Wiring

AROUND = 12.0
"""How far a node paints beyond its box; badges reach farther."""
BADGE_HEIGHT, BADGE_LONGEST, BADGE_GAP = 14.0, 92.0, 6.0
BADGE_DOT = 14.0
BADGE_REACH = 110.0


class NodeLayer(PaintLayer):
    """Paints the nodes that are exposed."""

    def __init__(
        self,
        ink: Ink,
        nodes: NodeItems,
        boxes: Extents[int],
        wiring: Wiring,
        names: PortNames,
        veil: Callable[[ItemKey], QColor],
    ):
        super().__init__(ink)
        self._nodes, self._boxes, self._wiring = nodes, boxes, wiring
        self._painter = NodePainter(ink)
        self._names, self._veil = names, veil

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint the nodes that touch some areas."""
        self.paint_nodes(painter, self.near(areas))

    def near(self, areas: Iterable[QRectF], state: State = State.SHOWN) -> list[NodeItem]:
        """The nodes that paint anything in some areas, the uppermost last."""
        return [self._nodes[node_id] for node_id in self.ids_near(areas, state)]

    def ids_near(self, areas: Iterable[QRectF], state: State = State.SHOWN) -> list[int]:
        """The ids of what `near` gives, none of which is made for that."""
        reach = BADGE_REACH if self._wiring.badges else AROUND
        grown = [area.adjusted(-reach, -reach, reach, reach) for area in areas]
        found = self._boxes.near(grown, state)
        if self._ink.zoom >= LABEL_ZOOM and reach < REACH[0]:
            found += self._named_near(grown, state, frozenset(found))
        return self._ink.in_order(found)

    def paint_nodes(self, painter: QPainter, items: Sequence[NodeItem]) -> None:
        """Paint some nodes, their badges, and below all of them what is said at their ports."""
        badges = self._wiring.badges if self._ink.detail is not Detail.BLOCK else {}
        if self._ink.zoom >= LABEL_ZOOM:
            self._paint_names(painter, items)
        self._painter.begin(painter)
        for item in items:
            self._painter.paint(painter, item)
            if item.node_id in badges:
                self._paint_badges(painter, item.box, badges[item.node_id])

    def port_texts(self, item: NodeItem) -> list[PortText]:
        """What stands at the ports of a closed group, beside its badges."""
        badges = placed_badges(self._ink, item.box, self._wiring.badges.get(item.node_id, ()))
        return self._names.of(item, [place for _, place in badges])

    def port_text_at(self, where: QPointF) -> tuple[NodeItem, PortText] | None:
        """The closed group and its text at a point in scene coordinates, where it can be read."""
        if self._ink.zoom < LABEL_ZOOM:
            return None
        items = (item for item in self.near([QRectF(where, QSizeF(1, 1))]) if item.box.ports is not None)
        texts = ((item, text) for item in items for text in self.port_texts(item))
        return next((found for found in texts if found[1].place.contains(where)), None)

    # --- inside ------------------------------------------------------------------------------------

    def _paint_names(self, painter: QPainter, items: Sequence[NodeItem]) -> None:
        for item in items:
            if item.box.ports is not None and (texts := self.port_texts(item)):
                self._names.paint(painter, texts, self._veil(item.node_id))

    def _named_near(self, areas: Iterable[QRectF], state: State, known: frozenset[int]) -> list[int]:
        """The closed groups that only reach into some areas with what stands at their ports."""
        wide, boxes = [area.adjusted(-REACH[0], -REACH[1], *REACH) for area in areas], self._wiring.boxes
        return [key for key in self._boxes.near(wide, state) if key not in known and has_names(boxes[key])]

    def _paint_badges(self, painter: QPainter, box: Box, badges: tuple[Badge, ...]) -> None:
        ink, full = self._ink, self._ink.detail is Detail.FULL
        painter.setFont(ink.small_font)
        for badge, place in placed_badges(ink, box, badges):
            painter.setPen(ink.hover_border if badge == ink.hovered else ink.border)
            painter.setBrush(ink.node if full else ink.port)
            painter.drawRoundedRect(place, place.height() / 2, place.height() / 2)
            if full:
                painter.setPen(ink.subtitle)
                text = ink.small_metrics.elidedText(badge.text, Qt.TextElideMode.ElideLeft, place.width() - 9)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def placed_badges(ink: Ink, box: Box, badges: tuple[Badge, ...]) -> list[tuple[Badge, QRectF]]:
    """Where badges stand: before their port, one above the other, away from the side where other inputs have wires."""
    if ink.detail is not Detail.FULL:
        half = BADGE_DOT / 2
        spots = ((badge, QPointF(*box.input_anchor(badge.port))) for badge in badges)
        shift = QPointF(-BADGE_GAP - half, 0) if box.sideways else QPointF(0, -BADGE_GAP - half)
        return [
            (b, QRectF(at + shift - QPointF(half, half), QSizeF(BADGE_DOT, BADGE_DOT))) for b, at in spots
        ]
    placed: list[tuple[Badge, QRectF]] = []
    for step, badge in enumerate(badges):
        x, y = box.input_anchor(badge.port)
        width = min(BADGE_LONGEST, ink.small_metrics.horizontalAdvance(badge.text) + 12)
        if box.sideways:
            placed.append((badge, QRectF(x - BADGE_GAP - width, y - BADGE_HEIGHT / 2, width, BADGE_HEIGHT)))
            continue
        top = y - BADGE_GAP - BADGE_HEIGHT - (BADGE_HEIGHT + 3) * step
        to_left = badge.port == 0 and box.inputs > 1
        placed.append((badge, QRectF(x + 8 - width if to_left else x - 8, top, width, BADGE_HEIGHT)))
    return placed
