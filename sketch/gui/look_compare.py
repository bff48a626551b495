"""Two runs side by side: another network, or an earlier state of this one, on the same inputs, node by node."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.dialog_parts import dialog_column, ok_cancel
from sketch.gui.look_sheets import PictureView
from sketch.gui.look_state import frozen, looks_of, new_folder
from sketch.gui.model_jobs import run_job

if TYPE_CHECKING:
    import numpy as np

    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.binder.looking import Comparison, Row
    from sketch.graph.network import Network
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

KEPT_BYTES = 1 << 30
"""Values of each side that are kept and compared element by element."""
MOST_ROWS = 5000
_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Partner:
    """What a run can be compared with.

    `prepare()` takes what the window's thread owns; what it returns makes the network on the job's thread.
    """

    title: str
    prepare: Callable[[], Callable[[], Network]]
    tab: CanvasTab | None = None


def ask(window: MainWindow) -> None:
    """Choose what to compare the drawing in front with, then run both."""
    tab = window.desk.tab
    if tab is None:
        return
    found = partners(window, tab)
    if not found:
        window.say("There is nothing to compare with: open another network, or edit this one.")
        return
    dialog = ChoosePartner(window, found)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        start(window, tab, found[dialog.choice.currentIndex()])


def partners(window: MainWindow, tab: CanvasTab) -> list[Partner]:
    """The other open networks, then the states of this one, newest first."""
    others = [
        Partner(other.document.name, partial(frozen, other.document), other)
        for other in window.area
        if other is not tab and other.document.tables.nodes
    ]
    document = tab.document
    entries = [entry for entry in document.history.entries() if not entry.is_current]
    earlier = [
        Partner(f"this network after '{entry.label}'", partial(frozen, document, entry.sequence))
        for entry in reversed(entries)
    ]
    return [*others, *earlier]


def start(window: MainWindow, tab: CanvasTab, partner: Partner) -> Job:
    """Run both on the inputs of this drawing's last run, as a job."""
    from sketch.binder import looking
    from sketch.gui.look_commands import inputs_for

    make, make_other = frozen(tab.document), partner.prepare()
    settings, folder = looks_of(window).settings_of(tab.document), new_folder()

    def body(_job: Job, runs: Runs) -> tuple[Network, Network, Comparison]:
        try:
            first, mine = make_other(), make()
            arrays = inputs_for(mine, settings)
            given = looking.handed_on(mine, first, arrays)
            found = looking.compare(runs, first, mine, given, folder, budget=KEPT_BYTES)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return first, mine, found

    def show(result: tuple[Network, Network, Comparison]) -> None:
        first, second, found = result
        CompareWindow(window, tab, partner, found, folder, (first, second)).show()

    return run_job(window, "Compare two runs", body, show)


class ChoosePartner(QDialog):
    """Which network or state to compare with."""

    def __init__(self, parent: QWidget, found: list[Partner]):
        super().__init__(parent)
        self.setWindowTitle("Compare two runs")
        self.setMinimumWidth(440)
        self.choice = QComboBox()
        self.choice.setAccessibleName("Compare with")
        self.choice.addItems([partner.title for partner in found])
        hint = QLabel(
            "Both run on the inputs that this network was last run on (F5), else on random numbers."
        )
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self.buttons = ok_cancel(self.accept, self.reject, "Compare")
        column = dialog_column(self)
        for widget in (QLabel("Compare this network with"), self.choice, hint, self.buttons):
            column.addWidget(widget)


class CompareWindow(QDialog):
    """The nodes of both runs, how far apart they are, and both outputs of the row in front as pictures."""

    def __init__(
        self,
        window: MainWindow,
        tab: CanvasTab,
        partner: Partner,
        found: Comparison,
        folder: Path,
        networks: tuple[Network, Network],
    ):
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{tab.document.name} compared with {partner.title}")
        self.resize(860, 620)
        self._window, self._tab, self._partner = window, tab, partner
        self.found, self._folder, self._networks = found, folder, networks
        self.verdict = QLabel(verdict(found))
        self.verdict.setWordWrap(True)
        self.only = QCheckBox("Only what differs")
        self.go = QPushButton("Go to the first that differs")
        self.go.setEnabled(found.parted is not None)
        self.table = QTreeWidget()
        self.pictures = [PictureView(), PictureView(), PictureView()]
        self._lay_out()
        self._fill()
        self.only.toggled.connect(lambda _on: self._fill())
        self.go.clicked.connect(self._go)
        self.table.currentItemChanged.connect(lambda item, _before: self._choose(item))
        window.on_close(self._forget)
        self.destroyed.connect(lambda: shutil.rmtree(folder, ignore_errors=True))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # rows have colours of it; not while it is changing
            QTimer.singleShot(0, self, self._recolour)

    def _forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _go(self) -> None:
        row = self.found.parted
        for place in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(place)
            if item is not None and item.data(0, _ROLE) is row:
                self.table.setCurrentItem(item)
                self._choose(item)
                return

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        """Select the node on both canvases, and show both outputs."""
        row: Row | None = item.data(0, _ROLE) if item is not None else None
        if row is None:
            return
        if self._partner.tab is not None and self._partner.tab in list(self._window.area):
            self._partner.tab.reveal(row.first[0])
        if self._tab in list(self._window.area):
            self._tab.reveal(row.second[0])
        one, two = self._array("first", row), self._array("second", row)
        from sketch.gui.look_pictures import difference, planes, tiles

        images = [tiles(planes(array, 0)) if array is not None else QImage() for array in (one, two)]
        same = one is not None and two is not None and one.shape == two.shape
        images.append(tiles(difference(planes(one, 0), planes(two, 0))) if same else QImage())  # type: ignore[arg-type]
        for view, image in zip(self.pictures, images, strict=True):
            view.show_image(image)

    def _array(self, side: str, row: Row) -> np.ndarray[Any, Any] | None:
        import numpy as np

        facts = self.found.first if side == "first" else self.found.second
        name = facts.kept.get(row.first if side == "first" else row.second)
        path = self._folder / side / name if name else None
        if path is None or not path.is_file():
            return None
        array: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array

    def _fill(self) -> None:
        table = self.table
        rows = [row for row in self.found.rows if not (self.only.isChecked() and row.parting.agrees)]
        with QSignalBlocker(table):
            table.clear()
            table.setSortingEnabled(False)
            table.addTopLevelItems([self._item(place, row) for place, row in enumerate(rows[:MOST_ROWS])])
            table.setSortingEnabled(True)

    def _recolour(self) -> None:
        error = QColor(self._window.theme.error)
        for place in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(place)
            if item is not None and not item.data(0, _ROLE).parting.agrees:
                item.setForeground(4, error)

    def _item(self, place: int, row: Row) -> QTreeWidgetItem:
        part = row.parting
        item = _Sorted([f"{place + 1}", row.name, f"{part.max_abs:.3g}", f"{part.max_rel:.3g}", _state(part)])
        for column, value in enumerate((place, row.name, part.max_abs, part.max_rel, not part.agrees)):
            item.setData(column, _ROLE + 1, value)
        item.setData(0, _ROLE, row)
        item.setToolTip(4, part.reason)
        if not part.agrees:
            item.setForeground(4, QColor(self._window.theme.error))
        return item

    def _lay_out(self) -> None:
        table = self.table
        table.setAccessibleName("Nodes of both runs")
        table.setHeaderLabels(["", "Node", "Largest difference", "Relative", ""])
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.header().setStretchLastSection(False)
        for place, width in ((0, 54), (2, 140), (3, 100), (4, 120)):
            table.setColumnWidth(place, width)
        column = dialog_column(self)
        column.addWidget(self.verdict)
        row = QHBoxLayout()
        row.addWidget(self.only)
        row.addStretch(1)
        row.addWidget(self.go)
        column.addLayout(row)
        column.addWidget(table, 3)
        views = QHBoxLayout()
        titles = (self._partner.title, self._tab.document.name, "difference")
        for title, view in zip(titles, self.pictures, strict=True):
            side = QVBoxLayout()
            label = QLabel(title)
            label.setProperty("role", "muted")
            side.addWidget(label)
            side.addWidget(view, 1)
            views.addLayout(side, 1)
        column.addLayout(views, 2)


class _Sorted(QTreeWidgetItem):
    """A row that is ordered by its numbers, not by their texts."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        column = max(0, self.treeWidget().sortColumn())
        return bool(self.data(column, _ROLE + 1) < other.data(column, _ROLE + 1))


def verdict(found: Comparison) -> str:
    """One line: where they part first, or that they agree; and what has no partner."""
    parted = found.parted
    count = len(found.rows)
    if parted is None:
        text = f"All {count} values that both have agree."
    else:
        apart = sum(not row.parting.agrees for row in found.rows)
        how = parted.parting.reason or f"by {parted.parting.max_abs:.3g}"
        text = f"They part first at '{parted.name}' ({how}); {apart} of {count} values differ."
    if found.alone:
        text += f" Without a partner: {', '.join(found.alone[:3])}"
        text += f" and {len(found.alone) - 3} more." if len(found.alone) > 3 else "."
    return text


def _state(part: Any) -> str:
    if part.agrees:
        return "agrees"
    return "differs" if not part.reason else "no comparison" if part.max_abs == 0 else "shape differs"
