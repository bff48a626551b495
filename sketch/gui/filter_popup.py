"""A small window with a text field and a list that shrinks as you type: quick-add, commands and find use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.choices import Choice, matching

MOST_SHOWN, MOST_ROWS = 200, 14
"""How many matches the list holds, and how many of them it shows at once."""
WIDTH = 380
_WALK = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}


class FilterPopup(QFrame):
    """The popup. `on_chosen` gets the key of the line that Enter or a click took; Esc closes it."""

    def __init__(
        self, parent: QWidget, title: str, choices: Sequence[Choice], on_chosen: Callable[[Any], object]
    ):
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.setAccessibleName(title)
        self._choices = choices
        self._on_chosen = on_chosen
        self.field = QLineEdit()
        self.field.setPlaceholderText(title)
        self.field.setAccessibleName(title)
        self.list = QListWidget()
        self.list.setAccessibleName("Matches")
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(12, 12))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._lay_out()
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._take())
        self.list.currentItemChanged.connect(lambda item, _old: self._describe(item))
        self._filter("")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self._note)
        self.setFixedWidth(WIDTH)

    def open_at(self, place: QPoint) -> None:
        """Show it with its corner at a point of the screen, moved to fit."""
        screen = QApplication.screenAt(place) or QApplication.primaryScreen()
        area = screen.availableGeometry()
        left = min(place.x(), area.right() - self.width())
        top = min(place.y(), area.bottom() - self.height())
        self.move(max(area.left(), left), max(area.top(), top))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def titles(self) -> list[str]:
        """The titles now in the list, top first."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return [item.data(Qt.ItemDataRole.UserRole).title for item in items if item is not None]

    def eventFilter(
        self, watched: QObject, event: QEvent
    ) -> bool:  # keys typed in the field also walk the list
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _WALK:
                QApplication.sendEvent(self.list, event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _filter(self, typed: str) -> None:
        self.list.clear()
        for choice in matching(self._choices, typed)[:MOST_SHOWN]:
            item = QListWidgetItem(choice.title if not choice.detail else f"{choice.title}   {choice.detail}")
            item.setData(Qt.ItemDataRole.UserRole, choice)
            if choice.icon is not None:
                item.setIcon(choice.icon)
            if choice.reason:
                item.setForeground(self.palette().placeholderText())
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._fit()
        if not self.list.count():
            self._note.setText("Nothing matches; try fewer letters.")
            self._note.show()

    def _fit(self) -> None:
        """As high as the matches, so that little of the drawing is covered."""
        rows = min(MOST_ROWS, self.list.count())
        self.list.setFixedHeight(rows * max(1, self.list.sizeHintForRow(0)) + 2 * self.list.frameWidth() + 4)
        self.adjustSize()

    def _describe(self, item: QListWidgetItem | None) -> None:
        choice = item.data(Qt.ItemDataRole.UserRole) if item else None
        self._note.setText(choice.reason if choice else "")
        self._note.setVisible(bool(self._note.text()))

    def _take(self) -> None:
        item = self.list.currentItem()
        choice = item.data(Qt.ItemDataRole.UserRole) if item else None
        if choice is None or choice.reason:
            return
        self.close()
        self._on_chosen(choice.key)
