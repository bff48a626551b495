"""What pages of the node editor have in common, and what others may show on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget


class Section(QWidget):
    """What others show below the facts of a single node; made anew for each."""

    def build(self) -> Iterator[None]:
        """Make what takes longer than a part of a frame, one part a step."""
        yield from ()


MakeSection = Callable[[int], Section | None]
"""Gives the section for a node, None where there is nothing to show."""


def page_column(page: QWidget) -> QVBoxLayout:
    """The column of a page, which begins at its top."""
    page.setProperty("role", "page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    whole, column = QVBoxLayout(page), QVBoxLayout()
    whole.setContentsMargins(12, 12, 12, 12)
    column.setSpacing(8)
    whole.addLayout(column)
    whole.addStretch(1)  # from the beginning: rows that come later do not push others about
    return column


def hint(text: str, parent: QWidget) -> QLabel:
    """A line that says why there is nothing."""
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
