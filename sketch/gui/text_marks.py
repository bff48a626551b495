"""The coloured places in the source: the cursor's line, the selection's lines, faults, found words, brackets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtGui import QColor, QTextBlock, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from sketch.gui.text_brackets import matching
from sketch.gui.theme import Theme

Mark = QTextEdit.ExtraSelection
NEAR = 300
"""Within so many lines above and below the cursor a bracket's partner is looked for; else neither is marked."""
MANY = 50
"""Qt takes some microseconds a mark: so many may be made whether they are in view or not."""


@dataclass
class Marks:
    """What is marked in a text; lines count from 1, places from 0."""

    selected: list[int] = field(default_factory=list)
    faults: set[int] = field(default_factory=set)
    found: list[tuple[int, int]] = field(default_factory=list)
    _last: tuple[Theme, bool] | None = None

    def show(self, code: QPlainTextEdit, theme: Theme, *, editing: bool) -> None:
        """Draw them all, later ones above earlier ones; of very many lines or found words those in view."""
        self._last = theme, editing
        here, chosen = _whole_line(theme.panel_alt), _whole_line(theme.code_line)
        found = _background(theme.accent_soft)
        is_empty = (
            code.document().isEmpty()
        )  # the line's ground would lie over the words that stand there then
        marks = [_line(code, code.textCursor().blockNumber() + 1, here)] if editing and not is_empty else []
        marks += [_line(code, line, chosen) for line in self._shown(code)]
        marks += [_part(code, start, end, found) for start, end in self._found_in_view(code)]
        marks += _brackets(code, theme) if editing else []
        marks += [_fault(code, line, theme) for line in sorted(self.faults)]
        code.setExtraSelections(marks)

    def follow(self, code: QPlainTextEdit) -> None:
        """The text was scrolled: draw those that have come into view."""
        if max(len(self.selected), len(self.found)) > MANY and self._last is not None:
            self.show(code, self._last[0], editing=self._last[1])

    def _shown(self, code: QPlainTextEdit) -> list[int]:
        if len(self.selected) <= MANY:
            return self.selected
        first, last = (block.blockNumber() + 1 for block in _in_view(code))
        return sorted(set(range(first, last + 1)).intersection(self.selected))

    def _found_in_view(self, code: QPlainTextEdit) -> list[tuple[int, int]]:
        if len(self.found) <= MANY:
            return self.found
        first, last = _in_view(code)
        top, bottom = first.position(), last.position() + last.length()
        return [(start, end) for start, end in self.found if end > top and start < bottom]


def _in_view(code: QPlainTextEdit) -> tuple[QTextBlock, QTextBlock]:
    """The first and the last line in view."""
    return code.firstVisibleBlock(), code.cursorForPosition(code.viewport().rect().bottomLeft()).block()


def lines_of(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """Every line of some ranges."""
    return [line for start, end in ranges for line in range(start, end + 1)]


def _line(code: QPlainTextEdit, line: int, look: QTextCharFormat) -> Mark:
    mark = Mark()
    mark.cursor = QTextCursor(code.document().findBlockByNumber(line - 1))
    mark.format = look
    return mark


def _part(code: QPlainTextEdit, start: int, end: int, look: QTextCharFormat) -> Mark:
    """A part of the text, as far as it is there: a long text comes in slices."""
    mark, last = Mark(), max(0, code.document().characterCount() - 1)
    mark.cursor = QTextCursor(code.document())
    mark.cursor.setPosition(min(start, last))
    mark.cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
    mark.format = look
    return mark


def _fault(code: QPlainTextEdit, line: int, theme: Theme) -> Mark:
    """The words of a line, underlined; of an empty line the whole breadth is coloured."""
    block = code.document().findBlockByNumber(line - 1)
    text = block.text()
    if not text.strip():
        return _line(code, line, _whole_line(theme.error))
    look = QTextCharFormat()
    look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
    look.setUnderlineColor(QColor(theme.error))
    first = block.position() + len(text) - len(text.lstrip())
    return _part(code, first, block.position() + len(text.rstrip()), look)


def _brackets(code: QPlainTextEdit, theme: Theme) -> list[Mark]:
    text, start = _around(code)
    pair = matching(text, code.textCursor().position() - start)
    if pair is None or (-1 in pair and len(text) + 1 < code.document().characterCount()):
        return []
    look = _background(theme.accent_soft)
    look.setForeground(QColor(theme.error if -1 in pair else theme.accent))
    look.setFontWeight(700)
    return [_part(code, start + place, start + place + 1, look) for place in pair if place >= 0]


def _around(code: QPlainTextEdit) -> tuple[str, int]:
    """(the lines around the cursor, where they begin): all of them, but of a long text those that are near."""
    block = code.textCursor().block()
    first, last = block.blockNumber() - NEAR, block.blockNumber() + NEAR
    if first <= 0 and last >= code.blockCount():
        return code.toPlainText(), 0
    block = code.document().findBlockByNumber(max(0, first))
    start, lines = block.position(), list[str]()
    while block.isValid() and block.blockNumber() <= last:
        lines.append(block.text())
        block = block.next()
    return "\n".join(lines), start


def _whole_line(colour: str) -> QTextCharFormat:
    made = _background(colour)
    made.setProperty(QTextFormat.Property.FullWidthSelection, True)
    return made


def _background(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setBackground(QColor(colour))
    return made
