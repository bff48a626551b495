"""What the keys of the source editor do to its text; each is one step of the text's own undo.

Edits of lines come in steps (`text_large.Steps`): they may be about very many.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator

from PySide6.QtGui import QTextBlock, QTextCursor

from sketch.gui.text_large import AT_ONCE, Steps, lines_in

INDENT = 4
READ_AT_ONCE = 500
"""Lines that are looked at with one step."""
_COMMENT = re.compile(r"^(\s*)# ?")
_LEAVES = re.compile(r"\s*(return|pass|break|continue|raise)\b")
_CLOSING = ")]}"


def indent(cursor: QTextCursor) -> Steps:
    """One level to the right: the selected lines, or from the cursor to the next stop."""
    if cursor.hasSelection():
        yield from _each_line(cursor, lambda text: " " * INDENT + text if text.strip() else text)
    else:
        cursor.insertText(" " * (INDENT - cursor.positionInBlock() % INDENT))


def dedent(cursor: QTextCursor) -> Steps:
    """One level to the left, the selected lines or the cursor's."""
    yield from _each_line(cursor, lambda text: text[min(INDENT, len(text) - len(text.lstrip(" "))) :])


def toggle_comment(cursor: QTextCursor) -> Steps:
    """Make the lines comments, or take the marks away when all of them are."""
    margin, are_comments = sys.maxsize, True
    for number, block in enumerate(_blocks(cursor)):
        text = block.text()
        if text.strip():
            margin = min(margin, len(text) - len(text.lstrip()))
            are_comments = are_comments and _COMMENT.match(text) is not None
        if number % READ_AT_ONCE == READ_AT_ONCE - 1:
            yield 0.0
    if are_comments:
        yield from _each_line(cursor, lambda text: _COMMENT.sub(r"\1", text, count=1))
    else:
        yield from _each_line(
            cursor, lambda text: f"{text[:margin]}# {text[margin:]}" if text.strip() else text
        )


def new_line(cursor: QTextCursor) -> None:
    """A line with the margin of this one: more after a colon or an open bracket, less after a return."""
    cursor.beginEditBlock()
    cursor.removeSelectedText()
    before = cursor.block().text()[: cursor.positionInBlock()]
    after = cursor.block().text()[cursor.positionInBlock() :]
    margin = len(before) - len(before.lstrip(" "))
    code = before.split("#")[0].rstrip()
    deeper = code.endswith((":", "(", "[", "{"))
    change = INDENT if deeper else -INDENT if _LEAVES.match(code) else 0
    cursor.insertText("\n" + " " * max(0, margin + change))
    if deeper and after[:1] and after[0] in _CLOSING:
        place = cursor.position()
        cursor.insertText("\n" + " " * margin)
        cursor.setPosition(place)
    cursor.endEditBlock()


def backspace(cursor: QTextCursor) -> bool:
    """In front of the text of a line, take back one level; False when the key means what it always does."""
    before = cursor.block().text()[: cursor.positionInBlock()]
    if cursor.hasSelection() or not before or before.strip(" "):
        return False
    back = (len(before) - 1) % INDENT + 1
    cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, back)
    cursor.removeSelectedText()
    return True


def go_home(cursor: QTextCursor, *, select: bool) -> None:
    """To the first letter of the line; from there to its start."""
    text = cursor.block().text()
    first = len(text) - len(text.lstrip())
    place = 0 if cursor.positionInBlock() == first else first
    mode = QTextCursor.MoveMode.KeepAnchor if select else QTextCursor.MoveMode.MoveAnchor
    cursor.setPosition(cursor.block().position() + place, mode)


def _blocks(cursor: QTextCursor) -> Iterator[QTextBlock]:
    """The lines of the selection; a last one of which nothing is selected does not count."""
    block = cursor.document().findBlock(cursor.selectionStart())
    last = cursor.document().findBlock(cursor.selectionEnd())
    if last.blockNumber() > block.blockNumber() and last.position() == cursor.selectionEnd():
        last = last.previous()
    number = last.blockNumber()  # those in between may change before the next is asked for
    while block.isValid() and block.blockNumber() <= number:
        yield block
        block = block.next()


def _each_line(cursor: QTextCursor, change: Callable[[str], str]) -> Steps:
    """Rewrite the start of each line; what did not change is not touched."""
    total = lines_in(cursor)
    for number, block in enumerate(_blocks(cursor)):
        _rewrite(block, change(block.text()))
        if number % AT_ONCE == AT_ONCE - 1:
            yield min(1.0, number / total)


def _rewrite(block: QTextBlock, wanted: str) -> None:
    text = block.text()
    if text != wanted:
        kept = _same_end(text, wanted)
        edit = QTextCursor(block)
        edit.setPosition(block.position() + len(text) - kept, QTextCursor.MoveMode.KeepAnchor)
        edit.insertText(wanted[: len(wanted) - kept])


def _same_end(first: str, second: str) -> int:
    count = 0
    while count < min(len(first), len(second)) and first[-1 - count] == second[-1 - count]:
        count += 1
    return count
