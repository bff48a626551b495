"""The dialog 'Run and look': what each input is given, numbers for named sizes, and how it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from sketch.binder.feeding import ARRAY_SUFFIXES, IMAGE_SUFFIXES, SCALINGS, symbols_of
from sketch.graph.rows import shape_text
from sketch.gui.dialog_parts import FaultLabel, dialog_column, lead_through, ok_cancel
from sketch.gui.look_state import FileChoice, LookSettings
from sketch.gui.slices import Walk
from sketch.gui.small_table import ROWS_AT_ONCE, SmallTable

if TYPE_CHECKING:
    from sketch.graph.network import Network, Step

RANDOM, FILE = "random numbers", "a file"
LARGEST_SIZE = 1 << 20
FIELD_HEIGHT = 30
"""Height of a field that shares its cell with a button, px."""


class InputFields:
    """The fields of one input: where its values come from, the file, and what becomes of a picture."""

    def __init__(self, step: Step, choice: FileChoice | None, start: Callable[[], Path]):
        self.step, self._start = step, start
        self.source = QComboBox()
        self.source.setAccessibleName(f"Values of {step.name}")
        self.source.addItems([RANDOM, FILE])
        self.path = QLineEdit(str(choice.path) if choice else "")
        self.path.setAccessibleName(f"File for {step.name}")
        self.path.setPlaceholderText(".npy, .npz or a picture")
        self.path.setMinimumHeight(FIELD_HEIGHT)
        self.browse = QToolButton()
        self.browse.setText("…")
        self.browse.setToolTip("Choose a file")
        self.browse.setAccessibleName(f"Choose a file for {step.name}")
        self.browse.clicked.connect(self._choose)
        self.scaling = QComboBox()
        self.scaling.setAccessibleName(f"Scaling of the picture for {step.name}")
        for key, title in SCALINGS.items():
            self.scaling.addItem(title, key)
        if choice is not None:
            self.source.setCurrentText(FILE)
            self.scaling.setCurrentIndex(self.scaling.findData(choice.scaling))
        self.source.currentTextChanged.connect(lambda _text: self._update())
        self.path.textEdited.connect(self._on_path)
        self._update()

    def cells(self) -> tuple[str, str, QWidget, QWidget, QWidget]:
        """What stands in the row of the table."""
        place = QWidget()
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        kind = f"{shape_text(tuple(self.step.params['shape']))} {self.step.params['dtype']}"
        return self.step.name, kind, self.source, place, self.scaling

    def choice(self) -> FileChoice | None:
        """The file, None for random numbers."""
        if self.source.currentText() == RANDOM:
            return None
        return FileChoice(Path(self.path.text().strip()).expanduser(), self.scaling.currentData())

    def fault(self) -> str:
        """Why this choice cannot be used; empty when it can."""
        choice = self.choice()
        if choice is None:
            return ""
        if not self.path.text().strip():
            return f"Choose a file for '{self.step.name}', or take random numbers."
        return "" if choice.path.is_file() else f"{choice.path}: there is no such file; choose another."

    def take(self, path: str) -> None:
        """Use this file."""
        self.path.setText(path)
        self._on_path(path)

    def _on_path(self, _text: str) -> None:
        self.source.setCurrentText(FILE)
        self._update()

    def _update(self) -> None:
        is_file = self.source.currentText() == FILE
        is_picture = Path(self.path.text()).suffix.lower() in IMAGE_SUFFIXES
        self.scaling.setEnabled(is_file and is_picture)
        self.scaling.setToolTip("" if is_picture else "Only for a picture")

    def _choose(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in (*ARRAY_SUFFIXES, *IMAGE_SUFFIXES))
        start = self.path.text() or str(self._start())
        path, _ = QFileDialog.getOpenFileName(
            self.browse, f"Values of {self.step.name}", start, f"Arrays and pictures ({kinds})"
        )
        if path:
            self.take(path)


class LookDialog(QDialog):
    """One row an input; `settings` is what was chosen."""

    def __init__(self, parent: QWidget, network: Network, settings: LookSettings, folder: Path):
        super().__init__(parent)
        self.setWindowTitle("Run and look")
        self.setMinimumSize(900, 380)
        self.inputs: dict[str, InputFields] = {}
        self.table = SmallTable(
            ("Input", "Takes", "Values", "File", "Picture scaled to"), "Inputs", {2: 165, 3: 250, 4: 215}
        )
        self._filling = Walk(self, self._fill(network.inputs, settings, folder))
        self._filling.go_on(0.0)
        self.sizes = {name: _size(name, size) for name, size in symbols_of(network).items()}
        for name, size in settings.symbols.items():
            if name in self.sizes:
                self.sizes[name].setValue(size)
        self.seed = _size("Seed of the random numbers", settings.seed, lowest=0)
        self.train = QCheckBox("As in training: dropout drops, batch norm uses this batch")
        self.train.setChecked(settings.train)
        self.stretch = QCheckBox("Stretch pictures instead of cropping them")
        self.stretch.setChecked(settings.stretch)
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self._finish, self.reject, "Run")
        self._lay_out()

    def settings(self) -> LookSettings:
        """What was chosen."""
        self._filling.finish()
        files = {name: fields.choice() for name, fields in self.inputs.items()}
        return LookSettings(
            {name: choice for name, choice in files.items() if choice is not None},
            {name: box.value() for name, box in self.sizes.items()},
            self.seed.value(),
            self.train.isChecked(),
            self.stretch.isChecked(),
        )

    def _fill(self, steps: Sequence[Step], settings: LookSettings, folder: Path) -> Iterator[None]:
        """Make the rows: those that are seen at first now, each of the others in a step."""
        last: QWidget | None = None
        for number, step in enumerate(steps, 1):
            fields = InputFields(step, settings.files.get(step.name), lambda: folder)
            self.inputs[step.name] = fields
            self.table.add_row(fields.cells())
            if last is not None:
                lead_through(last, fields.source, fields.path, fields.browse, fields.scaling)
            last = fields.scaling
            if number >= ROWS_AT_ONCE:
                yield

    def _lay_out(self) -> None:
        column = dialog_column(self)
        if not self.inputs:
            column.addWidget(QLabel("This network has no Input: it runs on its own constants."))
        else:
            column.addWidget(self.table, 1)
        form = QFormLayout()
        if self.sizes:
            row = QHBoxLayout()
            for name, box in self.sizes.items():
                row.addWidget(QLabel(name))
                row.addWidget(box)
            row.addStretch(1)
            form.addRow("Sizes", row)
        form.addRow("Seed", self.seed)
        column.addLayout(form)
        for widget in (self.stretch, self.train, self.fault, self.buttons):
            column.addWidget(widget)

    def _finish(self) -> None:
        self._filling.finish()
        fault = next((text for fields in self.inputs.values() if (text := fields.fault())), "")
        if fault:
            self.fault.say(fault)
            return
        self.accept()


def _size(name: str, value: int, *, lowest: int = 1) -> QSpinBox:
    box = QSpinBox()
    box.setRange(lowest, LARGEST_SIZE)
    box.setValue(value)
    box.setAccessibleName(name)
    box.setMaximumWidth(110)
    return box
