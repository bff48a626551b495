"""The model summary: every layer with its output and parameters, and the totals below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from sketch.gui.desk import Desk
from sketch.gui.slices import Slices
from sketch.gui.totals import totals_text
from sketch.state.weight_changes import full_name

if TYPE_CHECKING:
    from sketch.state.document import Document

_ROLE = Qt.ItemDataRole
HEADERS = ("Name", "Type", "Output", "Parameters")
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Row:
    """One line of the table; `cells` are its four texts."""

    node: int
    cells: tuple[str, str, str, str]


class SummaryModel(QAbstractTableModel):
    """The layers of a document in the order in which they run. A row is worked out when it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._ids: Sequence[int] = ()
        self._made: dict[int, Row] = {}
        self._make: Callable[[int], Row] = lambda node_id: Row(node_id, ("", "", "", ""))

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, worked out now."""
        return [self.row(index) for index in range(len(self._ids))]

    def row(self, index: int) -> Row:
        """One row."""
        node_id = self._ids[index]
        if node_id not in self._made:
            self._made[node_id] = self._make(node_id)
        return self._made[node_id]

    def fill(self, ids: Sequence[int], make: Callable[[int], Row]) -> None:
        """Show the rows of these nodes; only the cells are refreshed while their number stays."""
        self._made, self._make = {}, make
        if ids is self._ids or ids == self._ids:
            if ids:
                self.dataChanged.emit(self.index(0, 0), self.index(len(ids) - 1, 3))
            return
        self.beginResetModel()
        self._ids = ids
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(HEADERS)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """What a cell shows."""
        if role == _ROLE.DisplayRole:
            return self.row(index.row()).cells[index.column()]
        if role == _ROLE.TextAlignmentRole and index.column() == 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return HEADERS[section]
        return None


class SummaryPanel(QWidget):
    """The table and the totals; a click on a row goes to the layer."""

    def __init__(self, desk: Desk):
        super().__init__()
        self._desk = desk
        self.model = SummaryModel()
        self._ordered: tuple[int, int] | None = None
        self._order: Sequence[int] = ()
        self._slices = Slices(self)
        self.table = QTableView()
        self.total = QLabel()
        self.total.setProperty("role", "subheading")
        self.total.setContentsMargins(10, 6, 10, 6)
        self._set_up_table()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(self.total)
        self.table.clicked.connect(self._go)
        self.table.activated.connect(self._go)
        desk.settled.connect(lambda: self._slices.replace([self._show_total, self._sort, self._fill]))

    def refresh(self) -> None:
        """Show the document in front; the table waits until it can be seen."""
        self._slices.replace([])
        for step in (self._show_total, self._sort, self._fill):
            step()

    def _show_total(self) -> None:
        self.total.setText(totals_text(self._desk.document))

    def _sort(self) -> None:
        document = self._desk.document
        if document is None:
            self._ordered, self._order = None, ()
        elif self.isVisible() and self._ordered != (id(document), document.order_turn):
            self._ordered, self._order = (id(document), document.order_turn), layers_in_order(document)

    def _fill(self) -> None:
        document = self._desk.document
        if document is None:
            self.model.fill((), lambda node_id: Row(node_id, ("", "", "", "")))
        elif self.isVisible():
            self.model.fill(self._order, lambda node_id: _row(document, node_id))

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.refresh()

    def _go(self, index: QModelIndex) -> None:
        self._desk.reveal(self.model.row(index.row()).node)

    def _set_up_table(self) -> None:
        table = self.table
        table.setAccessibleName("Model summary")
        table.setModel(self.model)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        for section, width in ((0, 140), (1, 120), (3, 100)):
            header.resizeSection(section, width)


def layers_in_order(document: Document) -> list[int]:
    """The layers (groups are left out) in topological order."""
    rank, library = document.inference.order.rank, document.library
    groups = {name for name in document.tables.layers if library[name].group}
    found = [node.id for node in document.tables.nodes.values() if node.layer not in groups]
    found.sort()
    found.sort(key=rank.__getitem__)
    return found


def _row(document: Document, node_id: int) -> Row:
    from sketch.graph.rows import shape_text  # not needed before a network is open

    if node_id not in document.tables.nodes:
        return Row(node_id, ("", "", "", ""))  # deleted a moment ago: the list follows in the next pause
    node, resolved = document.tables.nodes[node_id], document.inference.seen.of(node_id)
    outputs = ", ".join("?" if kind is None else shape_text(kind.shape) for kind in resolved.outputs)
    count = "?" if resolved.parameters is None else f"{resolved.parameters:,}" if resolved.parameters else "–"
    return Row(
        node_id, (full_name(document.tables, node_id), document.library[node.layer].title, outputs, count)
    )
