"""The output viewer: what the selected node gave in the last run, as pictures, colours, histogram or numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.desk import Desk
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    import numpy as np

    from sketch.gui.look_sheets import Sheets
    from sketch.gui.look_state import DocumentRun, Looks
    from sketch.gui.main_window import MainWindow

PICTURES, COLOURS, HISTOGRAM, NUMBERS = "Pictures", "Colours", "Histogram", "Numbers"
NO_RUN = "Run and look (F5) shows here what the selected layer gives."


class ViewerTools(QWidget):
    """What can be chosen of a value: which output, how it is shown, which member of the batch and channel."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.output, self.kind = QComboBox(), QComboBox()
        self.output.setAccessibleName("Output")
        self.kind.setAccessibleName("Shown as")
        self.kind.addItems([PICTURES, COLOURS, HISTOGRAM, NUMBERS])
        self.kind.setMinimumWidth(104)
        self.batch, self.channel = _spin("Member of the batch", 0), _spin("Channel", -1)
        self.channel.setSpecialValueText("all")
        self.common = QCheckBox("One range")
        self.common.setToolTip("All channels from black to white over the range of all of them")
        self.compute = QPushButton("Compute it again")
        self.save = QToolButton()
        self.save.setText("Save")
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.save)
        self.save.setMenu(menu)
        self.save_picture = menu.addAction("As a &picture...")
        self.save_array = menu.addAction("As an &array (.npy)...")
        self._words = {self.batch: QLabel("Batch"), self.channel: QLabel("Channel")}
        self._lay_out()
        self._connect()

    @property
    def key(self) -> tuple[int, int] | None:
        """(node id, output) of the chosen value."""
        found: tuple[int, int] | None = self.output.currentData()
        return found

    def offer_outputs(self, values: list[tuple[int, int]]) -> None:
        """Let a person choose among these values."""
        known = [self.output.itemData(row) for row in range(self.output.count())]
        if known != values:
            with QSignalBlocker(self.output):
                self.output.clear()
                for key in values:
                    self.output.addItem(f"output {key[1] + 1}", key)
        self.output.setVisible(len(values) > 1)

    def offer(self, array: np.ndarray | None) -> None:
        """Show what can be chosen of this value; None when it was not kept."""
        from sketch.gui.look_pictures import slices_of

        cut = slices_of(array.shape if array is not None else ())
        shown = self.kind.currentText()
        for box, last in ((self.batch, cut.batch - 1), (self.channel, cut.channels - 1)):
            with QSignalBlocker(box):
                box.setMaximum(max(0, last))
            for widget in (box, self._words[box]):
                widget.setVisible(last > 0 and shown != HISTOGRAM)
        self.common.setVisible(cut.channels > 1 and shown == PICTURES)
        self.compute.setVisible(array is None)
        self.save.setEnabled(array is not None)
        self.save.setToolTip("Save this output" if array is not None else "Compute the value again first")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setSpacing(6)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.kind, self.output):
            row.addWidget(widget)
        for box, word in self._words.items():
            row.addWidget(word)
            row.addWidget(box)
        row.addWidget(self.common)
        row.addStretch(1)
        for button in (self.compute, self.save):
            row.addWidget(button)

    def _connect(self) -> None:
        for box in (self.batch, self.channel):
            box.valueChanged.connect(lambda _value: self.changed.emit())
        for combo in (self.output, self.kind):
            combo.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.common.toggled.connect(lambda _on: self.changed.emit())


class OutputViewer(QWidget):
    """Follows the selection. What it shows is limited in size, so that no value makes the window wait."""

    def __init__(self, desk: Desk, theme: Theme):
        super().__init__()
        self.setAccessibleName("Output viewer")
        self._desk, self._theme = desk, theme
        self._window: MainWindow | None = None
        self._looks: Looks | None = None
        self.sheets: Sheets | None = None
        self.title = QLabel(NO_RUN)
        self.title.setProperty("role", "muted")
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.tools = ViewerTools()
        self.pages = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        for widget, stretch in ((self.tools, 0), (self.title, 0), (self.pages, 1)):
            column.addWidget(widget, stretch)
        column.addStretch(0)
        desk.selection_changed.connect(lambda _ids: self.refresh())
        self.tools.changed.connect(self.refresh)
        self.tools.compute.clicked.connect(self._compute)
        self.tools.save_picture.triggered.connect(self._save_picture)
        self.tools.save_array.triggered.connect(self._save_array)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        if self.sheets is not None:
            self.sheets.set_theme(theme)
        self.refresh()

    def follow(self, window: MainWindow, looks: Looks) -> None:
        """Show the runs of this window."""
        self._window, self._looks = window, looks
        looks.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show the value of the selected node."""
        document, chosen = self._desk.document, self._desk.selection
        nodes = [key for key in chosen if document is not None and key in document.tables.nodes]
        run = self._run()
        values = run.keys(document, nodes[0]) if run and document and len(nodes) == 1 else []
        self.tools.offer_outputs(values)
        self.tools.setVisible(bool(values))
        if run is None or not values:
            failure = run.facts.failures.get(nodes[0], "") if run and len(nodes) == 1 else ""
            none = f"It failed: {failure}" if failure else "Select one layer that ran to see its output."
            self.title.setText(NO_RUN if run is None else none)
            self.pages.hide()
            return
        self._show(run)

    # --- inside ------------------------------------------------------------------------------------

    def _run(self) -> DocumentRun | None:
        return self._looks.run_of(self._desk.document) if self._looks is not None else None

    def _show(self, run: DocumentRun) -> None:
        from sketch.binder.run_facts import value_text
        from sketch.gui.look_sheets import Sheets

        key = self.tools.key
        if key is None or self._desk.document is None or self._looks is None:
            return
        if self.sheets is None:
            self.sheets = Sheets(self.pages, self._theme)
        name = run.network.qualified(run.network.step(key[0]))
        old = " (before the last edit)" if self._looks.is_stale(self._desk.document) else ""
        facts, array = run.facts.values[key], run.array(key)
        self.title.setText(f"{name}{old}: {value_text(facts)}")
        self.tools.offer(array)
        self.pages.show()
        if self.tools.kind.currentText() == HISTOGRAM:
            self.sheets.show_histogram(facts)
        elif array is None:
            reason = (
                facts.note
                or "This value was not kept: there was no room, or it is a weight. Compute it again to see it."
            )
            self.sheets.show_text(reason)
        else:
            self._show_array(self.sheets, array)

    def _show_array(self, sheets: Sheets, array: np.ndarray) -> None:
        from sketch.gui.look_pictures import colours, planes, tiles

        if not array.size:
            sheets.show_text("This value has no elements.")
            return
        tools = self.tools
        found, channel = planes(array, tools.batch.value()), tools.channel.value()
        if tools.kind.currentText() == NUMBERS:
            sheets.show_numbers(found[max(channel, 0)])
        elif tools.kind.currentText() == COLOURS and len(found) >= 3:
            sheets.show_picture(colours(found))
        else:
            sheets.show_picture(tiles(found, channel=channel, common=tools.common.isChecked()))

    def _compute(self) -> None:
        from sketch.gui.look_commands import fetch

        key, document = self.tools.key, self._desk.document
        if key is not None and document is not None and self._window is not None:
            fetch(self._window, document, key, self.refresh)

    def _save_picture(self) -> None:
        path = self._ask("Save a picture", "Picture (*.png)", ".png")
        if path is not None and self.sheets is not None:
            self._tell(path, self.sheets.save(path))

    def _save_array(self) -> None:
        from sketch.gui.look_sheets import save_array

        run, key = self._run(), self.tools.key
        array = run.array(key) if run is not None and key is not None else None
        path = self._ask("Save the output", "Array (*.npy)", ".npy") if array is not None else None
        if path is not None and array is not None:
            self._tell(path, save_array(array, path))

    def _ask(self, title: str, kinds: str, suffix: str) -> Path | None:
        run, key = self._run(), self.tools.key
        folder = self._window.folder if self._window is not None else Path.cwd()
        name = run.network.step(key[0]).name if run is not None and key is not None else "output"
        path, _ = QFileDialog.getSaveFileName(self, title, str(folder / f"{name}{suffix}"), kinds)
        return Path(path).with_suffix(suffix) if path else None

    def _tell(self, path: Path, fault: str) -> None:
        self._desk.say(fault or f"Saved {path}.")


def _spin(name: str, lowest: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(lowest, max(0, lowest))
    box.setValue(lowest)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumWidth(62)
    return box
