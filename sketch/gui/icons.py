"""Icons drawn from short path descriptions in the theme's colours, so that no SVG library loads at start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPainterPath, QPen, QPixmap

from sketch.graph.kept import kept_yaml
from sketch.gui.theme import Theme
from sketch.resources_root import resource_root
from sketch.state.paths import cache_folder

GRID = 24.0
"""Icons are described on a square of this many units."""
SIZE = 18
"""Side of an icon in tool bars and menus, device-independent px."""


def action_icon(name: str, theme: Theme) -> QIcon:
    """An icon of resources/icons/actions.yaml in the text colour, greyed when disabled."""
    path = _icon_path(_descriptions()[name])
    icon = QIcon(_draw(path, QColor(theme.text)))
    icon.addPixmap(_draw(path, QColor(theme.text_disabled)), QIcon.Mode.Disabled)
    return icon


def dot_icon(colour: str, *, square: bool = False) -> QIcon:
    """A filled dot (a rounded square) in one colour: marks a category or a severity."""
    icon = QIcon()
    for size in (12, 24):
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        edge = QRectF(size * 0.12, size * 0.12, size * 0.76, size * 0.76)
        painter.drawRoundedRect(edge, size * (0.22 if square else 0.5), size * (0.22 if square else 0.5))
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def app_icon(theme: Theme) -> QIcon:
    """The mark of Sketch: three layers and their wires on the accent colour."""
    icon = QIcon()
    for size in (16, 32, 64, 128):
        icon.addPixmap(mark(size, theme))
    return icon


def mark(size: int, theme: Theme) -> QPixmap:
    """The mark of Sketch as a square picture of `size` px."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / GRID, size / GRID)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent))
    painter.drawRoundedRect(QRectF(1, 1, 22, 22), 5, 5)
    ink = QColor(theme.accent_text)
    painter.setPen(QPen(ink, 1.5))
    painter.drawLine(QPointF(12, 6), QPointF(12, 19))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    for left, top, width in ((7.5, 4.5, 9), (5, 10.25, 14), (7.5, 16, 9)):
        painter.drawRoundedRect(QRectF(left, top, width, 3.5), 1.2, 1.2)
    painter.end()
    return pixmap


@lru_cache(maxsize=1)
def _descriptions() -> Mapping[str, str]:
    icons: Mapping[str, str] = kept_yaml(resource_root() / "icons" / "actions.yaml", cache_folder())
    return icons


def _icon_path(description: str) -> QPainterPath:
    """`M x y` starts a line, `L x y` goes on, `C` a cubic with three points, `Z` closes, `O x y r` is a circle."""
    path = QPainterPath()
    for letter, numbers in _strokes(description):
        points = [QPointF(numbers[i], numbers[i + 1]) for i in range(0, len(numbers) - 1, 2)]
        if letter == "M":
            path.moveTo(points[0])
        elif letter == "L":
            for point in points:
                path.lineTo(point)
        elif letter == "C":
            path.cubicTo(points[0], points[1], points[2])
        elif letter == "O":
            path.addEllipse(points[0], numbers[2], numbers[2])
        elif letter == "Z":
            path.closeSubpath()
    return path


def _strokes(description: str) -> Iterator[tuple[str, list[float]]]:
    letter = ""
    numbers: list[float] = []
    for token in description.split():
        if token.isalpha():
            if letter:
                yield letter, numbers
            letter, numbers = token, []
        else:
            numbers.append(float(token))
    if letter:
        yield letter, numbers


def _draw(path: QPainterPath, colour: QColor) -> QPixmap:
    """One picture, as fine as the screen."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    size = round(SIZE * ratio)
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / GRID, size / GRID)
    pen = QPen(colour, 1.7)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPath(path)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
