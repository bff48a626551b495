"""Where to look so that an area can be seen: plain arithmetic on (scale, centre)."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF

SMALLEST, READABLE, COMFORTABLE = 0.02, 0.8, 1.0
TOWER = 0.12
"""An area that fits only at a smaller scale than this is fitted to its width instead."""


def fit_all(area: QRectF, room: QSizeF) -> tuple[float, QPointF]:
    """(scale, centre) that shows an area.

    A tower too tall to read is fitted to its width, at its upper end; a row too long to its height, at its left end.
    """
    fit = _fit(area, room)
    across, down = room.width() / max(1.0, area.width()), room.height() / max(1.0, area.height())
    widest = min(COMFORTABLE, max(across, down))
    long = fit < TOWER and widest > 2 * fit
    scale = min(COMFORTABLE, max(SMALLEST, widest if long else fit))
    centre = area.center()
    if long and across > down:
        centre.setY(area.top() + room.height() / 2 / scale)
    elif long:
        centre.setX(area.left() + room.width() / 2 / scale)
    return scale, centre


def fit_start(
    area: QRectF, room: QSizeF, first: tuple[float, float] | None, *, right: bool = False
) -> tuple[float, QPointF]:
    """(scale, centre) that shows an area if it can be read then; else its first box, where the inputs are.

    `first` is the middle of that box, None where there is none.
    """
    start = start_at(READABLE, area, room, first, right=right)
    if start is None or _fit(area, room) >= READABLE:
        return fit_all(area, room)
    return READABLE, start


def start_at(
    scale: float, area: QRectF, room: QSizeF, first: tuple[float, float] | None, *, right: bool = False
) -> QPointF | None:
    """The centre that shows, at a scale, the first box of an area; None without one."""
    if first is None:
        return None
    if right:
        return QPointF(area.left() + room.width() / 2 / scale, first[1])
    return QPointF(first[0], area.top() + room.height() / 2 / scale)


def around(scale: float, centre: QPointF, room: QSizeF) -> QRectF:
    """What is in view at a scale around a centre."""
    seen = QRectF(QPointF(), room / scale)
    seen.moveCenter(centre)
    return seen


def _fit(area: QRectF, room: QSizeF) -> float:
    return min(room.width() / max(1.0, area.width()), room.height() / max(1.0, area.height()))
