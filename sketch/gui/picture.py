"""The canvas as a file: SVG and PDF as vectors, PNG at twice the reading size. Complete, whatever is on the screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMarginsF, QRect, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QApplication

from sketch.durable import write_file
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network
from sketch.graph.tables import whole
from sketch.gui.canvas.view import CanvasView
from sketch.gui.theme import load_theme
from sketch.state.document import Document

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgGenerator

PNG_SCALE = 2.0
MAX_PIXELS = 16_000
SUFFIXES = (".svg", ".pdf", ".png")


def render_file(network: Network, library: LayerLibrary, target: Path, theme: str = "light") -> None:
    """Draw a network's top level into a file, without a screen; ValueError for a suffix that is no picture."""
    if target.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{target}: pictures end in {', '.join(SUFFIXES)}.")
    if network.tables is None:
        raise ValueError(f"{target}: this network has no drawing.")
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication(["sketch"])
    document = Document(library, store=network.store, folder=None, name=network.name)
    document.load(whole(network.tables), "Open")
    view = CanvasView(document, load_theme(theme))
    try:
        write_view(view, target)
    finally:
        view.close_document()
        view.deleteLater()
        application.processEvents()


def write_view(view: CanvasView, target: Path) -> None:
    """Write what a canvas holds, selected or not, on screen or not, as a picture."""
    area = view.canvas.contents().adjusted(-24, -24, 24, 24)
    size = area.size()
    writers = {".svg": _svg, ".pdf": _pdf, ".png": _png}
    write_file(target, lambda path: writers[target.suffix.lower()](view, path, size))


def _svg(view: CanvasView, path: Path, size: QSizeF) -> None:
    from PySide6.QtSvg import QSvgGenerator

    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(size.toSize())
    generator.setViewBox(QRect(0, 0, int(size.width()), int(size.height())))
    generator.setTitle(view.document.name)
    _paint(view, generator, size)


def _pdf(view: CanvasView, path: Path, size: QSizeF) -> None:
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(view.document.name)
    _paint(view, writer, size)


def _png(view: CanvasView, path: Path, size: QSizeF) -> None:
    scale = min(PNG_SCALE, MAX_PIXELS / max(size.width(), size.height(), 1.0))
    image = QImage((size * scale).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(view.canvas.ink.theme.canvas))
    _paint(view, image, size)
    writer = QImageWriter(str(path), QByteArray(b"png"))
    if not writer.write(image):
        raise OSError(0, f"the picture could not be written: {writer.errorString()}")


def _paint(view: CanvasView, device: QSvgGenerator | QPdfWriter | QImage, size: QSizeF) -> None:
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(painter.viewport(), Qt.GlobalColor.transparent)
    view.render_to(painter)
    painter.end()
