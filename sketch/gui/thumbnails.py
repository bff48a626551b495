"""Small pictures of graphs: one bar for each layer or block of the top level, in the colour of its category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap

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
    return QPixmap.fromImage(graph_image(tables, library, size, theme, ratio))


def graph_image(
    tables: Tables, library: LayerLibrary, size: QSize, theme: Theme, ratio: float = 1.0
) -> QImage:
    """What `draw_graph` gives, on any thread."""
    image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    wires = _wires(tables)
    depths = _depths(tables.children(None), wires)
    spots = _spots(depths, size)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_wires(painter, wires, depths, spots, theme)
    painter.setPen(Qt.PenStyle.NoPen)
    for node_id, box in _seen(spots).items():
        painter.setBrush(theme.category(library[tables.nodes[node_id].layer].category))
        painter.drawRoundedRect(box, 1.5, 1.5)
    painter.end()
    return image


def _wires(tables: Tables) -> set[_Wire]:
    """The wires between what lies on the top level."""
    ends = (
        (lift(tables, edge.source, None), lift(tables, edge.target, None)) for edge in edges_of(tables.nodes)
    )
    return {(start, end) for start, end in ends if start is not None and end is not None and start != end}


def _depths(top: Iterable[int], wires: set[_Wire]) -> dict[int, int]:
    """Item -> length of the longest way to it."""
    waits_for, readers = dict.fromkeys(top, 0), defaultdict[int, list[int]](list)
    for start, end in wires:
        waits_for[end] += 1
        readers[start].append(end)
    ready = [item for item, count in waits_for.items() if not count]
    depths = dict.fromkeys(ready, 0)
    for item in ready:  # grows while it is walked, row by row
        for reader in readers[item]:
            waits_for[reader] -= 1
            if not waits_for[reader]:
                depths[reader] = depths[item] + 1
                ready.append(reader)
    return {item: depths[item] for item in waits_for if item in depths}


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


def _seen(spots: dict[int, QRectF]) -> dict[int, QRectF]:
    """One bar for each pixel: of thousands of layers most cover each other."""
    return {node_id: spots[node_id] for node_id in {_pixel(box): key for key, box in spots.items()}.values()}


def _pixel(box: QRectF) -> tuple[int, int]:
    return round(box.x()), round(box.y())


def _draw_wires(
    painter: QPainter, wires: set[_Wire], depths: dict[int, int], spots: dict[int, QRectF], theme: Theme
) -> None:
    """Wires to the next row are straight; those that skip rows swing out to the right."""
    painter.setPen(QPen(QColor(theme.wire), 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    known = ((start, end) for start, end in wires if start in spots and end in spots)
    for start, end in {(_pixel(spots[s]), _pixel(spots[e])): (s, e) for s, e in known}.values():
        first, last = spots[start].center(), spots[end].center()
        if depths[end] - depths[start] == 1:
            painter.drawLine(first, last)
            continue
        path = QPainterPath(QPointF(spots[start].right(), first.y()))
        out = max(spots[start].right(), spots[end].right()) + min(SWING, 4 + (last.y() - first.y()) / 2)
        path.cubicTo(out, first.y(), out, last.y(), spots[end].right(), last.y())
        painter.drawPath(path)
