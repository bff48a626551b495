"""The model summary: every layer with its output and parameters, and the totals below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from sketch.gui.desk import Desk
from sketch.gui.slices import Slices
from sketch.gui.totals import TotalsReader
from sketch.state.weight_changes import full_name

if TYPE_CHECKING:
    from sketch.state.document import Document

_ROLE = Qt.ItemDataRole
HEADERS = ("Name", "Type", "Output", "Parameters")
MOST_COMPARED = 100
"""Of so many rows at most it is found out whether they have changed."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Row:
    """One line of the table; `cells` are its four texts."""

    node: int
    cells: tuple[str, str, str, str]


class SummaryModel(QStandardItemModel):
    """The layers of a document in the order in which they run. A row is worked out when it is looked at.

    Qt keeps the cells: one that is painted asks nothing of Python, which may be busy with a thread beside the window.
    """

    def __init__(self) -> None:
        super().__init__(0, len(HEADERS))
        self.setHorizontalHeaderLabels(HEADERS)
        cell = QStandardItem()
        cell.setEditable(False)
        self.setItemPrototype(cell)
        self._ids: Sequence[int] = ()
        self._made: dict[int, Row] = {}
        """By the number of the row."""
        self._make: Callable[[int], Row] = lambda node_id: Row(node_id, ("", "", "", ""))

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, worked out now."""
        return [self.row(index) for index in range(len(self._ids))]

    def row(self, index: int) -> Row:
        """One row."""
        if index not in self._made:
            self._write(index, self._make(self._ids[index]))
        return self._made[index]

    def look(self, first: int, last: int) -> None:
        """Work out the rows from one to another that are not, for a view that paints them now."""
        blocked = self.blockSignals(True)
        for index in range(max(0, first), min(last + 1, len(self._ids))):
            self.row(index)
        self.blockSignals(blocked)

    def fill(self, ids: Sequence[int], make: Callable[[int], Row]) -> None:
        """Show the rows of these nodes; while they are the same, only what says something else is told."""
        is_same = ids is self._ids or ids == self._ids
        self._ids, self._make = ids, make
        if is_same and len(self._made) <= MOST_COMPARED:
            for index, row in self._made.items():
                if (now := make(ids[index])) != row:
                    self._write(index, now)
            return
        self._made.clear()
        if len(ids) != self.rowCount():
            self.setRowCount(len(ids))
        if ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(ids) - 1, len(HEADERS) - 1))

    def match(
        self,
        start: _Index,
        role: int,
        value: Any,
        hits: int = 1,
        flags: Qt.MatchFlag = Qt.MatchFlag.MatchStartsWith,
    ) -> list[QModelIndex]:
        """The rows that begin with what is typed, also those that nobody has looked at yet."""
        if role == _ROLE.DisplayRole:
            self.look(0, len(self._ids))
        return super().match(start, role, value, hits, flags)

    def _write(self, index: int, row: Row) -> None:
        self._made[index] = row
        for column, text in enumerate(row.cells):
            self.setData(self.index(index, column), text)
        self.setData(self.index(index, len(row.cells) - 1), _RIGHT, _ROLE.TextAlignmentRole)


class _Table(QTableView):
    """Lets the model work out what is about to be painted."""

    def __init__(self, model: SummaryModel):
        super().__init__()
        self._rows = model
        self.setModel(model)

    def paintEvent(self, event: QPaintEvent) -> None:
        last = self.rowAt(self.viewport().height() - 1)
        self._rows.look(self.rowAt(0), last if last >= 0 else self._rows.rowCount() - 1)
        super().paintEvent(event)


class SummaryPanel(QWidget):
    """The table and the totals; a click on a row goes to the layer."""

    def __init__(self, desk: Desk):
        super().__init__()
        self._desk = desk
        self.model = SummaryModel()
        self._ordered: tuple[int, int] | None = None
        self._order: Sequence[int] = ()
        self._slices = Slices(self)
        self.table = _Table(self.model)
        self.total = QLabel()
        self._reader = TotalsReader(self, self.total.setText)
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
        desk.settled.connect(
            lambda: self._slices.replace([partial(self._follow, step) for step in self._steps])
        )

    def refresh(self) -> None:
        """Show the document in front; the table waits until it can be seen."""
        self._slices.replace([])
        for step in self._steps:
            step()

    @property
    def _steps(self) -> tuple[Callable[[], None], ...]:
        return (self._show_total, self._sort, self._fill)

    def _follow(self, step: Callable[[], None]) -> None:
        """Do a step, unless the next edit has come: asked before its turn, its shapes would all be worked out now."""
        document = self._desk.document
        if document is None or not document.inference.is_behind:
            step()

    def _show_total(self) -> None:
        self._reader.tell(self._desk.document)

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
    from sketch.graph.lifting import group_layers  # not needed before a network is open

    rank, groups = document.inference.order.rank, group_layers(document.tables, document.library)
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
