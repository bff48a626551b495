"""The weights in the node editor: each name opens the tensor viewer; a button freezes or unfreezes the layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sketch.graph.freezing import frozen_roles
from sketch.gui.node_facts import WIDEST, Line, label_text

if TYPE_CHECKING:
    from sketch.state.document import Document


class WeightLines(QWidget):
    """One line a weight: name, shape and type, state."""

    def __init__(self, document: Document, node_id: int, lines: Sequence[Line]):
        super().__init__()
        self.names: dict[str, QPushButton] = {}
        self._node = node_id
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, (role, middle, state) in enumerate(lines):
            self.names[role] = self._link(role)
            grid.addWidget(self.names[role], row, 0, Qt.AlignmentFlag.AlignVCenter)
            for column, text, look in ((1, middle, "fact"), (2, state, "muted")):
                grid.addWidget(_label(text, look, column == 1), row, column, Qt.AlignmentFlag.AlignVCenter)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        body.addLayout(grid)
        body.addLayout(self._buttons(document))

    def _buttons(self, document: Document) -> QHBoxLayout:
        resolved = document.inference.of(self._node)
        trainable = {role for role, kind in resolved.weights.items() if kind is not None and kind.trainable}
        frozen = bool(trainable) and trainable <= frozen_roles(document.tables.meta, self._node)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.freeze = _button("Unfreeze" if frozen else "Freeze")
        self.freeze.setEnabled(bool(trainable))
        self.freeze.clicked.connect(lambda: self._run("weights.unfreeze" if frozen else "weights.freeze"))
        initialise = _button("Initialise...")
        initialise.clicked.connect(lambda: self._run("weights.initialise"))
        for button in (self.freeze, initialise):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _link(self, role: str) -> QPushButton:
        button = _button(label_text(self, role, WIDEST[0]))
        button.setStyleSheet("padding: 0;")
        button.setAccessibleName(f"View {role}")
        button.setToolTip(f"View the numbers of {role}")
        button.clicked.connect(lambda: self._view(role))
        return button

    def _view(self, role: str) -> None:
        from sketch.gui.weights_viewer import view

        view(self.window(), (self._node, role))  # type: ignore[arg-type]

    def _run(self, action: str) -> None:
        self.window().actions_.run(action)  # type: ignore[attr-defined]


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "link")
    return button


def _label(text: str, role: str, wraps: bool) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(wraps)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
