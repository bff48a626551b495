"""Hiding layers by their type: the mark on the canvas that says so, and the list of types with check boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from sketch.graph.lifting import group_layers

if TYPE_CHECKING:
    from sketch.gui.colour_tab import TabColours
    from sketch.gui.main_window import MainWindow

MARGIN = 12
_NAME = Qt.ItemDataRole.UserRole
_CHECK = Qt.ItemDataRole.CheckStateRole
WIDE, TALL = 280, 420


class HiddenMark(QFrame):
    """`37 layers hidden`, and a button that shows them again; in the lower left corner of the canvas."""

    def __init__(self, colours: TabColours):
        super().__init__(colours.view)
        self._colours = colours
        self.setProperty("role", "panel")
        self.setAccessibleName("Hidden layers")
        self.text, self.button = QLabel(), QPushButton("Show all")
        self.button.setFlat(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setProperty("role", "link")
        self.button.clicked.connect(lambda: colours.set_hidden({}))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 4, 3)
        row.addWidget(self.text)
        row.addWidget(self.button)
        colours.view.installEventFilter(self)
        colours.changed.connect(self.refresh)
        colours.settled.connect(self.refresh)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner of the canvas."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def refresh(self) -> None:
        """Say how many layers are hidden now; nothing when none is."""
        count = len(self._colours.hidden_ids)
        self.text.setText("1 layer hidden" if count == 1 else f"{count:,} layers hidden")
        names = sorted(name for kinds in self._colours.hidden.values() for name in kinds)
        self.setToolTip("Hidden: " + ", ".join(names))
        self.setVisible(bool(count))
        if count:
            self._place()

    def _place(self) -> None:
        self.adjustSize()
        self.move(MARGIN, self._colours.view.height() - self.height() - MARGIN)
        self.raise_()


class TypeList(QFrame):
    """Every type of layer in the document with how many there are; what is not checked is hidden."""

    def __init__(self, colours: TabColours, window: MainWindow):
        super().__init__(window, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "panel")
        self._colours = colours
        self.list = QListWidget()
        self.list.setAccessibleName("Types of layers")
        self.list.setUniformItemSizes(True)
        self.every, self.none = QPushButton("Show all"), QPushButton("Hide all")
        self.every.clicked.connect(lambda: self._check(Qt.CheckState.Checked))
        self.none.clicked.connect(lambda: self._check(Qt.CheckState.Unchecked))
        head = QLabel("Show types")
        head.setProperty("role", "subheading")
        buttons = QHBoxLayout()
        buttons.addWidget(self.every)
        buttons.addWidget(self.none)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 10)
        column.addWidget(head)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self._fill()
        self.list.itemChanged.connect(lambda _item: self._take())
        self.list.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(WIDE, min(TALL, 110 + 24 * self.list.count()))

    def open_at(self, place: QPoint) -> None:
        """Show the list with its upper left corner at a point of the screen."""
        self.resize(self.sizeHint())
        self.move(place)
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)

    # --- inside ------------------------------------------------------------------------------------

    def _fill(self) -> None:
        colours = self._colours
        tables, library = colours.document.tables, colours.document.library
        groups = group_layers(tables, library)
        hidden, categories = colours.hidden.get("layer", ()), colours.hidden.get("type", ())
        for name, count in tables.layer_counts():
            if name in groups:
                continue
            item = QListWidgetItem(f"{name}   {count:,}")
            item.setData(_NAME, name)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
            )
            is_off = name in hidden or colours.document.library[name].category in categories
            item.setData(_CHECK, Qt.CheckState.Unchecked if is_off else Qt.CheckState.Checked)
            self.list.addItem(item)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _check(self, state: Qt.CheckState) -> None:
        self.list.blockSignals(True)
        for item in self._items():
            item.setCheckState(state)
        self.list.blockSignals(False)
        self._take()

    def _take(self) -> None:
        """Hide what is not checked; hidden categories become the types that they hold."""
        off = [item.data(_NAME) for item in self._items() if item.checkState() != Qt.CheckState.Checked]
        self._colours.set_hidden({"layer": off})
