"""Tensors to look at: what was counted, a histogram of bars, a picture of coloured dots, in the colours of a theme."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWidget

from sketch.gui.theme import Theme

if TYPE_CHECKING:
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


class Overview(QWidget):
    """What was counted in a tensor: facts in words, and the histogram beside them."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.facts, self.histogram = QFormLayout(), Histogram(theme)
        self.facts.setHorizontalSpacing(16)
        self._labels: list[tuple[QLabel, QLabel]] = []
        row = QHBoxLayout(self)
        row.addLayout(self.facts)
        row.addWidget(self.histogram, 1)

    def show_statistics(self, found: Statistics) -> None:
        """Show these; the words change in their places."""
        lines = found.lines()
        for _ in self._labels[len(lines) :]:
            self.facts.removeRow(len(lines))
        del self._labels[len(lines) :]
        for place, said in enumerate(lines):
            if place == len(self._labels):
                self._labels.append((QLabel(), _fact()))
                self.facts.addRow(*self._labels[place])
            for label, text in zip(self._labels[place], said, strict=True):
                label.setText(text)
        self.histogram.show_statistics(found)


class DotPicture(QWidget):
    """A matrix as coloured dots: negative and positive numbers in two colours, 0 in that of the panel, NaN marked."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._image: QImage | None = None
        self._limit = 0.0
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Picture")

    def show_dots(self, dots: Dots | None) -> None:
        """Paint these; nothing without any."""
        self._image = None if dots is None else dots.image()
        self._limit = 0.0 if dots is None else dots.limit
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
        bar = Dots(_shades(theme.error, theme.panel, theme.accent)[None], self._limit).image()
        painter.drawImage(QRectF(left, low, wide, 8), bar)
        painter.setFont(theme.font(small=True))
        painter.setPen(QColor(theme.text))
        for text, x, align in (
            (f"{-self._limit:.3g}", left - 74, Qt.AlignmentFlag.AlignRight),
            (f"{self._limit:.3g}", left + wide + 6, Qt.AlignmentFlag.AlignLeft),
        ):
            painter.drawText(QRectF(x, low - 6, 68, _LABEL), align | Qt.AlignmentFlag.AlignVCenter, text)


def _fact() -> QLabel:
    label = QLabel()
    label.setProperty("role", "fact")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class Dots(NamedTuple):
    """A picture of a matrix: `pixels` as 0xffRRGGBB, and the magnitude of the numbers that have the full colour."""

    pixels: Any
    limit: float

    def image(self) -> QImage:
        """One pixel a dot."""
        high, wide = self.pixels.shape
        return QImage(self.pixels.tobytes(), wide, high, wide * 4, QImage.Format.Format_RGB32).copy()


def dots_of(values: Any, theme: Theme, gaps: bool = False) -> Dots:
    """The dots of a matrix of float64, on any thread; `gaps`: NaN is the room between kernels, not a number."""
    import numpy as np

    limit = float(np.abs(values).max(where=np.isfinite(values), initial=0.0))
    shares = np.clip(values / (limit or 1.0), -1.0, 1.0)
    places = np.rint(np.nan_to_num(shares, copy=False) * _STEPS).astype(np.intp) + _STEPS
    pixels = _shades(theme.error, theme.panel, theme.accent)[places]
    pixels[np.isnan(values)] = QColor(theme.panel_alt if gaps else theme.warning).rgb() & 0xFFFFFFFF
    return Dots(pixels, limit)


@lru_cache(maxsize=2)
def _shades(low: str, middle: str, high: str) -> Any:
    """Pixels of 255 steps from the most negative number to 0, that of 0, and as many to the most positive."""
    import numpy as np

    colours = map(QColor, (low, middle, high))
    below, zero, above = (
        np.array([colour.red(), colour.green(), colour.blue()], float) for colour in colours
    )
    steps = np.arange(-_STEPS, _STEPS + 1)[:, None]
    mixed = zero + (np.where(steps > 0, above, below) - zero) * np.abs(steps) / _STEPS
    red, green, blue = np.rint(mixed).astype(np.uint32).T
    return 0xFF000000 | red << 16 | green << 8 | blue
