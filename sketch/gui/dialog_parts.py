"""What dialogs that ask and then act have in common: the column, OK and Cancel, a line for a fault, path fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, pairwise
from typing import TypeVar

from PySide6.QtCore import QSize, QStringListModel, Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip
from shiboken6 import isValid

from sketch.gui.held_keys import HeldKeys
from sketch.gui.slices import Slices, Walk
from sketch.gui.small_table import SmallTable

T = TypeVar("T")
OK = QDialogButtonBox.StandardButton.Ok


def dialog_column(dialog: QDialog) -> QVBoxLayout:
    """The layout of a dialog: one thing below the other."""
    column = QVBoxLayout(dialog)
    column.setContentsMargins(18, 18, 18, 14)
    column.setSpacing(12)
    return column


def show_soon(show: Callable[[], object], dialog: QDialog, *, asked: bool = True) -> None:
    """Show a dialog (`dialog.open`, `dialog.show`) in the next turn of the event loop: making it had this one.

    Where the person has just `asked` for it, what is typed until it is there is for it.
    """
    held = HeldKeys(dialog) if asked else None
    Slices(dialog).replace([lambda: _shown(held, show)])


def ask_soon(dialog: QDialog, answered: Callable[[bool], object], *, asked: bool = True) -> None:
    """Wait for a dialog from the next turn of the event loop on; `answered` hears True when it was accepted.

    Its making had this turn; the dialog is deleted after the answer. `asked` as of `show_soon`.
    """
    held = HeldKeys(dialog) if asked else None

    def ask() -> None:
        try:
            answered(_shown(held, dialog.exec) == QDialog.DialogCode.Accepted)
        finally:
            let_go(dialog)

    QTimer.singleShot(0, dialog, ask)  # no slice: all others would wait with it for the answer


def _shown(held: HeldKeys | None, show: Callable[[], T]) -> T:
    if held is not None and isValid(held):
        held.on_show()
    return show()


def let_go(dialog: QDialog) -> None:
    """Delete a dialog that is over; rows of fields, of which there may be hundreds, go before it in slices."""
    tables = dialog.findChildren(SmallTable)
    steps = Walk(dialog, chain.from_iterable(table.emptying() for table in tables))
    steps.ended.connect(dialog.deleteLater)
    steps.begin()


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


def refuser(
    dialog: QDialog, complain: Callable[[str], object], say: Callable[[str], object]
) -> Callable[[str], object]:
    """Says a refusal in a dialog, and by `say` when the dialog is gone: it was found out later."""

    def refused(reason: str) -> None:
        (complain if isValid(dialog) and dialog.isVisible() else say)(reason)

    return refused


class FaultLabel(QLabel):
    """Where a dialog says why it cannot act; hidden until it has to."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "error")
        self.setWordWrap(True)
        self.hide()

    def say(self, reason: str) -> None:
        """Show a reason; an empty one takes the line away."""
        self.setText(reason)
        self.setVisible(bool(reason))


def plain_label(text: str) -> QLabel:
    """A label of text that a file may have a part in: never read as markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def with_browse(field: QLineEdit, browse: Callable[[], object]) -> QWidget:
    """A field for a path, and beside it the button that asks for one."""
    holder, button = QWidget(), QPushButton("Browse...")
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(field)
    row.addWidget(button)
    button.clicked.connect(browse)
    return holder


def lead_through(*fields: QWidget) -> None:
    """Let Tab go through these in their order, also where one was made after what stands below it."""
    for before, field in pairwise(fields):
        QWidget.setTabOrder(before, field)


def lead_into(bar: QWidget, *fields: QWidget) -> None:
    """Let Tab come to these, which were made later than a bar without focus of its own, where the bar stands."""
    before = bar.previousInFocusChain()
    while before not in (None, bar) and (before in fields or before.focusPolicy() == Qt.FocusPolicy.NoFocus):
        before = before.previousInFocusChain()
    lead_through(*(() if before in (None, bar) else (before,)), *fields)


def show_names(box: QComboBox, names: Iterable[str]) -> None:
    """Let a box offer names, however many: Qt measures none of them before it is to be seen."""
    found = list(names)
    metrics = box.fontMetrics()
    widest = metrics.horizontalAdvance(max(found, key=len, default=""))
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(-(-widest // metrics.horizontalAdvance("X")))
    box.setIconSize(QSize(0, 0))
    box.setModel(QStringListModel(found, box))
    view = box.view()
    if isinstance(view, QListView):
        view.setUniformItemSizes(True)
