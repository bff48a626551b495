"""The bar below the canvas after an edit that changed the size of stored weights: what was kept, and other choices."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from sketch.graph.recipes import KEEP, NEW, TILE
from sketch.state.document import Document, Update
from sketch.state.weight_changes import DROPPED, WeightChange, counted

_TITLES = {KEEP: "Keep overlap", NEW: "Re-initialise", TILE: "Tile"}


class WeightsBar(QFrame):
    """Hidden until weights follow a shape; it asks for nothing, and goes with the next edit of something else.

    `changes` are the weights that a choice would concern, `report` is the last report of the document.
    """

    chosen = Signal(str)
    report_wanted = Signal()

    def __init__(self, document: Document):
        super().__init__()
        self.changes: tuple[WeightChange, ...] = ()
        self.report: tuple[WeightChange, ...] = ()
        self.title = ""
        self._document = document
        self.setObjectName("weights-bar")
        self.setAccessibleName("Weights that changed their size")
        self.hide()
        self.unsubscribe = document.subscribe(self._on_update)

    def show_report(self, report: Sequence[WeightChange], title: str) -> None:
        """Remember the report of a command on weights."""
        self.report, self.title = tuple(report), title

    def offer(self, changes: Sequence[WeightChange], report: Sequence[WeightChange], how: str) -> None:
        """Stay after another choice for the same weights, so that it can be changed again."""
        self.changes = tuple(changes)
        self._appear(report, how)

    def _appear(self, report: Sequence[WeightChange], how: str) -> None:
        """Say what was done, and offer what else could be."""
        if self.layout() is None:
            self._lay_out()
        self.text.setText(bar_text(report))
        for each, button in self.buttons.items():
            button.setVisible(each != how)
        self.show()

    def _on_update(self, update: Update) -> None:
        if any(change.state != DROPPED for change in update.resized):
            self.changes = update.resized
            self.show_report(update.resized, update.label)
            self._appear(update.resized, self._document.resizing)
        elif update.of("nodes") or update.of("weights"):
            self.close_bar()

    def close_bar(self) -> None:
        """Hide; the choice is over."""
        self.changes = ()
        self.hide()

    def _button(self, title: str, how: str) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("role", "link")
        button.clicked.connect(lambda: self.chosen.emit(how))
        return button

    def _lay_out(self) -> None:
        """Make what is in it: hardly a tab needs that."""
        from sketch.gui.dialog_parts import lead_into  # with dialogs, which the first paint does without

        self.text = QLabel()
        self.buttons = {how: self._button(title, how) for how, title in _TITLES.items()}
        self.details = QPushButton("Report...")
        self.details.setProperty("role", "link")
        self.details.clicked.connect(self.report_wanted)
        close = QToolButton()
        close.setText("\u00d7")
        close.setAutoRaise(True)
        close.setAccessibleName("Close the bar")
        close.clicked.connect(self.close_bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 2)
        row.setSpacing(4)
        row.addWidget(self.text, 1)
        for button in (*self.buttons.values(), self.details):
            row.addWidget(button)
        row.addWidget(close)
        lead_into(self, *self.buttons.values(), self.details, close)


def bar_text(changes: Sequence[WeightChange]) -> str:
    """`fc.weight: kept 10 of 1000 rows`, with the count of the others."""
    first = changes[0]
    rest = f"; {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{first.name}: {first.what}{rest}  ({counted(changes)})"
