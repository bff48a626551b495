"""Replacing a pattern: how often it is there, step through the places, and put a layer or a block there instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
)
from shiboken6 import isValid

from sketch.gui import asides, background
from sketch.gui.dialog_parts import OK, FaultLabel, dialog_column, ok_cancel, refuser
from sketch.gui.edit_commands import clip_in_clipboard
from sketch.gui.reading import Reading
from sketch.gui.slices import Slices
from sketch.state import commands
from sketch.state.codec import CodecError
from sketch.state.commands.patterns import Occurrence, Pattern, PatternError, finding
from sketch.state.document_view import FOLLOW, Update

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

BLOCK = ""
"""The choice that takes the clipboard."""


class ReplaceAll(QDialog):
    """Stays beside the canvas, so that the places can be looked at; the edit is one step."""

    def __init__(self, window: MainWindow, tab: CanvasTab, pattern: Pattern):
        super().__init__(window)
        self.setWindowTitle("Replace all occurrences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(480)
        self._window, self._tab, self._pattern = window, tab, pattern
        self.found: list[Occurrence] = []
        self._is_known, self._turn = False, -1
        self._reading: Reading | None = None
        self._soon = Slices(self)
        self._here = -1
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.any_params = QCheckBox("Also with other parameters")
        self.any_params.toggled.connect(lambda _on: self._search())
        self.by = QComboBox()
        self.by.setAccessibleName("Replace by")
        self.by.setEditable(True)
        self.by.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.fault = FaultLabel()
        self._lay_out()
        unsubscribe = tab.document.subscribe(self._on_update)
        self.finished.connect(lambda _result: unsubscribe())
        self._search()

    def step(self, by: int) -> None:
        """Show the next or previous occurrence."""
        if self.found:
            self._here = (self._here + by) % len(self.found)
            nodes = list(self.found[self._here].nodes.values())
            self._tab.reveal(nodes[0])
            self._tab.view.select(nodes)
            self._say()

    def replace(self) -> None:
        """Do it; what stands in the way is said here."""
        refused = refuser(self, self.fault.say, self._window.say)
        try:
            command = self._command()
        except CodecError as error:
            refused(str(error))
            return
        self.buttons.setEnabled(False)
        document, turn, count = self._tab.document, self._turn, sum(len(each.nodes) for each in self.found)
        find = partial(_occurrences, known=self.found, turn=turn, pattern=self._pattern, any_params=self._any)

        def act(document: Document) -> tuple[int, list[int]]:
            found = find(document)
            return len(found), command(document, found)

        def many() -> bool:
            return count > asides.MANY or (
                document.turn != turn and len(document.tables.nodes) > background.FEW
            )

        asides.edit(
            self._window, self._tab, "Replace all", act, self._show,
            many=many, over=self._on_over, refused=refused, stays=True,
        )  # fmt: skip

    @property
    def _any(self) -> bool:
        return self.any_params.isChecked()

    def _command(self) -> Callable[[Document, list[Occurrence]], list[int]]:
        layer = self.by.currentData()
        if self.by.currentText() != self.by.itemText(self.by.currentIndex()):
            layer = self.by.currentText().strip()
        if layer == BLOCK:
            return partial(commands.replace_by_block, clip=clip_in_clipboard())
        return partial(commands.replace_by_layer, layer=layer)

    def _show(self, done: tuple[int, list[int]]) -> None:
        count, made = done
        self._tab.view.select(made)
        self._window.say(f"Replaced {count} occurrence{'' if count == 1 else 's'}.")
        if isValid(self):
            self.close()

    def _on_over(self) -> None:
        """After a refusal or a cancel the dialog is there again."""
        if isValid(self) and self.isVisible():
            self.buttons.setEnabled(True)

    def _on_update(self, update: Update) -> None:
        """What was found is of the drawing as it was."""
        if update.cause != FOLLOW:
            self._soon.replace([self._search_again])

    def _search_again(self) -> None:
        document = self._tab.document
        try:
            if asides.are_many(document, self._pattern.order):
                raise PatternError("The drawing has changed meanwhile; choose Replace all again.")
            self._pattern = _as_it_is(document, self._pattern)
        except PatternError as error:
            self._window.say(str(error))
            self.close()
        else:
            self._search()

    def _search(self) -> None:
        """Look for it, beside what the person does in large drawings."""
        if self._reading is not None:
            self._reading.stop()
        self.found, self._here, self._is_known = [], -1, False
        self._say()
        self._reading = Reading(self, self._tab.document, self._finding, self._know)

    def _finding(self) -> Iterator[None]:
        self._coming: list[Occurrence] = []
        return finding(self._tab.document, self._pattern, self._coming, any_params=self._any)

    def _know(self) -> None:
        self.found, self._is_known, self._turn = self._coming, True, self._tab.document.turn
        self._say()

    def _say(self) -> None:
        size, count = len(self._pattern.order), len(self.found)
        place = f" This is number {self._here + 1}." if self._here >= 0 else ""
        said = f"{count} occurrence{'' if count == 1 else 's'}.{place}" if self._is_known else "looking..."
        self.count.setText(f"The {size} selected layer{'' if size == 1 else 's'}, wired like this: {said}")
        self.buttons.button(OK).setEnabled(self._is_known)

    def _lay_out(self) -> None:
        self.by.addItem("the block in the clipboard", BLOCK)
        for spec in self._window.services.library:
            if not spec.group and not spec.hidden and spec.inputs and spec.outputs:
                self.by.addItem(spec.title, spec.name)
        self.by.setCurrentIndex(self.by.findData("Identity"))
        walk = QHBoxLayout()
        for title, by in (("Previous", -1), ("Next", 1)):
            button = QPushButton(title)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, by=by: self.step(by))
            walk.addWidget(button)
        walk.addStretch(1)
        choose = QHBoxLayout()
        choose.addWidget(QLabel("Replace by"))
        choose.addWidget(self.by, 1)
        self.buttons = ok_cancel(self.replace, self.close, "Replace all")
        column = dialog_column(self)
        column.addWidget(self.count)
        column.addLayout(walk)
        column.addWidget(self.any_params)
        column.addLayout(choose)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)


def _occurrences(
    document: Document, known: list[Occurrence], turn: int, pattern: Pattern, *, any_params: bool
) -> list[Occurrence]:
    """Those that are known, or, when the drawing is another one than in that turn, those that are there now."""
    if document.turn == turn:
        return known
    return commands.occurrences(document, _as_it_is(document, pattern), any_params=any_params)


def _as_it_is(document: Document, pattern: Pattern) -> Pattern:
    """The pattern as its layers are wired now; PatternError when one of them is gone."""
    if not document.tables.nodes.keys() >= set(pattern.order):
        raise PatternError("The layers that were the pattern are no longer all in the drawing.")
    return commands.pattern_of(document, pattern.order)
