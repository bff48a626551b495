"""The compile dialog: which kernel, which file, which options, with or without the numeric proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)  # fmt: skip

from sketch.binder.kernel import Kernel, OptionSpec
from sketch.binder.registry import KernelRegistry
from sketch.graph.specs import ParamSpec
from sketch.gui.compile_check import NetworkCheck
from sketch.gui.dialog_parts import OK, dialog_column, ok_cancel
from sketch.gui.param_fields import ParamField, make_field

FIXED_ROWS = 3
"""Rows of the form above the options of the kernel: kernel, file, folder."""
LONGEST_FOLDER = 360
CHECKING = "Checking the network..."


@dataclass(frozen=True)
class CompileRequest:
    """What the person asked for."""

    kernel: str
    path: Path
    options: Mapping[str, Any]
    verify: bool


class CompileDialog(QDialog):
    """Asks for a CompileRequest; what stands in the way is said before anything runs."""

    def __init__(
        self,
        parent: QWidget,
        registry: KernelRegistry,
        check: NetworkCheck,
        kernel: str,
        folder: Path,
        verify: bool = True,
        opset: int | None = None,
    ):
        super().__init__(parent)
        self.setWindowTitle("Compile")
        self.setMinimumWidth(520)
        self._registry = registry
        self._network = check
        self._folder = folder
        self._wishes = {"opset": opset} if opset is not None else {}
        self._options: dict[str, Any] = {}
        self.kernel = QComboBox()
        self.kernel.setAccessibleName("Kernel")
        self.path = QLineEdit()
        self.path.setAccessibleName("File")
        self.folder = QLabel()
        self.folder.setProperty("role", "muted")
        self.verify = QCheckBox("Run the result and compare its numbers")
        self.verify.setChecked(verify)
        self.obstacle = QLabel()
        self.obstacle.setWordWrap(True)
        self._form = QFormLayout()
        self.buttons = ok_cancel(self.accept, self.reject, "Compile")
        self._lay_out()
        self._fill(kernel)
        check.ended.connect(self._check)
        self.finished.connect(lambda _code: check.cancel())

    def request(self) -> CompileRequest:
        """What is filled in now."""
        return CompileRequest(
            self._chosen().info.name, self._path(), dict(self._options), self.verify.isChecked()
        )

    def _fill(self, kernel: str) -> None:
        for name in self._registry.names():
            self.kernel.addItem(self._registry[name].info.title, name)
        self.kernel.setCurrentIndex(max(0, self.kernel.findData(kernel)))
        self._on_kernel()
        self.kernel.currentIndexChanged.connect(lambda _index: self._on_kernel())
        self.path.textChanged.connect(lambda _text: self._check())

    def _path(self) -> Path:
        return self._folder / Path(self.path.text().strip()).expanduser()

    def _chosen(self) -> Kernel:
        return self._registry[self.kernel.currentData()]

    def _on_kernel(self) -> None:
        info = self._chosen().info
        while self._form.rowCount() > FIXED_ROWS:
            self._form.removeRow(FIXED_ROWS)
        self._options = {
            option.name: self._wishes.get(option.name, option.default) for option in info.options
        }
        for option in info.options:
            label = QLabel(option.name.replace("_", " ").capitalize())
            label.setToolTip(option.doc)
            self._form.addRow(label, self._field(option))
        stem = Path(self.path.text()).stem or self._network.name
        self.path.setText(f"{stem}{info.writes[0]}")
        self._check()

    def _field(self, option: OptionSpec) -> ParamField:
        field = make_field(_as_param(option))
        field.setToolTip(option.doc)
        field.show_value(self._options[option.name])
        field.edited.connect(lambda value: self._options.__setitem__(option.name, value))
        return field

    def _check(self) -> None:
        reason = _obstacle(self._chosen(), self._path())
        if not reason:
            found = self._network.obstacle(self._chosen())
            reason = CHECKING if found is None else found
        folder = str(self._path().parent)
        self.folder.setText(
            self.fontMetrics().elidedText(folder, Qt.TextElideMode.ElideMiddle, LONGEST_FOLDER)
        )
        self.folder.setToolTip(folder)
        self.obstacle.setProperty("role", "muted" if reason is CHECKING else "error")
        self.obstacle.style().polish(self.obstacle)
        self.obstacle.setText(reason)
        self.obstacle.setVisible(bool(reason))
        self.buttons.button(OK).setEnabled(not reason)

    def _browse(self) -> None:
        info = self._chosen().info
        kinds = " ".join(f"*{suffix}" for suffix in info.writes)
        path, _ = QFileDialog.getSaveFileName(
            self, "Compile to", str(self._path()), f"{info.title} ({kinds})"
        )
        if path:
            self.path.setText(path)

    def _lay_out(self) -> None:
        browse = QPushButton("Choose...")
        browse.clicked.connect(self._browse)
        place = QHBoxLayout()
        place.addWidget(self.path, 1)
        place.addWidget(browse)
        place.setSpacing(8)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setHorizontalSpacing(16)
        self._form.addRow("Kernel", self.kernel)
        self._form.addRow("File", place)
        self._form.addRow("Folder", self.folder)
        column = dialog_column(self)
        column.addLayout(self._form)
        for widget in (self.verify, self.obstacle, self.buttons):
            column.addWidget(widget)


def _as_param(option: OptionSpec) -> ParamSpec:
    kind = "choice" if option.choices else option.type
    return ParamSpec(
        option.name,
        kind,
        option.default,
        choices=option.choices,
        optional=option.default is None,
        doc=option.doc,
    )


def _obstacle(kernel: Kernel, path: Path) -> str:
    """Why nothing can be compiled to this file; empty when the network decides."""
    if path.suffix.lower() not in kernel.info.writes:
        return (
            f"{kernel.info.title} writes {', '.join(kernel.info.writes)}; give the file one of these endings."
        )
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist; create it or choose another."
    return ""
