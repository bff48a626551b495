"""Open groups: a tinted area with a strip that bears the name; only strip and border belong to the group."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from sketch.gui.canvas.boxes import HEADER, MARK, Frame
from sketch.gui.canvas.detail import Detail
from sketch.gui.canvas.extents import Extents
from sketch.gui.canvas.fitting import fit_title
from sketch.gui.canvas.handle import Canvas, Handle
from sketch.gui.canvas.indexing import borders_of_boxes
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.node_painter import paint_fold
from sketch.gui.canvas.paint_layer import PaintLayer
from sketch.gui.canvas.wires import ItemKey
from sketch.gui.colour_swatch import FrameSwatch
from sketch.state.document import Document

CORNER = 9.0
BORDER = 5.0
"""How far from its border a frame can still be taken by it, scene px (more when it is small on the screen)."""
MARK_WIDTH = 5.0
"""Width of the colour of a rule at the left end of the strip, as on a node."""
AROUND = 10.0
"""How far a frame paints beyond its border."""
FAR_PAD = 10.0
LEAST_NAME = 64.0
"""Screen px that a frame must be wide for its name to be painted from afar."""

LEAST_STRIP = 8.5
"""Screen px that strips must be high for the names of frames inside frames."""


class GroupFrame(Handle):
    """An open group."""

    def __init__(self, frame: Frame, canvas: Canvas):
        self.frame = frame
        super().__init__(frame.group, frame.rect, canvas)

    def set_frame(self, frame: Frame) -> None:
        """Take a new place or size."""
        self.frame = frame
        self.set_box(frame.rect)

    def strip(self) -> QRectF:
        """The strip with the name."""
        return QRectF(self._rect.left(), self._rect.top(), self._rect.width(), HEADER)

    def part_at(self, where: QPointF) -> str | None:
        """What of it is at a point: `fold` (its mark), `header`, `border`; None inside and outside."""
        reach = max(BORDER, 4.0 / self._canvas.ink.zoom)
        if not self._rect.adjusted(-reach, -reach, reach, reach).contains(where):
            return None
        x, y = self.frame.fold_mark
        if max(abs(where.x() - x), abs(where.y() - y)) <= MARK:
            return "fold"
        if self.strip().contains(where):
            return "header"
        return None if self._rect.adjusted(reach, reach, -reach, -reach).contains(where) else "border"


class FrameLayer(PaintLayer):
    """Paints the frames, outer ones first, below everything else."""

    def __init__(self, ink: Ink, frames: dict[int, GroupFrame], document: Document):
        super().__init__(ink, -4)
        self._frames, self._document = frames, document
        self.away: frozenset[int] = frozenset()
        """Frames that are hidden, or that a gesture paints."""
        self._index: Extents[GroupFrame] | None = None
        self.names = NameLayer(self, ink)

    def forget(self) -> None:
        """Frames came, went or moved: find out again which is where before the next painting."""
        self._index = None

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint the frames that touch some areas."""
        for frame in self.near(areas):
            paint_frame(painter, self._ink, frame)

    def veil_at(self, key: ItemKey) -> QColor:
        """The ground of the frame that a box stands in (of the canvas, outside of all), a little clear."""
        node = self._document.tables.nodes.get(key) if isinstance(key, int) else None
        frame = self._frames.get(node.parent) if node is not None and node.parent is not None else None
        return self._ink.veil if frame is None else swatch_of(self._ink, frame).label_veil

    def near(self, areas: tuple[QRectF, ...] | None) -> list[GroupFrame]:
        """The frames that touch some areas (None: all of them), outer ones first."""
        index = self._by_place()
        found = (
            index
            if areas is None
            else index.near([area.adjusted(-AROUND, -AROUND, AROUND, AROUND) for area in areas])
        )
        return [frame for frame in found if frame.node_id not in self.away]

    def _by_place(self) -> Extents[GroupFrame]:
        """The frames by place, outer ones in the slots before."""
        if self._index is None:
            frames = sorted(self._frames.values(), key=_by_depth)
            self._index = Extents()
            self._index.put_all(frames, borders_of_boxes([frame.box for frame in frames]))
        return self._index


class NameLayer(PaintLayer):
    """Paints what is written on the frames of a layer, above the wires."""

    def __init__(self, frames: FrameLayer, ink: Ink):
        super().__init__(ink, -0.4)
        self._frames = frames

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Write on the frames that touch some areas."""
        for frame in self._frames.near(areas):
            paint_name(painter, self._ink, frame)


def paint_frame(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    """Paint ground, strip and border of an open group."""
    rect, swatch = frame.rect(), swatch_of(ink, frame)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(swatch.strip)
    painter.drawRoundedRect(rect, CORNER, CORNER)
    if swatch.mark is not None:
        painter.setBrush(swatch.mark)
        painter.drawPath(_mark_path(rect))
    painter.setBrush(swatch.ground)
    painter.drawRoundedRect(rect.adjusted(0, HEADER, 0, 0), CORNER, CORNER)
    painter.fillRect(QRectF(rect.left(), rect.top() + HEADER, rect.width(), CORNER), swatch.ground)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_outline(ink, frame, swatch))
    painter.drawRoundedRect(rect, CORNER, CORNER)


def paint_name(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    """Paint the name and the mark of an open group, above the wires that pass its strip."""
    if ink.detail is Detail.BLOCK:
        _paint_far_name(painter, ink, frame)
    else:
        _paint_strip(painter, ink, frame)


def swatch_of(ink: Ink, frame: GroupFrame) -> FrameSwatch:
    """The colours of a frame: the deeper it lies, the stronger its ground."""
    return ink.frame_swatch(frame.node_id, frame.frame.depth)


def _mark_path(rect: QRectF) -> QPainterPath:
    """The left end of the strip of a frame, as high as the strip: a stack of colours shows all its shares there."""
    left, top = rect.left(), rect.top()
    path = QPainterPath(QPointF(left, top + HEADER))
    path.arcTo(
        QRectF(left, top, 2 * CORNER, 2 * CORNER), 180.0, -math.degrees(math.acos(1 - MARK_WIDTH / CORNER))
    )
    path.lineTo(left + MARK_WIDTH, top + HEADER)
    return path


def _outline(ink: Ink, frame: GroupFrame, swatch: FrameSwatch) -> QPen:
    pen = QPen(swatch.border)
    if frame.selected or frame.marked:
        pen = QPen(ink.target_border if frame.marked else ink.selected_border)
    elif frame == ink.hovered:
        pen = QPen(ink.hover_border)
    pen.setWidthF(max(pen.widthF(), pen.widthF() / ink.zoom))
    return pen


def _paint_strip(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    look, strip, swatch = frame.look, frame.strip(), swatch_of(ink, frame)
    full = ink.detail is Detail.FULL
    font, metrics = (ink.title_font, ink.title_metrics) if full else ink.lone_title()[1:]
    paint_fold(painter, ink, frame.frame.fold_mark, 1.0 if full else 1.5, is_open=True)
    count = look.subtitle if full else ""
    for_count = ink.small_metrics.horizontalAdvance(count) + 16 if count else 0.0
    left = strip.left() + 2 * MARK
    title = fit_title(metrics, look.title, max(40.0, strip.width() - 2 * MARK - 10 - for_count))
    width = metrics.horizontalAdvance(title)
    veiled = QRectF(left - 3, strip.top() + 3, width + for_count, strip.height() - 6)
    painter.fillRect(veiled, swatch.veil)
    painter.setFont(font)
    painter.setPen(swatch.title)
    base = strip.center().y() + metrics.capHeight() / 2
    painter.drawText(QPointF(left, base), title)
    if count:
        painter.setFont(ink.small_font)
        painter.setPen(swatch.subtitle)
        painter.drawText(QPointF(left + width + 10, base), count)


def _paint_far_name(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    if frame.frame.depth == 0 or HEADER * ink.zoom >= LEAST_STRIP:
        swatch, rect = swatch_of(ink, frame), frame.rect()
        title = fit_title(ink.title_metrics, frame.look.title, rect.width() * ink.zoom - FAR_PAD)
        write_from_afar(painter, ink, rect, HEADER, title, swatch.title, swatch.veil)


def write_from_afar(
    painter: QPainter, ink: Ink, rect: QRectF, strip: float, title: str, pen: QPen, veil: QColor
) -> None:
    """Write on the upper strip of a frame: from afar a name keeps its size on the screen, if there is room for it.

    `title` fits the width of the frame on the screen without FAR_PAD.
    """
    zoom = ink.zoom
    if rect.width() * zoom < LEAST_NAME or rect.height() * zoom < LEAST_NAME / 2:
        return
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(1 / zoom, 1 / zoom)
    painter.setFont(ink.title_font)
    base = max(14.0, strip * zoom / 2 + ink.title_metrics.capHeight() / 2)
    painter.fillRect(QRectF(2, base - 12, ink.title_metrics.horizontalAdvance(title) + 6, 16), veil)
    painter.setPen(pen)
    painter.drawText(QPointF(5, base), title)
    painter.restore()


def _by_depth(frame: GroupFrame) -> int:
    return frame.frame.depth
