"""Values as pictures: slices of an array as tiles of grey, as colours, or a histogram. Sizes are limited."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QImage, qRgb

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_TILES, MOST_ELEMENTS = 64, 1 << 21
MOST_SIDE = 512
"""Longest side of a picture, px; larger values are shown with every n-th element."""
GAP = 2
FAULT = (230, 60, 50)
"""Colour of NaN and Inf."""
LIGHTEST, FAULTY, CLEAR = 253, 254, 255
"""Numbers of colours: black to white, NaN and Inf, nothing."""


@dataclass(frozen=True)
class Slices:
    """How a value is cut: `batch` and `channels` are how many there are; height and width those of one picture."""

    batch: int
    channels: int
    height: int
    width: int


def slices_of(shape: tuple[int, ...]) -> Slices:
    """Batch first, then channels, then rows and columns; dimensions between count as channels."""
    if len(shape) == 0:
        return Slices(1, 1, 1, 1)
    if len(shape) == 1:
        return Slices(1, 1, 1, shape[0])
    if len(shape) == 2:
        return Slices(1, 1, shape[0], shape[1])
    return Slices(shape[0], math.prod(shape[1:-2]), shape[-2], shape[-1])


def planes(array: Array, batch: int) -> Array:
    """The pictures of one member of the batch: channels x rows x columns, a view."""
    cut = slices_of(array.shape)
    if array.ndim <= 2:
        return array.reshape(1, cut.height, cut.width)
    stack: Array = array[batch].reshape(cut.channels, cut.height, cut.width)
    return stack


def tiles(found: Array, *, channel: int = -1, common: bool = False) -> QImage:
    """Channels beside each other in grey; white is the largest value of each, or of all with `common`.

    Args:
        found: channels x rows x columns.
        channel: only this one; -1 shows the first ones, as many as `tile_count` says.
    """
    import numpy as np

    chosen = found[channel : channel + 1] if channel >= 0 else found[: tile_count(found.shape)]
    count, height, width = chosen.shape
    across = max(1, min(count, math.ceil(math.sqrt(count * max(height, 1) / max(width, 1)))))
    down = math.ceil(count / across)
    step = max(1, math.ceil(max(across * width, down * height) / MOST_SIDE))
    small = np.asarray(chosen[:, ::step, ::step], np.float32)
    rows, columns = small.shape[1:]
    sheet = np.full((down * (rows + GAP) - GAP, across * (columns + GAP) - GAP), CLEAR, np.uint8)
    low, high = _range(small) if common else (math.nan, math.nan)
    for number in range(count):
        top, left = number // across * (rows + GAP), number % across * (columns + GAP)
        part = small[number]
        sheet[top : top + rows, left : left + columns] = _grey(
            part, *((low, high) if common else _range(part))
        )
    return _indexed(sheet)


def tile_count(shape: tuple[int, ...]) -> int:
    """How many channels are shown at once: fewer of large ones, as each has to be read."""
    count, height, width = shape
    return min(count, MOST_TILES, max(1, MOST_ELEMENTS // max(1, height * width)))


def colours(found: Array) -> QImage:
    """Three channels as red, green and blue, over their common range."""
    import numpy as np

    step = max(1, math.ceil(max(found.shape[1:]) / MOST_SIDE))
    small = np.asarray(found[:3, ::step, ::step], np.float32)
    low, high = _range(small)
    sheet = np.full((*small.shape[1:], 4), 255, np.uint8)
    for place in range(3):
        sheet[..., place] = np.minimum(_grey(small[place], low, high), LIGHTEST)
    height, width = sheet.shape[:2]
    return QImage(sheet.tobytes(), width, height, width * 4, QImage.Format.Format_RGBA8888).copy()


def difference(one: Array, two: Array) -> Array:
    """How far two stacks of planes are apart, element by element, of the tiles that are shown."""
    import numpy as np

    first, second = (np.asarray(stack[: tile_count(stack.shape)], np.float32) for stack in (one, two))
    with np.errstate(invalid="ignore"):
        apart: Array = np.abs(first - second)
    return apart


def _range(values: Array) -> tuple[float, float]:
    import numpy as np

    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _grey(values: Array, low: float, high: float) -> Array:
    """Numbers of colours: 0 to LIGHTEST from the smallest to the largest; what is not finite has its own."""
    import numpy as np

    span = high - low
    if not span > 0:
        made: Array = np.full(values.shape, LIGHTEST // 2 + 1, np.uint8)
    else:
        with np.errstate(invalid="ignore"):
            made = np.clip((values - low) * np.float32(LIGHTEST / span), 0, LIGHTEST).astype(np.uint8)
    made[~np.isfinite(values)] = FAULTY
    return made


def _indexed(sheet: Array) -> QImage:
    height, width = sheet.shape
    image = QImage(sheet.tobytes(), width, height, width, QImage.Format.Format_Indexed8)
    greys = [qRgb(*[round(level * 255 / LIGHTEST)] * 3) for level in range(LIGHTEST + 1)]
    image.setColorTable([*greys, qRgb(*FAULT), 0])
    return image.convertToFormat(QImage.Format.Format_ARGB32)
