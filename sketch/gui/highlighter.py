"""Syntax colours for the source text: keywords, names, strings, numbers and comments of Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from PySide6.QtGui import (
    QColor,
    QFont,
    QSyntaxHighlighter,
    QTextBlock,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)

from sketch.gui.theme import Theme

_TOKENS = re.compile(
    r"""(?P<comment>\#.*)"""
    r"""|(?P<string>[rbf]?("[^"\n]*"|'[^'\n]*'))"""
    r"""|(?P<number>\b\d[\d_]*(\.\d+)?(e[+-]?\d+)?\b)"""
    r"""|(?P<name>(?<=class\s)\w+|(?<=def\s)\w+|\b[A-Z]\w+(?=\())"""
    r"""|(?P<word>\b[A-Za-z_]\w*\b)""",
)
_WORDS = {*keyword.kwlist, "self"}
_TURN = QTextFormat.Property.UserProperty + 1
"""In a format: which call of `set_theme` it is of."""


class Highlighter(QSyntaxHighlighter):
    """Colours the lines of a text document that are about to be seen; a change takes the colours of its lines away.

    No line is kept from one call to the next: one that is gone still says that it is valid, and asking it for its
    layout reads memory that Qt has freed.
    """

    def __init__(self, document: QTextDocument, theme: Theme):
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self._painted = QTextBlock()
        self._turn = 0
        self.set_theme(theme)

    def colour(self, blocks: Sequence[QTextBlock]) -> None:
        """Colour these lines, if they are not in the colours of the theme."""
        for block in blocks:
            found = block.layout().formats()
            if not found or found[0].format.intProperty(_TURN) != self._turn:
                self._painted = block
                self.rehighlightBlock(block)
        self._painted = QTextBlock()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme; lines get them with their next painting."""
        self._turn += 1
        self._formats = {
            "comment": _format(theme.code_comment, italic=True),
            "string": _format(theme.code_string),
            "number": _format(theme.code_number),
            "name": _format(theme.code_name),
            "word": _format(theme.code_keyword, bold=True),
        }
        for made in self._formats.values():
            made.setProperty(_TURN, self._turn)

    def highlightBlock(self, text: str) -> None:
        if self.currentBlock() != self._painted:
            return
        for match in _TOKENS.finditer(text):
            kind = match.lastgroup or ""
            if kind != "word" or match.group() in _WORDS:
                self.setFormat(match.start(), match.end() - match.start(), self._formats[kind])


def _format(colour: str, *, bold: bool = False, italic: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    made.setFontItalic(italic)
    if bold:
        made.setFontWeight(QFont.Weight.DemiBold)
    return made
