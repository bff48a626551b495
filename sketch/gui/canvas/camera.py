"""How the canvas is looked at: zoom at the pointer, framing, the grid behind, and the far view."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QStyleOptionGraphicsItem, QWidget

from sketch.gui.canvas.far import FarPainter
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.canvas.scene import CanvasScene

SMALLEST, LARGEST = 0.02, 3.0
COMFORTABLE = 1.0
READABLE = 0.8
FINEST_GRID_PX = 15.0
HINT = "Drag a layer here, or press Tab"
STEP = 1.0015
"""Zoom factor for one eighth of a degree of the wheel; one notch (120) is a factor of 1.2."""


class CameraView(QGraphicsView):
    """A view of a canvas without any editing."""

    view_changed = Signal()
    contents_changed = Signal()

    def __init__(self, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(canvas, parent)
        self.canvas = canvas
        self.options = canvas.ink.options
        self._far = FarPainter(canvas)
        self._untouched = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self.viewport().setMouseTracking(True)

    @property
    def scale_factor(self) -> float:
        """Viewport pixels for one scene unit."""
        return self.transform().m11()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.Drop):
            self._untouched = False
        return bool(super().viewportEvent(event))

    def zoom(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom by a factor; the scene point under `at` (viewport px, default the middle) stays where it is."""
        where = at if at is not None else self.viewport().rect().center()
        before = self.mapToScene(where)
        goal = min(LARGEST, max(SMALLEST, self.scale_factor * factor))
        self._set_scale(goal)
        after = self.mapToScene(where)
        self.translate((after - before).x(), (after - before).y())
        self.view_changed.emit()

    def frame_all(self) -> None:
        """Show everything; a tower too tall to read is fitted to its width, at its upper end."""
        area = self.canvas.contents()
        self._frame(area if not area.isNull() else QRectF(-200, -150, 400, 300))

    def frame_start(self) -> None:
        """Show everything if it can be read then; else its beginning, where the inputs are."""
        area = self.canvas.contents()
        room = self.viewport().rect().adjusted(32, 32, -32, -32)
        fit = min(room.width() / max(1.0, area.width()), room.height() / max(1.0, area.height()))
        if fit >= READABLE:
            self.frame_all()
            return
        self._set_scale(READABLE)
        first = min(self.canvas.nodes.values(), key=lambda item: (item.pos().y(), item.pos().x()))
        self.centerOn(QPointF(first.pos().x(), area.top() + room.height() / 2 / READABLE))
        self.view_changed.emit()

    def frame_selection(self) -> None:
        """Show the selection, or everything when nothing is selected."""
        area = QRectF()
        for item in self.canvas.selectedItems():
            area |= item.sceneBoundingRect()
        if area.isNull():
            self.frame_all()
        else:
            self._frame(area)

    def centre_on(self, node_id: int) -> None:
        """Bring a node or note to the middle, at a size that can be read."""
        item = self.canvas.item_of(node_id)
        if item is None:
            return
        if self.scale_factor < 0.5:
            self._set_scale(COMFORTABLE)
        self.centerOn(item.pos())
        self.view_changed.emit()

    def view_state(self) -> dict[str, Any]:
        """What `restore_view` needs to look at the same place again; plain values."""
        inverse, _ = self.viewportTransform().inverted()
        centre = inverse.map(QRectF(self.viewport().rect()).center())
        return {"zoom": self.scale_factor, "x": centre.x(), "y": centre.y(), "group": self.canvas.group}

    def restore_view(self, state: dict[str, Any]) -> None:
        """Look where `view_state` looked; an unusable state frames everything."""
        try:
            zoom, x, y = float(state["zoom"]), float(state["x"]), float(state["y"])
        except (KeyError, TypeError, ValueError):
            self.frame_all()
            return
        if not all(math.isfinite(value) for value in (zoom, x, y)):
            self.frame_all()
            return
        self._untouched = False
        self._set_scale(min(LARGEST, max(SMALLEST, zoom)))
        self.centerOn(QPointF(x, y))
        self.view_changed.emit()

    def scroll_by(self, pixels: QPoint) -> None:
        """Move the view by viewport pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + pixels.x())
        down.setValue(down.value() + pixels.y())
        self.view_changed.emit()

    def set_options(self, options: CanvasOptions) -> None:
        """Draw and move as the person chose."""
        self.options = self.canvas.ink.options = options
        self.canvas.edges.restyle()
        for item in self.canvas.nodes.values():
            item.update()
        self.viewport().update()

    def nodes_moved(self) -> None:
        """Repaint what the far view keeps in batches."""
        self._far.forget()
        if self._far.active:
            self.viewport().update()
        self.contents_changed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        options = self.canvas.ink.options
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.scroll_by(QPoint(-(delta.y() or delta.x()), 0))
        elif (options.wheel == "scroll") != control:
            self.scroll_by(-delta)
        elif delta.y():
            self.zoom(STEP ** (delta.y() * options.zoom_speed), event.position().toPoint())
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle in the middle; until the person has touched the canvas, show its beginning."""
        super().resizeEvent(event)
        if self._untouched and self.canvas.nodes:
            self.frame_start()
            return
        before, after = event.oldSize(), event.size()
        if before.isValid():
            grown = QPoint(after.width() - before.width(), after.height() - before.height())
            self.translate(grown.x() / 2 / self.scale_factor, grown.y() / 2 / self.scale_factor)
        self.view_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._far.consider(self.scale_factor):
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.fillRect(event.rect(), QColor(self.canvas.ink.theme.canvas))
        painter.setTransform(self.viewportTransform())
        self._far.paint(painter)
        self.canvas.live.paint(painter, QStyleOptionGraphicsItem())
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        theme = self.canvas.ink.theme
        painter.fillRect(rect, QColor(theme.canvas))
        size = self.canvas.ink.options.grid_size
        while size * self.scale_factor < FINEST_GRID_PX:
            size *= 2
        if not self.canvas.ink.options.grid or self.scale_factor < 0.3:
            return
        area = QRectF(rect)
        left, top = math.floor(area.left() / size) * size, math.floor(area.top() / size) * size
        columns, rows = int(area.width() / size) + 2, int(area.height() / size) + 2
        painter.setPen(_dot_pen(theme.grid))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawPoints(
            [QPointF(left + n * size, top + m * size) for m in range(rows) for n in range(columns)]
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self.canvas.nodes or self.canvas.notes:
            return
        painter.save()
        painter.resetTransform()
        painter.setPen(QColor(self.canvas.ink.theme.text_muted))
        painter.setFont(self.canvas.ink.theme.font())
        painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, HINT)
        painter.restore()

    # --- inside ------------------------------------------------------------------------------------

    def _adopt(self, canvas: CanvasScene) -> None:
        """Look at another canvas."""
        self.canvas = canvas
        self._far = FarPainter(canvas)
        self.setScene(canvas)
        canvas.ink.zoom = self.scale_factor
        canvas.ink.options = self.options
        self.contents_changed.emit()

    def _frame(self, area: QRectF) -> None:
        room = self.viewport().rect().adjusted(32, 32, -32, -32)
        wide, tall = max(1.0, area.width()), max(1.0, area.height())
        fit = min(room.width() / wide, room.height() / tall)
        to_width = min(COMFORTABLE, room.width() / wide)
        tower = fit < 0.12 and to_width > 2 * fit
        self._set_scale(min(COMFORTABLE, max(SMALLEST, to_width if tower else fit)))
        centre = area.center()
        if tower:
            centre.setY(area.top() + room.height() / 2 / self.scale_factor)
        self.centerOn(centre)
        self.view_changed.emit()

    def _set_scale(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        self.canvas.ink.zoom = scale
        self._far.consider(scale)


def _dot_pen(colour: str) -> QPen:
    pen = QPen(QColor(colour), 2.0)
    pen.setCosmetic(True)
    return pen
