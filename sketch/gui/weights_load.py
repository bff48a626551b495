"""Loading weights into a drawing: a source, a table of what goes where, then one step with a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
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
from shiboken6 import isValid

from sketch.binder.kernel import BinderError
from sketch.binder.surgery.weights_mapping import (
    CONVERTED,
    MATCHED,
    MISFIT,
    MISSING,
    STATES,
    UNEXPECTED,
    Line,
    WeightMap,
    summary_of,
)
from sketch.graph.recipes import KEEP, TILE
from sketch.graph.rows import TensorRow
from sketch.graph.weights import WeightType
from sketch.gui import asides, background, weights_commands
from sketch.gui.dialog_parts import OK, FaultLabel, dialog_column, ok_cancel, refuser, show_names, show_soon
from sketch.gui.reading import Reading
from sketch.gui.weights_rows import RowsModel, RowsTable
from sketch.gui.weights_sources import pattern_of_files, read_source
from sketch.state.commands import weights
from sketch.state.commands.weights import SKIP, Key
from sketch.state.weight_changes import stored_by_key, weight_name

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

TITLES = ("Weight", "Shape", "From", "Shape there", "State")
NONE = "(none)"
_FROM, _STATE = 2, 4
_MISFITS = {"stays as it is": SKIP, "takes the overlap": KEEP, "is repeated": TILE}
_Index = QModelIndex | QPersistentModelIndex
Rows = Mapping[str, TensorRow]
Offers = Callable[[], tuple[Rows, Rows]]
"""Gives the tensors of a source by key, and by the names that their file gave them."""


def ask(window: MainWindow) -> None:
    """Open the table for the drawing in front."""
    tab = window.desk.tab
    if tab is not None:
        dialog = LoadWeights(window, tab)
        show_soon(dialog.open, dialog)


class LoadWeights(QDialog):
    """One line a weight, then the tensors that go nowhere. `From` can be changed; `Load` makes one step."""

    def __init__(self, window: MainWindow, tab: CanvasTab):
        super().__init__(window)
        self.setWindowTitle("Load weights")
        self.setMinimumSize(920, 560)
        self._window, self._tab = window, tab
        self._keys: dict[str, Key] = {}
        self._page: _Page | None = None
        self._later: tuple[str, Offers] | None = None
        self.source = ""
        self.documents, self.file = QComboBox(), QPushButton("From a file...")
        self.table = self._make_table()
        self.misfit = QComboBox()
        for text, how in _MISFITS.items():
            self.misfit.addItem(text, how)
        self.misfit.setAccessibleName("A tensor of another shape")
        self.summary, self.fault = QLabel(), FaultLabel()
        self.summary.setProperty("role", "muted")
        self.buttons = ok_cancel(self.accept, self.reject, "Load")
        self._connect()
        self._lay_out()
        self._show()
        Reading(self, tab.document, self._reading, self._ready)

    @property
    def map(self) -> WeightMap:
        """What goes where; of nothing before the weights of the drawing are read."""
        return WeightMap({}) if self._page is None else self._page.map

    def accept(self) -> None:
        """Load what the table says, in one step."""
        document, rows = self._tab.document, self.map.rows()
        given = {self._keys[name]: row for name, row in rows.items()}
        unused = [self.map.given[key] for key in self.map.unexpected]

        act = partial(
            weights.load_weights, given=given, misfit=self.misfit.currentData(), unused=unused, source=self.source
        )  # fmt: skip

        def tell(report: weights.Report) -> None:
            weights_commands.told(self._window, self._tab, report, document.undo_label or "Load weights")
            weights_commands.report(self._window)

        many = len(given) > asides.MANY
        if asides.edit(
            self._window, self._tab, "Load weights", weights_commands.still_there(act, given), tell,
            many=lambda: many, refused=refuser(self, self.complain, self._window.say), stays=True,
        ):  # fmt: skip
            super().accept()

    def read(self, path: Path) -> None:
        """Read a file of any kind as a job; the table follows."""
        self.fault.hide()
        self._say(f"Reading {path.name}...")
        read_source(self._window, self, path, self._take, self.complain)

    def complain(self, text: str) -> None:
        """Say why something cannot be done."""
        self.fault.say(text)
        self._show()

    def choose(self, weight: str, key: str) -> None:
        """Let a weight take another tensor of the source, or none."""
        if self._page is None:
            return
        try:
            self._page.choose(weight, key)
        except BinderError as error:
            self.complain(str(error))
            return
        self.fault.hide()
        self._show()

    def _reading(self) -> Iterator[None]:
        """What the drawing wants."""
        tables, kinds = self._tab.document.tables, dict[Key, WeightType]()
        yield from weights.reading_weights(self._tab.document, kinds)
        keys: dict[str, Key] = {}
        for key in kinds:
            keys[weight_name(tables, *key)] = key
            yield
        page = _Page(WeightMap({name: kinds[key] for name, key in keys.items()}))
        yield from page.writing()
        self._coming = keys, page

    def _ready(self) -> None:
        self._keys, self._page = self._coming
        self._show()
        if self._later is not None:
            self._match(*self._later)

    def _take(self, name: str, by_key: Rows, by_name: Rows) -> None:
        self._match(name, lambda: (by_key, by_name))

    def _take_document(self, index: int) -> None:
        tab = self.documents.itemData(index)
        if tab is not None:
            tables = background.rows(tab.document)
            self._match(tab.document.name, lambda: stored_by_key(tables))

    def _match(self, name: str, offers: Offers) -> None:
        """Find out what of a source goes where; beside the window when that is much."""
        self._later = name, offers
        self._say(f"Reading {name}...")
        if self._page is None:
            return
        wanted, later = self._page.map.wanted, self._later

        def body(_task: Job) -> _Page:
            page = _Page(WeightMap(wanted, *offers()))
            for _ in page.writing():
                pass
            return page

        def then(page: _Page) -> None:
            self._page, self.source, self._later = page, name, None
            self.fault.hide()
            self._show()

        background.run(
            self._window.jobs, f"Match {name}", body, then, failed=self.complain,
            still=lambda: isValid(self) and self._later is later, stopped=self._show,
            at_once=len(wanted) <= background.FEW,
        )  # fmt: skip

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Load weights", str(self._window.folder), pattern_of_files(self._window)
        )
        if path:
            self.documents.setCurrentIndex(0)
            self.read(Path(path))

    def _show(self) -> None:
        page = self._page
        if page is None:
            self._say("Reading the weights...")
            return
        place = self.table.verticalScrollBar().value()
        self.table.rows.fill([*page.rows, *page.unused])
        self.table.verticalScrollBar().setValue(place)
        if self.source:
            self.summary.setText(f"{self.source}: {summary_of(page.counts)}")
        else:
            self.summary.setText("Choose where the weights come from.")
        self.misfit.setEnabled(bool(page.counts[MISFIT]))
        self.buttons.button(OK).setEnabled(page.counts[MISSING] < len(page.rows))

    def _say(self, text: str) -> None:
        """Say what goes on; nothing can be loaded until it is over."""
        self.summary.setText(text)
        self.misfit.setEnabled(False)
        self.buttons.button(OK).setEnabled(False)

    def _make_table(self) -> RowsTable:
        theme = self._window.theme
        colours = {
            MATCHED: theme.success, CONVERTED: theme.accent, MISFIT: theme.error, MISSING: theme.warning,
            UNEXPECTED: theme.text_muted,
        }  # fmt: skip
        model = _Mapping(TITLES, _STATE, colours, self.choose)
        table = RowsTable(model, "Weights", STATES, {1: 150, 3: 150, 4: 100})
        table.setItemDelegateForColumn(_FROM, _KeyBox(table, lambda: self.map.given))
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


class _Page:
    """The lines of the table as they are to be seen, and what is said of them all; `writing` makes them."""

    def __init__(self, found: WeightMap):
        self.map = found
        self.rows: list[tuple[str, ...]] = []
        self.unused: list[tuple[str, ...]] = []
        self.counts: dict[str, int] = {}
        self._places: dict[str, int] = {}

    def writing(self) -> Iterator[None]:
        """Write all lines, one a step."""
        for place, weight in enumerate(self.map.wanted):
            self._places[weight] = place
            self.rows.append(_cells(self.map.line(weight)))
            yield
        self._sum_up()
        yield

    def choose(self, weight: str, key: str) -> None:
        """As `WeightMap.choose`; only the line of the weight is written anew, and what is left over."""
        self.map.choose(weight, key)
        self.rows[self._places[weight]] = _cells(self.map.line(weight))
        self._sum_up()

    def _sum_up(self) -> None:
        self.unused = [_cells(line) for line in self.map.unused()]
        found = Counter(row[_STATE] for row in self.rows)
        self.counts = {state: found[state] for state in STATES} | {UNEXPECTED: len(self.unused)}


def _cells(line: Line) -> tuple[str, ...]:
    return line.weight, line.shape, line.given, line.given_shape, line.state


class _Mapping(RowsModel):
    """The table's rows; the source of a weight can be edited."""

    def __init__(self, titles: Any, state_column: int, colours: Any, choose: Any):
        super().__init__(titles, state_column, colours)
        self._choose = choose

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """What can be done with a cell."""
        found = super().flags(index)
        own = index.column() == _FROM and self.shown[index.row()][0]
        return found | Qt.ItemFlag.ItemIsEditable if own else found

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what the person chose."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        self._choose(self.shown[index.row()][0], "" if value == NONE else str(value).strip())
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
        show_names(box, [NONE, *self._keys()])
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
