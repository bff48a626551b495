"""The welcome page: examples that open on a click, a new network, recent files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.icons import mark
from sketch.gui.slices import Slices
from sketch.gui.theme import Theme

PICTURE = QSize(144, 128)
CARD_WIDTH = 182
GAP = 10
SIDE = 28
MOST_RECENT = 8


class Card(QFrame):
    """One example: a picture of its graph, a name, a sentence. Click, Enter or Space opens it."""

    chosen = Signal(str)

    def __init__(self, key: str, title: str, text: str):
        super().__init__()
        self.key = key
        self.setProperty("role", "card")
        self.setAccessibleName(f"Open the example {title}")
        self.setAccessibleDescription(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedWidth(CARD_WIDTH)
        self._picture = QLabel()
        self._picture.setFixedHeight(PICTURE.height())
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head, body = QLabel(title), QLabel(text)
        head.setProperty("role", "subheading")
        body.setProperty("role", "muted")
        body.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(4)
        for widget in (self._picture, head, body):
            column.addWidget(widget)
        column.addStretch(1)

    def show_picture(self, picture: QPixmap) -> None:
        """Show the drawing of the graph."""
        self._picture.setPixmap(picture)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.key)
        else:
            super().keyPressEvent(event)


class WelcomePage(QScrollArea):
    """What a person sees when nothing is open."""

    example_chosen = Signal(str)
    file_chosen = Signal(str)
    new_wanted = Signal()
    open_wanted = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName("Welcome")
        self.cards: list[Card] = []
        self._logo = QLabel()
        self._grid = QGridLayout()
        self._columns = 0
        self._draw: Callable[[str, QSize], QPixmap] | None = None
        self._drawing = Slices(self)
        self._shown: list[Path] | None = None
        self._recent = QVBoxLayout()
        self._recent_title = _section("Recent files")
        self._page = QWidget()
        self._page.setObjectName("welcome")
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(SIDE, 40, SIDE, 32)
        self._column.setSpacing(10)
        self._lay_out()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draw the mark in the colours of a theme."""
        self._logo.setPixmap(mark(40, theme))

    def show_examples(self, examples: Sequence[tuple[str, str, str]]) -> None:
        """A card for each (key, title, description)."""
        self.cards = [Card(*example) for example in examples]
        self._grid.setColumnStretch(len(self.cards), 1)
        for card in self.cards:
            card.chosen.connect(self.example_chosen)
        self._columns = 0
        self._place_cards()

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List the files opened last, newest first."""
        if paths == self._shown:
            return
        self._shown = list(paths)
        while self._recent.count():
            item = self._recent.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._recent_title.setVisible(bool(paths))
        for path in paths[:MOST_RECENT]:
            link = _link(f"{path.name}    {path.parent}", partial(self.file_chosen.emit, str(path)))
            self._recent.addWidget(link)

    def show_pictures(self, draw: Callable[[str, QSize], QPixmap]) -> None:
        """Fill the cards with drawings, as soon as they are seen, one after the other."""
        self._draw = draw
        if self.isVisible():
            self._fill_cards(draw)

    def showEvent(self, event: QShowEvent) -> None:
        """The page is put in when it is first seen: a session that comes back never shows it."""
        if self.widget() is None:
            self.setWidget(self._page)
        super().showEvent(event)
        if self._draw is not None:
            self._fill_cards(self._draw)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_cards()

    def _fill_cards(self, draw: Callable[[str, QSize], QPixmap]) -> None:
        self._draw = None
        self._drawing.replace([partial(_fill, card, draw) for card in self.cards])

    def _place_cards(self) -> None:
        """As many cards side by side as there is room for."""
        columns = max(1, min(max(1, len(self.cards)), (self.width() - 2 * SIDE + GAP) // (CARD_WIDTH + GAP)))
        if columns != self._columns:
            self._columns = columns
            for index, card in enumerate(self.cards):
                self._grid.addWidget(card, index // columns, index % columns)

    def _lay_out(self) -> None:
        self._column.addLayout(self._head())
        self._column.addLayout(self._start_row())
        self._column.addSpacing(8)
        self._column.addWidget(_section("Examples"))
        self._grid.setSpacing(GAP)
        self._column.addLayout(self._grid)
        self._column.addSpacing(8)
        self._column.addWidget(self._recent_title)
        self._recent.setSpacing(0)
        self._column.addLayout(self._recent)
        self._column.addStretch(1)

    def _head(self) -> QHBoxLayout:
        title, text = QLabel("Sketch"), QLabel("Draw a neural network, or open a trained one and change it.")
        title.setProperty("role", "heading")
        text.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(title)
        words.addWidget(text)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self._logo)
        row.addLayout(words, 1)
        return row

    def _start_row(self) -> QHBoxLayout:
        new, opener = QPushButton("New network"), QPushButton("Open a file...")
        new.setDefault(True)
        new.clicked.connect(self.new_wanted)
        opener.clicked.connect(self.open_wanted)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(new)
        row.addWidget(opener)
        hint = QLabel("or drop a file anywhere on this window")
        hint.setProperty("role", "muted")
        row.addWidget(hint)
        row.addStretch(1)
        return row


def _fill(card: Card, draw: Callable[[str, QSize], QPixmap]) -> None:
    card.show_picture(draw(card.key, PICTURE))


def _section(title: str) -> QLabel:
    label = QLabel(title)
    label.setProperty("role", "section")
    return label


def _link(text: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.clicked.connect(lambda _checked=False: run())
    return button
