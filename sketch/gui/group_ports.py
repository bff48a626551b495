"""The ports of a group as two lists: drag or move them with buttons, type a name, add what is open, hide the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip
from shiboken6 import isValid

from sketch.graph.errors import GroupError
from sketch.graph.ports import Inner
from sketch.gui.slices import Slices
from sketch.state import commands
from sketch.state.commands.ports import IN, OUT, PortRow, open_ports, ports_of

if TYPE_CHECKING:
    from sketch.gui.canvas.view import CanvasView
    from sketch.state.document import Document

MOST_ADDED = 40
_PORTION = 100
"""So many ports are listed in a step."""
_ROW_HEIGHT, _MOST_ROWS, _MARGIN = 16, 8, 8
_TITLES = {IN: "Inputs of the group", OUT: "Outputs of the group"}
Change = Callable[[Callable[["Document"], object], Callable[[], object], Callable[[], object]], None]
"""Given a command, what follows it, and what follows when it was refused."""


def _nothing() -> None:
    """What follows from most of them: the lists are filled anew when the document tells."""


class PortList(QListWidget):
    """The ports of one side. F2 or a double click names one, a drag or Alt with an arrow moves it, Delete hides it."""

    def __init__(self, parent: QWidget, group: int, side: str, change: Change):
        super().__init__(parent)
        self._group, self.side = group, side
        self._change = change
        self._filling = False
        self._slices = Slices(self)
        self._is_coming = False
        self.rows: list[PortRow] = []
        self.setAccessibleName(_TITLES[side])
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.itemChanged.connect(self._named)
        self.model().rowsMoved.connect(self._moved)

    def fill(self, rows: list[PortRow]) -> None:
        """Show these ports, of very many the first at once; nothing happens when they are shown already."""
        if rows == self.rows and (self._is_coming or self.count() == len(rows)):
            return
        current, self._filling = self.currentRow(), True
        self.rows = rows
        self.clear()
        self._filling = False
        self._add(min(current, len(rows) - 1))
        high = max(self.sizeHintForRow(0), _ROW_HEIGHT)
        self.setFixedHeight(2 * self.frameWidth() + _MARGIN + high * max(1, min(len(rows), _MOST_ROWS)))

    def _add(self, current: int) -> None:
        """Show more of them, and let this row be the current one when it is there."""
        self._filling, first = True, self.count()
        for row in self.rows[first : first + _PORTION]:
            self.addItem(_item(row))
        if first <= current < self.count():
            self.setCurrentRow(current)
        self._filling = False
        self._is_coming = self.count() < len(self.rows)
        self._slices.replace([partial(self._add, current)] if self._is_coming else [])

    def step(self, by: int) -> None:
        """Move the current port up or down."""
        row = self.currentRow()
        if not (0 <= row < self.count() and 0 <= row + by < self.count()):
            return

        def move(document: Document, index: int) -> None:
            commands.move_port(document, self._group, self.side, index, index + by)

        self._change_port(row, move, lambda: self.setCurrentRow(row + by))

    def hide_current(self) -> None:
        """Take the current port away."""
        row = self.currentRow()
        if row >= 0:
            self._change_port(row, lambda doc, index: commands.hide_port(doc, self._group, self.side, index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.step(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Delete:
            self.hide_current()
        else:
            super().keyPressEvent(event)

    def _named(self, item: QListWidgetItem) -> None:
        index = self.row(item)
        if self._filling or not 0 <= index < len(self.rows):
            return
        row, text = self.rows[index], item.text().strip()
        if text == (row.name or row.label):
            return
        name = "" if text == row.label else text
        self._change_port(
            index, lambda doc, now: commands.name_port(doc, self._group, self.side, now, name), refused=self._again
        )  # fmt: skip

    def _moved(self, _parent: QModelIndex, first: int, last: int, _to: QModelIndex, place: int) -> None:
        if self._filling:
            return
        order = list(range(len(self.rows)))
        moved = order[first : last + 1]
        rest = order[:first] + order[last + 1 :]
        at = place if place <= first else place - len(moved)
        wanted = rest[:at] + moved + rest[at:]
        if wanted != order:  # after the drop is over: the edit fills the list anew
            QTimer.singleShot(0, self, lambda: self._reorder(wanted))

    def _reorder(self, wanted: list[int]) -> None:
        inner, group, side = [self.rows[index].inner for index in wanted], self._group, self.side

        def order(document: Document) -> None:
            now = _inner(document, group, side)
            places = [now.index(each) for each in inner if each in now]
            commands.order_ports(document, group, side, places)

        self._change(order, _nothing, self._again)

    def _change_port(
        self,
        row: int,
        act: Callable[[Document, int], object],
        then: Callable[[], object] = _nothing,
        refused: Callable[[], object] = _nothing,
    ) -> None:
        """Change the port of a row, at the place that it has when it is this edit's turn."""
        port, group, side = self.rows[row], self._group, self.side

        def change(document: Document) -> None:
            now = _inner(document, group, side)
            if port.inner not in now:
                raise GroupError(f"The {side} '{port.name or port.label}' of the group is no longer there.")
            act(document, now.index(port.inner))

        self._change(change, then, refused)

    def _again(self) -> None:
        """Show the ports as they are, and not as they were to be."""
        rows, self.rows = self.rows, []
        self.fill(rows)


def _inner(document: Document, group: int, side: str) -> list[Inner]:
    """What the ports of a side are now; GraphError when the group is gone."""
    document.tables.node(group)
    return [row.inner for row in ports_of(document, group) if row.side == side]


def _item(row: PortRow) -> QListWidgetItem:
    item = QListWidgetItem(row.name or row.label)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    item.setToolTip(f"{row.label}\n{'A wire goes through it' if row.wired else 'Open'}")
    font = item.font()
    font.setItalic(not row.name)
    item.setFont(font)
    return item


class PortLists(QWidget):
    """Both sides, each with its buttons. `lists` is by side."""

    def __init__(self, parent: QWidget, view: CanvasView, group: int):
        super().__init__(parent)
        self._view, self._group = view, group
        self.lists: dict[str, PortList] = {}
        self.add_buttons: dict[str, QToolButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def build(self) -> Iterator[None]:
        """Make the lists, one a step."""
        for side in (IN, OUT):
            head = QLabel(_TITLES[side], self)
            head.setProperty("role", "section")
            self._column.addWidget(head)
            ports = self.lists[side] = PortList(self, self._group, side, self._change)
            self._column.addWidget(ports)
            yield
            self._column.addWidget(self._buttons(ports))
            yield

    def fill(self, rows: Sequence[PortRow]) -> None:
        """Show these ports."""
        for side, ports in self.lists.items():
            ports.fill([row for row in rows if row.side == side])

    def focus_first(self) -> None:
        """Put the keys on the inputs."""
        self.lists[IN].setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.lists[IN].setCurrentRow(max(0, self.lists[IN].currentRow()))

    def menu_of(self, side: str) -> QMenu:
        """What is open inside and can be exposed."""
        menu = QMenu(self)
        found = [row for row in open_ports(self._view.document, self._group) if row.side == side]
        for row in found[:MOST_ADDED]:
            action = menu.addAction(row.label.replace("&", "&&"))
            action.triggered.connect(lambda _on=False, wanted=row: self._expose(wanted))
        if not found:
            menu.addAction("Nothing else is open inside").setEnabled(False)
        elif len(found) > MOST_ADDED:
            menu.addAction(f"… and {len(found) - MOST_ADDED} more").setEnabled(False)
        return menu

    def _expose(self, row: PortRow) -> None:
        def expose(document: Document) -> None:
            for key in (self._group, row.inner[0]):
                document.tables.node(key)
            commands.expose_port(document, self._group, row.side, row.inner)

        self._change(expose, _nothing, _nothing)

    def _change(
        self,
        act: Callable[[Document], object],
        then: Callable[[], object],
        refused: Callable[[], object],
    ) -> None:
        def told(reason: str) -> None:
            self._view.message.emit(reason)
            if isValid(self):  # it may have had to wait, and another form may be shown by now
                refused()

        self._view.change(
            "Ports", act, lambda _done: then() if isValid(self) else None, refused=told, stays=True
        )

    def _buttons(self, ports: PortList) -> QWidget:
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        side = ports.side
        row.addWidget(_tool(line, "↑", f"Move the {side} up  (Alt+Up)", lambda: ports.step(-1)))
        row.addWidget(_tool(line, "↓", f"Move the {side} down  (Alt+Down)", lambda: ports.step(1)))
        row.addWidget(_tool(line, "Hide", f"Take an open {side} away  (Delete)", ports.hide_current))
        add = _tool(line, "Expose...", f"Show an inner {side} at the group", lambda: None)

        def show() -> None:
            menu = self.menu_of(side)
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(add.mapToGlobal(add.rect().bottomLeft()))

        add.clicked.connect(show)
        self.add_buttons[side] = add
        row.addWidget(add)
        row.addStretch(1)
        return line


def _tool(parent: QWidget, text: str, tip: str, run: Callable[[], object]) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition("  (")[0])
    button.setAutoRaise(True)
    button.clicked.connect(lambda: run())  # noqa: PLW0108 - clicked gives a flag
    return button
