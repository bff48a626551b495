"""What a person does to a text with keys, the mouse and its menu; what is about very many lines goes on in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QTextCursor

from sketch.gui import text_keys
from sketch.gui.long_text import LongTextEdit
from sketch.gui.text_large import MANY, LargeEdits, Steps, lines_in, replacing

_CONTROL = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
_REMOVING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_BREAKING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class TypedText(LongTextEdit):
    """A text in which thousands of lines can be changed, and the change undone, while the window goes on.

    `wanted` carries the id of a command whose key was hit. While `is_edited` is False, the keys of undo and redo are
    left to the window.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.is_edited = False
        self.large = LargeEdits(self)
        self._commands: dict[str, list[QKeySequence]] = {}

    def set_keys(self, keys: Mapping[str, Iterable[str]]) -> None:
        """The keys of commands that work while the text has the focus, by their ids."""
        self._commands = {name: [QKeySequence(key) for key in found] for name, found in keys.items()}

    def change(self, edit: Callable[[QTextCursor], Steps]) -> None:
        """Edit what is selected, or where the cursor is, as one step of the undo."""
        cursor = self.textCursor()
        if lines_in(cursor) > MANY:
            self.large.run(edit(cursor), self.ensureCursorVisible)
            return
        cursor.beginEditBlock()
        for _ in edit(cursor):
            pass
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def take_back(self) -> None:
        """Undo the last edit."""
        if not self.large.undo():
            self.undo()

    def do_again(self) -> None:
        """Redo what was undone last."""
        if not self.large.redo():
            self.redo()

    def put(self, text: str) -> None:
        """Put a text in the place of what is selected."""
        cursor = self.textCursor()
        if max(text.count("\n"), lines_in(cursor)) > MANY:
            self.large.run(replacing(cursor, text), self.ensureCursorVisible)
        else:
            cursor.insertText(text)
            self.setTextCursor(cursor)
            self.ensureCursorVisible()

    def take_out(self) -> None:
        """Move what is selected to the clipboard."""
        self.copy()
        self.put("")

    def replaced_by(self, event: QKeyEvent) -> bool:
        """Take a key that puts something in the place of very many selected lines; False when it is no such key."""
        cursor = self.textCursor()
        if not cursor.hasSelection() or lines_in(cursor) <= MANY:
            return False
        if event.matches(QKeySequence.StandardKey.Cut):
            self.take_out()
        elif event.key() in _REMOVING:
            self.put("")
        elif event.key() in _BREAKING:
            self.put("\n")
        elif event.text().isprintable() and event.text() and not event.modifiers() & _CONTROL:
            self.put(event.text())
        else:
            return False
        return True

    # --- Qt -----------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            step = self._step(event)
            if step or self._command(event):
                event.setAccepted(not step or self._is_own(step))
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command, step = self._command(event), self._step(event)
        if event.key() == Qt.Key.Key_Escape and self.large.cancel():
            return
        if command:
            self.wanted.emit(command)
        elif step:
            self._go(step)
        elif self.isReadOnly() or not (self.replaced_by(event) or self._typed(event)):
            super().keyPressEvent(event)

    def _command(self, event: QKeyEvent) -> str:
        hit = QKeySequence(event.keyCombination())
        return next((name for name, keys in self._commands.items() if hit in keys), "")

    def _step(self, event: QKeyEvent) -> str:
        """`undo` or `redo` for their keys."""
        hit = QKeySequence(event.keyCombination())
        return next((name for name, keys in _STEPS.items() if hit in keys), "")

    def _is_own(self, step: str) -> bool:
        """True for an undo of the text; the document's history is asked for every other one."""
        return self.is_edited if step == "undo" else self.document().isRedoAvailable()

    def _go(self, step: str) -> None:
        if self._is_own(step) and not self.isReadOnly():
            self.take_back() if step == "undo" else self.do_again()

    def _typed(self, event: QKeyEvent) -> bool:
        """True when the key is one that code editors know better."""
        key = (event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
        if (edit := _LINE_KEYS.get(key)) is not None:
            self.change(edit)
            return True
        if (run := _KEYS.get(key)) is None:
            return False
        cursor = self.textCursor()
        if run(cursor) is False:
            return False
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        return True

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste and drop."""
        text = source.text()
        if text and max(text.count("\n"), lines_in(self.textCursor())) > MANY:
            self.put(text)
        else:
            super().insertFromMimeData(source)

    def createMimeDataFromSelection(self) -> QMimeData:
        """Qt's own copies the document with all its lines, to have their looks as well."""
        cursor = self.textCursor()
        if lines_in(cursor) <= MANY:
            return super().createMimeDataFromSelection()
        data = QMimeData()
        data.setText(cursor.selectedText().replace("\u2029", "\n"))
        return data

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Qt's own menu, with undo and all that removes lines in steps."""
        menu = self.createStandardContextMenu(event.pos())
        own = {
            "edit-undo": self.take_back, "edit-redo": self.do_again,
            "edit-cut": self.take_out, "edit-delete": lambda: self.put(""),
        }  # fmt: skip
        for action in menu.actions():
            if (run := own.get(action.objectName())) is not None:
                action.triggered.disconnect()
                action.triggered.connect(lambda _on=False, run=run: run())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())


def _home(cursor: QTextCursor) -> None:
    text_keys.go_home(cursor, select=False)


def _select_home(cursor: QTextCursor) -> None:
    text_keys.go_home(cursor, select=True)


_STEPS = {
    "undo": (QKeySequence("Ctrl+Z"),),
    "redo": (QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")),
}
_NONE, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_LINE_KEYS: Mapping[tuple[int, Qt.KeyboardModifier], Callable[[QTextCursor], Steps]] = {
    (Qt.Key.Key_Tab, _NONE): text_keys.indent,
    (Qt.Key.Key_Backtab, _SHIFT): text_keys.dedent,
    (Qt.Key.Key_Tab, _SHIFT): text_keys.dedent,
}
_KEYS: Mapping[tuple[int, Qt.KeyboardModifier], Callable[[QTextCursor], Any]] = {
    (Qt.Key.Key_Return, _NONE): text_keys.new_line,
    (Qt.Key.Key_Enter, _NONE): text_keys.new_line,
    (Qt.Key.Key_Backspace, _NONE): text_keys.backspace,
    (Qt.Key.Key_Home, _NONE): _home,
    (Qt.Key.Key_Home, _SHIFT): _select_home,
}
"""Keys that code editors know better than text fields do: those that change lines, and others."""
