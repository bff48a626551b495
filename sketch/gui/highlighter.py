"""Syntax colours for the source text: keywords, names, strings, numbers and comments of Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from PySide6.QtGui import QColor, QFont, QTextBlock, QTextCharFormat, QTextLayout

from sketch.gui.theme import Theme

_TOKENS = re.compile(
    r"""(?P<comment>\#.*)"""
    r"""|(?P<string>[rbf]?("[^"\n]*"|'[^'\n]*'))"""
    r"""|(?P<number>\b\d[\d_]*(\.\d+)?(e[+-]?\d+)?\b)"""
    r"""|(?P<name>(?<=class\s)\w+|(?<=def\s)\w+|\b[A-Z]\w+(?=\())"""
    r"""|(?P<word>\b[A-Za-z_]\w*\b)""",
)
_WORDS = {*keyword.kwlist, "self"}
_POSITIVE = 0x7FFFFFFF
"""The state of a line is a number of 32 bits, -1 before it has one."""


class Highlighter:
    """Colours lines of a text document that are about to be painted.

    Qt's own highlighter asks for each line that comes in. Here a line says in its state what it was coloured for: text
    and theme. No line is kept from one call to the next: one that is gone still says that it is valid, and asking it
    for its layout reads memory that Qt has freed.
    """

    def __init__(self, theme: Theme):
        self._formats: dict[str, QTextCharFormat] = {}
        self._turn = 0
        self.set_theme(theme)

    def colour(self, blocks: Sequence[QTextBlock]) -> None:
        """Colour these lines, if what they say is not in the colours of the theme."""
        for block in blocks:
            text = block.text()
            state = hash((self._turn, text)) & _POSITIVE
            if block.userState() == state:
                continue
            block.setUserState(state)
            parts = self._parts(text)
            if parts or block.layout().formats():
                block.layout().setFormats(parts)

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

    def _parts(self, text: str) -> list[QTextLayout.FormatRange]:
        found = []
        for match in _TOKENS.finditer(text):
            kind = match.lastgroup or ""
            if kind != "word" or match.group() in _WORDS:
                part = QTextLayout.FormatRange()
                part.start, part.length = match.start(), match.end() - match.start()
                part.format = self._formats[kind]
                found.append(part)
        return found


def _format(colour: str, *, bold: bool = False, italic: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    made.setFontItalic(italic)
    if bold:
        made.setFontWeight(QFont.Weight.DemiBold)
    return made
