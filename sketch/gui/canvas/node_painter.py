"""How a node looks at each level of detail. Painters are in scene coordinates."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF, QStaticText

from sketch.gui.canvas.boxes import MARK
from sketch.gui.canvas.cards import RADIUS, STACK, Cards, draw_card, draw_ports
from sketch.gui.canvas.detail import Detail
from sketch.gui.canvas.fitting import fit_texts, fit_title
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.look import NodeLook
from sketch.gui.canvas.node_item import NodeItem, Texts
from sketch.gui.colour_swatch import Swatch

STRIP, LONE_STRIP = 5.0, 9.0
"""Width of the coloured strip: beside all texts, beside a lone title."""
PADDING = 9.0
FIRST_LINE, SECOND_LINE, ONLY_LINE = 23.0, 42.0, 32.5
"""Base lines of the texts, from the upper border of a node of the usual height."""
_HALF = 28.0
CLOSED = QPolygonF([QPointF(-3.0, -4.8), QPointF(-3.0, 4.8), QPointF(4.0, 0.0)])
OPEN = QPolygonF([QPointF(-4.8, -3.0), QPointF(4.8, -3.0), QPointF(0.0, 4.0)])


class NodePainter:
    """Paints nodes one by one; keeps pictures of cards, and in each node its texts laid out."""

    def __init__(self, ink: Ink):
        self._ink = ink
        self._cards = Cards(ink)
        self._with_pictures = False
        self._lone = ink.lone_title()

    def begin(self, painter: QPainter) -> None:
        """Get ready for a painter."""
        self._with_pictures = self._cards.begin(painter)
        self._lone = self._ink.lone_title()

    def paint(self, painter: QPainter, item: NodeItem) -> None:
        """Paint a node as the zoom asks for."""
        ink, look = self._ink, item.look
        swatch = ink.swatch(item.node_id, look.category)
        if ink.detail is Detail.BLOCK:
            self._paint_block(painter, item, look, swatch)
            return
        lone = ink.detail is Detail.COMPACT
        self._paint_card(painter, item, swatch, LONE_STRIP if lone else STRIP)
        if lone:
            self._paint_title(painter, item, look, swatch)
        else:
            self._paint_texts(painter, item, look, swatch)
        if look.is_group:
            self._paint_mark(painter, item, look)
        if not self._with_pictures or item.targets or item == ink.hovered:
            draw_ports(painter, ink, item)
        if look.severity is not None:
            self._paint_severity(painter, item.rect(), look.severity, lone=lone)

    # --- inside ------------------------------------------------------------------------------------

    def _paint_block(self, painter: QPainter, item: NodeItem, look: NodeLook, swatch: Swatch) -> None:
        ink, rect = self._ink, item.rect()
        painter.setPen(Qt.PenStyle.NoPen)
        if look.is_group:
            painter.setBrush(ink.wire)
            painter.drawRoundedRect(rect.translated(STACK + 2, STACK + 2), RADIUS, RADIUS)
        painter.setBrush(swatch.fill)
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        pen = self._special_outline(item)
        if pen is not None:
            wide = QPen(pen)
            wide.setWidthF(2.0 / ink.zoom)
            painter.setPen(wide)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect, RADIUS, RADIUS)

    def _paint_card(self, painter: QPainter, item: NodeItem, swatch: Swatch, strip: float) -> None:
        ink = self._ink
        if self._with_pictures:
            self._cards.paint(painter, item, swatch, strip)
        else:
            draw_card(painter, ink, item, swatch, strip)
        pen = self._special_outline(item)
        if pen is not None and (pen is not ink.selected_border or not self._with_pictures):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen)
            painter.drawRoundedRect(item.rect(), RADIUS, RADIUS)

    def _paint_texts(self, painter: QPainter, item: NodeItem, look: NodeLook, swatch: Swatch) -> None:
        ink, rect = self._ink, item.rect()
        indent = 2 * MARK + 4 - STRIP - PADDING if look.is_group else 0.0
        texts = item.texts.get("full")
        if texts is None or not texts.are_for(look, rect.width(), ink.title_metrics):
            found = fit_texts(ink, look, rect.width() - STRIP - 2 * PADDING, indent)
            texts = item.texts["full"] = _laid_out(look, rect.width(), ink.title_metrics, found)
        title, layer, subtitle = texts.laid_out
        has_two = self._has_two_lines(look)
        left, middle = rect.left() + STRIP + PADDING, rect.center().y() - _HALF
        first = middle + (FIRST_LINE if has_two else ONLY_LINE)
        painter.setFont(ink.title_font)
        painter.setPen(swatch.title)
        self._write(painter, ink.title_metrics, title, left + indent, first)
        painter.setFont(ink.small_font)
        painter.setPen(swatch.subtitle)
        width = ink.small_metrics.horizontalAdvance(layer.text())
        self._write(painter, ink.small_metrics, layer, rect.right() - PADDING - width, first)
        if has_two:
            self._write(painter, ink.small_metrics, subtitle, left + indent, middle + SECOND_LINE)

    def _paint_title(self, painter: QPainter, item: NodeItem, look: NodeLook, swatch: Swatch) -> None:
        """The name alone, big enough to be read from afar."""
        rect, (size, font, metrics) = item.rect(), self._lone
        indent = 2 * MARK + 4 - LONE_STRIP - PADDING if look.is_group else 0.0
        texts = item.texts.get(size)
        if texts is None or not texts.are_for(look, rect.width(), metrics):
            room = rect.width() - LONE_STRIP - PADDING - 5.0 - indent
            found = (fit_title(metrics, look.title, room),)
            texts = item.texts[size] = _laid_out(look, rect.width(), metrics, found)
        painter.setFont(font)
        painter.setPen(swatch.title)
        base = rect.center().y() + metrics.capHeight() / 2
        self._write(painter, metrics, texts.laid_out[0], rect.left() + LONE_STRIP + PADDING + indent, base)

    def _write(
        self, painter: QPainter, metrics: QFontMetricsF, text: QStaticText, left: float, base: float
    ) -> None:
        """Write on a base line; a file gets plain text."""
        if self._ink.exposed:
            painter.drawStaticText(QPointF(left, base - metrics.ascent()), text)
        else:
            painter.drawText(QPointF(left, base), text.text())

    def _has_two_lines(self, look: NodeLook) -> bool:
        return self._ink.options.parameters and bool(look.subtitle)

    def _paint_mark(self, painter: QPainter, item: NodeItem, look: NodeLook) -> None:
        """The mark of a closed group that a click opens it at."""
        full, middle = self._ink.detail is Detail.FULL, item.rect().center().y()
        beside_first = full and self._has_two_lines(look)
        height = middle - _HALF + FIRST_LINE - 4.4 if beside_first else middle
        paint_fold(painter, self._ink, (item.box.fold_mark[0] + 2, height), 1.0 if full else 1.5)

    def _paint_severity(self, painter: QPainter, rect: QRectF, severity: str, *, lone: bool) -> None:
        ink = self._ink
        centre, radius = QPointF(rect.right() - 2, rect.top() + 2), 11.0 if lone else 8.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.severity[severity])
        painter.drawEllipse(centre, radius, radius)
        painter.setFont(ink.mark_font if lone else ink.title_font)
        painter.setPen(ink.badge_text)
        mark = QRectF(centre.x() - radius, centre.y() - radius - 0.5, 2 * radius, 2 * radius)
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, "i" if severity == "note" else "!")

    def _special_outline(self, item: NodeItem) -> QPen | None:
        """The pen of a border that is not the plain one."""
        ink = self._ink
        if item.marked:
            return ink.target_border
        if item.selected:
            return ink.selected_border
        return ink.hover_border if item == ink.hovered else None


def paint_fold(
    painter: QPainter, ink: Ink, where: tuple[float, float], grown: float = 1.0, *, is_open: bool = False
) -> None:
    """The triangle that says whether a group is open."""
    painter.save()
    painter.translate(*where)
    painter.scale(grown, grown)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.subtitle.color())
    painter.drawConvexPolygon(OPEN if is_open else CLOSED)
    painter.restore()


def _laid_out(look: NodeLook, width: float, metrics: QFontMetricsF, found: Iterable[str]) -> Texts:
    made = tuple(map(QStaticText, found))
    for text in made:
        text.setTextFormat(Qt.TextFormat.PlainText)  # names come from files: never markup
    return Texts(look, width, metrics, made)
