"""Where the runs are shown besides the canvas: the section 'Values' of the node editor, and the output viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sketch.gui.form_page import Section
from sketch.gui.look_state import Looks, looks_of

if TYPE_CHECKING:
    from sketch.binder.run_facts import ValueFacts
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow


def attach(window: MainWindow) -> None:
    """Let the panels and the canvases of a window follow its runs."""
    looks = looks_of(window)
    panels = window.panels
    panels.editor.sections.append(lambda node_id: ValueSection(window, looks, node_id))
    panels.viewer.follow(window, looks)

    def turned() -> None:
        tab: CanvasTab | None = window.desk.tab
        if tab is not None:
            looks.show_on(tab)

    window.desk.turned.connect(turned)


class ValueSection(Section):
    """What a node gave in the last run: one line and a histogram for each output; nothing without a run."""

    def __init__(self, window: MainWindow, looks: Looks, node_id: int):
        super().__init__()
        self._window, self._looks, self._node = window, looks, node_id
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(4)
        looks.changed.connect(self.refresh)
        self.refresh()

    def texts(self) -> list[str]:
        """The lines that are shown."""
        return [label.text() for label in self.findChildren(QLabel)]

    def refresh(self) -> None:
        """Show the present run."""
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        document = self._window.desk.document
        run = self._looks.run_of(document)
        if document is None or run is None:
            return
        stale = self._looks.is_stale(document)
        self._label(f"Values ({'before the last edit' if stale else 'of the last run'})", "section")
        failure = run.facts.failures.get(self._node)
        if failure:
            self._label(f"It failed: {failure}", "muted" if stale else "error")
        values = run.keys(document, self._node)
        for key in values:
            self._show_value(key[1], run.facts.values[key], several=len(values) > 1, stale=stale)
        if values:
            button = QPushButton("Show the output")
            button.setToolTip("As pictures, histogram or numbers")
            button.clicked.connect(self._show_viewer)
            self._column.addWidget(button)
        elif not failure:
            self._label("This node has no value: it did not run.", "muted")

    def _show_value(self, out: int, facts: ValueFacts, *, several: bool, stale: bool) -> None:
        from sketch.binder.run_facts import value_text

        head = f"output {out + 1}\n" if several else ""
        label = self._label(head + value_text(facts).replace("; ", "\n"), "muted" if stale else "fact")
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if facts.bins:
            self._column.addWidget(Histogram(facts, self._window.theme.accent, self._window.theme.text_muted))

    def _label(self, text: str, role: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", role)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        self._column.addWidget(label)
        return label

    def _show_viewer(self) -> None:
        from sketch.gui.view_commands import show_dock

        show_dock(self._window, "viewer")


class Histogram(QWidget):
    """The distribution of a value, with its smallest and largest number below."""

    def __init__(self, facts: ValueFacts, bar: str, text: str, height: int = 62):
        super().__init__()
        self._bar, self._text, self._height = QColor(bar), QColor(text), height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(height)
        self.show_facts(facts)

    def show_facts(self, facts: ValueFacts) -> None:
        """Show another value."""
        from sketch.binder.run_facts import number

        self._bins = facts.bins
        self._ends = (number(facts.low), number(facts.high)) if facts.bins else ("", "")
        self.setAccessibleName(f"Histogram from {self._ends[0]} to {self._ends[1]}")
        counts = ", ".join(map(str, facts.bins))
        self.setToolTip(f"{len(facts.bins)} classes of equal width: {counts}" if counts else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            line = self.fontMetrics().height()
            room = QRectF(0, 2, self.width(), self.height() - line - 4)
            most = max(self._bins, default=0)
            width = room.width() / max(1, len(self._bins))
            for place, count in enumerate(self._bins):
                if count:
                    tall = max(1.0, room.height() * count / most)
                    bar = QRectF(place * width, room.bottom() - tall, max(1.0, width - 1), tall)
                    painter.fillRect(bar, self._bar)
            painter.setPen(self._text)
            painter.drawLine(room.bottomLeft(), room.bottomRight())
            below = QRectF(0, room.bottom() + 2, self.width(), line)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._ends[0])
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, self._ends[1])
