"""A table in a dialog: columns with titles, rows of texts and fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

ROW_HEIGHT = 38
"""Height of a row, px: a field fits in."""
ROWS_AT_ONCE = 5
"""So many rows of fields are made before a dialog is shown, the others in slices: nobody has scrolled to them yet."""


def dress(table: QTableView, name: str, widths: Mapping[int, int]) -> None:
    """Give a table that has its columns the look of those in dialogs."""
    table.setAccessibleName(name)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    modes = QHeaderView.ResizeMode
    for column in range(header.count()):  # a mode for all would measure also what has a width of its own
        fitting = modes.ResizeToContents if column else modes.Stretch
        header.setSectionResizeMode(column, modes.Fixed if column in widths else fitting)
        if column in widths:
            header.resizeSection(column, widths[column])


class SmallTable(QTableWidget):
    """Rows that a person reads and fills in; the first column takes what room is left."""

    def __init__(self, titles: Sequence[str], name: str, widths: Mapping[int, int] | None = None):
        """`widths` (px, by column) are for columns of fields, which do not tell how much room they need."""
        super().__init__(0, len(titles))
        self.setHorizontalHeaderLabels(list(titles))
        dress(self, name, widths or {})

    def add_row(self, cells: Sequence[str | QWidget]) -> int:
        """Append a row of texts and widgets; its number."""
        row = self.rowCount()
        self.insertRow(row)
        for column, cell in enumerate(cells):
            if isinstance(cell, QWidget):
                self.setCellWidget(row, column, cell)
            else:
                self.set_text(row, column, cell)
        return row

    def emptying(self) -> Iterator[None]:
        """Take all rows out in steps: hundreds of fields are not deleted within a frame."""
        while self.rowCount():
            self.setRowCount(max(0, self.rowCount() - ROWS_AT_ONCE))
            yield

    def set_text(self, row: int, column: int, text: str) -> None:
        """Write into a cell; a long text is shown in full as its tool tip."""
        item = QTableWidgetItem(text)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setToolTip(text)
        self.setItem(row, column, item)
