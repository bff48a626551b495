"""What can be asked in the find bar, with examples that go into the field at a click."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtWidgets import QApplication, QFrame, QTextBrowser, QVBoxLayout, QWidget

from sketch.graph.query import FIELDS, NUMBERS, STATES
from sketch.gui.theme import Theme

WIDTH, HEIGHT = 470, 560
PLAIN = (
    ("conv1", "name or type holds it; capitals do not matter"),
    ("conv* relu?", "* is any text, ? one letter, then of the whole name"),
    ("kernel_size>3", "any parameter: = != < <= > >="),
    ("type:Conv2d bias=false", "both hold"),
    ("type:ReLU or type:GELU", "one holds"),
    ("-type:Identity", "does not hold; -( ) around more than one"),
    ('"conv 1"', "quotes keep spaces and take * as it stands"),
    ("name=conv1", "= is the whole text, : a part of it"),
)
"""Examples that need no field, and what they find."""


class FindHelp(QFrame):
    """The page; `take` gets the example that was clicked."""

    def __init__(self, parent: QWidget, theme: Theme, take: Callable[[str], object]):
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.setAccessibleName("How to find")
        self._take = take
        self.page = QTextBrowser()
        self.page.setAccessibleName("How to find")
        self.page.setOpenLinks(False)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setStyleSheet("border: none;")
        self.page.setHtml(help_html(theme))
        self.page.anchorClicked.connect(self._on_link)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.page)
        self.resize(WIDTH, HEIGHT)

    def open_below(self, widget: QWidget) -> None:
        """Show it under a widget, its right edge at the widget's, moved to fit the screen."""
        corner = widget.mapToGlobal(QPoint(widget.width() - self.width(), widget.height() + 4))
        screen = QApplication.screenAt(corner) or QApplication.primaryScreen()
        area = screen.availableGeometry()
        self.resize(WIDTH, min(HEIGHT, area.height() - 40))
        top = min(corner.y(), area.bottom() - self.height())
        self.move(max(area.left(), corner.x()), max(area.top(), top))
        self.show()
        self.page.setFocus()

    @staticmethod
    def links() -> list[str]:
        """The examples, in their order on the page."""
        return [example for _title, lines in _sections() for example, _words in lines]

    def _on_link(self, link: QUrl) -> None:
        example = self.links()[int(link.fragment())]
        self.close()
        self._take(example)


def help_html(theme: Theme) -> str:
    """The page as HTML; the link of an example is its number."""
    rows, number = [], 0
    for title, lines in _sections():
        rows.append(f"<tr><td colspan='2'><br><b>{title}</b></td></tr>")
        for example, words in lines:
            rows.append(
                f"<tr><td style='white-space:pre'><a style='color:{theme.accent}; text-decoration:none' "
                f"href='#{number}'><code>{html.escape(example)}</code></a>&nbsp;&nbsp;</td>"
                f"<td style='color:{theme.text_muted}'>{html.escape(words)}</td></tr>"
            )
            number += 1
    return f"<table cellspacing='0' cellpadding='3' width='100%'>{''.join(rows)}</table>"


def _sections() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Title and lines (example, what it finds) of each part, from the tables of the query language."""
    named = (*FIELDS.values(), *NUMBERS.values())
    fields = tuple((example, words) for words, example in named)
    return ("Words", PLAIN), ("Fields", fields), ("States", tuple((f"is:{s}", w) for s, w in STATES.items()))
