"""Small pictures of graphs: one bar for each layer or block of the top level, in the colour of its category."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import lift
from sketch.graph.rows import edges_of
from sketch.graph.tables import Tables
from sketch.gui.theme import Theme

MARGIN = 4.0
WIDEST, HIGHEST, GAP = 46.0, 9.0, 8.0
"""Largest size of a bar and the gap between bars side by side, px."""
SWING = 44.0
"""How far to the side a wire that skips rows may go, px."""
_Wire = tuple[int, int]


def draw_graph(
    tables: Tables, library: LayerLibrary, size: QSize, theme: Theme, ratio: float = 1.0
) -> QPixmap:
    """A picture of the top level of a document, blocks closed, `size` device-independent px at a pixel ratio."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    wires = _wires(tables)
    depths = _depths(tables.children(None), wires)
    spots = _spots(depths, size)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_wires(painter, wires, depths, spots, theme)
    painter.setPen(Qt.PenStyle.NoPen)
    for node_id, box in spots.items():
        painter.setBrush(theme.category(library[tables.nodes[node_id].layer].category))
        painter.drawRoundedRect(box, 1.5, 1.5)
    painter.end()
    return pixmap


def _wires(tables: Tables) -> set[_Wire]:
    """The wires between what lies on the top level."""
    ends = (
        (lift(tables, edge.source, None), lift(tables, edge.target, None)) for edge in edges_of(tables.nodes)
    )
    return {(start, end) for start, end in ends if start is not None and end is not None and start != end}


def _depths(top: Iterable[int], wires: set[_Wire]) -> dict[int, int]:
    """Item -> length of the longest way to it."""
    sources: dict[int, set[int]] = {item: set() for item in top}
    for start, end in wires:
        sources[end].add(start)
    depths: dict[int, int] = {}
    while ready := [item for item in sources if item not in depths and sources[item] <= depths.keys()]:
        depths.update({item: 1 + max((depths[s] for s in sources[item]), default=-1) for item in ready})
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


def _draw_wires(
    painter: QPainter, wires: set[_Wire], depths: dict[int, int], spots: dict[int, QRectF], theme: Theme
) -> None:
    """Wires to the next row are straight; those that skip rows swing out to the right."""
    painter.setPen(QPen(QColor(theme.wire), 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for start, end in wires:
        if start not in spots or end not in spots:
            continue
        first, last = spots[start].center(), spots[end].center()
        if depths[end] - depths[start] == 1:
            painter.drawLine(first, last)
            continue
        path = QPainterPath(QPointF(spots[start].right(), first.y()))
        out = max(spots[start].right(), spots[end].right()) + min(SWING, 4 + (last.y() - first.y()) / 2)
        path.cubicTo(out, first.y(), out, last.y(), spots[end].right(), last.y())
        painter.drawPath(path)
