"""The directory tree (area H): the working folder; a double click opens a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, QModelIndex, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.icons import action_icon
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QFileSystemModel


class DirectoryTree(QWidget):
    """Files below the working folder. `open_wanted` carries a file, `folder_changed` the new working folder."""

    open_wanted = Signal(str)
    folder_changed = Signal(str)

    def __init__(self, theme: Theme):
        super().__init__()
        self.folder = Path()
        self._model: QFileSystemModel | None = None
        self._place = QLabel()
        self._place.setProperty("role", "muted")
        self._up = QToolButton()
        self._up.setToolTip("Go to the folder above")
        self._up.setAccessibleName("Folder above")
        self._up.clicked.connect(lambda: self.go_to(self.folder.parent))
        self.tree = QTreeView()
        self.tree.setAccessibleName("Working folder")
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(14)
        self.tree.activated.connect(self._on_activated)
        self._lay_out()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draw the arrow in the colours of a theme."""
        self._up.setIcon(action_icon("up", theme))

    def go_to(self, folder: Path) -> None:
        """Show another working folder; a folder that is gone gives way to the home folder."""
        folder = folder if folder.is_dir() else Path.home()
        if folder == self.folder:
            return
        self.folder = folder
        self._place.setText(folder.name or str(folder))
        self._place.setToolTip(str(folder))
        if self._model is not None:
            self._show()
        self.folder_changed.emit(str(folder))

    def start(self) -> None:
        """Read the folder; called when the window has been painted, the model starts a thread."""
        if self._model is None:
            from PySide6.QtWidgets import QFileSystemModel  # not needed for the first paint

            self._model = QFileSystemModel(self)
            self._model.setOption(QFileSystemModel.Option.DontUseCustomDirectoryIcons)
            self._model.setFilter(QDir.Filter.AllDirs | QDir.Filter.Files | QDir.Filter.NoDotAndDotDot)
            self.tree.setModel(self._model)
            for column in (1, 2, 3):
                self.tree.hideColumn(column)
            self._show()

    def _show(self) -> None:
        if self._model is not None:
            self.tree.setRootIndex(self._model.setRootPath(str(self.folder)))

    def _on_activated(self, index: QModelIndex) -> None:
        if self._model is None:
            return
        path = Path(self._model.filePath(index))
        if path.is_file():
            self.open_wanted.emit(str(path))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 4, 6, 2)
        head.addWidget(self._place, 1)
        head.addWidget(self._up)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tree, 1)
