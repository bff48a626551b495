"""The mini-map of the canvas in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from sketch.gui.desk import Desk
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.gui.canvas.minimap import MiniMap


class MiniMapPanel(QWidget):
    """Holds the map of whichever canvas is in front."""

    def __init__(self, desk: Desk, theme: Theme):
        super().__init__()
        self._desk = desk
        self._theme = theme
        self.map: MiniMap | None = None
        self._empty = QLabel("Nothing is open.")
        self._empty.setProperty("role", "muted")
        self._empty.setContentsMargins(12, 12, 12, 12)
        self.setAccessibleName("Map")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._empty)
        desk.turned.connect(self._turn)

    def set_theme(self, theme: Theme) -> None:
        """Draw the map in the colours of a theme."""
        self._theme = theme
        self._turn()

    def _turn(self) -> None:
        if self.map is not None:
            self.map.hide()
            self.map.deleteLater()
            self.map = None
        view = self._desk.view
        self._empty.setVisible(view is None)
        if view is not None:
            from sketch.gui.canvas.minimap import MiniMap  # not needed on the welcome page

            self.map = MiniMap(view)
            self._column.addWidget(self.map, 1)
