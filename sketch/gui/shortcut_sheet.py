"""The overview of shortcuts: all keys in force on one page, to read, search, copy and print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QTextBrowser, QVBoxLayout

from sketch.gui.action_rows import Action
from sketch.gui.key_capture import native
from sketch.gui.shortcut_text import as_html, as_text
from sketch.gui.slices import Walk

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

WIDTH, HEIGHT = 620, 720


class ShortcutSheet(QDialog):
    """The page and what can be done with it."""

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        self.setWindowTitle("Shortcuts")
        self.resize(WIDTH, HEIGHT)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find on this page")
        self.search.setAccessibleName("Find on this page")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._look_for)
        self.search.returnPressed.connect(self._next)
        self.page = QTextBrowser()
        self.page.setAccessibleName("Shortcuts")
        self._filling = Walk(self, self._fill())
        self._filling.begin()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for title, act in (("Print...", self._print), ("Copy", self._copy), ("Change...", self._change)):
            button = buttons.addButton(title, QDialogButtonBox.ButtonRole.ActionRole)
            button.setAutoDefault(False)
            button.clicked.connect(act)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        column = QVBoxLayout(self)
        for widget in (self.search, self.page, buttons):
            column.addWidget(widget)

    def _rows(self) -> list[Action]:
        return [row for row, _action in self._window.actions_]

    def _keys(self, command: str) -> list[str]:
        return [native(key) for key in self._window.services.settings.shortcut(command)]

    def _fill(self) -> Iterator[None]:
        """Write the page, a part a step; what is looked for may be in the part."""
        page = self.page.document()
        parts = as_html(self._rows(), self._keys)
        page.setHtml(next(parts))
        title = page.firstBlock().next().blockFormat()
        end = QTextCursor(page)
        for part in parts:
            yield
            end.movePosition(QTextCursor.MoveOperation.End)
            end.insertBlock(title)  # below the empty one that follows a table; what is inserted begins in it
            heading = QTextCursor(end)
            heading.setKeepPositionOnInsert(True)
            end.insertHtml(part)
            heading.setBlockFormat(title)
            if self.search.text() and not self.page.textCursor().hasSelection():
                self._look_for(self.search.text())

    def _look_for(self, text: str) -> None:
        """Mark the first place from the top."""
        cursor = self.page.textCursor()
        cursor.movePosition(cursor.MoveOperation.Start)
        self.page.setTextCursor(cursor)
        if text:
            self.page.find(text)

    def _next(self) -> None:
        """The next place, round the end."""
        if self.search.text() and not self.page.find(self.search.text()):
            self._look_for(self.search.text())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self._rows(), self._keys))
        self._window.say("The shortcuts are in the clipboard.")

    def _print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter  # not needed before

        printer = QPrinter()
        self._filling.finish()
        if QPrintDialog(printer, self).exec() == QDialog.DialogCode.Accepted:
            self.page.document().clone().print_(printer)

    def _change(self) -> None:
        self.accept()
        from sketch.gui.view_commands import show_settings

        show_settings(self._window, page="Shortcuts")


def show_shortcuts(window: MainWindow) -> None:
    """Show all keys in force."""
    sheet = ShortcutSheet(window)
    sheet.exec()
    sheet.deleteLater()
