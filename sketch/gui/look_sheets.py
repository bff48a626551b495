"""The pages of the output viewer: a picture, a histogram, a table of numbers, a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QTableView, QWidget

from sketch.durable import write_file
from sketch.gui.look_sections import Histogram

if TYPE_CHECKING:
    import numpy as np

    from sketch.binder.run_facts import ValueFacts
    from sketch.gui.theme import Theme

MOST_ROWS = 2000
"""Rows and columns of numbers that are shown."""
_ROLE = Qt.ItemDataRole


class PictureView(QWidget):
    """An image, as large as it fits, its pixels as squares."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.setAccessibleName("Picture of the output")
        self.setMinimumSize(80, 60)

    def show_image(self, image: QImage) -> None:
        """Show another image."""
        self.image = image
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull():
            return
        scale = min(self.width() / self.image.width(), self.height() / self.image.height())
        scale = int(scale) if scale >= 2 else scale
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
            painter.drawImage(
                QRectF(0, 0, self.image.width() * scale, self.image.height() * scale), self.image
            )


class Numbers(QAbstractTableModel):
    """Rows and columns of one plane; a number is read when it is in view."""

    def __init__(self) -> None:
        super().__init__()
        self._plane: np.ndarray[Any, Any] | None = None

    def show_plane(self, plane: np.ndarray[Any, Any]) -> None:
        """Show another plane."""
        self.beginResetModel()
        self._plane = plane
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._plane is None else min(MOST_ROWS, self._plane.shape[0])

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._plane is None else min(MOST_ROWS, self._plane.shape[1])

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        if self._plane is None or role not in (_ROLE.DisplayRole, _ROLE.ToolTipRole):
            return None
        value = self._plane[index.row(), index.column()].item()
        if role == _ROLE.ToolTipRole or not isinstance(value, float):
            return str(value)
        return f"{value:.5g}"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        return str(section) if role == _ROLE.DisplayRole else None


class Sheets:
    """The pages by what they show."""

    def __init__(self, pages: QStackedWidget, theme: Theme):
        self._pages, self._theme = pages, theme
        self.picture, self.table, self.numbers = PictureView(), QTableView(), Numbers()
        self.table.setModel(self.numbers)
        self.table.setAccessibleName("Numbers of the output")
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setDefaultSectionSize(84)
        self.text = QLabel()
        self.text.setProperty("role", "muted")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._histogram: Histogram | None = None
        for page in (self.picture, self.table, self.text):
            pages.addWidget(page)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the fonts and colours of a theme."""
        self._theme = theme
        self.table.setFont(theme.font(mono=True, small=True))
        if self._histogram is not None:
            self._pages.removeWidget(self._histogram)
            self._histogram.deleteLater()
            self._histogram = None

    def show_picture(self, image: QImage) -> None:
        """Show an image."""
        self.picture.show_image(image)
        self._pages.setCurrentWidget(self.picture)

    def show_numbers(self, plane: np.ndarray[Any, Any]) -> None:
        """Show rows and columns of numbers."""
        self.numbers.show_plane(plane)
        self._pages.setCurrentWidget(self.table)

    def show_histogram(self, facts: ValueFacts) -> None:
        """Show a distribution."""
        if self._histogram is None:
            self._histogram = Histogram(facts, self._theme.accent, self._theme.text_muted, 120)
            self._pages.addWidget(self._histogram)
        self._histogram.show_facts(facts)
        self._pages.setCurrentWidget(self._histogram)

    def show_text(self, text: str) -> None:
        """Show a sentence."""
        self.text.setText(text)
        self._pages.setCurrentWidget(self.text)

    def save(self, path: Path) -> str:
        """Write the page in view as a PNG; what went wrong, empty when nothing did."""
        shown = self._pages.currentWidget()
        image = self.picture.image if shown is self.picture else self._pages.grab().toImage()

        def write(place: Path) -> None:
            writer = QImageWriter(str(place), b"png")
            if not writer.write(image):
                raise OSError(f"{path}: {writer.errorString()}.")

        return _written(path, write)


def save_array(array: np.ndarray[Any, Any], path: Path) -> str:
    """Write an array as `.npy`; what went wrong, empty when nothing did."""
    import numpy as np

    def write(place: Path) -> None:
        with place.open("wb") as file:
            np.save(file, np.asarray(array), allow_pickle=False)

    return _written(path, write)


def _written(path: Path, write: Any) -> str:
    try:
        write_file(path, write)
    except OSError as error:
        return str(error)
    return ""
