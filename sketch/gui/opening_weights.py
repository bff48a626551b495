"""A file of weights has no wires: the person says which network they belong to, or sees the tensors alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QRadioButton,
    QWidget,
)

from sketch.gui.dialog_parts import FaultLabel, dialog_column, ok_cancel, plain_label, with_browse
from sketch.gui.opening_dialog import shapes_of

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

ALONE, DRAWING, EXAMPLE, SOURCE = "alone", "drawing", "example", "source"


class WeightsDialog(QDialog):
    """Which network the tensors of a file belong to; `choice` is one of ALONE, DRAWING, EXAMPLE and SOURCE."""

    def __init__(self, window: MainWindow, path: Path, tensors: int):
        super().__init__(window)
        from sketch.graph import examples

        self.setWindowTitle("Weights without a network")
        self.setMinimumWidth(560)
        self._window, self._path = window, path
        self.drawings, self.examples = QComboBox(), QComboBox()
        for tab in window.area:
            self.drawings.addItem(tab.document.name, tab)
        for key, title, _ in examples.names():
            self.examples.addItem(title, key)
        self.file, self.class_, self.arguments = QLineEdit(), QLineEdit(), QLineEdit()
        self.inputs = QLineEdit()
        self.choices = QButtonGroup(self)
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self.accept, self.reject, "Open")
        self._lay_out(tensors)

    @property
    def choice(self) -> str:
        """What the person chose."""
        button = self.choices.checkedButton()
        return str(button.property("choice")) if button is not None else ALONE

    @property
    def tab(self) -> CanvasTab | None:
        """The open drawing that was chosen."""
        found: CanvasTab | None = self.drawings.currentData()
        return found

    def choose(self, choice: str) -> None:
        """Choose one of the four."""
        for button in self.choices.buttons():
            if button.property("choice") == choice:
                button.setChecked(True)

    def accept(self) -> None:
        """Close with yes, if what was chosen is there."""
        if self.choice == SOURCE and not Path(self.file.text()).is_file():
            self.complain(f"'{self.file.text()}': there is no such file; choose the source of the network.")
            return
        try:
            shapes_of(self.inputs.text())
        except ValueError as error:
            self.complain(str(error))
            return
        super().accept()

    def complain(self, text: str) -> None:
        """Say why it cannot be opened so."""
        self.fault.say(text)

    def options(self) -> dict[str, Any]:
        """Options of `import_model` for the Python source that was chosen."""
        said = {
            "source": self.file.text(), "class": self.class_.text().strip(), "arguments": self.arguments.text().strip(),
            "inputs": shapes_of(self.inputs.text()),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}

    def _lay_out(self, tensors: int) -> None:
        column = dialog_column(self)
        text = plain_label(
            f"{self._path.name} holds {tensors:,} tensors and no network: how they are wired is not in the file. "
            "Which network do they belong to?"
        )
        column.addWidget(text)
        form = QFormLayout()
        self._row(form, ALONE, "None: show the tensors alone", None, True)
        self._row(form, DRAWING, "An open drawing", self.drawings, self.drawings.count() > 0)
        self._row(form, EXAMPLE, "An example", self.examples, self.examples.count() > 0)
        self._row(form, SOURCE, "Python source", with_browse(self.file, self._browse), True)
        for title, field, hint in (
            ("Class", self.class_, "the one that can be built"), ("Arguments", self.arguments, "of its call"),
            ("Inputs", self.inputs, "the usual ones are tried; or image=1x3x224x224"),
        ):  # fmt: skip
            field.setPlaceholderText(hint)
            field.setAccessibleName(title)
            field.textEdited.connect(lambda _: self.choose(SOURCE))
            form.addRow(f"        {title}", field)
        self.choose(ALONE)
        self.drawings.activated.connect(lambda _: self.choose(DRAWING))
        self.examples.activated.connect(lambda _: self.choose(EXAMPLE))
        column.addLayout(form)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)

    def _row(self, form: QFormLayout, choice: str, title: str, field: QWidget | None, there: bool) -> None:
        button = QRadioButton(title)
        button.setProperty("choice", choice)
        button.setEnabled(there)
        self.choices.addButton(button)
        if field is None:
            form.addRow(button)
        else:
            field.setAccessibleName(title)
            form.addRow(button, field)

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Source of the network", str(self._path.parent), "Python source (*.py)"
        )
        if path:
            self.file.setText(path)
            self.choose(SOURCE)
