"""A small window with a text field and a list that shrinks as you type: quick-add and commands use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.choices import Choice, matching
from sketch.gui.late_paint import paint_later
from sketch.gui.slices import Slices

MOST_SHOWN, MOST_ROWS = 200, 14
"""How many matches the list holds, and how many of them it shows at once."""
PART = 40
"""So many lines are made at a time; those of the first part at once."""
WIDTH, GAP, ICON = 380, 10, 12
_WALK = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}
_ROLE = Qt.ItemDataRole.UserRole
Source = Callable[[str], Sequence[Choice] | None]
"""The choices for what was typed, best first; None: those that were given, matched."""


class FilterPopup(QFrame):
    """The popup. `on_chosen` gets the key of the line that Enter or a click took; Esc closes it.

    `taken` comes before that; it carries True after Enter.
    """

    taken = Signal(bool)

    def __init__(
        self, parent: QWidget, title: str, choices: Sequence[Choice], on_chosen: Callable[[Any], object],
        *, source: Source | None = None, width: int = WIDTH,
    ):  # fmt: skip
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.setAccessibleName(title)
        self._choices = choices
        self._on_chosen = on_chosen
        self._source = source
        self._found: Sequence[Choice] = ()
        self._rest = Slices(self)
        self.field = QLineEdit()
        self.field.setPlaceholderText(title)
        self.field.setAccessibleName(title)
        self.list = QListWidget()
        self.list.setAccessibleName("Matches")
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(ICON, ICON))
        self._delegate = ChoiceDelegate(self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._lay_out(width)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._take(by_key=False))
        self.list.currentItemChanged.connect(lambda item, _old: self._describe(item))
        self._filter("")

    def _lay_out(self, width: int) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self._note)
        self.setFixedWidth(width)

    def open_at(self, place: QPoint) -> None:
        """Show it with its corner at a point of the screen, moved to fit."""
        screen = QApplication.screenAt(place) or QApplication.primaryScreen()
        area = screen.availableGeometry()
        left = min(place.x(), area.right() - self.width())
        top = min(place.y(), area.bottom() - self.height())
        self.move(max(area.left(), left), max(area.top(), top))
        paint_later(self)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def titles(self) -> list[str]:
        """The titles now in the list, top first."""
        return [choice.title for choice in self.shown()]

    def shown(self) -> list[Choice]:
        """The choices now in the list, top first."""
        return list(self._found)

    def eventFilter(
        self, watched: QObject, event: QEvent
    ) -> bool:  # keys typed in the field also walk the list
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _WALK:
                self._rest.finish()
                QApplication.sendEvent(self.list, event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(by_key=True)
                return True
        return super().eventFilter(watched, event)

    def _filter(self, typed: str) -> None:
        self.list.clear()
        special = self._source(typed) if self._source is not None else None
        self._found = (matching(self._choices, typed) if special is None else special)[:MOST_SHOWN]
        self._delegate.indented = any(choice.icon is not None for choice in self._found)
        self._add(self._found[:PART])
        starts = range(PART, len(self._found), PART)
        self._rest.replace([partial(self._add, self._found[start : start + PART]) for start in starts])
        self.list.setCurrentRow(0)
        self._fit()
        if not self._found:
            self._note.setText("Nothing matches; try fewer letters.")
            self._note.show()

    def _add(self, choices: Sequence[Choice]) -> None:
        for choice in choices:
            item = QListWidgetItem(choice.title)
            item.setData(_ROLE, choice)
            parts = filter(None, (choice.title, choice.aside, choice.detail, choice.reason or choice.note))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(parts))
            if choice.icon is not None:
                item.setIcon(choice.icon)
            self.list.addItem(item)

    def _fit(self) -> None:
        """As high as the matches, so that little of the drawing is covered."""
        rows = min(MOST_ROWS, self.list.count())
        self.list.setFixedHeight(rows * max(1, self.list.sizeHintForRow(0)) + 2 * self.list.frameWidth() + 4)
        self.adjustSize()

    def _describe(self, item: QListWidgetItem | None) -> None:
        choice = item.data(_ROLE) if item else None
        self._note.setText(choice.reason or choice.note if choice else "")
        self._note.setVisible(bool(self._note.text()))

    def _take(self, *, by_key: bool) -> None:
        item = self.list.currentItem()
        choice = item.data(_ROLE) if item else None
        if choice is None or choice.reason:
            return
        self.close()
        self.taken.emit(by_key)
        self._on_chosen(choice.key)


class ChoiceDelegate(QStyledItemDelegate):
    """Paints a choice: icon, title, what stands muted behind it, and what stands at the right end.

    `indented` keeps room for an icon where there is none.
    """

    indented = False

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        choice: Choice | None = index.data(_ROLE)
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, bare, painter, option.widget)
        if choice is None:
            return
        area: QRect = option.rect.adjusted(6, 0, -8, 0)
        if self.indented:
            area.setLeft(area.left() + ICON + GAP)
        muted = QApplication.palette().placeholderText().color()  # a style sheet would fade it
        plain = muted if choice.reason or choice.dim else option.palette.color(QPalette.ColorRole.Text)
        painter.save()
        metrics = painter.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(muted)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, choice.detail)
        area.setRight(area.right() - (metrics.horizontalAdvance(choice.detail) + GAP if choice.detail else 0))
        painter.setPen(plain)
        title = metrics.elidedText(choice.title, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, title)
        area.setLeft(area.left() + metrics.horizontalAdvance(title) + GAP)
        if choice.aside and area.width() > 0:
            painter.setPen(muted)
            aside = metrics.elidedText(choice.aside, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, aside)
        painter.restore()


def top_middle(window: QWidget, popup: QWidget) -> QPoint:
    """Where the corner of a popup goes that stands at the top of a window."""
    return window.mapToGlobal(QPoint((window.width() - popup.width()) // 2, 70))
