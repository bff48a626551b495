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

from sketch.gui.canvas.camera import CameraView
from sketch.gui.canvas.far import FarPainter

PADDING = 8
REDRAW_MS = 60
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

    def __init__(self, view: CameraView, parent: QWidget | None = None):
        super().__init__(parent)
        self._view = view
        self._picture: QPixmap | None = None
        self._area = QRectF()
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._timer.timeout.connect(self._forget)
        self.setMinimumSize(120, 80)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Map of the canvas")
        self.setToolTip("Click or drag to go there")
        view.view_changed.connect(self.update)
        view.contents_changed.connect(self._timer.start)

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
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.canvas))
        painter.drawPixmap(0, 0, self._picture)
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
        across, down = self._scales()
        painter = QPainter(picture)
        painter.translate(self._origin())
        painter.scale(across, down)
        FarPainter(self._view.canvas).paint(painter, marks=False)
        painter.end()
        return picture

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
