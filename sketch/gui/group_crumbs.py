"""The way into the groups above the canvas: a click goes to a group, one on a stroke shows what stands beside it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from sketch.graph.zone_kinds import MARKERS
from sketch.state.document import Document

MOST_SIBLINGS = 60
"""A menu of more groups than this is no help."""


class Breadcrumbs(QWidget):
    """The groups around the canvas in view, outermost first. `chosen` carries a group's id, None for the top level."""

    chosen = Signal(object)

    def __init__(self, document: Document | None = None) -> None:
        super().__init__()
        self._document = document
        self.setObjectName("breadcrumbs")
        self.setAccessibleName("Enclosing groups")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 3, 8, 3)
        self._row.setSpacing(2)

    def show_path(self, path: list[tuple[int | None, str]]) -> None:
        """Show (group id, name) from the document down to the group in view."""
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for index, (group, name) in enumerate(path):
            if index:
                self._row.addWidget(self._stroke(path[index - 1][0], group))
            last = index == len(path) - 1
            self._row.addWidget(_here(name) if last else self._button(group, name))
        self._row.addStretch(1)
        self.setVisible(len(path) > 1)

    def siblings(self, parent: int | None) -> list[tuple[int, str]]:
        """(id, name) of the groups on a canvas, along their places."""
        if self._document is None:
            return []
        tables, library = self._document.tables, self._document.library
        found = [
            n for n in tables.children(parent)
            if library[tables.nodes[n].layer].group and tables.nodes[n].layer not in MARKERS
        ]  # fmt: skip
        places = tables.places
        found.sort(key=lambda n: (places[n].y, places[n].x) if n in places else (0.0, 0.0))
        return [(n, tables.nodes[n].name) for n in found]

    def menu_of(self, parent: int | None, current: int | None) -> QMenu:
        """The groups beside one, to go to."""
        menu = QMenu(self)
        found = self.siblings(parent)
        for group, name in found[:MOST_SIBLINGS]:
            action = menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(group == current)
            action.triggered.connect(lambda _on=False, wanted=group: self.chosen.emit(wanted))
        left = len(found) - MOST_SIBLINGS
        if left > 0:
            menu.addAction(f"… and {left} more").setEnabled(False)
        return menu

    def _stroke(self, parent: int | None, current: int | None) -> QToolButton:
        button = QToolButton()
        button.setText("/")
        button.setAutoRaise(True)
        button.setToolTip("The groups beside this one")
        button.setAccessibleName("Groups on this level")

        def show() -> None:
            menu = self.menu_of(parent, current)
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

        button.clicked.connect(show)
        return button

    def _button(self, group: int | None, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setAccessibleName(f"Go to {name}")
        button.setToolTip(f"Go to {name}  (Esc leaves a group)")
        button.clicked.connect(lambda: self.chosen.emit(group))
        return button


def _here(name: str) -> QLabel:
    label = QLabel(name)
    label.setProperty("role", "subheading")
    label.setContentsMargins(7, 0, 7, 0)
    return label
