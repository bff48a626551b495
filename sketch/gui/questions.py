"""The few questions that Sketch asks, and its one way to show an error."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget


def ask_permission(parent: QWidget, path: Path, reason: str) -> bool:
    """Ask whether code inside a file may run; the answer is no unless the person says yes."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Run code from this file?")
    box.setText(
        f"Opening {path.name} runs Python code that the file brings. Do you trust where it comes from?"
    )
    box.setInformativeText(
        "The code would run in a process of its own, but with your rights: it could read and change your files.\n\n"
        + reason.removeprefix(f"{path}: ")
    )
    yes = box.addButton("Run it and open", QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton("Do not open", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.exec()
    return box.clickedButton() is yes


def show_error(parent: QWidget, text: str) -> None:
    """Say in a window of its own what went wrong; for what the person waits for, such as opening a file."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Sketch", text, QMessageBox.StandardButton.Ok, parent)
    box.exec()
