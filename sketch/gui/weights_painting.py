"""Painting of tensors: a histogram of bars, and a picture of coloured dots, in the colours of a theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.binder.surgery.weights_pictures import Picture
    from sketch.binder.surgery.weights_stats import Statistics

_STEPS = 255
_MARGIN = 8
_LABEL = 20


class Histogram(QWidget):
    """How many elements lie where; the mean is a line."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._found: Statistics | None = None
        self.setMinimumSize(320, 180)
        self.setAccessibleName("Histogram")

    def show_statistics(self, found: Statistics | None) -> None:
        """Paint these counts."""
        self._found = found
        self.update()

    def bars(self) -> list[QRectF]:
        """The bars in widget pixels."""
        found = self._found
        if found is None or not found.bins:
            return []
        area = self._area()
        wide, most = area.width() / len(found.bins), max(found.bins)
        heights = [area.height() * count / most for count in found.bins]
        return [
            QRectF(area.left() + n * wide, area.bottom() - high, wide, high) for n, high in enumerate(heights)
        ]

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, found = self._theme, self._found
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.panel_alt))
            painter.setFont(theme.font(small=True))
            if found is None:
                return  # they are being read
            if not found.bins:
                painter.setPen(QColor(theme.text_muted))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No finite numbers")
                return
            for bar in self.bars():
                painter.fillRect(bar.adjusted(0.5, 0, -0.5, 0), QColor(theme.accent))
            area = self._area()
            painter.setPen(QColor(theme.text_muted))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
            if found.maximum > found.minimum:
                share = (found.mean - found.minimum) / (found.maximum - found.minimum)
                painter.setPen(QColor(theme.warning))
                x = area.left() + share * area.width()
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            self._labels(painter, found, area)

    def _labels(self, painter: QPainter, found: Statistics, area: QRectF) -> None:
        painter.setPen(QColor(self._theme.text))
        line = QRectF(area.left(), area.bottom() + 2, area.width(), _LABEL)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, f"{found.minimum:.4g}")
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, f"{found.maximum:.4g}")
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, f"mean {found.mean:.4g}")
        top = QRectF(area.left(), 2, area.width(), _LABEL)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, f"{max(found.bins):,} in the highest bar")

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN, _LABEL + 4, -_MARGIN, -_LABEL - 6)


class DotPicture(QWidget):
    """A matrix as coloured dots: negative and positive numbers in two colours, 0 in that of the panel, NaN marked."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._image: QImage | None = None
        self._limit = 0.0
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Picture")

    def show_picture(self, picture: Picture | None, gaps: bool = False) -> None:
        """Paint this matrix; `gaps` says that NaN is the room between kernels, not a number."""
        self._image, self._limit = (None, 0.0) if picture is None else _image(picture.dots, self._theme, gaps)
        self.update()

    @property
    def image(self) -> QImage | None:
        """The picture with one pixel a dot."""
        return self._image

    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.panel_alt))
            if self._image is None:
                return
            painter.drawImage(self._target(), self._image)
            self._scale(painter)

    def _target(self) -> QRectF:
        """Where the picture is painted: as large as fits, dots stay square unless the matrix is very long."""
        image = self._image
        assert image is not None  # noqa: S101 - asked for only then
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_LABEL - _MARGIN)
        scale = min(room.width() / image.width(), room.height() / image.height())
        wide, high = image.width() * scale, image.height() * scale
        wide, high = max(wide, min(room.width(), 24.0)), max(high, min(room.height(), 24.0))
        return QRectF(room.center().x() - wide / 2, room.center().y() - high / 2, wide, high)

    def _scale(self, painter: QPainter) -> None:
        """The colours and what they mean, below the picture."""
        theme, low = self._theme, self.height() - _LABEL
        wide = min(220, self.width() - 2 * _MARGIN - 140)
        left = (self.width() - wide) // 2
        colours = _colours(theme)
        for x in range(wide):
            painter.fillRect(left + x, low, 1, 8, QColor(colours[x * (2 * _STEPS) // wide]))
        painter.setFont(theme.font(small=True))
        painter.setPen(QColor(theme.text))
        for text, x, align in (
            (f"{-self._limit:.3g}", left - 74, Qt.AlignmentFlag.AlignRight),
            (f"{self._limit:.3g}", left + wide + 6, Qt.AlignmentFlag.AlignLeft),
        ):
            painter.drawText(QRectF(x, low - 6, 68, _LABEL), align | Qt.AlignmentFlag.AlignVCenter, text)


def _image(dots: Any, theme: Theme, gaps: bool) -> tuple[QImage, float]:
    """(one pixel a dot, the magnitude that has the full colour)."""
    import numpy as np

    finite = np.isfinite(dots)
    limit = float(np.abs(dots[finite]).max()) if finite.any() else 0.0
    scaled = np.zeros(dots.shape, np.int64) + _STEPS
    if limit:
        scaled[finite] = np.rint(dots[finite] / limit * _STEPS).astype(np.int64) + _STEPS
    scaled[np.isposinf(dots)], scaled[np.isneginf(dots)] = 2 * _STEPS, 0
    table = np.array([QColor(colour).rgb() & 0xFFFFFFFF for colour in _colours(theme)], np.uint32)
    pixels = table[scaled]
    pixels[np.isnan(dots)] = QColor(theme.panel_alt if gaps else theme.warning).rgb() & 0xFFFFFFFF
    pixels = np.ascontiguousarray(pixels)
    high, wide = pixels.shape
    return QImage(pixels.tobytes(), wide, high, wide * 4, QImage.Format.Format_RGB32).copy(), limit


def _colours(theme: Theme) -> Sequence[QColor]:
    """From the most negative to the most positive, through the panel's colour at 0."""
    middle = QColor(theme.panel)
    ends = QColor(theme.error), QColor(theme.accent)
    return [_mixed(middle, ends[step > 0], abs(step) / _STEPS) for step in range(-_STEPS, _STEPS + 1)]


def _mixed(one: QColor, other: QColor, share: float) -> QColor:
    red, green, blue = (
        a + (b - a) * share
        for a, b in (
            (one.redF(), other.redF()), (one.greenF(), other.greenF()), (one.blueF(), other.blueF()),
        )
    )  # fmt: skip
    return QColor.fromRgbF(red, green, blue)
