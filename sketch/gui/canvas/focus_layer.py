"""What is emphasised: everything else lies under a veil, and this is painted once more on top of it."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from sketch.graph.rows import Edge
from sketch.gui.canvas.edge_layer import EdgeLayer
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.node_layer import NodeLayer
from sketch.gui.canvas.paint_layer import PaintLayer

VEIL = 185
"""How opaque the veil is, of 255."""


@dataclass(frozen=True)
class Emphasis:
    """Nodes and wires that stand out; everything else is faded."""

    nodes: frozenset[int]
    edges: Container[Edge]

    @classmethod
    def on(cls, nodes: Collection[int], edges: Collection[Edge]) -> Emphasis:
        """Of any collections."""
        return cls(frozenset(nodes), frozenset(edges))


class FocusLayer(PaintLayer):
    """Lies above nodes and wires; costs nothing while nothing is emphasised."""

    def __init__(self, ink: Ink, edges: EdgeLayer, nodes: NodeLayer):
        super().__init__(ink, 1)
        self.emphasis: Emphasis | None = None
        self._edges, self._nodes = edges, nodes
        self.setVisible(False)

    def show_emphasis(self, emphasis: Emphasis | None) -> None:
        """Let these stand out; None ends it."""
        if emphasis == self.emphasis:
            return
        self.emphasis = emphasis
        self.setVisible(emphasis is not None)
        self.update()

    def veil(self) -> QColor:
        """The colour that fades everything else."""
        colour = QColor(self._ink.canvas)
        colour.setAlpha(VEIL)
        return colour

    def paint_areas(self, painter: QPainter, areas: tuple[QRectF, ...]) -> None:
        """Paint the veil over some areas, and on it what stands out there."""
        if self.emphasis is None:
            return
        for area in areas:
            painter.fillRect(area, self.veil())
        edges, nodes = self.emphasis.edges, self.emphasis.nodes
        near = self._edges.lines.near(areas)
        self._edges.paint_lines(painter, [(line, path) for line, path in near if line.edge in edges])
        self._nodes.paint_nodes(painter, [item for item in self._nodes.near(areas) if item.node_id in nodes])
