"""Long texts in an editor widget: only lines that differ are replaced, and many lines come in slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QResizeEvent, QTextCursor
from PySide6.QtWidgets import QAbstractScrollArea, QPlainTextEdit

from sketch.gui.slices import Slices
from sketch.gui.text_hunks import Hunk, hunks, taken

LONG = 1500
"""A text of more lines than this is long: Qt needs more than a few milliseconds to take it in at once."""
FEW = 50
"""Up to this many lines are exchanged at once."""
SLICE = 100
"""Lines that are put in with one step; then the window may paint and answer."""
PIECE = 4000
"""As many characters at least of a text that is put in whole."""


class LongTextEdit(QPlainTextEdit):
    """Takes in another size of its own without a look at each of thousands of lines."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's own forgets how all lines are laid out, though lines that are not broken stay as they are."""
        if self.lineWrapMode() != self.LineWrapMode.NoWrap or self.blockCount() <= LONG:
            super().resizeEvent(event)
            return
        QAbstractScrollArea.resizeEvent(self, event)
        layout = self.document().documentLayout()
        layout.documentSizeChanged.emit(layout.documentSize())  # for the ranges of the scroll bars


class LongText(QObject):
    """Puts long texts into an editor. `is_coming` is True until the last line is there.

    The editor's document counts as modified when it is not what was put into it: to read it takes some milliseconds.

    Args:
        changed: is called when `is_coming` may have changed.
    """

    def __init__(self, code: QPlainTextEdit, changed: Callable[[], object]):
        super().__init__(code)
        self._code, self._changed = code, changed
        self._text, self._top, self._count = "", 0, 0
        self._cursor = QTextCursor()
        self._then: Callable[[], object] | None = None
        self._slices = Slices(self)
        self.is_coming = False
        """True while lines are missing."""

    def text(self) -> str:
        """The whole text, also of what is still to come."""
        is_known = self.is_coming or not self._code.document().isModified()
        return self._text if is_known else self._code.toPlainText()

    @property
    def line_count(self) -> int:
        """How many lines there are, or will be when none is missing, whichever is more."""
        return max(self._code.blockCount(), self._count if self.is_coming else 0)

    def put(self, text: str) -> None:
        """Put in a text that is not long, at once."""
        self.stop()
        self._code.setPlainText(text)
        self._took(text)

    def _took(self, text: str) -> None:
        self._text = text
        self._code.document().setModified(False)

    def stop(self) -> None:
        """Leave the text as far as it is."""
        if self.is_coming:
            self._code.document().setModified(True)
        self.is_coming, self._then = False, None
        self._slices.replace([])

    def show(self, text: str) -> None:
        """Make the text of the editor this one, and forget its undo; the cursor stays in its line."""
        self.stop()
        before = self.text()
        found = taken(before, text)
        if any(hunk.end - hunk.start > LONG for hunk in found):
            steps = self._anew(text)  # to cut so much out of the middle takes Qt a second
        else:
            count = before.count("\n") + 1
            steps = [step for hunk in reversed(found) for step in self._exchange(hunk, count)]
        self._text, self._count, self.is_coming = text, text.count("\n") + 1, True
        self._code.document().setUndoRedoEnabled(False)
        self._slices.replace([*steps, self._end])
        if sum(hunk.end - hunk.start + len(hunk.lines) for hunk in found) <= FEW:
            self._slices.finish()
        else:
            self._changed()

    def when_there(self, then: Callable[[], object]) -> None:
        """Do this as soon as no line is missing: now, or behind the last one; another text that comes ends the wait."""
        if self.is_coming:
            self._then = then
        else:
            then()

    def edit(self, text: str, place: int) -> None:
        """Make this the text, and put the cursor, as one step of its undo; very many lines come in slices, without."""
        before = self._code.toPlainText()
        found, count = hunks(before, text), before.count("\n") + 1
        if any(max(hunk.end - hunk.start, len(hunk.lines)) > LONG for hunk in found):
            self.show(text)
            return
        whole = QTextCursor(self._code.document())
        whole.beginEditBlock()
        for step in (step for hunk in reversed(found) for step in self._exchange(hunk, count)):
            step()
        whole.endEditBlock()
        cursor = self._code.textCursor()
        cursor.setPosition(min(place, len(text)))
        self._code.setTextCursor(cursor)

    def _anew(self, text: str) -> list[Callable[[], object]]:
        """The steps that put a text in the place of all of another."""
        self._top = self._code.verticalScrollBar().value()
        steps: list[Callable[[], object]] = [self._clear]
        end = 0
        while end < len(text):
            begin, end = end, (text.find("\n", end + PIECE) + 1) or len(text)
            steps.append(partial(self._put_part, text, begin, end))  # not the lines themselves: they are many
        return steps

    def _exchange(self, hunk: Hunk, count: int) -> list[Callable[[], object]]:
        """The steps that put lines in the place of others, before those above them change; the text has `count`."""
        pieces = _pieces(hunk.lines, first=not hunk.start, last=hunk.end == count)
        return [
            partial(self._cut, hunk.start, hunk.end, count, pieces[:1]),
            *(partial(self._put, piece) for piece in pieces[1:]),
        ]

    def _cut(self, start: int, end: int, count: int, pieces: Sequence[str]) -> None:
        self._cursor = self._selected(start, end, count)
        self._cursor.removeSelectedText()
        for piece in pieces:
            self._put(piece)

    def _selected(self, start: int, end: int, count: int) -> QTextCursor:
        """A cursor over the lines from `start` up to `end`, with the line break that joins them to the rest."""
        document = self._code.document()
        cursor = QTextCursor(document)
        if end < count:
            cursor.setPosition(document.findBlockByNumber(start).position())
            cursor.setPosition(document.findBlockByNumber(end).position(), QTextCursor.MoveMode.KeepAnchor)
        else:
            block = document.findBlockByNumber(start - 1)
            cursor.setPosition(block.position() + block.length() - 1 if start else 0)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _clear(self) -> None:
        self._code.setPlainText("")
        self._cursor = self._code.textCursor()

    def _put_part(self, text: str, begin: int, end: int) -> None:
        self._put(text[begin:end])

    def _put(self, piece: str) -> None:
        """Put lines in; where a person looked before is shown again as soon as it is there."""
        self._cursor.insertText(piece)
        bar = self._code.verticalScrollBar()
        if self._top and bar.maximum() >= self._top:
            if not bar.value():
                bar.setValue(self._top)
            self._top = 0

    def _end(self) -> None:
        bar = self._code.verticalScrollBar()
        if self._top and not bar.value():
            bar.setValue(self._top)
        self._top, self.is_coming = 0, False
        self._code.document().setUndoRedoEnabled(True)
        self._took(self._text)
        then, self._then = self._then, None
        if then is not None:
            then()
        self._changed()


def _pieces(lines: Sequence[str], *, first: bool, last: bool) -> list[str]:
    """The lines in slices, with the breaks before them (behind other lines) or after them (before other lines)."""
    if not lines:
        return []
    slices = ["\n".join(lines[at : at + SLICE]) for at in range(0, len(lines), SLICE)]
    if not last:
        return [f"{piece}\n" for piece in slices]
    return [piece if first and not index else f"\n{piece}" for index, piece in enumerate(slices)]
