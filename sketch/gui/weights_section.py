"""The weights in the node editor: each name opens the tensor viewer; a button freezes or unfreezes the layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sketch.graph.freezing import frozen_roles
from sketch.gui.node_facts import WIDEST, Body, Line, label_text

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document


class WeightLines(Body):
    """One line a weight: name, shape and type, state. `about` gives the node that is shown."""

    def __init__(self, parent: QWidget, about: Callable[[], tuple[Document, int]]):
        super().__init__(parent)
        self.names: dict[str, QPushButton] = {}
        self._about = about
        self._texts: dict[str, tuple[QLabel, QLabel]] = {}
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        body.addLayout(self._grid)
        body.addLayout(self._buttons())

    def show_lines(self, lines: Sequence[Line]) -> bool:
        """Show these; False when they are of other weights."""
        if list(self.names) != [role for role, _, _ in lines]:
            return False
        for line in lines:
            self._fill(line)
        self._show_frozen()
        return True

    def grow(self, lines: Sequence[Line]) -> Iterator[None]:
        """Make these, one a step; the buttons are there from the beginning."""
        self._show_frozen()
        for line in lines:
            yield
            self._add_line(line[0])
            self._fill(line)

    def _fill(self, line: Line) -> None:
        role, *texts = line
        for label, text in zip(self._texts[role], texts, strict=True):
            label.setText(text)

    def _show_frozen(self) -> None:
        trainable = self._trainable()
        self.freeze.setText("Unfreeze" if self._is_frozen() else "Freeze")
        self.freeze.setEnabled(bool(trainable))

    def _add_line(self, role: str) -> None:
        row = len(self.names)
        self.names[role], self._texts[role] = (
            self._link(role),
            (self._label("fact", True), self._label("muted", False)),
        )
        for column, widget in enumerate((self.names[role], *self._texts[role])):
            self._grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignVCenter)

    def _trainable(self) -> set[str]:
        document, node = self._about()
        resolved = document.inference.of(node)
        return {role for role, kind in resolved.weights.items() if kind is not None and kind.trainable}

    def _is_frozen(self) -> bool:
        document, node = self._about()
        trainable = self._trainable()
        return bool(trainable) and trainable <= frozen_roles(document.tables.meta, node)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.freeze = _button("Freeze", self)
        self.freeze.clicked.connect(
            lambda: self._run("weights.unfreeze" if self._is_frozen() else "weights.freeze")
        )
        initialise = _button("Initialise...", self)
        initialise.clicked.connect(lambda: self._run("weights.initialise"))
        for button in (self.freeze, initialise):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _link(self, role: str) -> QPushButton:
        button = _button(label_text(self, role, WIDEST[0]), self, "tight link")
        button.setAccessibleName(f"View {role}")
        button.setToolTip(f"View the numbers of {role}")
        button.clicked.connect(lambda: self._view(role))
        return button

    def _view(self, role: str) -> None:
        from sketch.gui.weights_viewer import view

        view(self._main_window(), (self._about()[1], role))

    def _run(self, action: str) -> None:
        self._main_window().actions_.run(action)

    def _main_window(self) -> MainWindow:
        """The window of the panel, also when the panel floats: then it is in a window of its own."""
        found = self.window()
        while (above := found.parentWidget()) is not None:
            found = above.window()
        return cast("MainWindow", found)

    def _label(self, role: str, wraps: bool) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("role", role)
        label.setWordWrap(wraps)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label


def _button(text: str, parent: QWidget, role: str = "link") -> QPushButton:
    button = QPushButton(text, parent)
    button.setProperty("role", role)
    return button
