"""The legend as a part of a picture: painted with the fonts of the canvas, so that text stays text."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from sketch.gui.colour_palette import number_text, palette_of, scale_colours
from sketch.gui.colour_swatches import paint_scale

if TYPE_CHECKING:
    from sketch.graph.colour_rules import Rule
    from sketch.graph.colouring import Colouring
    from sketch.gui.canvas.ink import Ink

PAD, ROW, SIDE, GAP = 12.0, 20.0, 12.0, 8.0
TITLE_ROW = 26.0
BAR_WIDE, BAR_HIGH = 220.0, 14.0


class PictureLegend:
    """What the colours of a picture mean; `among` are the layers that it shows, those in closed groups too."""

    def __init__(self, ink: Ink, rule: Rule, colouring: Colouring, among: Collection[int]):
        self._ink, self._rule, self._colouring, self._among = ink, rule, colouring, among
        self._rows = [] if rule.scale else self._kinds()
        self._notes = self._scale_notes() if rule.scale else []

    @property
    def size(self) -> QSizeF:
        """Width and height, scene px."""
        metrics, title = self._ink.small_metrics, self._ink.title_metrics
        widest = title.horizontalAdvance(self._rule.title)
        for name, count, _ in self._rows:
            widest = max(widest, SIDE + GAP + metrics.horizontalAdvance(f"{name}   {count}"))
        height = TITLE_ROW + ROW * (len(self._rows) + len(self._notes))
        if self._rule.scale:
            widest = max(widest, BAR_WIDE, *map(metrics.horizontalAdvance, self._notes or [""]))
            height += BAR_HIGH + ROW
        return QSizeF(widest + 2 * PAD, height + PAD)

    def paint(self, painter: QPainter, place: QPointF) -> None:
        """Paint with the upper left corner at a place."""
        ink, box = self._ink, QRectF(place, self.size)
        painter.setPen(QPen(QColor(ink.theme.border), 1.0))
        painter.setBrush(QColor(ink.theme.panel))
        painter.drawRoundedRect(box, 7, 7)
        painter.setFont(ink.title_font)
        painter.setPen(QColor(ink.theme.text))
        left, top = box.left() + PAD, box.top()
        painter.drawText(QPointF(left, top + 20), self._rule.title)
        painter.setFont(ink.small_font)
        top += TITLE_ROW + 4
        if self._rule.scale:
            top = self._paint_bar(painter, QRectF(left, top, box.width() - 2 * PAD, BAR_HIGH))
        for name, count, colour in self._rows:
            self._paint_row(painter, QRectF(left, top, box.width() - 2 * PAD, ROW), (name, count), colour)
            top += ROW
        painter.setPen(QColor(ink.theme.text_muted))
        for note in self._notes:
            painter.drawText(QPointF(left, top + 13), note)
            top += ROW

    # --- inside ------------------------------------------------------------------------------------

    def _kinds(self) -> list[tuple[str, str, str | None]]:
        colours = palette_of(self._rule, self._colouring.names)(self._ink.theme)
        rows: list[tuple[str, str, str | None]] = [
            (kind.name, f"{kind.count:,}", colours[kind.shade]) for kind in self._colouring.kinds(self._among)
        ]
        rest = len(self._colouring.rest(self._among))
        return [*rows, ((self._rule.none or "not known").capitalize(), f"{rest:,}", None)] if rest else rows

    def _scale_notes(self) -> list[str]:
        rest = len(self._colouring.rest(self._among))
        notes = ["logarithmic scale"] if self._colouring.scale.is_log else []
        return [*notes, f"not coloured: {rest:,}, {self._rule.none or 'not known'}"] if rest else notes

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> float:
        """The scale with its ends and its middle; where the next line begins."""
        scale, metrics = self._colouring.scale, self._ink.small_metrics
        paint_scale(painter, bar, scale_colours(self._ink.theme))
        painter.setPen(QColor(self._ink.theme.text))
        for place in (0.0, 0.5, 1.0):
            text = number_text(scale.value(place), self._rule.unit)
            width = metrics.horizontalAdvance(text)
            painter.drawText(QPointF(bar.left() + place * (bar.width() - width), bar.bottom() + 14), text)
        return bar.bottom() + ROW

    def _paint_row(self, painter: QPainter, row: QRectF, texts: tuple[str, str], colour: str | None) -> None:
        theme, metrics = self._ink.theme, self._ink.small_metrics
        square = QRectF(row.left(), row.top() + (ROW - SIDE) / 2, SIDE, SIDE)
        painter.setPen(Qt.PenStyle.NoPen if colour else QPen(QColor(theme.node_border), 1.5))
        painter.setBrush(QColor(colour) if colour else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(square, 3, 3)
        name, count = texts
        base = row.top() + ROW / 2 + metrics.capHeight() / 2
        painter.setPen(QColor(theme.text))
        painter.drawText(QPointF(square.right() + GAP, base), name)
        painter.setPen(QColor(theme.text_muted))
        painter.drawText(QPointF(row.right() - metrics.horizontalAdvance(count), base), count)
