"""The garbage collector in the window's thread, between two turns: see `sketch.graph.collection`."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from sketch.graph.collection import Collection

BEAT_MS = 500


class Collector(QObject):
    """Collects twice a second from `begin` on, but not within a drag; from the moment it is made nothing else does."""

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._collection = Collection()
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self._beat)

    def begin(self) -> None:
        """What was made until now has been walked by nobody, and most of it stays."""
        self._timer.start()

    def _beat(self) -> None:
        if QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._collection.go_on()
