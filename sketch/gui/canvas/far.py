"""The far view: when a big drawing is small on the screen, its boxes and wires are painted in a few batches.

Painting thousands of items one by one takes Qt 50 to 200 ms; lists of rectangles and paths of lines take 5 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from sketch.graph.rows import Edge
from sketch.gui.canvas.batches import blocks_around, paint_blocks, straight_path
from sketch.gui.canvas.detail import Detail
from sketch.gui.canvas.edge_layer import EdgeLayer
from sketch.gui.canvas.group_frame import GroupFrame, paint_frame, paint_name
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.scene import CanvasScene

FEWEST_NODES = 400
MOSTLY = 0.6
"""When more than this part of the drawing is exposed, looking for what is in view costs more than it saves."""
SMOOTH_NODES, SMOOTH_LINES = 1500, 4000
"""Up to so many boxes, and so many ends of wires, the far view is drawn with smooth edges."""
FEW_WIRES = 200
"""Up to so many wires that are not plain are drawn thicker: Qt takes thirty times as long for that."""
RING, GAP = 3.5, 1.5
"""How far the ring of a selected node reaches, and where it begins, screen px."""


class FarPainter:
    """Decides when a scene is looked at from afar, and paints it then."""

    def __init__(self, canvas: CanvasScene):
        self._canvas = canvas
        self.active = False

    def consider(self) -> bool:
        """True when the scene is to be painted from afar; `Ink.detail` keeps it from flickering."""
        canvas = self._canvas
        self.active = canvas.ink.detail is Detail.BLOCK and len(canvas.nodes) >= FEWEST_NODES
        return self.active

    def paint(self, painter: QPainter, exposed: Sequence[QRectF]) -> None:
        """Paint some areas; the painter is already in scene coordinates, on the ground of the canvas."""
        canvas, areas = self._canvas, self._areas(exposed)
        smooth = QPainter.RenderHint.Antialiasing
        painter.setRenderHint(smooth, False)
        for frame in canvas.frame_layer.near(tuple(exposed)):
            paint_frame(painter, canvas.ink, frame)
        wires = canvas.batches.wires(areas)
        painter.setRenderHint(smooth, sum(path.elementCount() for path in wires) < SMOOTH_LINES)
        self._paint_wires(painter, wires, areas)
        blocks = canvas.batches.blocks(areas)
        painter.setRenderHint(smooth, sum(path.elementCount() for _, path in blocks) < 2 * SMOOTH_NODES)
        self._paint_chosen(painter, exposed)
        paint_blocks(painter, blocks)
        self._paint_hovered(painter)
        for frame in canvas.frame_layer.near(tuple(exposed)):
            paint_name(painter, canvas.ink, frame)
        self._paint_emphasis(painter, exposed, areas)
        painter.setRenderHint(smooth, True)
        canvas.carrier.paint_far(painter, tuple(exposed))

    # --- inside ------------------------------------------------------------------------------------

    def _areas(self, exposed: Sequence[QRectF]) -> Sequence[QRectF] | None:
        """Where to look for what is in view; None where most of it is."""
        bounds = self._canvas.boxes.bounds()
        whole = bounds.width() * bounds.height()
        seen = (bounds & area for area in exposed)
        if sum(part.width() * part.height() for part in seen) >= MOSTLY * whole:
            return None
        margin = 4.0 / self._canvas.ink.zoom
        return [area.adjusted(-margin, -margin, margin, margin) for area in exposed]

    def _paint_wires(
        self, painter: QPainter, wires: Sequence[QPainterPath], areas: Sequence[QRectF] | None
    ) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._canvas.ink.wire, 0.0))
        for path in wires:
            painter.drawPath(path)
        self._paint_special(painter, areas)

    def _paint_special(self, painter: QPainter, areas: Sequence[QRectF] | None) -> None:
        """The wires that are not plain; of a group or a shared source that is selected there may be thousands."""
        canvas = self._canvas
        for layer in (canvas.edges, canvas.shared.layer):
            special = layer.special()
            if len(special) <= FEW_WIRES:
                for edge, pen in special.items():
                    if (line := layer.lines.line(edge)) is not None:
                        painter.setPen(_thin(pen))
                        painter.drawPath(straight_path([line]))
                continue
            for pen in {id(pen): pen for pen in special.values()}.values():
                painter.setPen(QPen(pen.color(), 0.0))
                edges = {edge for edge, other in special.items() if other is pen}
                for path in self._parts(layer, edges, areas):
                    painter.drawPath(path)

    def _parts(
        self, layer: EdgeLayer, edges: set[Edge], areas: Sequence[QRectF] | None
    ) -> list[QPainterPath]:
        if layer is self._canvas.edges:
            return self._canvas.batches.wires_among(edges, areas)
        return [straight_path([line for edge in edges if (line := layer.lines.line(edge)) is not None])]

    def _paint_chosen(self, painter: QPainter, exposed: Sequence[QRectF]) -> None:
        """A larger box under each selected one: thousands of outlines would take long."""
        canvas, zoom = self._canvas, self._canvas.ink.zoom
        chosen = canvas.ink.selection
        if len(chosen) > FEWEST_NODES:
            chosen = chosen.intersection(canvas.boxes.near(exposed))
        rings = ((QColor(canvas.ink.theme.selection), RING / zoom), (canvas.ink.canvas, GAP / zoom))
        for colour, reach in rings if chosen else ():
            paint_blocks(painter, blocks_around(canvas.boxes, chosen, reach, colour))

    def _paint_hovered(self, painter: QPainter) -> None:
        ink = self._canvas.ink
        if isinstance(ink.hovered, (NodeItem, GroupFrame)):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(ink.theme.text), 1.0 / ink.zoom))
            painter.drawRect(ink.hovered.rect())

    def _paint_emphasis(
        self, painter: QPainter, exposed: Sequence[QRectF], areas: Sequence[QRectF] | None
    ) -> None:
        """A veil over everything, and once more on top of it what stands out."""
        canvas = self._canvas
        emphasis = canvas.focus.emphasis
        if emphasis is None:
            return
        for area in exposed:
            painter.fillRect(area, canvas.focus.veil())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(canvas.ink.wire, 0.0))
        wires, blocks = canvas.batches.standing_out(emphasis.nodes, emphasis.edges, areas)
        for path in wires:
            painter.drawPath(path)
        paint_blocks(painter, blocks)


def _thin(pen: QPen) -> QPen:
    """The colour of a pen at a width that does not shrink with the zoom."""
    made = QPen(pen.color(), 1.5)
    made.setCosmetic(True)
    return made
