"""The dialog that asks how often a group stands in series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QSpinBox

from sketch.graph.lifting import descendants
from sketch.gui import asides
from sketch.gui.dialog_parts import OK, dialog_column, ok_cancel
from sketch.state import commands
from sketch.state.commands.repeating import FEWEST, MOST, Repeated

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

USUAL = 2


class RepeatDialog(QDialog):
    """A number, and what the network will hold then; OK makes it one step."""

    def __init__(self, window: MainWindow, tab: CanvasTab, group: int):
        super().__init__(window)
        document = tab.document
        name = document.tables.nodes[group].name
        self.setWindowTitle("Repeat")
        self.setMinimumWidth(380)
        self._window, self._tab, self._group = window, tab, group
        self._layers = sum(not document.tables.children(n) for n in descendants(document.tables, group))
        self._now = commands.repetitions(document, group)
        head = QLabel(
            f"'{name}' in series, each with weights of its own. What you edit in one changes in all."
        )
        head.setWordWrap(True)
        self.times = QSpinBox()
        self.times.setRange(FEWEST if self._now > 1 else USUAL, MOST)
        self.times.setValue(self._now if self._now > 1 else USUAL)
        self.times.setAccessibleName("Times")
        self.times.setSuffix(" times")
        self.summary = QLabel()
        self.summary.setProperty("role", "muted")
        self.summary.setWordWrap(True)
        self.buttons = ok_cancel(self._apply, self.reject, "Repeat")
        form = QFormLayout()
        form.addRow("Stands", self.times)
        column = dialog_column(self)
        column.addWidget(head)
        column.addLayout(form)
        column.addWidget(self.summary)
        column.addWidget(self.buttons)
        self.times.valueChanged.connect(self._show)
        self._show()
        self.times.selectAll()

    def _show(self) -> None:
        count = self.times.value()
        change = count - self._now
        if not change:
            text = f"It stands {self._now} times now."
        elif change > 0:
            text = f"{change} new, to be initialised: {count} × {self._layers} layers."
        else:
            text = (
                f"The last {-change} are removed, with their weights: {count} × {self._layers} layers stay."
            )
        self.summary.setText(text)
        self.buttons.button(OK).setEnabled(bool(change))

    def _apply(self) -> None:
        group, count, tab, window = self._group, self.times.value(), self._tab, self._window
        changed = abs(count - self._now) * self._layers
        self.accept()

        def then(made: Repeated) -> None:
            tab.view.select(list(made.groups))
            if not made.wired:
                window.say("The copies are not wired: what the group gives does not fit what it takes.")

        asides.edit(
            window, tab, f"Repeat ×{count}", lambda document: commands.repeat(document, group, count), then,
            many=lambda: changed > asides.MANY, stays=True,
        )  # fmt: skip
