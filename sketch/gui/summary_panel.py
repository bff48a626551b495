"""The model summary: every layer with its output and parameters, and the totals below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from sketch.graph.freezing import frozen_parameters
from sketch.gui.desk import Desk

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
    """The layers of a document in the order in which they run."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Row] = ()

    def fill(self, rows: Sequence[Row]) -> None:
        """Show these rows; only the cells are refreshed while their number stays."""
        if [row.node for row in rows] == [row.node for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, 3))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(HEADERS)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """What a cell shows."""
        if role == _ROLE.DisplayRole:
            return self.rows[index.row()].cells[index.column()]
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
        desk.settled.connect(self.refresh)

    def refresh(self) -> None:
        """Show the document in front; the table waits until it can be seen."""
        document = self._desk.document
        self.total.setText(totals_text(document))
        if self.isVisible() or not document:
            self.model.fill(summary_rows(document) if document else ())

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.refresh()

    def _go(self, index: QModelIndex) -> None:
        self._desk.reveal(self.model.rows[index.row()].node)

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


def summary_rows(document: Document) -> list[Row]:
    """One row a layer (groups are left out), in topological order."""
    rank = document.inference.order.rank
    nodes = sorted(document.tables.nodes.values(), key=lambda node: (rank.get(node.id, 0), node.id))
    return [_row(document, node.id) for node in nodes if not document.library[node.layer].group]


def totals_text(document: Document | None) -> str:
    """`61,706 parameters in 12 layers`; empty without a document."""
    if document is None:
        return ""
    inference = document.inference
    layers = inference.layer_count
    frozen = frozen_parameters(document.tables, inference)
    text = f"{inference.total_parameters:,} parameters in {layers:,} layer{'' if layers == 1 else 's'}"
    text += f", {inference.total_parameters - frozen:,} trainable, {frozen:,} frozen" if frozen else ""
    unknown = len(inference.unknown_parameters)
    return text + (f", {unknown:,} of unknown size" if unknown else "")


def _row(document: Document, node_id: int) -> Row:
    from sketch.graph.rows import shape_text  # not needed before a network is open

    node, resolved = document.tables.nodes[node_id], document.inference.of(node_id)
    outputs = ", ".join("?" if kind is None else shape_text(kind.shape) for kind in resolved.outputs)
    count = "?" if resolved.parameters is None else f"{resolved.parameters:,}" if resolved.parameters else "–"
    return Row(node_id, (path_text(document, node_id), document.library[node.layer].title, outputs, count))


def path_text(document: Document, node_id: int) -> str:
    """`layer1.0.conv1`: the names of the enclosing groups, then its own."""
    names, nodes = [], document.tables.nodes
    at: int | None = node_id
    while at is not None:
        names.append(nodes[at].name)
        at = nodes[at].parent
    return ".".join(reversed(names))
