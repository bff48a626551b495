"""A table of texts that can be very long: only what is in view is asked for; filtered by words and by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHBoxLayout, QHeaderView, QLineEdit, QTableView

_ROLE = Qt.ItemDataRole
_Index = QModelIndex | QPersistentModelIndex
ALL = "all"


class RowsModel(QAbstractTableModel):
    """Rows of texts. `state_column` holds a word that has a colour of its own in `colours`."""

    def __init__(self, titles: Sequence[str], state_column: int, colours: Mapping[str, str]):
        super().__init__()
        self._titles, self._state_column, self._colours = titles, state_column, colours
        self.rows: Sequence[tuple[str, ...]] = ()
        self._texts: list[str] | None = None
        self._words: list[str] = []
        self._state = ALL
        self.shown: Sequence[tuple[str, ...]] = ()
        """The rows that pass the filter, in their order."""

    def fill(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Take other rows."""
        self.rows, self._texts = rows, None
        self._select()

    def narrow(self, text: str, state: str) -> None:
        """Show rows with these words (any case) somewhere and in this state; ALL for any."""
        self._words, self._state = text.lower().split(), state
        self._select()

    def _select(self) -> None:
        self.beginResetModel()
        self.shown = self.rows
        if self._words:
            self._texts = self._texts or [" ".join(cells).lower() for cells in self.rows]
            pairs = zip(self.rows, self._texts, strict=True)
            self.shown = [row for row, text in pairs if all(word in text for word in self._words)]
        if self._state != ALL:
            self.shown = [row for row in self.shown if row[self._state_column] == self._state]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """What a cell shows; a long text is its own tool tip."""
        text = self.shown[index.row()][index.column()]
        if role in (_ROLE.DisplayRole, _ROLE.EditRole, _ROLE.ToolTipRole):
            return text
        if role == _ROLE.ForegroundRole and index.column() == self._state_column and text in self._colours:
            return QBrush(QColor(self._colours[text]))
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return self._titles[section]
        return None


class RowsTable(QTableView):
    """The table, its filter above it: `bar` is a layout with a field for words and a box of states."""

    def __init__(self, model: RowsModel, name: str, states: Sequence[str], widths: Mapping[int, int]):
        super().__init__()
        self.rows = model
        self.words, self.states = QLineEdit(), QComboBox()
        self.words.setPlaceholderText("Filter")
        self.words.setClearButtonEnabled(True)
        self.words.setAccessibleName(f"Filter {name.lower()}")
        self.states.setAccessibleName("State")
        self.states.addItem("All states", ALL)
        for state in states:
            self.states.addItem(state.capitalize(), state)
        self.words.textChanged.connect(lambda _text: self._narrow())
        self.states.currentIndexChanged.connect(lambda _index: self._narrow())
        self.bar = QHBoxLayout()
        self.bar.addWidget(self.words, 1)
        self.bar.addWidget(self.states)
        self._dress(name, widths)

    def shown(self) -> Sequence[tuple[str, ...]]:
        """The rows that pass the filter, in their order."""
        return self.rows.shown

    def _narrow(self) -> None:
        self.rows.narrow(self.words.text(), self.states.currentData())

    def _dress(self, name: str, widths: Mapping[int, int]) -> None:
        self.setModel(self.rows)
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in range(self.rows.columnCount()):
            if column in widths:
                header.resizeSection(column, widths[column])
            else:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
