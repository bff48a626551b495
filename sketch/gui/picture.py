"""A canvas as a file: SVG and PDF as vectors, PNG at any scale. Complete, whatever is on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QImageWriter, QPageSize, QPainter, QPdfWriter

from sketch.durable import write_file
from sketch.gui.picture_painting import Painting

if TYPE_CHECKING:
    from PySide6.QtGui import QPagedPaintDevice
    from PySide6.QtSvg import QSvgGenerator

MOST_SIDE, MOST_PIXELS = 16_000, 40_000_000
"""Limits of a PNG: its longer side, and its area (four bytes each while it is painted)."""
MOST_POINTS = 14_400.0
"""The largest side of a page that readers of PDF agree on."""
LIKE = "Verdana, sans-serif"
SUFFIXES = (".svg", ".pdf", ".png")


class Picture:
    """One picture in the making: paint it with `steps`, then take its bytes. `note` says what is not as asked."""

    def __init__(self, painting: Painting, suffix: str):
        if suffix not in SUFFIXES:
            raise ValueError(f"pictures end in {', '.join(SUFFIXES)}, not in {suffix or 'nothing'}.")
        self.painting, self.suffix = painting, suffix
        self.scale, self.note = _fitting(painting.area.size(), suffix, painting.options.scale)
        size = painting.area.size() * self.scale
        self.size = (max(1, round(size.width())), max(1, round(size.height())))
        """Pixels of a PNG, points of a PDF, units of an SVG."""
        self.image: QImage | None = None
        self._bytes = QByteArray()
        self._buffer = QBuffer(self._bytes)

    def steps(self) -> Iterator[float]:
        """Paint a little at a time; yields the share that is done."""
        device = {".svg": self._svg, ".pdf": self._pdf, ".png": self._png}[self.suffix]()
        painter = QPainter(device)
        try:
            area, room = self.painting.area, painter.viewport()
            painter.scale(room.width() / area.width(), room.height() / area.height())
            painter.translate(-area.topLeft())
            yield from self.painting.steps(painter, self.scale if self.suffix == ".png" else 1.0)
        finally:
            painter.end()
            self._buffer.close()

    def paint(self) -> Picture:
        """Paint all of it here and now."""
        for _ in self.steps():
            pass
        return self

    def data(self) -> bytes:
        """The file's bytes once it is painted; compressing a large PNG takes seconds, and any thread may do it."""
        if self.image is not None and self._bytes.isEmpty():
            self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            writer = QImageWriter(self._buffer, QByteArray(b"png"))
            if not writer.write(self.image):
                raise OSError(0, f"the picture could not be made: {writer.errorString()}")
            self._buffer.close()
        found = bytes(self._bytes.data())
        return self._with_other_fonts(found) if self.suffix == ".svg" else found

    def save(self, target: Path) -> None:
        """Write the bytes; OSError names the target, which is then as it was."""
        data = self.data()

        def write(path: Path) -> None:
            path.write_bytes(data)

        write_file(target, write)

    # --- inside ------------------------------------------------------------------------------------

    def _with_other_fonts(self, svg: bytes) -> bytes:
        """Name fonts of the same widths for where the theme's is not installed: text is text, not outlines."""
        family = self.painting.options.theme.font_family
        return svg.replace(f'font-family="{family}"'.encode(), f'font-family="{family}, {LIKE}"'.encode())

    def _svg(self) -> QSvgGenerator:
        from PySide6.QtSvg import QSvgGenerator

        self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(self._buffer)
        width, height = self.size
        generator.setSize(QSizeF(width, height).toSize())
        generator.setViewBox(QRectF(0, 0, width, height))
        generator.setTitle(self.painting.document.name)
        generator.setDescription("Drawn by Sketch")
        return generator

    def _pdf(self) -> QPagedPaintDevice:
        self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(self._buffer)
        size = QSizeF(*self.size)
        writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setTitle(self.painting.document.name)
        writer.setCreator("Sketch")
        return writer

    def _png(self) -> QImage:
        opaque = QImage.Format.Format_RGB32
        clear = QImage.Format.Format_ARGB32_Premultiplied
        self.image = QImage(*self.size, clear if self.painting.options.transparent else opaque)
        if self.image.isNull():
            raise OSError(
                0, f"there is not enough memory for a picture of {self.size[0]} × {self.size[1]} pixels"
            )
        self.image.fill(Qt.GlobalColor.transparent)
        self.image.setText("Title", self.painting.document.name)
        return self.image


def _fitting(size: QSizeF, suffix: str, wished: float) -> tuple[float, str]:
    """(scale, note): what is too large for its kind of file is made smaller, and the note says so."""
    long, area = max(size.width(), size.height(), 1.0), max(size.width() * size.height(), 1.0)
    if suffix == ".svg":
        return 1.0, ""
    if suffix == ".pdf":
        scale = min(1.0, MOST_POINTS / long)
        return scale, "" if scale == 1.0 else _note("1:1", scale, "a page has at most 200 inches a side")
    scale = min(wished, MOST_SIDE / long, (MOST_PIXELS / area) ** 0.5)
    limits = f"a PNG has at most {MOST_SIDE:,} pixels a side and {MOST_PIXELS // 10**6} million in all"
    return scale, "" if scale == wished else _note(f"{wished:g}", scale, limits)


def _note(wished: str, scale: float, why: str) -> str:
    way = "An SVG has no such limit, and a group or a selection is smaller."
    return f"Made at a scale of {scale:.3g} instead of {wished}: {why}. {way}"
