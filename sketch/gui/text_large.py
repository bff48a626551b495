"""Edits of very many lines of a text: a few lines a turn, with progress, and yet one step of the text's undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit

from sketch.gui.slices import Slices

MANY = 300
"""An edit of more lines than this takes longer than a part of a frame."""
AT_ONCE = 50
"""Lines that are changed with one step."""

Steps = Iterator[float]
"""An edit in steps: each `next` changes some lines and gives the share of the edit that is done then, 0 to 1."""


class _Group(NamedTuple):
    """The undo steps of Qt that are one for the person: those after `before`, up to `after`."""

    before: int
    after: int


class _Task(NamedTuple):
    """What is being done, what follows it, and what takes it back."""

    steps: Steps
    done: Callable[[], object]
    back: Callable[[], _Task] | None = None


class LargeEdits(QObject):
    """Does edits in steps, one edit at a time.

    `went_on` carries the share that is done; `over` comes when the text is whole again.
    """

    begun = Signal()
    went_on = Signal(float)
    over = Signal()

    def __init__(self, code: QPlainTextEdit):
        super().__init__(code)
        self._document = code.document()
        self._done: list[_Group] = []
        self._undone: list[_Group] = []
        self._task: _Task | None = None
        self._slices = Slices(self)
        self._document.contentsChange.connect(lambda *_where: self._forget())

    @property
    def is_going(self) -> bool:
        """True while the text is changed in part."""
        return self._task is not None

    def run(self, steps: Steps, done: Callable[[], object] = lambda: None) -> None:
        """Begin an edit; `done` is called when all of it is there, not after `cancel`."""
        before = self._document.availableUndoSteps()

        def end() -> None:
            after = self._document.availableUndoSteps()
            if after > before:  # else no line was to be changed
                self._undone.clear()
                self._done.append(_Group(before, after))
            done()

        self._begin(_Task(_as_steps_of_undo(self._document, steps), end, lambda: self._forgetting(before)))

    def undo(self) -> bool:
        """Begin to undo the last edit; False when that was none of these, but one of Qt's."""
        group = self._done[-1] if self._done else None
        if group is None or group.after != self._document.availableUndoSteps():
            return False
        self._begin(self._undoing(group))
        return True

    def redo(self) -> bool:
        """Begin to do again what was undone last; False when that was none of these."""
        group = self._undone[-1] if self._undone else None
        if group is None or group.before != self._document.availableUndoSteps():
            return False
        self._begin(self._redoing(group))
        return True

    def cancel(self) -> bool:
        """Make the text what it was before, in steps as well; False when nothing is being changed."""
        if self._task is not None and self._task.back is not None:
            self._begin(self._task.back()._replace(back=None))
        return self._task is not None

    def leave(self) -> None:
        """Let the text be as it is: another one takes its place."""
        self._task = None
        self._slices.replace([])

    # --- inside ------------------------------------------------------------------------------------

    def _begin(self, task: _Task) -> None:
        self._task = task
        self._slices.replace([self._go_on])
        self.begun.emit()

    def _go_on(self) -> None:
        task = self._task
        if task is None:
            return
        try:
            share = next(task.steps, None)
        except Exception:
            self.leave()
            self.over.emit()
            raise
        if share is not None:
            self.went_on.emit(share)
            self._slices.first(self._go_on)
            return
        self._task = None
        task.done()
        self.over.emit()

    def _undoing(self, group: _Group) -> _Task:
        def end() -> None:
            self._done = [other for other in self._done if other != group]
            self._undone = [*(other for other in self._undone if other != group), group]

        return _Task(_undo(self._document, group.before), end, lambda: self._redoing(group))

    def _redoing(self, group: _Group) -> _Task:
        def end() -> None:
            self._undone = [other for other in self._undone if other != group]
            self._done = [*(other for other in self._done if other != group), group]

        return _Task(_redo(self._document, group.after), end, lambda: self._undoing(group))

    def _forgetting(self, before: int) -> _Task:
        """Nobody can do a part again of what was taken back."""
        forget = self._document.clearUndoRedoStacks
        return _Task(_undo(self._document, before), lambda: forget(QTextDocument.Stacks.RedoStack))

    def _forget(self) -> None:
        """An edit of another kind: what was undone before it is gone, and so is what Qt itself has undone."""
        if self._undone and not self.is_going and not self._document.isRedoAvailable():
            self._undone.clear()
        if self._done and not self.is_going:
            here = self._document.availableUndoSteps()
            self._done = [group for group in self._done if group.after <= here]


def _as_steps_of_undo(document: QTextDocument, steps: Steps) -> Steps:
    """Each step is one of Qt's undo: else what is typed side by side becomes one, and that is undone in one turn."""
    while True:
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        try:
            share = next(steps, None)
        finally:
            cursor.endEditBlock()
        if share is None:
            return
        yield share


def _undo(document: QTextDocument, until: int) -> Steps:
    start = document.availableUndoSteps()
    while (here := document.availableUndoSteps()) > until:
        document.undo(QTextCursor(document))
        yield (start - here) / (start - until)


def _redo(document: QTextDocument, until: int) -> Steps:
    start = document.availableUndoSteps()
    while (here := document.availableUndoSteps()) < until:
        document.redo(QTextCursor(document))
        yield (here - start) / (until - start)


def replacing(cursor: QTextCursor, text: str) -> Steps:
    """Put a text in the place of what is selected, from its last line to its first; the cursor ends behind it."""
    pieces = _pieces(text.split("\n"))
    total, done = lines_in(cursor) // AT_ONCE + 1 + len(pieces), 0
    while cursor.hasSelection():
        _cut_end(cursor)
        done += 1
        yield min(1.0, done / total)
    for piece in pieces:
        cursor.insertText(piece)
        done += 1
        yield min(1.0, done / total)


def lines_in(cursor: QTextCursor) -> int:
    """How many lines a selection touches."""
    document = cursor.document()
    first = document.findBlock(cursor.selectionStart()).blockNumber()
    return document.findBlock(cursor.selectionEnd()).blockNumber() - first + 1


def _cut_end(cursor: QTextCursor) -> None:
    """Remove the last lines of a selection."""
    document, start, end = cursor.document(), cursor.selectionStart(), cursor.selectionEnd()
    block = document.findBlockByNumber(max(0, document.findBlock(end).blockNumber() - AT_ONCE))
    part = QTextCursor(document)
    part.setPosition(max(start, block.position()))
    part.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    part.removeSelectedText()


def _pieces(lines: Sequence[str]) -> list[str]:
    """The lines in parts that make the text when they are put side by side."""
    parts = ["\n".join(lines[at : at + AT_ONCE]) for at in range(0, len(lines), AT_ONCE)]
    return [*(f"{part}\n" for part in parts[:-1]), *(part for part in parts[-1:] if part)]
