"""Asks what becomes a picture and how; then it is saved, or goes to the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.dialog_parts import dialog_column
from sketch.gui.picture import Picture
from sketch.gui.picture_commands import Wanted, painting_of, selected_group
from sketch.gui.theme import THEMES

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

FORMATS = (("SVG (vectors, text stays text)", ".svg"), ("PDF (vectors)", ".pdf"), ("PNG (pixels)", ".png"))
MOST_MEASURED = 300
"""Drawings with more nodes are not measured for the dialog: that would take longer than a click may."""
SAVE, COPY = QDialogButtonBox.ButtonRole.AcceptRole, QDialogButtonBox.ButtonRole.ActionRole


class PictureDialog(QDialog):
    """`wanted` is what the person chose; `copies` is True when it is for the clipboard."""

    def __init__(self, window: MainWindow, tab: CanvasTab):
        super().__init__(window)
        self._window, self._tab = window, tab
        self.copies = False
        self.setWindowTitle("Save a picture")
        self.what, self.format, self.theme = QComboBox(), QComboBox(), QComboBox()
        self.scale = QDoubleSpinBox()
        self.size_text = QLabel()
        self.size_text.setProperty("role", "muted")
        self.size_text.setWordWrap(True)
        self.transparent = QCheckBox("Transparent background")
        self.shapes, self.parameters = QCheckBox("Shapes on wires"), QCheckBox("Parameters of layers")
        self.legend = QCheckBox("Legend")
        self._fill()
        self._lay_out()
        for box in (self.what, self.format, self.theme):
            box.currentIndexChanged.connect(lambda _index: self.refresh())
        for check in (self.transparent, self.shapes, self.parameters, self.legend):
            check.toggled.connect(lambda _on: self.refresh())
        self.scale.valueChanged.connect(lambda _value: self.refresh())
        self.refresh()

    @property
    def suffix(self) -> str:
        """`.svg`, `.pdf` or `.png`."""
        return str(self.format.currentData())

    @property
    def wanted(self) -> Wanted:
        """What was chosen."""
        return Wanted(
            what=self.what.currentData(), theme=self.theme.currentData(), transparent=self.transparent.isChecked(),
            shapes=self.shapes.isChecked(), parameters=self.parameters.isChecked(), legend=self.legend.isChecked(),
            scale=self.scale.value(),
        )  # fmt: skip

    def refresh(self) -> None:
        """Say how large the picture gets."""
        self.scale.setEnabled(self.suffix == ".png")
        if len(self._tab.view.canvas.wiring.boxes) > MOST_MEASURED:
            self.size_text.setText("A large drawing: its size is known when it is made.")
            return
        painting = painting_of(self._window, self._tab, self.wanted)
        picture = Picture(painting, self.suffix)
        painting.close()
        width, height = picture.size
        unit = {".png": "pixels", ".pdf": "points"}.get(self.suffix, "units")
        self.size_text.setText(" ".join(filter(None, (f"{width:,} × {height:,} {unit}.", picture.note))))

    # --- inside ------------------------------------------------------------------------------------

    def _fill(self) -> None:
        tab, group = self._tab, selected_group(self._tab)
        self.what.addItem("The canvas in view", "canvas")
        if tab.view.selected():
            self.what.addItem(f"The selection ({len(tab.view.selected()):,})", "selection")
        if group is not None:
            self.what.addItem(f"Inside {tab.document.tables.nodes[group].name}", "group")
        for title, suffix in FORMATS:
            self.format.addItem(title, suffix)
        self.theme.addItem("As the window", "")
        for name in THEMES:
            self.theme.addItem(name.capitalize(), name)
        self.scale.setRange(0.1, 10.0)
        self.scale.setSingleStep(0.5)
        self.scale.setDecimals(1)
        self.scale.setValue(2.0)
        self.scale.setSuffix(" ×")
        options = tab.view.canvas.ink.options
        self.shapes.setChecked(options.shapes)
        self.parameters.setChecked(options.parameters)
        self.legend.setChecked(tab.colours.has_legend)

    def _lay_out(self) -> None:
        column, form = dialog_column(self), QFormLayout()
        form.setHorizontalSpacing(14)
        for title, field in (("Picture of", self.what), ("Format", self.format), ("Scale", self.scale),
                             ("Theme", self.theme), ("Show", self._checks())):  # fmt: skip
            form.addRow(title, field)
            field.setAccessibleName(title)
        column.addLayout(form)
        column.addWidget(self.size_text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        save = buttons.addButton("Save...", SAVE)
        save.setDefault(True)
        self.copy = buttons.addButton("Copy", COPY)
        self.copy.setToolTip("Put the picture on the clipboard, as pixels and as SVG")
        self.copy.clicked.connect(self._copy)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(420)

    def _checks(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for check in (self.shapes, self.parameters, self.legend, self.transparent):
            column.addWidget(check, 0, Qt.AlignmentFlag.AlignLeft)
        return holder

    def _copy(self) -> None:
        self.copies = True
        self.accept()
