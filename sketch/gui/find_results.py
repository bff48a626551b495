"""The layers that were found, as a list: name, type, what comes out, and the groups around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from sketch.graph.rows import shape_text
from sketch.gui.category_dots import CategoryDots
from sketch.gui.theme import Theme
from sketch.state.document import Document
from sketch.state.weight_changes import full_name

_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
TITLES = ("Name", "Type", "Output", "Group")
ROW_HEIGHT, MOST_ROWS = 24, 7
"""Height of a row, px, and how many are shown at once."""


class ResultModel(QAbstractTableModel):
    """One row a layer; texts are made when a row is seen."""

    def __init__(self, document: Document, theme: Theme):
        super().__init__()
        self._document = document
        self._dots = CategoryDots(theme)
        self._muted = QColor(theme.text_muted)
        self.ids: list[int] = []

    def show_ids(self, ids: Sequence[int]) -> None:
        """Show these; where they go on from those shown, rows are only added."""
        known = len(self.ids)
        if known and self.ids == ids[:known]:
            if len(ids) > known:
                self.beginInsertRows(QModelIndex(), known, len(ids) - 1)
                self.ids.extend(ids[known:])
                self.endInsertRows()
            return
        self.beginResetModel()
        self.ids = list(ids)
        self.endResetModel()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._dots = CategoryDots(theme)
        self._muted = QColor(theme.text_muted)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """What a cell shows; nothing for a layer that is gone."""
        node = self._document.tables.nodes.get(self.ids[index.row()])
        if node is None:
            return None
        if role in (_ROLE.DisplayRole, _ROLE.ToolTipRole, _ROLE.AccessibleTextRole):
            return self._text(node.id, index.column())
        if role == _ROLE.DecorationRole and index.column() == 0:
            return self._dots(self._document.library[node.layer].category)
        if role == _ROLE.ForegroundRole and index.column() > 0:
            return self._muted
        return None

    def _text(self, node_id: int, column: int) -> str:
        document = self._document
        node = document.tables.nodes[node_id]
        if column == 0:
            return node.name
        if column == 1:
            return document.library[node.layer].title
        if column == 2:
            outputs = document.inference.of(node_id).outputs if node_id in document.inference else ()
            return ", ".join("?" if kind is None else shape_text(kind.shape) for kind in outputs)
        return "" if node.parent is None else full_name(document.tables, node.parent)


class ResultList(QTableView):
    """The list; it never takes the focus from the field, whose keys walk it."""

    def __init__(self, model: ResultModel, parent: QWidget | None = None):
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName("Layers found")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 130), (2, 120), (3, 120)):
            header.resizeSection(column, width)

    def fit(self) -> None:
        """As high as the rows, up to MOST_ROWS."""
        rows = min(MOST_ROWS, self.model().rowCount())
        self.setVisible(rows > 0)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * ROW_HEIGHT + 2)
