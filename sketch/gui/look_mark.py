"""The line below a canvas after a run that went wrong: what failed, or where NaN begins, and the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.look_state import DocumentRun, Looks


class RunMark(QWidget):
    """Hidden while the last run is well, old, or gone."""

    def __init__(self, tab: CanvasTab, looks: Looks):
        super().__init__()
        self._tab, self._looks, self._node = tab, looks, 0
        self.setAccessibleName("What the last run met")
        self.text = QLabel()
        self.text.setProperty("role", "error")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.go = QPushButton("Go to node")
        self.go.clicked.connect(lambda: tab.reveal(self._node))
        self.away = QToolButton()
        self.away.setText("×")
        self.away.setToolTip("Hide this line")
        self.away.setAccessibleName("Hide this line")
        self.away.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.addWidget(self.text, 1)
        row.addWidget(self.go)
        row.addWidget(self.away)
        looks.changed.connect(self._on_change)
        self.hide()

    def show_run(self, run: DocumentRun, text: str) -> None:
        """Say what was met; Inf that stays inside, as of a mask, is no fault."""
        from sketch.binder.run_facts import reaches_output

        order = [step.id for step in run.network.steps if step.id in run.facts.failures]
        inside = run.origin is None or run.origin.fault == "Inf"
        if not order and inside and not reaches_output(run.network, run.facts):
            self.hide()
            return
        self._node = order[0] if order or run.origin is None else run.origin.node
        self.text.setText(text)
        self.show()

    def _on_change(self) -> None:
        document = self._tab.document
        if self._looks.run_of(document) is None or self._looks.is_stale(document):
            self.hide()


def mark_of(tab: CanvasTab, looks: Looks) -> RunMark:
    """The line of a tab; made at first use."""
    found = tab.findChild(RunMark)
    if isinstance(found, RunMark):
        return found
    made = RunMark(tab, looks)
    column = tab.layout()
    if column is not None:
        column.addWidget(made)
    return made
