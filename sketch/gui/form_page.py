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


def lead_tab(before: QWidget, page: QWidget) -> None:
    """Let Tab lead from a widget through the fields of a page of its window, in the order in which they were made."""
    for widget in page.findChildren(QWidget):
        if widget.window() is not before.window() or widget.focusProxy() is not None:
            continue  # the list of a combo box is a window; what has a proxy stands behind it
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            QWidget.setTabOrder(before, widget)
            before = widget
