"""Open groups: a tinted area with a strip that bears the name; only strip and border belong to the group."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sketch.gui.canvas.boxes import HEADER, MARK, Box, Frame
from sketch.gui.canvas.detail import Detail
from sketch.gui.canvas.edge_layer import EVERYWHERE
from sketch.gui.canvas.fitting import fit_title
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.look import NodeLook
from sketch.gui.canvas.node_item import Canvas
from sketch.gui.canvas.node_painter import paint_fold
from sketch.gui.colour_swatch import mix

CORNER = 9.0
BORDER = 5.0
"""How far from its border a frame can still be taken by it, scene px (more when it is small on the screen)."""
TINTS = (0.10, 0.17, 0.24, 0.31)
"""Share of the border's colour in the ground, by depth."""
STRIP_TINT = 0.10
LEAST_NAME = 64.0
"""Screen px that a frame must be wide for its name to be painted from afar."""

LEAST_STRIP = 8.5
"""Screen px that strips must be high for the names of frames inside frames."""


class GroupFrame:
    """An open group at its place. Two of them stand for the same group when their ids are equal."""

    def __init__(self, frame: Frame, canvas: Canvas):
        self.node_id = frame.group
        self.marked = False
        self._canvas = canvas
        self._look: NodeLook | None = None
        self.set_frame(frame)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GroupFrame) and other.node_id == self.node_id

    def __hash__(self) -> int:
        return hash(self.node_id)

    @property
    def look(self) -> NodeLook:
        """What the group says about itself."""
        if self._look is None:
            self._look = self._canvas.look_of(self.node_id)
        return self._look

    @property
    def box(self) -> Box:
        """Its place and size."""
        return self.frame.rect

    @property
    def selected(self) -> bool:
        """True while it belongs to the selection."""
        return self.node_id in self._canvas.ink.selection

    def set_frame(self, frame: Frame) -> None:
        """Take a new place or size."""
        self.frame = frame
        box = frame.rect
        self._rect = QRectF(box.left, box.top, box.width, box.height)
        self.forget()

    def forget(self) -> None:
        """Ask for the look again before the next painting."""
        self._look = None

    def update(self) -> None:
        """Paint it again."""
        self._canvas.repaint(self.area())

    def pos(self) -> QPointF:
        """Its middle in the scene, where it is painted now."""
        return QPointF(self.box.x, self.box.y) + self._canvas.shift_of(self.node_id)

    def rect(self) -> QRectF:
        """Its area, in the scene."""
        return self._rect

    def strip(self) -> QRectF:
        """The strip with the name."""
        return QRectF(self._rect.left(), self._rect.top(), self._rect.width(), HEADER)

    def area(self) -> QRectF:
        """Its area with what is painted around it."""
        return self._rect.adjusted(-8, -8, 8, 8)

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


class FrameLayer(QGraphicsItem):
    """Paints the frames, outer ones first, below everything else."""

    def __init__(self, ink: Ink, frames: dict[int, GroupFrame]):
        super().__init__()
        self._ink, self._frames = ink, frames
        self.away: frozenset[int] = frozenset()
        """Frames that are hidden, or that a gesture paints."""
        self.names = NameLayer(self, ink)
        self.setZValue(-4)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._ink.far:
            return
        for frame in self.near(self._ink.exposed or (option.exposedRect,)):
            paint_frame(painter, self._ink, frame)

    def near(self, areas: tuple[QRectF, ...] | None) -> list[GroupFrame]:
        """The frames that touch some areas (None: all of them), outer ones first."""
        found = (frame for frame in self._frames.values() if frame.node_id not in self.away)
        if areas is None:
            return sorted(found, key=_by_depth)
        near = (frame for frame in found if any(frame.area().intersects(area) for area in areas))
        return sorted(near, key=_by_depth)


class NameLayer(QGraphicsItem):
    """Paints what is written on the frames of a layer, above the wires."""

    def __init__(self, frames: FrameLayer, ink: Ink):
        super().__init__()
        self._frames, self._ink = frames, ink
        self.setZValue(-0.4)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._ink.far:
            return
        for frame in self._frames.near(self._ink.exposed or (option.exposedRect,)):
            paint_name(painter, self._ink, frame)


def paint_frame(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    """Paint ground, strip and border of an open group."""
    rect = frame.rect()
    ground, strip = ground_of(ink, frame), ground_of(ink, frame, STRIP_TINT)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(strip)
    painter.drawRoundedRect(rect, CORNER, CORNER)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect.adjusted(0, HEADER, 0, 0), CORNER, CORNER)
    painter.fillRect(QRectF(rect.left(), rect.top() + HEADER, rect.width(), CORNER), ground)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_outline(ink, frame))
    painter.drawRoundedRect(rect, CORNER, CORNER)


def paint_name(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    """Paint the name and the mark of an open group, above the wires that pass its strip."""
    if ink.detail is Detail.BLOCK:
        _paint_far_name(painter, ink, frame)
    else:
        _paint_strip(painter, ink, frame)


def ground_of(ink: Ink, frame: GroupFrame, more: float = 0.0) -> QBrush:
    """The colour of a frame's ground: the deeper it lies, the stronger."""
    share = TINTS[min(frame.frame.depth, len(TINTS) - 1)] + more
    return QBrush(QColor(mix(ink.theme.node_border, ink.theme.canvas, share)))


def _outline(ink: Ink, frame: GroupFrame) -> QPen:
    pen = QPen(ink.border)
    if frame.selected or frame.marked:
        pen = QPen(ink.target_border if frame.marked else ink.selected_border)
    elif frame == ink.hovered:
        pen = QPen(ink.hover_border)
    pen.setWidthF(max(pen.widthF(), pen.widthF() / ink.zoom))
    return pen


def _paint_strip(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    look, strip = frame.look, frame.strip()
    full = ink.detail is Detail.FULL
    font, metrics = (ink.title_font, ink.title_metrics) if full else ink.lone_title()[1:]
    paint_fold(painter, ink, frame.frame.fold_mark, 1.0 if full else 1.5, is_open=True)
    count = look.subtitle if full else ""
    for_count = ink.small_metrics.horizontalAdvance(count) + 16 if count else 0.0
    left = strip.left() + 2 * MARK
    title = fit_title(metrics, look.title, max(40.0, strip.width() - 2 * MARK - 10 - for_count))
    width = metrics.horizontalAdvance(title)
    _veil(painter, ink, frame, QRectF(left - 3, strip.top() + 3, width + for_count, strip.height() - 6))
    painter.setFont(font)
    painter.setPen(ink.title)
    base = strip.center().y() + metrics.capHeight() / 2
    painter.drawText(QPointF(left, base), title)
    if count:
        painter.setFont(ink.small_font)
        painter.setPen(ink.subtitle)
        painter.drawText(QPointF(left + width + 10, base), count)


def _paint_far_name(painter: QPainter, ink: Ink, frame: GroupFrame) -> None:
    """From afar a name keeps its size on the screen, as long as the frame has room for it."""
    zoom, rect = ink.zoom, frame.rect()
    cramped = HEADER * zoom < LEAST_STRIP and frame.frame.depth > 0
    if cramped or rect.width() * zoom < LEAST_NAME or rect.height() * zoom < LEAST_NAME / 2:
        return
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(1 / zoom, 1 / zoom)
    painter.setFont(ink.title_font)
    painter.setPen(ink.title)
    title = fit_title(ink.title_metrics, frame.look.title, rect.width() * zoom - 10)
    base = max(14.0, HEADER * zoom / 2 + ink.title_metrics.capHeight() / 2)
    _veil(painter, ink, frame, QRectF(2, base - 12, ink.title_metrics.horizontalAdvance(title) + 6, 16))
    painter.drawText(QPointF(5, base), title)
    painter.restore()


def _veil(painter: QPainter, ink: Ink, frame: GroupFrame, area: QRectF) -> None:
    """Let a name be read where wires pass below it."""
    colour = ground_of(ink, frame, STRIP_TINT).color()
    colour.setAlpha(205)
    painter.fillRect(area, colour)


def _by_depth(frame: GroupFrame) -> int:
    return frame.frame.depth
