"""Picture files as the values of an input, read by Qt: cropped or stretched to the size that the input has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QImageReader

from sketch.binder.feeding import PictureSize
from sketch.binder.kernel import BinderError

if TYPE_CHECKING:
    import numpy as np

_FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}


def read_picture(path: Path, size: PictureSize, *, stretch: bool = False) -> np.ndarray[Any, Any]:
    """A picture as height x width x channels, uint8; BinderError when the file is none.

    Without `stretch` it keeps its proportions: it is scaled to fill the size, and what stands over is cut off evenly.
    """
    if not path.is_file():
        raise BinderError(f"{path}: there is no such file.")
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        raise BinderError(f"{path}: cannot be read as a picture: {reader.errorString()}.")
    return pixels(_fitted(image, size, stretch=stretch), size.channels)


def pixels(image: QImage, channels: int) -> np.ndarray[Any, Any]:
    """The bytes of an image: height x width x channels (1, 3 or 4), uint8."""
    import numpy as np

    plain = image.convertToFormat(_FORMATS[channels])
    width, height = plain.width(), plain.height()
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(height, plain.bytesPerLine())
    return rows[:, : width * channels].reshape(height, width, channels).copy()


def _fitted(image: QImage, size: PictureSize, *, stretch: bool) -> QImage:
    smooth = Qt.TransformationMode.SmoothTransformation
    if stretch:
        ratio = Qt.AspectRatioMode.IgnoreAspectRatio
        return image.scaled(size.width, size.height, ratio, smooth)
    ratio = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    grown = image.scaled(size.width, size.height, ratio, smooth)
    left, top = (grown.width() - size.width) // 2, (grown.height() - size.height) // 2
    return grown.copy(left, top, size.width, size.height)
