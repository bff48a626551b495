"""The line over the source: what it is, copy and save."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QWidget,
)

from sketch.durable import write_text
from sketch.gui.desk import Desk
from sketch.gui.icons import action_icon
from sketch.gui.kernel_mirror import Picture
from sketch.gui.text_view import CodeView
from sketch.gui.theme import Theme

_SUFFIXES = {"python": ".py", "json": ".json"}


class TextHead(QWidget):
    """Says what is shown, or why there is none."""

    def __init__(self, desk: Desk, code: CodeView):
        super().__init__()
        self._desk, self._code = desk, code
        self._suffix = ".py"
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self._buttons = {
            "copy": _button("Copy the source", self.copy),
            "save": _button("Save the source", self.save),
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 6, 2)
        row.addWidget(self.status, 1)
        for button in self._buttons.values():
            row.addWidget(button)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        for name, button in self._buttons.items():
            button.setIcon(action_icon(name, theme))

    def show_picture(self, picture: Picture, *, editable: bool) -> None:
        """Say what the kernel gave."""
        self.status.setText(picture.error or _caption(picture.text, editable=editable))
        role = "error" if picture.error else "muted"
        if self.status.property("role") != role:
            self.status.setProperty("role", role)
            self.status.style().polish(self.status)
        self._suffix = _SUFFIXES.get(picture.language, ".txt")
        for button in self._buttons.values():
            button.setEnabled(bool(picture.text))

    def copy(self) -> None:
        """Copy the whole text."""
        QApplication.clipboard().setText(self._code.long.text())
        self._desk.say("The source is in the clipboard.")

    def save(self) -> None:
        """Ask for a file and write the text to it."""
        document, text = self._desk.document, self._code.long.text()
        if document is None or not text:
            self._desk.say("There is no source to save yet.")
            return
        path, _ = QFileDialog.getSaveFileName(self, "Save the source", f"{document.name}{self._suffix}")
        if path:
            write_text(Path(path), text)
            self._desk.say(f"Saved {path}.")


def _button(title: str, run: Callable[[], None]) -> QToolButton:
    made = QToolButton()
    made.setToolTip(title)
    made.setAccessibleName(title)
    made.clicked.connect(lambda _on=False: run())
    return made


def _caption(text: str, *, editable: bool) -> str:
    lines = text.count("\n") + (not text.endswith("\n")) if text else 0
    if not lines:
        return ""
    return f"{lines:,} line{'' if lines == 1 else 's'}" + (
        "" if editable else ", to read only: the source of PyTorch can be edited"
    )
