"""The dialog of repeated blocks: what was found, shown on the canvas line by line, and which of it to fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem

from sketch.graph.repeats import Repeat
from sketch.graph.rows import Edge
from sketch.gui.dialog_parts import OK, dialog_column, ok_cancel
from sketch.gui.group_offer import fold
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

CHECK_WIDTH = 26
COLUMNS = ("Block", "Times", "Layers each", "Starts with")


class RepeatsDialog(QDialog):
    """A line for each find with a mark; the current one is shown on the canvas, everything else faded."""

    def __init__(self, window: MainWindow, tab: CanvasTab, found: Sequence[Repeat]):
        super().__init__(window)
        self._window = window
        self.setWindowTitle("Repeated blocks")
        self.setMinimumSize(560, 360)
        self._tab, self._found = tab, list(found)
        hint = QLabel("Choose what to fold into groups. The current line is shown on the canvas.")
        hint.setProperty("role", "muted")
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels(list(COLUMNS))
        self.list.setAccessibleName("Repeated blocks")
        self.list.setUniformRowHeights(True)
        self.linked = QCheckBox("Link them: what you edit in one changes in all; weights stay separate")
        self.linked.setChecked(True)
        self.buttons = ok_cancel(self._apply, self.reject, "Fold into groups")
        for repeat in self._found:
            self.list.addTopLevelItem(self._line(repeat))
        self._fit_columns()
        column = dialog_column(self)
        for widget in (hint, self.list, self.linked, self.buttons):
            column.addWidget(widget, widget is self.list)
        self._soon = Slices(self)
        self.list.currentItemChanged.connect(lambda *_: self._soon.replace([self._preview]))
        self.list.itemChanged.connect(lambda *_: self._enable())
        self.finished.connect(lambda _: self._leave())
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self._enable()

    def chosen(self) -> list[Repeat]:
        """What is marked."""
        items = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        marked = [item is not None and item.checkState(0) == Qt.CheckState.Checked for item in items]
        return [repeat for repeat, on in zip(self._found, marked, strict=True) if on]

    def _line(self, repeat: Repeat) -> QTreeWidgetItem:
        nodes = self._tab.document.tables.nodes
        first = nodes[repeat.parts[0][0]]
        names = ", ".join(nodes[part[0]].name for part in repeat.parts[:4])
        more = " …" if len(repeat.parts) > 4 else ""
        kind = f"{repeat.name}  (groups)" if repeat.are_groups else repeat.name
        texts = [kind, f"{len(repeat.parts)} ×", str(repeat.size), names + more]
        item = QTreeWidgetItem(texts)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked)
        item.setToolTip(3, ", ".join(nodes[part[0]].name for part in repeat.parts))
        item.setToolTip(0, f"Begins with {first.layer} '{first.name}'")
        return item

    def _fit_columns(self) -> None:
        header = self.list.header()
        for index in range(3):
            header.setSectionResizeMode(index, QHeaderView.ResizeMode.Interactive)
            content = self.list.sizeHintForColumn(index) + (0 if index else CHECK_WIDTH)
            title = self.list.fontMetrics().horizontalAdvance(COLUMNS[index])
            header.resizeSection(index, max(content, title) + 20)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)

    def _preview(self) -> None:
        current = self.list.currentItem()
        if current is None:
            return
        row = self.list.indexOfTopLevelItem(current)
        repeat = self._found[row]
        nodes = self._tab.document.tables.nodes
        if any(n not in nodes for part in repeat.parts for n in part):
            return
        self._tab.enter(nodes[repeat.parts[0][0]].parent)
        self._tab.view.centre_on(repeat.parts[0][0])
        self._soon.last(self._emphasise)
        self._soon.end_share()  # the canvas is painted where it went, and then with what stands out

    def _emphasise(self) -> None:
        row = self.list.currentIndex().row()
        shown = {n for part in self._found[row].parts for n in part}
        if shown <= self._tab.document.tables.nodes.keys():
            self._tab.view.canvas.emphasise(shown, self._inner_wires(shown))

    def _leave(self) -> None:
        self._soon.replace([])
        self._tab.view.canvas.emphasise(None, ())

    def _inner_wires(self, shown: set[int]) -> list[Edge]:
        nodes = self._tab.document.tables.nodes
        return [edge for n in shown for edge in nodes[n].next if edge.target in shown]

    def _enable(self) -> None:
        count = sum(len(repeat.parts) for repeat in self.chosen())
        button = self.buttons.button(OK)
        button.setEnabled(bool(count))
        button.setText(f"Fold {count} blocks" if count else "Fold into groups")

    def _apply(self) -> None:
        chosen, linked, tab = self.chosen(), self.linked.isChecked(), self._tab
        self.accept()

        def then(groups: list[int]) -> None:
            nodes = tab.document.tables.nodes
            parent = nodes[groups[0]].parent
            tab.enter(parent)
            tab.view.select([n for n in groups if nodes[n].parent == parent])
            tab.view.frame_all()

        fold(self._window, tab, chosen, then, linked=linked)
