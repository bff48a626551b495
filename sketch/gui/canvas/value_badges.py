"""What a run showed, on the canvas: real shapes and ranges beside the wires, faults in colour, failures on nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from sketch.graph.rows import Edge, shape_text
from sketch.gui.canvas.boxes import Box
from sketch.gui.canvas.ink import LABEL_ZOOM, TEXT_ZOOM, Ink
from sketch.gui.canvas.line_table import LineTable
from sketch.gui.canvas.paint_layer import EVERYWHERE, PaintLayer
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    from sketch.binder.run_facts import ValueFacts

REACH, LINE = 190.0, 13.0
"""How far a badge reaches from its wire at most, and the height of one line of it, px."""
FAILURE_WIDTH = 260.0
STALE = "before the last edit"


@dataclass(frozen=True)
class ShownValues:
    """What a canvas shows of a run: facts by (node, output), one line by node that failed, whether they are old."""

    values: Mapping[tuple[int, int], ValueFacts] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    stale: bool = False


class ValueBadges(PaintLayer):
    """Paints what it was given, from reading size on; with nothing to show it has no size, and costs nothing.

    Args:
        lines: the wires of the canvas.
        box_of: the box on this canvas that shows a node, itself or a group around it; None when there is none.
    """

    paints_far = True

    def __init__(self, ink: Ink, lines: LineTable, box_of: Callable[[int], Box | None]):
        super().__init__(ink, 5)
        self.shown: ShownValues | None = None
        self._faulty = False
        self._lines, self._box_of = lines, box_of

    def show_values(self, shown: ShownValues | None) -> None:
        """Show these values; None takes them away."""
        if shown == self.shown:
            return
        if (shown is None) != (self.shown is None):
            self.prepareGeometryChange()
        self.shown = shown
        self._faulty = shown is not None and any(value.fault for value in shown.values.values())
        self.update()

    def wire_text(self, edge: Edge) -> str:
        """What a wire carried, for the pointer that rests on it; empty without a run."""
        shown = self._visible()
        value = shown.values.get((edge.source, edge.out)) if shown is not None else None
        return "" if shown is None or value is None else _told(value, stale=shown.stale)

    def node_text(self, node_id: int) -> str:
        """What a node gave, or why it gave nothing; empty without a run."""
        shown = self._visible()
        if shown is None:
            return ""
        if node_id in shown.failures:
            return f"It failed: {shown.failures[node_id]}"
        value = shown.values.get((node_id, 0))
        return "" if value is None else _told(value, stale=shown.stale)

    def boundingRect(self) -> QRectF:
        return QRectF() if self._visible() is None else EVERYWHERE

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint what some areas show of the values."""
        shown = self._visible()
        if shown is None:
            return
        is_near, marks = self._ink.zoom >= LABEL_ZOOM, self._faulty and not shown.stale
        reach = [area.adjusted(-REACH, -2 * LINE - 8, REACH, 2 * LINE + 8) for area in areas]
        near = self._lines.near(reach) if is_near or marks else []
        if marks:
            self._paint_faults(painter, near, shown)
        if is_near:
            self._paint_badges(painter, [line for line, _ in near], shown)
        self._paint_failures(painter, shown)

    # --- inside ------------------------------------------------------------------------------------

    def _visible(self) -> ShownValues | None:
        return self.shown if self._ink.options.values else None

    def _paint_faults(
        self, painter: QPainter, near: list[tuple[Line, QPainterPath]], shown: ShownValues
    ) -> None:
        """Wires that carried NaN (in the colour of errors) or Inf (of warnings)."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, path in near:
            value = shown.values.get((line.edge.source, line.edge.out))
            if value is not None and value.fault:
                painter.setPen(QPen(self._colour(value), max(2.4, 1.6 / self._ink.zoom)))
                painter.drawPath(path)

    def _paint_badges(self, painter: QPainter, lines: list[Line], shown: ShownValues) -> None:
        """One badge an output: at its start, or at the wire's end where outputs before it leave no room."""
        first = {line.start: line.out for line in lines}
        crowded = {line.start for line in lines if first[line.start] != line.out}
        for line in lines:
            spot = self._lines.label_spot(line)
            value = shown.values.get((spot.edge.source, spot.edge.out))
            if spot.edge != line.edge or value is None:
                continue
            head, *rest = badge_lines(value)
            name = self._output_name(line)  # the badge stands where the name stood
            texts = self._fitted([f"{name}  {head}" if name else head, *rest])
            size = max(map(self._ink.small_metrics.horizontalAdvance, texts)) + 10, LINE * len(texts) + 3
            x, y = line.points[0]
            place = QRectF(x - size[0] - 5 if spot.to_left else x + 5, y + 2, *size)
            if spot.row > 0 or (self._lines.right and line.start in crowded):
                x, y = line.points[-1]
                place = QRectF(x + 6, y - size[1] - 4, *size)
            self._paint_badge(painter, place, texts, value, stale=shown.stale)

    def _output_name(self, line: Line) -> str:
        """What the person called an output of a closed group."""
        box = self._box_of(line.start) if isinstance(line.start, int) else None
        return "" if box is None or box.ports is None else box.ports.output_names[line.out]

    def _fitted(self, texts: list[str]) -> list[str]:
        cut = Qt.TextElideMode.ElideRight
        return [self._ink.small_metrics.elidedText(text, cut, REACH - 18) for text in texts]

    def _paint_badge(
        self, painter: QPainter, pill: QRectF, texts: list[str], value: ValueFacts, *, stale: bool
    ) -> None:
        ink = self._ink
        painter.setPen(QPen(self._colour(value) if value.fault and not stale else ink.border.color(), 1.0))
        painter.setBrush(ink.canvas)
        painter.drawRoundedRect(pill, 3, 3)
        painter.setFont(ink.small_font)
        for number, text in enumerate(texts):
            faulty = value.fault and number == len(texts) - 1
            colour = self._colour(value) if faulty else QColor(ink.theme.wire_label)
            painter.setPen(QColor(ink.theme.text_disabled) if stale else colour)
            place = QRectF(pill.left() + 5, pill.top() + 1 + number * LINE, pill.width() - 6, LINE)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_failures(self, painter: QPainter, shown: ShownValues) -> None:
        ink = self._ink
        colour = QColor(ink.theme.text_disabled if shown.stale else ink.theme.error)
        for node_id, reason in shown.failures.items():
            box = self._box_of(node_id)
            if box is None:
                continue
            frame = QRectF(box.left, box.top, box.right - box.left, box.bottom - box.top).adjusted(
                -3, -3, 3, 3
            )
            painter.setPen(QPen(colour, max(2.0, 1.4 / ink.zoom)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 9, 9)
            if ink.zoom >= TEXT_ZOOM:
                self._paint_reason(painter, frame.topRight() + QPointF(6, 0), reason, colour)

    def _paint_reason(self, painter: QPainter, corner: QPointF, reason: str, colour: QColor) -> None:
        ink = self._ink
        text = ink.small_metrics.elidedText(reason, Qt.TextElideMode.ElideRight, FAILURE_WIDTH)
        pill = QRectF(corner.x(), corner.y(), ink.small_metrics.horizontalAdvance(text) + 10, LINE + 4)
        painter.setPen(QPen(colour, 1.0))
        painter.setBrush(ink.canvas)
        painter.drawRoundedRect(pill, 3, 3)
        painter.setFont(ink.small_font)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _colour(self, value: ValueFacts) -> QColor:
        return self._ink.severity["error" if value.nans else "warning"]


def badge_lines(value: ValueFacts) -> list[str]:
    """What stands beside a wire: the real shape, then what is wrong with it and its range."""
    from sketch.binder.run_facts import number

    faults = [f"{count:,} {name}" for name, count in (("NaN", value.nans), ("Inf", value.infs)) if count]
    if value.low == value.low:
        faults.append(f"{number(value.low)} … {number(value.high)}")
    head = shape_text(value.shape) if not value.note or value.count > 1 else value.note
    return [head, *([", ".join(faults)] if faults else [])]


def _told(value: ValueFacts, *, stale: bool) -> str:
    from sketch.binder.run_facts import value_text

    return value_text(value).replace("; ", "\n") + (f"\n({STALE})" if stale else "")
