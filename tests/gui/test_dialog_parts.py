"""A dialog with hundreds of fields goes a few rows a step, and wholly."""

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QLineEdit
from shiboken6 import isValid

from sketch.gui import slices
from sketch.gui.dialog_parts import ask_soon, dialog_column, let_go
from sketch.gui.small_table import ROWS_AT_ONCE, SmallTable

ROWS = 8 * ROWS_AT_ONCE + 1


@pytest.fixture
def dialog(qtbot, monkeypatch):
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    made = QDialog()
    made.table = SmallTable(("Name", "Value"), "Values")
    made.fields = [QLineEdit() for _ in range(ROWS)]
    for field in made.fields:
        made.table.add_row(("name", field))
    dialog_column(made).addWidget(made.table)
    return made


def test_rows_of_fields_are_deleted_a_few_a_step(dialog, qtbot):
    table, fields, left = dialog.table, dialog.fields, [ROWS]
    table.model().rowsRemoved.connect(lambda *_: left.append(table.rowCount()))
    let_go(dialog)
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert left == [ROWS, *range(ROWS - ROWS_AT_ONCE, 0, -ROWS_AT_ONCE), 0]
    assert not any(map(isValid, fields))


def test_a_dialog_that_was_answered_is_deleted_with_its_rows(dialog, qtbot):
    answers, fields = [], dialog.fields
    QTimer.singleShot(50, dialog, dialog.accept)
    ask_soon(dialog, answers.append, asked=False)
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert answers == [True]
    assert not any(map(isValid, fields))
