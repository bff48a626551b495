"""The small squares before the names of layers, in the colours of their categories; each is drawn once."""

from __future__ import annotations

from PySide6.QtGui import QIcon

from sketch.gui.icons import dot_icon
from sketch.gui.theme import Theme


class CategoryDots:
    """`dots(category)` is the icon of a category in a theme."""

    def __init__(self, theme: Theme):
        self._theme = theme
        self._icons: dict[str, QIcon] = {}

    def __call__(self, category: str) -> QIcon:
        icon = self._icons.get(category)
        if icon is None:
            icon = self._icons[category] = dot_icon(self._theme.category(category).name(), square=True)
        return icon
