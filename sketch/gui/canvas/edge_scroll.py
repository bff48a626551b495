"""Scrolling on while a gesture holds the pointer at the border of the view, so that it reaches what is out of sight."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, QTimer

ZONE = 28
MOST = 18
TICK_MS = 16


class EdgeScroll(QObject):
    """Calls `scroll` with pixels at every tick while the last known pointer is near the border."""

    def __init__(self, scroll: Callable[[QPoint], None], parent: QObject):
        super().__init__(parent)
        self._scroll = scroll
        self._step = QPoint()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(lambda: self._scroll(self._step))

    def follow(self, where: QPoint, area: QRect) -> None:
        """Take note of the pointer; starts and stops by itself."""
        self._step = QPoint(_push(where.x(), area.width()), _push(where.y(), area.height()))
        if self._step.isNull():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """The gesture is over."""
        self._timer.stop()


def _push(place: int, size: int) -> int:
    """Pixels to scroll: more the nearer to the border, or beyond it."""
    if place < ZONE:
        return -min(MOST, (ZONE - place) // 2 + 1)
    if place > size - ZONE:
        return min(MOST, (place - size + ZONE) // 2 + 1)
    return 0
