"""When sizes in the window change it is laid out first, and painted in a turn of the event loop after that, once."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QRegion, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QWidget
from shiboken6 import isValid

from sketch.gui.slices import Walk

NEXT_MS = 1
"""A timer of 0 ms would share the turn of what is posted."""
TURNS = 2
"""The paint comes after so many: lists and tables put their scroll bars right a turn after their size."""
_ATTRIBUTE = Qt.WidgetAttribute


class LatePaint(QObject):
    """Paints a window after it was laid out: when it has a new size, and when its parts are to get new sizes."""

    def __init__(self, window: QMainWindow):
        super().__init__(window)
        self._window = window
        self._steps: Walk | None = None
        self._has_new_size = False
        self._turns_left = TURNS
        self._soon = QTimer(self, singleShot=True, interval=NEXT_MS)
        self._soon.timeout.connect(self._come_nearer)
        window.installEventFilter(self)

    def soon(self) -> None:
        """Keep what is seen until what changes sizes in this turn is laid out."""
        if self._window.isVisible():
            _wait(self._window)
            if not self._soon.isActive():
                self._soon.start()

    def after(self, steps: Iterator[None]) -> None:
        """Keep what is seen while these steps are done, a turn each; nothing while others are under way."""
        if self._steps is None:
            _wait(self._window)
            self._steps = Walk(self, self._through(steps), slowly=True)
            self._steps.begin()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent) and event.oldSize().isValid():  # else it is shown first
            self._has_new_size = True
            self.soon()
        elif event.type() == QEvent.Type.Close and self._steps is not None:
            self._steps.finish()
        return False

    def _through(self, steps: Iterator[None]) -> Iterator[None]:
        try:
            yield from steps
        finally:  # a step that fails leaves no window that is never painted again
            if isValid(self) and self._steps is not None:
                self._steps.deleteLater()
                self._steps = None
                self._soon.start()

    def _come_nearer(self) -> None:
        if self._steps is not None:
            return
        if self._has_new_size:
            self._has_new_size = False
            _touch_opaque(self._window)
        self._turns_left -= 1
        if self._turns_left:
            self._soon.start()
        else:
            self._turns_left = TURNS
            _paint(self._window)
            _bring_to_screen(self._window)


def paint_later(window: QWidget) -> None:
    """Paint a window that is shown in this turn in the next one."""
    _wait(window)
    QTimer.singleShot(NEXT_MS, window, lambda: _paint(window))


def _wait(window: QWidget) -> None:
    """Keep Qt from painting a window. What its parts want painted is noted meanwhile: they are not told."""
    window.setAttribute(_ATTRIBUTE.WA_UpdatesDisabled, True)


def _paint(window: QWidget) -> None:
    window.setUpdatesEnabled(True)  # parts that were made meanwhile took after the window
    window.repaint()


def _bring_to_screen(window: QWidget) -> None:
    """Show all that is painted: Qt forgets what came into sight meanwhile, as from under a list that closed."""
    store = window.backingStore()
    if store is not None and window.isVisible():
        store.flush(QRegion(window.rect()))


def _touch_opaque(part: QWidget) -> None:
    """Have those parts painted that cover what is below them: a paint of the whole window leaves them out."""
    for child in part.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if child.isVisible() and not child.isWindow():
            if child.testAttribute(_ATTRIBUTE.WA_OpaquePaintEvent) or child.autoFillBackground():
                child.update()
            _touch_opaque(child)
