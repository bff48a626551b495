"""A drawing that a job works for, and what a person does in a dialog while it does: the frame of such stories."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget
from shiboken6 import isValid

from sketch.graph.rows import Edge, Node
from sketch.graph.tables import snapshot
from sketch.gui import asides
from sketch.gui.dialog_parts import OK
from sketch.gui.main_window import MainWindow
from sketch.state import commands
from sketch.state.document import Document
from sketch.state.twin import Twin
from tests.gui.canvas.conftest import chain
from tests.gui.windows import click, main_window, press

KEPT, GONE = 0, 1
LONE = (("Tanh", "Softplus"), ("Sigmoid", "Hardtanh"))
MEANWHILE, BEFORE, AFTER = ORDERS = "asked meanwhile", "open before", "open until after"


class Drawing(NamedTuple):
    """Everything twice: what is at place KEPT stays, what is at place GONE the job removes. `said`: in the window."""

    document: Document
    folder: Path
    said: list[str]
    inputs: tuple[int, int]
    groups: tuple[int, int]
    layers: tuple[int, int]
    spares: tuple[int, int]
    outputs: tuple[int, int]
    gone: list[int]

    def node(self, key: int) -> Node:
        return self.document.tables.nodes[key]

    def wire(self, which: int) -> Edge:
        return self.node(self.layers[which]).prior[0]

    @property
    def kinds(self) -> list[str]:
        return [node.layer for node in self.document.tables.nodes.values()]


def draw(window, folder: Path) -> Drawing:
    """Two networks beside each other: Input, Conv2d, a group, another layer, Conv2d, Output; and a layer for itself."""
    tab = window.opener.new()
    document, halves, gone = tab.document, [], []
    for which in (KEPT, GONE):
        x = 600.0 * which
        ids = chain(document, "Input", "Conv2d", *LONE[which], "Conv2d", "Output", x=x)
        commands.set_param(document, [ids[0]], "shape", ("N", 4, 8, 8))
        commands.set_param(document, [ids[1], ids[4]], "out_channels", 4 + which)
        spare = commands.add_layer(document, "Add", (x + 200.0, 0.0))
        group = commands.group(document, [ids[2]])
        halves.append((ids[0], group, ids[4], spare, ids[5]))
        gone = [*ids[:2], group, *ids[3:], spare]
    tab.view.frame_all()
    QApplication.processEvents()
    return Drawing(document, folder, [], *zip(*halves, strict=True), gone)


@contextmanager
def window_with_few(qtbot, monkeypatch) -> Iterator[MainWindow]:
    """A window for which more than three layers are many."""
    monkeypatch.setattr(asides, "MANY", 3)
    with main_window(qtbot) as found:
        yield found
        for dialog in found.findChildren(QDialog):
            dialog.close()


class Held:
    """A job that removes half of a drawing, and ends no sooner than it is told to."""

    def __init__(self, window, drawing: Drawing):
        self._window, self._drawing, self._over = window, drawing, threading.Event()
        twin = Twin(drawing.document)
        commands.remove(twin, drawing.gone)
        self.before, self.after = snapshot(drawing.document.tables), snapshot(twin.tables)

    @property
    def is_running(self) -> bool:
        return any(job.title == "Delete" for job in self._window.jobs.running)

    def begin(self) -> None:
        def act(document: Document) -> None:
            assert self._over.wait(20)
            commands.remove(document, self._drawing.gone)

        assert asides.edit(self._window, self._window.desk.tab, "Delete", act, ids=self._drawing.gone)
        assert self.is_running

    def end(self) -> None:
        self._over.set()
        until(lambda: not self.is_running)

    def cancel(self) -> None:
        next(job for job in self._window.jobs.running if job.title == "Delete").cancel()
        self.end()


Ask = Callable[[Any, Drawing, int], object]
Answer = Callable[[Any, Drawing, int], object]


@dataclass(frozen=True)
class Story:
    """What a person asks and answers in a dialog of this kind, for a half of the drawing.

    `sentence` is a pattern for what is said when that half has gone; without one the story is about neither half.
    """

    name: str
    kind: type[QWidget]
    ask: Ask
    answer: Answer
    was_done: Callable[[Drawing], object]
    sentence: str = ""
    is_edit: bool = True

    def __str__(self) -> str:
        return self.name


def choosing(command: str, ids_of: Callable[[Drawing, int], Sequence[int]]) -> Ask:
    """Select something and run a command."""

    def ask(window, drawing: Drawing, which: int) -> None:
        window.desk.view.select(ids_of(drawing, which))
        window.actions_.run(command)

    return ask


def on_wire(command: str) -> Ask:
    """Select a wire and run a command."""

    def ask(window, drawing: Drawing, which: int) -> None:
        window.desk.view.choose_wires([drawing.wire(which)])
        window.actions_.run(command)

    return ask


def taking(words: str) -> Answer:
    """Type into a list and take what is the first then."""

    def answer(popup, _drawing: Drawing, _which: int) -> None:
        QTest.keyClicks(popup.field, words)
        press(popup.field, Qt.Key.Key_Return)

    return answer


def confirm(dialog, *_: object) -> None:
    """Press OK when it can be pressed."""
    until(dialog.buttons.button(OK).isEnabled)
    click(dialog.buttons.button(OK))


def one_layer(drawing: Drawing, which: int) -> list[int]:
    return [drawing.layers[which]]


def one_group(drawing: Drawing, which: int) -> list[int]:
    return [drawing.groups[which]]


def until(is_so: Callable[[], object]) -> None:
    """Let the window live until something is so."""
    for _ in range(2000):
        if is_so():
            return
        QTest.qWait(5)
    raise AssertionError("it never was so")


def meet(kind: type[QWidget], act: Callable[[Any], object]) -> Callable[[], object]:
    """Use a dialog of this kind as soon as one is shown; True of the result when that is done."""
    met: list[None] = []

    def look() -> None:
        found = next(
            (w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None
        )
        if found is None:
            QTimer.singleShot(5, look)
            return
        try:
            act(found)
        finally:
            met.append(None)
            if isValid(found):
                found.close()

    QTimer.singleShot(0, look)
    return lambda: met


def play(window, drawing: Drawing, story: Story, order: str, which: int) -> Held:
    """Ask and answer in this order, while the job is held back; in the order AFTER it has ended before the answer."""
    held, document = Held(window, drawing), drawing.document

    def act(dialog) -> None:
        if order == BEFORE:
            held.begin()
        elif order == AFTER:
            held.end()
        QApplication.processEvents()
        turn = document.turn
        if isValid(dialog) and dialog.isVisible():
            story.answer(dialog, drawing, which)
        assert order == AFTER or document.turn == turn
        if isValid(dialog) and dialog.isVisible():
            drawing.said.extend(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())

    if order != BEFORE:
        held.begin()
    window.statusBar().messageChanged.connect(drawing.said.append)
    met = meet(story.kind, act)
    story.ask(window, drawing, which)
    until(met)
    return held
