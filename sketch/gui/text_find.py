"""The bar that finds words in the source."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton

from sketch.gui.icons import action_icon
from sketch.gui.theme import Theme

_MOST = 1000
"""So many places are marked and counted."""


class FindBar(QFrame):
    """A field, a count, the way from one place to the next. `found` carries the places, an empty list at the end."""

    found = Signal(list)

    def __init__(self, code: QPlainTextEdit, theme: Theme):
        super().__init__()
        self._code = code
        self._places: list[tuple[int, int]] = []
        self.setAccessibleName("Find in the source")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find in the source")
        self.field.setAccessibleName("Words to find in the source")
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.close_button = QToolButton()
        self.close_button.setToolTip("Close (Esc)")
        self.close_button.setAccessibleName("Close the search")
        self.close_button.clicked.connect(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 6, 2)
        for widget in (self.field, self.count, self.close_button):
            row.addWidget(widget)
        self.field.textChanged.connect(lambda _text: self.refresh(jump=True))
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.close_button.setIcon(action_icon("cancel", theme))

    def enter(self) -> None:
        """Show the bar, with the selected words in it."""
        words = self._code.textCursor().selectedText()
        self.show()
        if words and "\u2029" not in words:
            self.field.setText(words)
        self.field.selectAll()
        self.field.setFocus()
        self.refresh()

    def leave(self) -> None:
        """Close the bar and go back to the text."""
        self.hide()
        self._places = []
        self.found.emit([])
        self._code.setFocus()

    def refresh(self, *, jump: bool = False) -> None:
        """Look again, after the words or the text changed."""
        if self.isHidden():
            return
        words, text = self.field.text().lower(), self._code.toPlainText().lower()
        self._places = []
        start = text.find(words) if words else -1
        while start >= 0 and len(self._places) < _MOST:
            self._places.append((start, start + len(words)))
            start = text.find(words, start + len(words))
        self.found.emit(self._places)
        self._tell()
        if jump:
            self.step(forward=True, stay=True)

    def step(self, *, forward: bool, stay: bool = False) -> None:
        """Select the next place (or the one at the cursor), round the end."""
        if not self._places:
            return
        cursor = self._code.textCursor()
        here = cursor.selectionStart()
        if forward:
            after = [
                item for item in self._places if item[0] >= here + (0 if stay else cursor.hasSelection())
            ]
            place = (after or self._places)[0]
        else:
            before = [item for item in self._places if item[0] < here]
            place = (before or self._places)[-1]
        cursor.setPosition(place[0])
        cursor.setPosition(place[1], QTextCursor.MoveMode.KeepAnchor)
        self._code.setTextCursor(cursor)
        self._code.ensureCursorVisible()
        self._tell(self._places.index(place) + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F3):
            self.step(forward=not back)
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _tell(self, number: int = 0) -> None:
        total = f"{len(self._places):,}" + ("+" if len(self._places) == _MOST else "")
        if not self.field.text():
            self.count.setText("")
        else:
            self.count.setText(f"{number} of {total}" if number else f"{total} found")
