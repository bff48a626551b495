"""How the canvas is looked at: zoom at the pointer, framing, and the far view."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

from PySide6.QtCore import QEvent, QMarginsF, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from sketch.gui.canvas.backdrop import paint_background, paint_hint
from sketch.gui.canvas.extents import first_middle
from sketch.gui.canvas.far import FarPainter
from sketch.gui.canvas.framing import COMFORTABLE, SMALLEST, around, fit_all, fit_start, start_at
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.canvas.scene import CanvasScene

LARGEST, LEGIBLE = 3.0, 0.5
MOST_PIECES = 4
EMPTY_AREA = QRectF(-200, -150, 400, 300)
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
        self._centre = QPointF()
        self.view_changed.connect(self._note_centre)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewport(_viewport())
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
        area, boxes, right = self.canvas.contents(), self.canvas.boxes, self.canvas.wiring.right
        scale, centre = fit_all(area if not area.isNull() else EMPTY_AREA, self._room())
        if scale == SMALLEST and not boxes.near([around(scale, centre, self._room())]):
            first = first_middle(boxes, right=right)
            centre = start_at(scale, area, self._room(), first, right=right) or centre
        self._look_at(scale, centre)

    def frame_start(self) -> None:
        """Show everything if it can be read then; else its beginning, where the inputs are."""
        area, right = self.canvas.contents(), self.canvas.wiring.right
        self._look_at(
            *fit_start(area, self._room(), first_middle(self.canvas.boxes, right=right), right=right)
        )

    def frame_selection(self) -> None:
        """Show the selection, or everything when nothing is selected."""
        area = self.canvas.area_of(self.canvas.selected_ids())
        if area.isNull():
            self.frame_all()
        else:
            self._look_at(*fit_all(area, self._room()))

    def centre_on(self, node_id: int) -> None:
        """Bring a node or note to the middle, at a size that can be read; nothing moves when it is in view so."""
        area = self.canvas.area_of([node_id])
        if area.isNull():
            return
        in_view = self.mapToScene(self.viewport().rect()).boundingRect().contains(area)
        if self.scale_factor < LEGIBLE:
            self._set_scale(COMFORTABLE)
        elif in_view:
            return
        self.centerOn(area.center())
        self.view_changed.emit()

    def view_state(self) -> dict[str, Any]:
        """What `restore_view` needs to look at the same place again; plain values."""
        x, y = self._centre.toTuple()
        return {"zoom": self.scale_factor, "x": x, "y": y, "group": self.canvas.group}

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
        self._centre = QPointF(x, y)

    def scroll_by(self, pixels: QPoint) -> None:
        """Move the view by viewport pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + pixels.x())
        down.setValue(down.value() + pixels.y())
        self.view_changed.emit()

    def set_options(self, options: CanvasOptions) -> None:
        """Draw and move as the person chose."""
        self.options = options
        self.canvas.use_options(options)
        self.viewport().update()

    def nodes_moved(self) -> None:
        """Tell that things are elsewhere than they were."""
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
        middle = self._centre  # kept as it is: whole pixels would drift over many sizes, as at a restart
        self.centerOn(middle)
        self.view_changed.emit()
        self._centre = middle

    def paintEvent(self, event: QPaintEvent) -> None:
        """Let the layers know what is exposed, piece by piece, and whether they are looked at from afar."""
        ink = self.canvas.ink
        ink.exposed, ink.far = self._exposed(event), self._far.consider()
        super().paintEvent(event)
        ink.exposed, ink.far = (), False

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """From afar everything is painted here, in batches; the layers then paint nothing."""
        paint_background(painter, QRectF(rect), self.canvas.ink)
        if self.canvas.ink.far:
            self._far.paint(painter, self.canvas.ink.exposed)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if not self.canvas.nodes and not self.canvas.notes:
            paint_hint(painter, self.viewport().rect(), self.canvas.ink)

    # --- inside ------------------------------------------------------------------------------------

    def _exposed(self, event: QPaintEvent) -> tuple[QRectF, ...]:
        """What an event asks to paint, in scene coordinates; a scrolled view asks for two strips, not for all."""
        region = event.region()
        few = region.rectCount() <= MOST_PIECES
        rects = list(cast("Iterable[QRect]", region)) if few else [event.rect()]
        inverse, _ = self.viewportTransform().inverted()
        return tuple(inverse.mapRect(QRectF(rect).adjusted(-1, -1, 1, 1)) for rect in rects)

    def _note_centre(self) -> None:
        inverse, _ = self.viewportTransform().inverted()
        self._centre = inverse.map(QRectF(self.viewport().rect()).center())

    def _adopt(self, canvas: CanvasScene) -> None:
        """Look at another canvas."""
        self.canvas = canvas
        self._far = FarPainter(canvas)
        self.setScene(canvas)
        canvas.ink.zoom = self.scale_factor
        if canvas.ink.options is not self.options:
            canvas.use_options(self.options)
        self.contents_changed.emit()

    def _room(self) -> QSizeF:
        return QSizeF(self.viewport().size()).shrunkBy(QMarginsF(32, 32, 32, 32))

    def _look_at(self, scale: float, centre: QPointF) -> None:
        self._set_scale(scale)
        self.centerOn(centre)
        self.view_changed.emit()

    def _set_scale(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        self.canvas.ink.zoom = scale


def _viewport() -> QWidget:
    """As Qt's own, which PySide would know only after it has made every class of widgets: a tenth of the start."""
    made = QWidget()
    made.setObjectName("qt_scrollarea_viewport")
    made.setBackgroundRole(QPalette.ColorRole.Base)
    made.setAutoFillBackground(True)
    return made
