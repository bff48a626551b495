"""The tensor viewer: statistics, histogram, picture and numbers of the weights of the selected layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from sketch.binder.kernel import BinderError
from sketch.binder.surgery.weights_pictures import picked, picture_of
from sketch.binder.surgery.weights_stats import Statistics, statistics
from sketch.graph.freezing import frozen_roles
from sketch.graph.recipes import MADE
from sketch.graph.rows import TensorRow, shape_text
from sketch.gui import asides, background, weights_commands
from sketch.gui.dialog_parts import FaultLabel, dialog_column, show_names
from sketch.gui.reasons import selected_nodes
from sketch.gui.slices import Slices
from sketch.gui.weights_numbers import NumbersModel
from sketch.gui.weights_painting import DotPicture, Dots, Overview, dots_of
from sketch.gui.weights_places import PlaceBoxes
from sketch.state.commands import weights
from sketch.state.commands.weights import Key

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document, Update

_PICTURE, _NUMBERS = 1, 2
AT_ONCE = 1 << 16
"""Tensors up to so many elements are read and painted while one looks, 3 ms each; larger ones beside the window."""
SOON_MS = 100
"""The viewer waits so long for a first tensor that is read beside the window."""


def view(window: MainWindow, key: Key | None = None) -> None:
    """Open the viewer on the weights of the selection, or on one of them."""
    tab = window.desk.tab
    if tab is None:
        return

    def then(names: dict[Key, str]) -> None:
        if names:
            _appear(TensorViewer(window, tab, names, key or next(iter(names))))
        else:
            window.say("The sizes of these weights are not known yet; connect the layer first.")

    weights_commands.name_tensors(window, tab, [key[0]] if key else selected_nodes(window), then)


class TensorViewer(QDialog):
    """One tensor at a time; it follows edits of the document while it is open. `was_read`: all of it is shown."""

    was_read = Signal()

    def __init__(self, window: MainWindow, tab: CanvasTab, keys: Mapping[Key, str], first: Key):
        """`keys` are the tensors that can be chosen, with their names."""
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Tensors")
        self.setMinimumSize(760, 560)
        self._window, self._tab, self._keys = window, tab, list(keys)
        self._array: Any = None
        self._row: TensorRow | None = None
        self._job: Job | None = None
        self._soon = Slices(self)
        self._place: tuple[int, ...] | None = None
        self.found: Statistics | None = None
        self.choice, self.kind, self.fault = QComboBox(), QLabel(), FaultLabel()
        self.choice.setAccessibleName("Weight")
        show_names(self.choice, keys.values())
        self.note, self.picture = QLabel(), DotPicture(window.theme)
        self.overview = Overview(window.theme)
        self.numbers = NumbersModel()
        self.places = PlaceBoxes()
        self.places.moved.connect(self._turn)
        self.tabs = QTabWidget()
        self.set, self.save = QPushButton("Set from .npy..."), QPushButton("Save as .npy...")
        self.frozen = QCheckBox("Frozen: training leaves it as it is")
        self.frozen.clicked.connect(self._freeze)
        self._lay_out()
        self.choice.setCurrentIndex(self._keys.index(first))
        self.choice.currentIndexChanged.connect(lambda _index: self.refresh())
        self._unsubscribe = tab.document.subscribe(self._on_update)
        self.finished.connect(lambda _result: self._leave())

    @property
    def key(self) -> Key:
        """The weight that is shown."""
        return self._keys[self.choice.currentIndex()]

    def refresh(self) -> None:
        """Read the weight again and show it."""
        self.fault.hide()
        self.found = None
        try:
            self._row, store = weights.row_of(self._tab.document, self.key), self._tab.document.store
            if _elements(self._row) > AT_ONCE or not store.is_made(self._row.digest):
                self._start(self._row)
            else:
                self._show(store.get(self._row.digest, self._row.shape, self._row.dtype))
                self._show_facts(statistics(self._array, self._row.dtype))
        except (BinderError, KeyError) as error:
            self.fault.say(str(error) if isinstance(error, BinderError) else "This weight is gone.")

    def _start(self, row: TensorRow) -> None:
        """Read a tensor beside the window."""
        store = self._tab.document.store
        self.kind.setText(f"{_kind_text(row)}   reading...")

        def body(job: Any, _runs: Any) -> Any:
            array = store.get(row.digest, row.shape, row.dtype)
            return array, statistics(array, row.dtype, check=job.check)

        self._job = self._window.services.binder.job("Read a tensor", body, store.folder)
        self._window.jobs.follow(self._job, lambda done: self._read(done, row))

    def _leave(self) -> None:
        """The dialog is closed, and deleted before what is being read is there."""
        self._unsubscribe()
        self._soon.replace([])
        self._row = self._place = None
        if self._job is not None:
            self._job.cancel()

    def _read(self, job: Any, row: TensorRow) -> None:
        if row is not self._row:
            return
        if job.state != "done":
            self.fault.say(job.error)
            return
        self._show(job.result[0])
        self._show_facts(job.result[1])

    def _show(self, array: Any) -> None:
        row = self._row
        if row is None:
            return
        self._array = array
        self._show_kind(row)
        self.numbers.show_array(array, row.dtype)
        self.places.show_sizes(array.shape[:-2] if array.ndim > 2 else ())
        self._show_places()
        self.picture.show_dots(None)  # that of another weight
        self._paint()

    def _show_kind(self, row: TensorRow) -> None:
        """What this tensor is, and what can be done with it."""
        document = self._tab.document
        self.kind.setText(f"{_kind_text(row)}   {_state_text(document, self.key, row)}")
        kind = weights.weights_in(document, [self.key[0]]).get(self.key)
        self.set.setEnabled(kind is not None)
        self.frozen.setEnabled(kind is not None and kind.trainable)
        self.frozen.setChecked(self.key[1] in frozen_roles(document.tables.meta, self.key[0]))

    def _freeze(self, on: bool) -> None:
        title, key = "Freeze a weight" if on else "Unfreeze a weight", self.key
        asides.edit(
            self._window, self._tab, title, lambda document: weights.freeze(document, [key], on), stays=True
        )

    def _show_facts(self, found: Statistics) -> None:
        self.found = found
        self.overview.show_statistics(found)
        self.was_read.emit()

    def _show_places(self) -> None:
        """Only the boxes that matter for the page in front."""
        page, shape = self.tabs.currentIndex(), () if self._row is None else self._row.shape
        axes = (
            range(len(shape))
            if page == _NUMBERS
            else range(1, 1 + len(picked(shape)))
            if page == _PICTURE
            else ()
        )
        self.places.show_only(axes)

    def _turn(self) -> None:
        self.numbers.go_to(self.places.place)
        self._paint()

    def _paint(self) -> None:
        """Make the picture; of a large tensor beside the window."""
        array, row, theme = self._array, self._row, self._window.theme
        if array is None or row is None or not array.size:
            self.picture.show_dots(None)
            return
        wanted = len(picked(row.shape))
        index = self._place = self.places.place[1 : 1 + wanted]
        gaps = array.ndim < 2 or bool(wanted) or row.shape != array.shape

        def body(_task: Job) -> tuple[Dots, str]:
            picture = picture_of(array, row.dtype, index)
            return dots_of(picture.dots, theme, gaps), picture.note

        def then(made: tuple[Dots, str]) -> None:
            self.picture.show_dots(made[0])
            self.note.setText(made[1])

        background.run(
            self._window.jobs, "Paint a tensor", body, then, failed=self.fault.say,
            still=lambda: isValid(self) and self._row is row and self._place is index,
            at_once=array.size <= AT_ONCE,
        )  # fmt: skip

    def _on_update(self, update: Update) -> None:
        if self.key[0] not in self._tab.document.tables.nodes:
            self._window.say(f"{self.choice.currentText()} is no longer in the drawing.")
            self.reject()  # also before it was shown
        elif self.key[0] in update.inferred.changed or any(map(update.of, ("weights", "tensors", "meta"))):
            self._soon.replace([self._follow])  # the edit is painted first

    def _follow(self) -> None:
        """Read the weight again when it is another one now; else only what can be done with it may differ."""
        if self._tab.document.is_closed:
            return
        try:
            row = weights.row_of(self._tab.document, self.key)
        except (BinderError, KeyError):
            row = None
        if row is None or not self.fault.isHidden() or _content(row) != _content(self._row):
            self.refresh()
        elif self.found is not None:  # else it is being read
            self._show_kind(row)

    def _lay_out(self) -> None:
        for label in (self.kind, self.note):
            label.setProperty("role", "muted")
        self.set.clicked.connect(lambda: weights_commands.set_from_file(self._window, self.key))
        self.save.clicked.connect(lambda: weights_commands.save_to_file(self._window, self.key))
        head, foot = QHBoxLayout(), QHBoxLayout()
        for button in (self.set, self.save):
            button.setAutoDefault(False)
            foot.addWidget(button)
        head.addWidget(self.choice, 1)
        head.addWidget(self.kind)
        self.tabs.addTab(self.overview, "Overview")
        self.tabs.addTab(_page(self.picture, self.note), "Picture")
        self.tabs.addTab(_page(_table(self.numbers)), "Numbers")
        self.tabs.currentChanged.connect(lambda _page: self._show_places())
        foot.addSpacing(12)
        foot.addWidget(self.frozen)
        foot.addStretch(1)
        column = dialog_column(self)
        column.addLayout(head)
        column.addWidget(self.fault)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.places)
        column.addLayout(foot)


def _appear(viewer: TensorViewer) -> None:
    """Read the weight in the next turn of the event loop, and show the dialog when it is there, or soon."""
    parts = Slices(viewer)

    def read() -> None:
        viewer.refresh()
        if viewer.found is None and viewer.fault.isHidden():
            viewer.was_read.connect(viewer.show)
            QTimer.singleShot(SOON_MS, viewer, viewer.show)
        else:
            parts.last(viewer.show)
        parts.end_share()

    parts.replace([read])


def _table(numbers: NumbersModel) -> QTableView:
    table = QTableView()
    table.setAccessibleName("Numbers")
    table.setModel(numbers)
    table.horizontalHeader().setDefaultSectionSize(92)
    table.verticalHeader().setDefaultSectionSize(24)
    return table


def _page(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    for place, widget in enumerate(widgets):
        column.addWidget(widget, 0 if place else 1)
    return page


def _elements(row: TensorRow) -> int:
    count = 1
    for size in row.shape:
        count *= size
    return count


def _content(row: TensorRow | None) -> tuple[object, ...]:
    """What the numbers are read from."""
    return () if row is None else (row.digest, row.shape, row.dtype)


def _kind_text(row: TensorRow) -> str:
    return f"{shape_text(row.shape)}  {row.dtype}"


def _state_text(document: Document, key: Key, row: TensorRow) -> str:
    """Where the numbers of a weight come from, and whether it is frozen."""
    frozen = ", frozen" if key[1] in frozen_roles(document.tables.meta, key[0]) else ""
    if document.tables.weights.get(key) is None or not row.id:
        return f"initial values, by seed{frozen}"
    return f"{'made by an edit' if row.digest.startswith(MADE) else 'stored'}{frozen}"
