"""Small pictures of whole graphs: one bar a layer in the colour of its category, top to bottom, wires between."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from sketch.graph.library import LayerLibrary
from sketch.graph.rows import edges_of
from sketch.graph.tables import Tables
from sketch.gui.theme import Theme

MARGIN = 4.0
WIDEST, HIGHEST, GAP = 46.0, 9.0, 8.0
"""Largest size of a bar and the gap between bars side by side, px."""


def draw_graph(
    tables: Tables, library: LayerLibrary, size: QSize, theme: Theme, ratio: float = 1.0
) -> QPixmap:
    """A picture of all layers of a document, `size` device-independent px at a pixel ratio."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    spots = _spots(_depths(tables, library), size)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_wires(painter, tables, spots, theme)
    painter.setPen(Qt.PenStyle.NoPen)
    for node_id, box in spots.items():
        painter.setBrush(theme.category(library[tables.nodes[node_id].layer].category))
        painter.drawRoundedRect(box, 1.5, 1.5)
    painter.end()
    return pixmap


def _depths(tables: Tables, library: LayerLibrary) -> dict[int, int]:
    """Layer -> length of the longest way to it."""
    depths: dict[int, int] = {}
    waiting = [node for node in tables.nodes.values() if not library[node.layer].group]
    while waiting:
        later = []
        for node in waiting:
            sources = {edge.source for edge in node.prior}
            if sources <= depths.keys():
                depths[node.id] = 1 + max((depths[source] for source in sources), default=-1)
            else:
                later.append(node)
        if len(later) == len(waiting):
            break
        waiting = later
    return depths


def _spots(depths: dict[int, int], size: QSize) -> dict[int, QRectF]:
    """Layer -> its bar: rows by depth, layers of one depth side by side."""
    rows: dict[int, list[int]] = {}
    for node_id, depth in depths.items():
        rows.setdefault(depth, []).append(node_id)
    pitch = min((size.height() - 2 * MARGIN) / max(1, len(rows)), HIGHEST + 5)
    top = (size.height() - pitch * len(rows)) / 2
    high = min(HIGHEST, max(1.6, pitch * 0.66))
    widest = max((len(row) for row in rows.values()), default=1)
    wide = min(WIDEST, (size.width() - 2 * MARGIN - GAP * (widest - 1)) / widest)
    spots: dict[int, QRectF] = {}
    for depth, row in rows.items():
        left = (size.width() - len(row) * wide - (len(row) - 1) * GAP) / 2
        for index, node_id in enumerate(row):
            spots[node_id] = QRectF(
                left + index * (wide + GAP), top + depth * pitch + (pitch - high) / 2, wide, high
            )
    return spots


def _draw_wires(painter: QPainter, tables: Tables, spots: dict[int, QRectF], theme: Theme) -> None:
    painter.setPen(QPen(QColor(theme.wire), 1.0))
    for edge in edges_of(tables.nodes):
        if edge.source in spots and edge.target in spots:
            painter.drawLine(spots[edge.source].center(), spots[edge.target].center())
