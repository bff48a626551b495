"""Shared by all tests of the window: a document with the real layers, an active window, real events."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsView, QWidget

from sketch.graph.library import LayerLibrary
from sketch.gui import slices
from sketch.gui.theme import load_theme
from sketch.resources_root import resource_root
from sketch.state.document import Document

MOST_TURNS = 20


class FolderStore:
    """Stands in for the tensor store: a document asks it for its folder, and nothing of it lies in a file."""

    def __init__(self, folder: Path):
        self.folder = folder

    def let_go(self, path: Path) -> None:
        """No tensor lies there."""


@pytest.fixture(autouse=True)
def _whole_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in slices is done in one go: what a test sees does not depend on how fast the machine is.

    A turn in which a thread posts something leaves timers of 0 ms, and slices, out: they have theirs behind it.
    """
    monkeypatch.setattr(slices, "SLICE_SECONDS", math.inf)
    one_turn = QApplication.processEvents

    def turns(*how: object) -> None:
        had_their_turn: list[None] = []
        QTimer.singleShot(0, lambda: had_their_turn.append(None))
        for _ in range(MOST_TURNS):
            one_turn(*how)
            if had_their_turn:
                return

    monkeypatch.setattr(QApplication, "processEvents", staticmethod(turns))


@pytest.fixture(scope="session")
def library() -> LayerLibrary:
    """The real layers."""
    return LayerLibrary.load(resource_root() / "layers")


@pytest.fixture
def document(library, tmp_path) -> Iterator[Document]:
    """An empty document that lives in memory."""
    made = Document(library, store=FolderStore(tmp_path), folder=None)
    yield made
    made.close()


@pytest.fixture
def light():
    """The light theme."""
    return load_theme("light")


@pytest.fixture
def show(qtbot) -> Callable[[QWidget], QWidget]:
    """Show a widget, make its window active and wait until it is: keys are lost before."""

    def shown(widget: QWidget, size: tuple[int, int] = (900, 700)) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(*size)
        widget.show()
        qtbot.waitExposed(widget)
        widget.activateWindow()
        widget.setFocus()
        qtbot.waitUntil(widget.isActiveWindow)
        QApplication.processEvents()
        return widget

    return shown


class Hand:
    """Real mouse and key events on a graphics view, in scene coordinates."""

    none = Qt.KeyboardModifier.NoModifier

    def __init__(self, view: QGraphicsView):
        self.view = view

    def at(self, x: float, y: float) -> QPoint:
        """The viewport pixel of a scene point."""
        return self.view.mapFromScene(QPointF(x, y))

    def press(self, where, button=Qt.MouseButton.LeftButton, modifiers=none) -> None:
        """Press a button at a scene point."""
        QTest.mousePress(self.view.viewport(), button, modifiers, self.at(*where))

    def move(self, where, button=Qt.MouseButton.LeftButton, modifiers=none) -> None:
        """Move with a button held, in one event that carries button and modifiers (QTest.mouseMove carries none)."""
        send_move(self.view.viewport(), self.at(*where), button, modifiers)

    def release(self, where, button=Qt.MouseButton.LeftButton, modifiers=none) -> None:
        """Release a button at a scene point."""
        QTest.mouseRelease(self.view.viewport(), button, modifiers, self.at(*where))

    def click(self, where, button=Qt.MouseButton.LeftButton, modifiers=none) -> None:
        """Press and release at a scene point."""
        QTest.mouseClick(self.view.viewport(), button, modifiers, self.at(*where))

    def double_click(self, where) -> None:
        """A double click at a scene point."""
        QTest.mouseDClick(self.view.viewport(), Qt.MouseButton.LeftButton, self.none, self.at(*where))

    def drag(self, start, end, button=Qt.MouseButton.LeftButton, modifiers=none, steps: int = 4) -> None:
        """Press, move in steps, release."""
        self.press(start, button, modifiers)
        for step in range(1, steps + 1):
            part = step / steps
            here = (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
            self.move(here, button, modifiers)
        self.release(end, button, modifiers)

    def key(self, key, modifiers=none) -> None:
        """Press and release a key while the view has the focus."""
        QTest.keyClick(self.view, key, modifiers)


def send_move(widget: QWidget, where: QPoint, button=Qt.MouseButton.NoButton, modifiers=Hand.none) -> None:
    """Send a mouse move with buttons and modifiers to a widget."""
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(where),
        QPointF(widget.mapToGlobal(where)),
        Qt.MouseButton.NoButton,
        button,
        modifiers,
    )
    QApplication.sendEvent(widget, event)


@pytest.fixture
def hand() -> type[Hand]:
    """Makes real events on a view: `hand(view).drag((0, 0), (100, 0))`."""
    return Hand
