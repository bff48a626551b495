"""The dialog of all inputs of a model: names, shapes with names for any size, element types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QLineEdit

from sketch.graph.rows import Node
from sketch.gui.dialog_parts import FaultLabel, dialog_column, lead_through, ok_cancel, refuser
from sketch.gui.slices import Walk
from sketch.gui.small_table import ROWS_AT_ONCE, SmallTable
from sketch.state import commands
from sketch.state.commands.interface import InputRow

if TYPE_CHECKING:
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

TYPES = (
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "string",
)


class InputShapes(QDialog):
    """One row an input; OK sets them all in one step, and says what stands in the way."""

    def __init__(self, window: MainWindow, view: CanvasView):
        super().__init__(window)
        self.setWindowTitle("Input shapes")
        self.setMinimumSize(620, 320)
        self._window, self._view = window, view
        self._was: dict[int, InputRow] = {}
        self._rows: list[tuple[int, QLineEdit, QLineEdit, QComboBox]] = []
        hint = QLabel("A size is a number, or a name such as N that stands for any size.")
        hint.setProperty("role", "muted")
        self.table = SmallTable(("Name", "Shape", "Type"), "Inputs", {1: 260, 2: 120})
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self._apply, self.reject)
        self._filling = Walk(self, self._fill())
        column = dialog_column(self)
        for widget in (hint, self.table, self.fault, self.buttons):
            column.addWidget(widget)
        self._filling.go_on(0.0)

    def fields(self, row: int) -> tuple[QLineEdit, QLineEdit, QComboBox]:
        """The fields of a row: name, shape, type."""
        return self._rows[row][1:]

    def _fill(self) -> Iterator[None]:
        """Make the rows: those that are seen at first now, each of the others in a step."""
        inputs = (node for node in list(self._view.document.tables.nodes.values()) if node.layer == "Input")
        for number, node in enumerate(inputs, 1):
            self._add(node)
            if number >= ROWS_AT_ONCE:
                yield

    def _add(self, node: Node) -> None:
        was = self._was[node.id] = _row_of(self._view.document, node)
        name, shape, dtype = QLineEdit(was.name), QLineEdit(", ".join(map(str, was.shape))), QComboBox()
        name.setAccessibleName(f"Name of {node.name}")
        shape.setAccessibleName(f"Shape of {node.name}")
        dtype.setAccessibleName(f"Type of {node.name}")
        dtype.addItems(list(dict.fromkeys((*TYPES, was.dtype))))
        dtype.setCurrentText(was.dtype)
        self.table.add_row((name, shape, dtype))
        if self._rows:
            lead_through(self._rows[-1][-1], name, shape, dtype)
        self._rows.append((node.id, name, shape, dtype))

    def _apply(self) -> None:
        self._filling.finish()
        wanted = {
            key: InputRow(name.text().strip(), sizes(shape.text()), dtype.currentText())
            for key, name, shape, dtype in self._rows
        }
        changes = {key: (self._was[key], row) for key, row in wanted.items() if row != self._was[key]}
        change = partial(_set_inputs, changes=changes)
        refused = refuser(self, self.fault.say, self._window.say)
        if not changes or self._view.change("Input shapes", change, refused=refused, stays=True):
            self.accept()


def _row_of(document: Document, node: Node) -> InputRow:
    params = document.inference.of(node.id).params
    return InputRow(node.name, tuple(params["shape"]), str(params["dtype"]))


def _set_inputs(document: Document, changes: Mapping[int, tuple[InputRow, InputRow]]) -> None:
    """Set what was changed in the dialog, {input: (as it was, as it is to be)}; the rest, of now, stays."""
    rows: dict[int, InputRow] = {}
    for key, (was, wanted) in changes.items():
        now = _row_of(document, document.tables.node(key))
        rows[key] = InputRow(
            now.name if wanted.name == was.name else wanted.name,
            now.shape if wanted.shape == was.shape else wanted.shape,
            now.dtype if wanted.dtype == was.dtype else wanted.dtype,
        )
    commands.set_inputs(document, rows)


def sizes(text: str) -> tuple[int | str, ...]:
    """`N, 3, 224, 224` or `Nx3x224` as sizes; what is neither a number nor a name is refused by the Input itself."""
    plain = text.strip().strip("()[]").replace("×", ",")
    if (
        "," not in plain
        and plain.replace("x", "").replace(" ", "").isalnum()
        and any(c.isdigit() for c in plain)
    ):
        plain = plain.replace("x", ",")
    parts = [part.strip() for part in plain.split(",") if part.strip()]
    return tuple(int(part) if part.lstrip("-").isdigit() else part for part in parts)
