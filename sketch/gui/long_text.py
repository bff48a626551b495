"""Long texts in an editor widget: only lines that differ are replaced, and many lines come in slices by a timer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from sketch.gui.text_syntax import common_start

LONG = 1500
"""A text of more lines than this is long: Qt needs more than a few milliseconds to take it in at once."""
FEW = 50
"""Up to this many lines are exchanged one by one."""
SLICE = 250
"""Lines that are put in at once; then the window may paint and answer."""


class LongText(QObject):
    """Puts long texts into an editor. `is_coming` is True until the last line is there.

    The editor's document counts as modified when it is not what was put into it: to read it takes some milliseconds.

    Args:
        changed: is called when `is_coming` may have changed.
    """

    def __init__(self, code: QPlainTextEdit, changed: Callable[[], object]):
        super().__init__(code)
        self._code, self._changed = code, changed
        self._pieces: list[str] = []
        self._text, self._top = "", 0
        self._cursor = QTextCursor()
        self._is_old = False
        """True while the text before is still there, all of which gives way."""
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._put_next)

    @property
    def is_coming(self) -> bool:
        """True while lines are missing."""
        return bool(self._pieces) or self._is_old

    def text(self) -> str:
        """The whole text, also of what is still to come."""
        is_known = self.is_coming or not self._code.document().isModified()
        return self._text if is_known else self._code.toPlainText()

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
        self._pieces, self._is_old = [], False
        self._timer.stop()

    def show(self, text: str) -> None:
        """Make the text of the editor this one, and forget its undo; the cursor stays in its line."""
        self.stop()
        before, after = self.text().split("\n"), text.split("\n")
        if self._exchange(before, after):
            self._took(text)
            self._changed()
            return
        head = common_start(before, after)
        tail = common_start(before[head:][::-1], after[head:][::-1])
        if len(before) - head - tail > LONG:
            head = tail = 0  # Qt takes a second to cut so much out of the middle, and a moment to begin anew
        self._text, self._top = text, self._code.verticalScrollBar().value()
        self._cursor = self._selected(head, len(before) - tail, len(before))
        self._pieces = _pieces(after[head : len(after) - tail], first=not head, last=not tail)
        self._code.document().setUndoRedoEnabled(False)
        self._is_old = not head and not tail
        if not self._is_old:
            self._cursor.removeSelectedText()
            self._put_next()
        if self.is_coming:
            self._timer.start()
            self._changed()

    def _exchange(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Put single lines in the place of others (a parameter changed, a layer has another name); True when done."""
        if len(before) != len(after):
            return False
        differ = [line for line, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
        if len(differ) > FEW:
            return False
        document = self._code.document()
        document.setUndoRedoEnabled(False)
        for line in differ:
            cursor = QTextCursor(document.findBlockByNumber(line))
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(after[line])
        document.setUndoRedoEnabled(True)
        return True

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

    def _put_next(self) -> None:
        if self._is_old:
            self._is_old = False
            self._code.setPlainText("")
            self._cursor = self._code.textCursor()
        elif self._pieces:
            self._cursor.insertText(self._pieces.pop(0))
        if not self._pieces:
            self._timer.stop()
            self._code.document().setUndoRedoEnabled(True)
            self._took(self._text)
            if not self._code.verticalScrollBar().value():
                self._code.verticalScrollBar().setValue(self._top)
            self._changed()


def _pieces(lines: Sequence[str], *, first: bool, last: bool) -> list[str]:
    """The lines in slices, with the breaks before them (behind other lines) or after them (before other lines)."""
    if not lines:
        return []
    slices = ["\n".join(lines[at : at + SLICE]) for at in range(0, len(lines), SLICE)]
    if not last:
        return [f"{piece}\n" for piece in slices]
    return [piece if first and not index else f"\n{piece}" for index, piece in enumerate(slices)]
