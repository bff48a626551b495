"""Loading weights into a drawing: a source, a table of what goes where, then one step with a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sketch.binder.kernel import BinderError
from sketch.binder.surgery.weights_mapping import (
    CONVERTED,
    MATCHED,
    MISFIT,
    MISSING,
    STATES,
    UNEXPECTED,
    WeightMap,
)
from sketch.graph.recipes import KEEP, TILE
from sketch.graph.rows import TensorRow
from sketch.gui import weights_commands
from sketch.gui.dialog_parts import OK, FaultLabel, dialog_column, ok_cancel
from sketch.gui.edit_commands import attempt
from sketch.gui.weights_rows import RowsModel, RowsTable
from sketch.gui.weights_sources import pattern_of_files, read_source
from sketch.state.commands import weights
from sketch.state.commands.weights import SKIP, Key
from sketch.state.weight_changes import stored_by_key, weight_name

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

TITLES = ("Weight", "Shape", "From", "Shape there", "State")
NONE = "(none)"
_FROM = 2
_MISFITS = {"stays as it is": SKIP, "takes the overlap": KEEP, "is repeated": TILE}
_Index = QModelIndex | QPersistentModelIndex
Rows = Mapping[str, TensorRow]


def ask(window: MainWindow) -> None:
    """Open the table for the drawing in front."""
    tab = window.desk.tab
    if tab is not None:
        LoadWeights(window, tab).open()


class LoadWeights(QDialog):
    """One line a weight, then the tensors that go nowhere. `From` can be changed; `Load` makes one step."""

    def __init__(self, window: MainWindow, tab: CanvasTab):
        super().__init__(window)
        self.setWindowTitle("Load weights")
        self.setMinimumSize(920, 560)
        self._window, self._tab = window, tab
        self._keys: dict[str, Key] = {
            weight_name(tab.document.tables, *key): key for key in weights.weights_in(tab.document)
        }
        kinds = weights.weights_in(tab.document)
        self._wanted = {name: kinds[key] for name, key in self._keys.items()}
        self.map = WeightMap(self._wanted)
        self.source = ""
        self.documents, self.file = QComboBox(), QPushButton("From a file...")
        self.table = self._make_table()
        self.misfit = QComboBox()
        for text, how in _MISFITS.items():
            self.misfit.addItem(text, how)
        self.misfit.setAccessibleName("A tensor of another shape")
        self.summary, self.fault = QLabel("Choose where the weights come from."), FaultLabel()
        self.summary.setProperty("role", "muted")
        self.buttons = ok_cancel(self.accept, self.reject, "Load")
        self._connect()
        self._lay_out()
        self._show()

    def accept(self) -> None:
        """Load what the table says, in one step."""
        document, rows = self._tab.document, self.map.rows()
        given = {self._keys[name]: row for name, row in rows.items()}
        unused = [self.map.given[key] for key in self.map.unexpected]

        def run() -> None:
            report = weights.load_weights(
                document, given, self.misfit.currentData(), unused=unused, source=self.source
            )
            weights_commands.told(self._window, self._tab, report, document.undo_label or "Load weights")
            super(LoadWeights, self).accept()
            weights_commands.report(self._window)

        if not attempt(self._window, run):
            self.complain(self._window.statusBar().currentMessage())

    def read(self, path: Path) -> None:
        """Read a file of any kind as a job; the table follows."""
        self.fault.hide()
        self.summary.setText(f"Reading {path.name}...")
        read_source(self._window, self, path, self._take, self.complain)

    def complain(self, text: str) -> None:
        """Say why something cannot be done."""
        self.fault.say(text)
        self._show()

    def choose(self, weight: str, key: str) -> None:
        """Let a weight take another tensor of the source, or none."""
        try:
            self.map.choose(weight, key)
        except BinderError as error:
            self.complain(str(error))
            return
        self.fault.hide()
        self._show()

    def _take(self, name: str, by_key: Rows, by_name: Rows) -> None:
        self.source = name
        self.map = WeightMap(self._wanted, by_key, by_name)
        self.fault.hide()
        self._show()

    def _take_document(self, index: int) -> None:
        tab = self.documents.itemData(index)
        if tab is not None:
            self._take(tab.document.name, *stored_by_key(tab.document.tables))

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Load weights", str(self._window.folder), pattern_of_files(self._window)
        )
        if path:
            self.documents.setCurrentIndex(0)
            self.read(Path(path))

    def _show(self) -> None:
        place = self.table.verticalScrollBar().value()
        self.table.rows.fill(
            [(line.weight, line.shape, line.given, line.given_shape, line.state) for line in self.map.lines()]
        )
        self.table.verticalScrollBar().setValue(place)
        if self.source:
            self.summary.setText(f"{self.source}: {self.map.summary()}")
        elif not self.summary.text().startswith("Reading"):
            self.summary.setText("Choose where the weights come from.")
        self.misfit.setEnabled(bool(self.map.counts()[MISFIT]))
        self.buttons.button(OK).setEnabled(bool(self.map.rows()))

    def _make_table(self) -> RowsTable:
        theme = self._window.theme
        colours = {
            MATCHED: theme.success, CONVERTED: theme.accent, MISFIT: theme.error, MISSING: theme.warning,
            UNEXPECTED: theme.text_muted,
        }  # fmt: skip
        model = _Mapping(TITLES, 4, colours, self.choose)
        table = RowsTable(model, "Weights", STATES, {1: 150, 3: 150, 4: 100})
        table.setItemDelegateForColumn(_FROM, _KeyBox(table, lambda: [NONE, *self.map.given]))
        table.setEditTriggers(
            table.EditTrigger.DoubleClicked
            | table.EditTrigger.SelectedClicked
            | table.EditTrigger.EditKeyPressed
        )
        return table

    def _connect(self) -> None:
        self.documents.setAccessibleName("Weights of an open document")
        self.documents.addItem("From an open document...", None)
        for tab in self._window.area:
            if tab is not self._tab:
                self.documents.addItem(tab.document.name, tab)
        self.documents.setEnabled(self.documents.count() > 1)
        self.documents.activated.connect(self._take_document)
        self.file.setAutoDefault(False)
        self.file.clicked.connect(self._ask_file)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.file)
        head.addWidget(self.documents)
        head.addStretch(1)
        head.addWidget(QLabel("A weight of another shape"))
        head.addWidget(self.misfit)
        column = dialog_column(self)
        column.addLayout(head)
        column.addLayout(self.table.bar)
        column.addWidget(self.table, 1)
        column.addWidget(self.summary)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)


class _Mapping(RowsModel):
    """The table's rows; the source of a weight can be edited."""

    def __init__(self, titles: Any, state_column: int, colours: Any, choose: Any):
        super().__init__(titles, state_column, colours)
        self._choose = choose

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """What can be done with a cell."""
        found = super().flags(index)
        own = index.column() == _FROM and self.rows[index.row()][0]
        return found | Qt.ItemFlag.ItemIsEditable if own else found

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what the person chose."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        self._choose(self.rows[index.row()][0], "" if value == NONE else str(value).strip())
        return True


class _KeyBox(QStyledItemDelegate):
    """A box of all keys of the source, in which one can type."""

    def __init__(self, parent: QWidget, keys: Any):
        super().__init__(parent)
        self._keys = keys

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: _Index) -> QWidget:
        """The box."""
        box = QComboBox(parent)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.addItems(self._keys())
        completer = box.completer()
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(completer.CompletionMode.PopupCompletion)
        return box

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Show what is chosen."""
        if isinstance(editor, QComboBox):
            editor.setCurrentText(str(index.data(Qt.ItemDataRole.EditRole)) or NONE)

    def setModelData(self, editor: QWidget, model: Any, index: _Index) -> None:
        """Take what is in the box."""
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText(), Qt.ItemDataRole.EditRole)
