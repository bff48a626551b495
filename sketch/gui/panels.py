"""The lists around the canvas: problems, history, log. Each mirrors what the document or the log says."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QIcon, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListView,
    QPlainTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
)

from sketch.gui.desk import Desk
from sketch.gui.icons import dot_icon
from sketch.gui.kernel_mirror import KernelMirror
from sketch.gui.slices import Slices
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.graph.problems import Problem
    from sketch.state.document import Document
    from sketch.state.history import Entry

AT_ONCE = 600
"""Up to this many nodes the problems are looked for at once; the mirror finds those of bigger networks."""
MOST_PROBLEMS = 500
PART = 50
"""So many lines at a time, so that the window goes on in between."""
_ROLE = Qt.ItemDataRole


class ProblemsPanel(QTreeWidget):
    """What is wrong, where, and the cure; a click goes there. `counted` carries (errors, warnings)."""

    counted = Signal(int, int)

    def __init__(self, desk: Desk, mirror: KernelMirror, theme: Theme):
        super().__init__()
        self._desk = desk
        self._mirror = mirror
        self._theme = theme
        self._shown: Sequence[Problem] = ()
        self._slices = Slices(self)
        self.setAccessibleName("Problems")
        self.setHeaderLabels(["Where", "Problem", "Cure"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setColumnWidth(0, 110)
        self.header().setStretchLastSection(False)
        for column in (1, 2):
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.itemClicked.connect(lambda item, _column: self._go(item))
        self.itemActivated.connect(lambda item, _column: self._go(item))
        desk.settled.connect(self._refresh_soon)
        mirror.changed.connect(self._refresh_soon)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._shown = ()
        self.refresh()

    def _refresh_soon(self) -> None:
        self._slices.first(self.refresh)

    def refresh(self) -> None:
        """Show the problems of the document in front and the refusals of the chosen kernel."""
        document = self._desk.document
        refusals = self._mirror.picture.refusals if document else ()
        known = self._problems(document) if document else ()
        if known is None:
            return
        found = (*known, *(p for p in refusals if document and p.node in document.tables.nodes))
        if found == self._shown:
            return
        self._shown = found
        icons = {level: dot_icon(getattr(self._theme, level)) for level in ("error", "warning")}
        self.clear()
        parts = [found[at : at + PART] for at in range(0, min(len(found), MOST_PROBLEMS), PART)]
        for part in parts[:1]:
            self._add(part, icons)
        self._slices.replace([partial(self._add, part, icons) for part in parts[1:]])
        errors = sum(1 for problem in found if problem.severity == "error")
        self.counted.emit(errors, len(found) - errors)

    def _add(self, problems: Sequence[Problem], icons: dict[str, QIcon]) -> None:
        self.addTopLevelItems([self._item(problem, icons) for problem in problems])

    def step(self, by: int) -> None:
        """Go to the next or previous problem, round the end."""
        count = self.topLevelItemCount()
        if not count:
            return
        here = self.currentItem()
        row = -1 if here is None and by > 0 else 0 if here is None else self.indexOfTopLevelItem(here)
        item = self.topLevelItem((row + by) % count)
        if item is not None:
            self.setCurrentItem(item)
            self._go(item)

    def _problems(self, document: Document) -> Sequence[Problem] | None:
        """The problems; None for a big network as long as the mirror, which finds them beside the window, is at it."""
        return document.problems() if len(document.tables.nodes) <= AT_ONCE else document.known_problems

    def _item(self, problem: Problem, icons: dict[str, QIcon]) -> QTreeWidgetItem:
        document = self._desk.document
        node = document.tables.nodes.get(problem.node) if document and problem.node is not None else None
        item = QTreeWidgetItem([node.name if node else "network", problem.message, problem.cure])
        item.setIcon(0, icons["error" if problem.severity == "error" else "warning"])
        item.setData(0, _ROLE.UserRole, problem.node)
        item.setToolTip(1, problem.message)
        item.setToolTip(2, problem.cure)
        return item

    def _go(self, item: QTreeWidgetItem) -> None:
        node_id = item.data(0, _ROLE.UserRole)
        if node_id is not None:
            self._desk.reveal(node_id)


class _HistoryModel(QAbstractListModel):
    """The checkpoints, newest last, as rows of a list."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._entries: list[Entry] = []
        self.theme = theme

    def fill(self, entries: list[Entry]) -> None:
        """Show these entries; where they go on from those shown, only what is new or otherwise is told."""
        before, count = self._entries, len(self._entries)
        if not before or [one.sequence for one in before] != [one.sequence for one in entries[:count]]:
            self.beginResetModel()
            self._entries = entries
            self.endResetModel()
            return
        if len(entries) > count:
            self.beginInsertRows(QModelIndex(), count, len(entries) - 1)
            self._entries = [*before, *entries[count:]]
            self.endInsertRows()
        self._entries = entries
        differ = [row for row, (one, other) in enumerate(zip(before, entries, strict=False)) if one != other]
        if differ:
            self.dataChanged.emit(self.index(differ[0]), self.index(differ[-1]))

    def entry(self, row: int) -> Entry:
        """The entry of a row."""
        return self._entries[row]

    def current_row(self) -> int:
        """The row of the present state."""
        return next((row for row, entry in enumerate(self._entries) if entry.is_current), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        entry = self._entries[index.row()]
        if role == _ROLE.DisplayRole:
            return f"{entry.label}"
        if role == _ROLE.ToolTipRole:
            return time.strftime("%H:%M:%S", time.localtime(entry.when)) + (
                "" if entry.is_on_path else ", on another branch"
            )
        if role == _ROLE.ForegroundRole:
            return QBrush(QColor(self.theme.text if entry.is_on_path else self.theme.text_disabled))
        if role == _ROLE.FontRole and entry.is_current:
            return QFont(self.theme.font(bold=True))
        return None


class HistoryPanel(QListView):
    """Every edit of the document; a click goes to the state after it. Branches that were left stay, in grey."""

    jump_wanted = Signal(int)
    """The number of the state that was chosen."""

    def __init__(self, desk: Desk, theme: Theme):
        super().__init__()
        self._desk = desk
        self._rows = _HistoryModel(theme)
        self._slices = Slices(self)
        self.setAccessibleName("History")
        self.setModel(self._rows)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.clicked.connect(self._jump)
        self.activated.connect(self._jump)
        desk.settled.connect(self._refresh_soon)

    def _refresh_soon(self) -> None:
        if self.isVisible():
            self._slices.first(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._rows.theme = theme
        self.viewport().update()

    def refresh(self) -> None:
        """Show the history of the document in front."""
        document = self._desk.document
        self._rows.fill(document.history.entries() if document else [])
        row = self._rows.current_row()
        if row >= 0 and row != self.currentIndex().row():
            self.setCurrentIndex(self._rows.index(row))
            self.scrollTo(self._rows.index(row))

    def _jump(self, index: QModelIndex) -> None:
        self.jump_wanted.emit(self._rows.entry(index.row()).sequence)


class LogPanel(QPlainTextEdit):
    """The log of this run as it is written, newest last."""

    arrived = Signal(object)

    def __init__(self, theme: Theme):
        super().__init__()
        self.setAccessibleName("Log")
        self.setProperty("role", "code")
        self.setReadOnly(True)
        self.setMaximumBlockCount(5000)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.set_theme(theme)
        self.arrived.connect(self._append, Qt.ConnectionType.QueuedConnection)

    def set_theme(self, theme: Theme) -> None:
        """Take the font of a theme."""
        self.setFont(theme.font(mono=True, small=True))

    def receive(self, record: logging.LogRecord) -> None:
        """Take a record from any thread."""
        self.arrived.emit(record)

    def _append(self, record: logging.LogRecord) -> None:
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        self.appendPlainText(
            f"{moment}  {record.levelname.lower():8}{record.name.removeprefix('sketch.')}  {record.getMessage()}"
        )
