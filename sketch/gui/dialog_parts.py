"""What dialogs that ask and then act have in common: the column they stand in, OK and Cancel, a line for a fault."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout

OK = QDialogButtonBox.StandardButton.Ok


def dialog_column(dialog: QDialog) -> QVBoxLayout:
    """The layout of a dialog: one thing below the other."""
    column = QVBoxLayout(dialog)
    column.setContentsMargins(18, 18, 18, 14)
    column.setSpacing(12)
    return column


def ok_cancel(
    accepted: Callable[[], object], rejected: Callable[[], object], text: str = ""
) -> QDialogButtonBox:
    """OK, under a word that says what it does, and Cancel."""
    buttons = QDialogButtonBox(OK | QDialogButtonBox.StandardButton.Cancel)
    if text:
        buttons.button(OK).setText(text)
    buttons.accepted.connect(accepted)
    buttons.rejected.connect(rejected)
    return buttons


def fault_label() -> QLabel:
    """Where a dialog says why it cannot act; hidden until it has to."""
    label = QLabel()
    label.setProperty("role", "error")
    label.setWordWrap(True)
    label.hide()
    return label
