"""The map: the whole canvas in small, with a frame around what is in view; a click or drag goes there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from sketch.gui.canvas.batches import Blocks, blocks_by, paint_blocks, straight_path
from sketch.gui.canvas.group_frame import swatch_of
from sketch.gui.canvas.indexing import borders_of_boxes
from sketch.gui.canvas.sampling import longest, spread
from sketch.gui.canvas.view import CanvasView

PADDING = 8
REDRAW_MS, BUSY_REDRAW_MS, BUSY_FROM = 60, 200, 2000
"""Changes are drawn together after so many ms; later in a drawing of many nodes."""
MOST_MARKS, MOST_WIRES, MOST_CHOSEN = 800, 250, 200
LEAST_WIRE = 3.0
"""Wires shorter than this on the map, px, are left out."""
LEAST_MARK = 2.0
MOST_STRETCH = 6.0
SMALLEST_FRAME = 4.0
STEPS = {
    Qt.Key.Key_Left: (-0.5, 0.0),
    Qt.Key.Key_Right: (0.5, 0.0),
    Qt.Key.Key_Up: (0.0, -0.5),
    Qt.Key.Key_Down: (0.0, 0.5),
}


class MiniMap(QWidget):
    """Follows one view. A tower is drawn wider than it is, so that it does not shrink to a hair line."""

    def __init__(self, view: CanvasView, parent: QWidget | None = None):
        super().__init__(parent)
        self._view = view
        self._picture: QPixmap | None = None
        self._area = QRectF()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._forget)
        self.setMinimumSize(120, 80)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Map of the canvas")
        self.setToolTip("Click or drag to go there")
        view.view_changed.connect(self.update)
        view.contents_changed.connect(self._wait)
        view.selection_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(220, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._forget()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._view.canvas.ink.theme
        if self._picture is None:
            self._picture = self._draw()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.canvas))
            painter.drawPixmap(0, 0, self._picture)
            self._paint_chosen(painter)
            fill = QColor(theme.selection)
            fill.setAlpha(30)
            painter.setBrush(fill)
            painter.setPen(QPen(QColor(theme.selection), 1.5))
            painter.drawRect(self._frame())
            if self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None:
            event.ignore()
            return
        seen = self._seen()
        self._view.centerOn(seen.center() + QPointF(step[0] * seen.width(), step[1] * seen.height()))
        self._view.view_changed.emit()

    # --- inside ------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Draw anew in a while; what changes until then is drawn with it."""
        if not self._timer.isActive():
            busy = len(self._view.canvas.nodes) > BUSY_FROM
            self._timer.start(BUSY_REDRAW_MS if busy else REDRAW_MS)

    def _forget(self) -> None:
        self._picture = None
        self.update()

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        contents = self._view.canvas.contents()
        self._area = contents if not contents.isNull() else QRectF(-400, -300, 800, 600)
        painter = QPainter(picture)
        painter.translate(self._origin())
        painter.scale(*self._scales())
        self._draw_frames(painter)
        self._draw_wires(painter)
        self._draw_marks(painter)
        painter.end()
        return picture

    def _draw_frames(self, painter: QPainter) -> None:
        ink = self._view.canvas.ink
        for frame in self._view.canvas.frame_layer.near(None):
            swatch = swatch_of(ink, frame)
            painter.setPen(QPen(swatch.border.color(), 0.0))
            painter.setBrush(swatch.ground)
            painter.drawRect(frame.rect())

    def _draw_wires(self, painter: QPainter) -> None:
        lines, ink = self._view.canvas.edges.lines, self._view.canvas.ink
        edges = longest(lines.extents, self._scales(), LEAST_WIRE, MOST_WIRES)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink.wire, 0.0))
        painter.drawPath(straight_path([line for edge in edges if (line := lines.line(edge)) is not None]))

    def _draw_marks(self, painter: QPainter) -> None:
        """One box for many where they would cover each other."""
        canvas = self._view.canvas
        ids = spread(canvas.boxes, self._scales(), LEAST_MARK, MOST_MARKS)
        paint_blocks(painter, self._blocks(ids, [brush.color() for brush in canvas.brushes_of(ids)]))

    def _blocks(self, ids: list[int], colours: list[QColor]) -> Blocks:
        """Nodes in their colours, none smaller than can be seen."""
        canvas, (across, down) = self._view.canvas, self._scales()
        if not ids:
            return []
        import numpy as np

        borders = np.array(borders_of_boxes([canvas.wiring.boxes[key] for key in ids]))
        sizes = borders[:, 2:] - borders[:, :2]
        lacking = np.maximum(0.0, np.array([LEAST_MARK / across, LEAST_MARK / down]) - sizes) / 2
        names = [colour.rgba() for colour in colours]
        kinds = {name: n for n, name in enumerate(dict.fromkeys(names))}
        first = dict(zip(names, colours, strict=True))
        codes = np.array([kinds[name] for name in names], dtype=np.int32)
        return blocks_by(borders + np.hstack([-lacking, lacking]), codes, [first[name] for name in kinds])

    def _paint_chosen(self, painter: QPainter) -> None:
        canvas = self._view.canvas
        chosen = [key for key in canvas.selected_ids() if key in canvas.wiring.boxes]
        some = chosen[:: len(chosen) // MOST_CHOSEN + 1]
        painter.save()
        painter.translate(self._origin())
        painter.scale(*self._scales())
        paint_blocks(painter, self._blocks(some, [QColor(canvas.ink.theme.selection)] * len(some)))
        painter.restore()

    def _scales(self) -> tuple[float, float]:
        """Widget pixels for a scene unit, across and down."""
        across = (self.width() - 2 * PADDING) / max(1.0, self._area.width())
        down = (self.height() - 2 * PADDING) / max(1.0, self._area.height())
        fit = min(across, down)
        return min(across, fit * MOST_STRETCH, 0.25), min(down, fit * MOST_STRETCH, 0.25)

    def _origin(self) -> QPointF:
        """Where the scene's origin is on the widget; the contents are in the middle."""
        across, down = self._scales()
        centre = self._area.center()
        return QPointF(self.width() / 2 - centre.x() * across, self.height() / 2 - centre.y() * down)

    def _seen(self) -> QRectF:
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def _frame(self) -> QRectF:
        """What is in view, on the widget; never smaller than can be seen."""
        across, down = self._scales()
        seen, origin = self._seen(), self._origin()
        frame = QRectF(
            origin.x() + seen.left() * across, origin.y() + seen.top() * down,
            seen.width() * across, seen.height() * down,
        )  # fmt: skip
        grow_x, grow_y = (
            max(0.0, SMALLEST_FRAME - frame.width()) / 2,
            max(0.0, SMALLEST_FRAME - frame.height()) / 2,
        )
        return frame.adjusted(-grow_x, -grow_y, grow_x, grow_y)

    def _go(self, where: QPointF) -> None:
        across, down = self._scales()
        origin = self._origin()
        self._view.centerOn((where.x() - origin.x()) / across, (where.y() - origin.y()) / down)
        self._view.view_changed.emit()
