"""What lies behind and before an empty canvas: the grid, and a word on how to begin."""

from __future__ import annotations

import math
import sys
from array import array
from functools import lru_cache

from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from sketch.gui.canvas.ink import Ink

FINEST_GRID_PX = 20.0
GRID_ZOOM = 0.3
HINT = "Drag a layer here, or press Tab"


def paint_background(painter: QPainter, area: QRectF, ink: Ink) -> None:
    """Fill an area (scene units) with the canvas colour and the grid points, thinned out to stay apart."""
    painter.fillRect(area, ink.canvas)
    if not ink.options.grid or ink.zoom < GRID_ZOOM:
        return
    for piece in ink.exposed or (area,):
        _paint_points(painter, piece, ink)


def _paint_points(painter: QPainter, area: QRectF, ink: Ink) -> None:
    size = float(ink.options.grid_size)
    while size * ink.zoom < FINEST_GRID_PX:
        size *= 2
    left, top = math.floor(area.left() / size) * size, math.floor(area.top() / size) * size
    columns, rows = int(area.width() / size) + 2, int(area.height() / size) + 2
    painter.setPen(_dots(ink.theme.grid))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.translate(left, top)
    painter.drawPoints(_points(columns, rows, size))
    painter.translate(-left, -top)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


@lru_cache(maxsize=4)
def _dots(colour: str) -> QPen:
    pen = QPen(QColor(colour), 2.0)
    pen.setCosmetic(True)
    return pen


@lru_cache(maxsize=6)
def _points(columns: int, rows: int, size: float) -> QPolygonF:
    """Grid points from the origin on; a view asks for the same ones at each frame."""
    places = array("d", bytes(16 * columns * rows))
    places[0::2] = array("d", [n * size for n in range(columns)]) * rows
    places[1::2] = array("d", [m * size for m in range(rows) for _ in range(columns)])
    if sys.byteorder == "little":
        places.byteswap()
    data = QByteArray((columns * rows).to_bytes(4, "big") + places.tobytes())  # kept: the stream owns nothing
    stream, points = QDataStream(data, QIODevice.OpenModeFlag.ReadOnly), QPolygonF()
    stream >> points  # several times faster than a call for each point
    return points


def paint_hint(painter: QPainter, area: QRect, ink: Ink) -> None:
    """Say in the middle of an area (viewport px) how a drawing begins."""
    painter.save()
    painter.resetTransform()
    painter.setPen(QColor(ink.theme.text_muted))
    painter.setFont(ink.theme.font())
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, HINT)
    painter.restore()
