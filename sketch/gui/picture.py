"""A canvas as a file: SVG and PDF as vectors, PNG at any scale. Complete, whatever is on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QImageWriter, QPageSize, QPaintDevice, QPainter, QPdfWriter

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
FEW, SMALL = 100, 4 << 20
"""So many nodes, and bytes of pixels, are finished in a few milliseconds."""
PIECE, STRIP = 1 << 20, 1 << 19
"""So many bytes are handed over at once, so many pixels cleared."""
SUFFIXES = (".svg", ".pdf", ".png")


class Picture:
    """One picture in the making: paint it with `steps`, then take its bytes. `note` says what is not as asked.

    Painting belongs to the window's thread. What comes after it (`pieces`, `data`, `save`, `let_go`) any thread may do,
    and of a large drawing it takes seconds.
    """

    def __init__(self, painting: Painting, suffix: str):
        if suffix not in SUFFIXES:
            raise ValueError(f"pictures end in {', '.join(SUFFIXES)}, not in {suffix or 'nothing'}.")
        self.painting, self.suffix = painting, suffix
        self.scale, self.note = _fitting(painting.area.size(), suffix, painting.options.scale)
        size = painting.area.size() * self.scale
        self.size = (max(1, round(size.width())), max(1, round(size.height())))
        """Pixels of a PNG, points of a PDF, units of an SVG."""
        self._painter: QPainter | None = None
        """Only here, and before what it paints on: it must end before that goes."""
        self.image: QImage | None = None
        self._device: QPaintDevice | None = None
        self._bytes = QByteArray()
        self._buffer = QBuffer(self._bytes)

    def steps(self) -> Iterator[float]:
        """Paint a little at a time; yields the share that is done."""
        makers: dict[str, Callable[[], QPaintDevice]] = {
            ".svg": self._svg,
            ".pdf": self._pdf,
            ".png": self._png,
        }
        self._device = makers[self.suffix]()
        self._painter = QPainter(self._device)
        try:
            yield from _painted(self, self._painter)
        except Exception:
            self._painter.end()  # whoever keeps the error keeps this frame
            raise

    def paint(self) -> Picture:
        """Paint all of it here and now."""
        for _ in self.steps():
            pass
        self.finish()
        return self

    @property
    def is_small(self) -> bool:
        """True when its bytes are there before anybody sees it."""
        return len(self.painting.ids) <= FEW and (self.image is None or self.image.sizeInBytes() < SMALL)

    def finish(self) -> None:
        """End the painting: what was painted is complete then, or let go of."""
        self._painter = None  # its end lets other threads run meanwhile, which `QPainter.end` does not
        self._device = None
        self._buffer.close()

    def let_go(self) -> None:
        """Free what was painted, and its painting's ways; of a large drawing that takes longer than a frame may."""
        self.finish()
        self.image = None
        self._bytes.clear()
        self.painting.let_go()

    def data(self) -> bytes:
        """The file's bytes once it is painted."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes once it is painted, a megabyte or so at a time: other threads have their turn in between."""
        self.finish()
        if self.image is not None and self._bytes.isEmpty():
            self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            writer = QImageWriter(self._buffer, QByteArray(b"png"))
            if not writer.write(self.image):
                raise OSError(0, f"the picture could not be made: {writer.errorString()}")
            self._buffer.close()
        start, size = 0, self._bytes.size()
        while start < size:
            end = self._bytes.indexOf(b"\n", start + PIECE) + 1 or size
            piece = bytes(self._bytes.mid(start, end - start).data())
            yield self._with_other_fonts(piece) if self.suffix == ".svg" else piece
            start = end

    def save(self, target: Path) -> None:
        """Write the bytes; OSError names the target, which is then as it was."""

        def write(path: Path) -> None:
            with path.open("wb") as file:
                file.writelines(self.pieces())

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
        self.image.setText("Title", self.painting.document.name)
        return self.image


def _painted(picture: Picture, painter: QPainter) -> Iterator[float]:
    """The steps of painting; yields the share that is done."""
    painting = picture.painting
    if picture.image is not None:
        yield from _cleared(picture.image, painter)
    area, room = painting.area, painter.viewport()
    painter.scale(room.width() / area.width(), room.height() / area.height())
    painter.translate(-area.topLeft())
    yield from painting.steps(painter, picture.scale if picture.suffix == ".png" else 1.0)


def _cleared(image: QImage, painter: QPainter) -> Iterator[float]:
    """Make all pixels transparent, strip by strip: so many at once would hold the window."""
    rows = max(1, STRIP // image.width())
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    for top in range(0, image.height(), rows):
        painter.fillRect(0, top, image.width(), rows, Qt.GlobalColor.transparent)
        yield 0.0
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)


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
