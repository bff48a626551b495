"""File > Open recent: the files opened last, read when the menu is opened, so that it is never out of date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

MOST_SHOWN = 12


def add_recent_menu(window: MainWindow) -> QMenu:
    """Put the menu below File > Open; it says so when there is no file yet."""
    menu = QMenu("Open &recent", window)
    menu.setObjectName("recent-files")
    window.actions_.menu("File").insertMenu(window.actions_["file.import"], menu)
    menu.aboutToShow.connect(lambda: _fill(window, menu))
    return menu


def _fill(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    for path in window.keeper.recent()[:MOST_SHOWN]:
        _add(window, menu, path)
    if menu.isEmpty():
        menu.addAction("No file was opened yet").setEnabled(False)


def _add(window: MainWindow, menu: QMenu, path: Path) -> None:
    action = menu.addAction(path.name.replace("&", "&&"))
    action.setStatusTip(str(path))
    action.triggered.connect(lambda: window.opener.open_file(path))
