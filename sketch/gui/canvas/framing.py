"""Where to look so that an area can be seen: plain arithmetic on (scale, centre)."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtWidgets import QGraphicsItem

SMALLEST, READABLE, COMFORTABLE = 0.02, 0.8, 1.0
TOWER = 0.12
"""An area that fits only at a smaller scale than this is fitted to its width instead."""


def fit_all(area: QRectF, room: QSizeF) -> tuple[float, QPointF]:
    """(scale, centre) that shows an area; a tower too tall to read is fitted to its width, at its upper end."""
    fit = _fit(area, room)
    to_width = min(COMFORTABLE, room.width() / max(1.0, area.width()))
    tower = fit < TOWER and to_width > 2 * fit
    scale = min(COMFORTABLE, max(SMALLEST, to_width if tower else fit))
    centre = area.center()
    if tower:
        centre.setY(area.top() + room.height() / 2 / scale)
    return scale, centre


def fit_start(area: QRectF, room: QSizeF, items: Iterable[QGraphicsItem]) -> tuple[float, QPointF]:
    """(scale, centre) that shows an area if it can be read then; else its first item, where the inputs are."""
    if _fit(area, room) >= READABLE:
        return fit_all(area, room)
    first = min(items, key=lambda item: (item.pos().y(), item.pos().x()))
    return READABLE, QPointF(first.pos().x(), area.top() + room.height() / 2 / READABLE)


def _fit(area: QRectF, room: QSizeF) -> float:
    return min(room.width() / max(1.0, area.width()), room.height() / max(1.0, area.height()))
