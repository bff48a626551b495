"""The report after an edit of weights: every tensor kept, changed, created and dropped; to read, filter and copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel

from sketch.gui.dialog_parts import dialog_column
from sketch.gui.weights_rows import RowsModel, RowsTable
from sketch.state.weight_changes import (
    CHANGED,
    CREATED,
    DROPPED,
    STATES,
    WeightChange,
    counted,
    report_text,
)

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

TITLES = ("Tensor", "State", "What")


class WeightReport(QDialog):
    """A table of all tensors; `Copy` puts it into the clipboard as text."""

    def __init__(self, window: MainWindow, changes: Sequence[WeightChange], title: str):
        super().__init__(window)
        self.setWindowTitle("Report of weights")
        self.setMinimumSize(760, 460)
        self._changes, self._title = changes, title
        theme = window.theme
        colours = {CHANGED: theme.accent, CREATED: theme.success, DROPPED: theme.error}
        model = RowsModel(TITLES, 1, colours)
        model.fill([(change.name, change.state, change.what) for change in changes])
        self.table = RowsTable(model, "Tensors", STATES, {0: 230, 1: 90})
        self.head = QLabel(f"{title}: {counted(changes)}")
        self.head.setProperty("role", "subheading")
        self.head.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = self.buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.reject)
        column = dialog_column(self)
        column.addWidget(self.head)
        column.addLayout(self.table.bar)
        column.addWidget(self.table, 1)
        column.addWidget(self.buttons)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(report_text(self._changes, self._title))
