"""One dialog for a file that runs code when it is opened: the permission, and what opening it may need."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QWidget,
)

from sketch.gui.dialog_parts import OK, FaultLabel, dialog_column, ok_cancel, plain_label, with_browse

RUN, TENSORS = "Run it and open", "Open its tensors"
_MOST_SOURCE = 1 << 20


class OpeningDialog(QDialog):
    """Asks before code of a file runs. Nothing that is typed here is kept; the answer is no unless the person says yes.

    Args:
        asks: options that the file may need, by name (see PermissionNeededError).
        fault: why the last try failed; `options` are those of that try.
    """

    def __init__(
        self,
        parent: QWidget,
        path: Path,
        reason: str,
        asks: Sequence[str],
        *,
        options: Mapping[str, Any] | None = None,
        fault: str = "",
    ):
        super().__init__(parent)
        self._path, self._asks, said = path, tuple(asks), dict(options or {})
        self.setWindowTitle("Run code from this file?")
        self.setMinimumWidth(560)
        self.class_, self.arguments = QComboBox(), QLineEdit(str(said.get("arguments", "")))
        self.inputs, self.folder = QLineEdit(shapes_text(said.get("inputs") or {})), QLineEdit()
        self.folder.setText("; ".join(map(str, said.get("folders") or ())))
        self.tensors = QCheckBox("Show only its tensors; then nothing in it runs")
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self.accept, self.reject, RUN)
        self._fill_classes(str(said.get("class", "")))
        self._lay_out(reason)
        if fault:
            self.complain(fault)
        self.tensors.toggled.connect(lambda on: self.buttons.button(OK).setText(TENSORS if on else RUN))
        cancel = self.buttons.button(self.buttons.StandardButton.Cancel)
        cancel.setText("Do not open")
        cancel.setDefault(True)
        cancel.setFocus()

    def accept(self) -> None:
        """Close with yes, if what was typed can be understood."""
        try:
            shapes_of(self.inputs.text())
        except ValueError as error:
            self.complain(str(error))
            return
        super().accept()

    def complain(self, text: str) -> None:
        """Say why the file cannot be opened so."""
        self.fault.say(text)

    def options(self) -> dict[str, Any]:
        """What was answered, as options of `import_model`."""
        if self.tensors.isChecked():
            return {"weights_only": True}
        said = {
            "class": self.class_.currentText().strip(), "arguments": self.arguments.text().strip(),
            "inputs": shapes_of(self.inputs.text()),
            "folders": tuple(part.strip() for part in self.folder.text().split(";") if part.strip()),
        }  # fmt: skip
        return {name: value for name, value in said.items() if name in self._asks and value}

    def _fill_classes(self, chosen: str) -> None:
        self.class_.setEditable(True)
        self.class_.addItem("")
        self.class_.addItems(classes_in(self._path))
        self.class_.setCurrentText(chosen)

    def _lay_out(self, reason: str) -> None:
        column = dialog_column(self)
        heading = plain_label(
            f"Opening {self._path.name} runs Python code. Do you trust where it comes from?"
        )
        heading.setProperty("role", "subheading")
        column.addWidget(heading)
        column.addWidget(
            plain_label(
                "The code would run in a process of its own, but with your rights: it could read and change your "
                "files.\n\n" + reason
            )
        )
        form = QFormLayout()
        rows: dict[str, tuple[str, QWidget, str]] = {
            "class": ("Class", self.class_, "The class to open; left empty, the one that can be built"),
            "arguments": ("Arguments", self.arguments, "of its call, such as width=64, depth=2"),
            "inputs": ("Inputs", self.inputs, "shapes, such as image=1x3x224x224; the usual ones are tried"),
            "folders": (
                "Folder",
                with_browse(self.folder, self._browse),
                "where its classes are; a .py file: the script that saved it",
            ),
        }
        for name in (name for name in rows if name in self._asks):
            title, field, hint = rows[name]
            field.setToolTip(hint)
            edit = field if isinstance(field, QLineEdit) else field.findChild(QLineEdit)
            if edit is not None:
                edit.setPlaceholderText(hint)
                edit.setAccessibleName(title)
            form.addRow(title, field)
        column.addLayout(form)
        if "weights_only" in self._asks:
            column.addWidget(self.tensors)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Where its classes are", str(self._path.parent))
        if folder:
            self.folder.setText(folder)


def classes_in(path: Path) -> list[str]:
    """Names of the classes at the top of a Python file, read without running it; none for another file."""
    try:
        if path.stat().st_size > _MOST_SOURCE:
            return []
        tree = ast.parse(path.read_text("utf-8-sig"))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [part.name for part in tree.body if isinstance(part, ast.ClassDef)]


def shapes_of(text: str) -> dict[str, tuple[int | str, ...]]:
    """`image=1x3x224x224, ids=NxL` as shapes by name; ValueError says what is not understood."""
    found: dict[str, tuple[int | str, ...]] = {}
    for part in text.replace(";", ",").split(","):
        name, equals, shape = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        sizes = tuple(int(size) if size.isdigit() else size for size in shape.replace("×", "x").split("x"))
        if not equals or not name or not all(isinstance(s, int) or s.isidentifier() for s in sizes):
            raise ValueError(f"'{part.strip()}' is no shape of an input; write name=1x3x224x224.")
        found[name] = sizes
    return found


def shapes_text(shapes: Mapping[str, Sequence[int | str]]) -> str:
    """Shapes as they are typed."""
    return ", ".join(f"{name}={'x'.join(map(str, shape))}" for name, shape in shapes.items())
