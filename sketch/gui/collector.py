"""The garbage collector in the window's thread, between two turns: see `sketch.graph.collection`."""

from __future__ import annotations

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from sketch.graph.collection import Collection

BEAT_MS, CALM_TURNS = 500, 6
"""How often it looks; between two looks a window that nobody touches wakes up no more often than this."""


class Collector(QObject):
    """Collects twice a second from `begin` on, much of it in calm moments; once it is made nothing else collects."""

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._collection = Collection()
        self._turns = 0
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self.beat)

    def begin(self) -> None:
        """What was made until now has been walked by nobody, and most of it stays."""
        dispatcher = QAbstractEventDispatcher.instance()
        if dispatcher is not None and not self._timer.isActive():
            dispatcher.awake.connect(self._count)
        self._timer.start()

    def beat(self) -> None:
        """Look whether something is due; nothing within a drag."""
        calm, self._turns = self._turns <= CALM_TURNS, 0
        if QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._collection.go_on(calm=calm)

    def _count(self) -> None:
        self._turns += 1
