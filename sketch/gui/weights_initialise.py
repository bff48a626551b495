"""Initialising weights of the selection: a scheme with its arguments, for which weights, and from which seed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDoubleSpinBox, QFormLayout, QLabel, QSpinBox

from sketch.graph.freezing import frozen_nodes
from sketch.graph.schemes import SCHEMES
from sketch.graph.weights import WeightType
from sketch.gui import weights_commands
from sketch.gui.dialog_parts import OK, FaultLabel, dialog_column, ok_cancel, refuser, show_soon
from sketch.gui.reading import Reading
from sketch.gui.reasons import selected_nodes
from sketch.state.commands import weights
from sketch.state.commands.naming import count_of
from sketch.state.commands.weights import Key

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

_LABEL = 84
_BIASES = {"stay as they are": "", "become 0": "zeros", "start from the same scheme": "same"}


def ask(window: MainWindow) -> None:
    """Ask for the scheme and initialise."""
    tab = window.desk.tab
    if tab is not None:
        dialog = InitialiseWeights(window, tab, selected_nodes(window))
        show_soon(dialog.open, dialog)


class InitialiseWeights(QDialog):
    """The scheme, its arguments, and what happens to biases and other lists; `Initialise` makes one step."""

    def __init__(self, window: MainWindow, tab: CanvasTab, ids: list[int]):
        super().__init__(window)
        self.setWindowTitle("Initialise weights")
        self.setMinimumWidth(460)
        self._window, self._tab = window, tab
        self._ids = ids
        self._kinds: dict[Key, WeightType] | None = None
        self._held: set[Key] = set()
        self.scheme, self.biases, self.seed = QComboBox(), QComboBox(), QSpinBox()
        self.buffers = QCheckBox("Frozen ones too")
        for scheme in SCHEMES.values():
            self.scheme.addItem(scheme.title, scheme.name)
        for text, what in _BIASES.items():
            self.biases.addItem(text, what)
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setValue(int(tab.document.tables.meta.get("seed", 0)))
        self.doc, self.count, self.fault = QLabel(), QLabel(), FaultLabel()
        self.fields: dict[str, QComboBox | QDoubleSpinBox] = {}
        self._form = QFormLayout()
        self.buttons = ok_cancel(self.accept, self.reject, "Initialise")
        self._lay_out()
        self.scheme.setCurrentIndex(self.scheme.findData("kaiming_normal"))
        self._show_scheme()
        Reading(self, tab.document, self._reading, self._ready)

    def accept(self) -> None:
        """Initialise in one step."""
        name, matrices, lists = self.scheme.currentData(), self.matrices(), self.lists()
        act = partial(
            weights.initialise, keys=matrices, scheme=name, arguments=self.arguments(), seed=self.seed.value(),
            lists=lists,
        )  # fmt: skip
        title = f"Initialise: {SCHEMES[name].title}"
        if weights_commands.change(
            self._window,
            self._tab,
            title,
            weights_commands.still_there(act, [*matrices, *lists]),
            many=len(matrices) + len(lists),
            refused=refuser(self, self.fault.say, self._window.say),
        ):
            super().accept()

    def arguments(self) -> dict[str, Any]:
        """What the fields say."""
        return {
            name: field.currentText() if isinstance(field, QComboBox) else field.value()
            for name, field in self.fields.items()
        }

    def matrices(self) -> list[Key]:
        """The weights that the scheme is for."""
        name = self.scheme.currentData()
        same = self.biases.currentData() == "same" and SCHEMES[name].rank < 2
        kinds = self._kinds or {}
        return [key for key in self._chosen() if same or len(kinds[key].shape) > 1]

    def lists(self) -> list[Key]:
        """The biases that become 0."""
        zero = self.biases.currentData() == "zeros"
        kinds = self._kinds or {}
        return [key for key in self._chosen() if zero and _is_bias(key[1], kinds[key].shape)]

    def _reading(self) -> Iterator[None]:
        """The weights that can be initialised, and which of them are frozen."""
        document, kinds = self._tab.document, dict[Key, WeightType]()
        yield from weights.reading_weights(document, kinds, self._ids)
        self._coming = {key: kind for key, kind in kinds.items() if kind.trainable}
        yield
        frozen = frozen_nodes(document.tables.meta)
        self._held = {key for key in self._coming if key[1] in frozen.get(key[0], ())}

    def _ready(self) -> None:
        self._kinds = self._coming
        self._show_count()

    def _chosen(self) -> list[Key]:
        every = self.buffers.isChecked()
        return [key for key in self._kinds or () if every or key not in self._held]

    def _show_scheme(self) -> None:
        scheme = SCHEMES[self.scheme.currentData()]
        self.doc.setText(scheme.doc)
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields = {name: _field(name, default) for name, default in scheme.arguments.items()}
        for name, field in self.fields.items():
            self._form.addRow(_label(name), field)
        self._show_count()

    def _show_count(self) -> None:
        self.fault.hide()
        if self._kinds is None:
            self.count.setText("Reading the weights...")
            self.buttons.button(OK).setEnabled(False)
            return
        number = len(self.matrices()) + len(self.lists())
        held = 0 if self.buffers.isChecked() else len(self._held)
        text = f"{count_of(number, 'weight')} of {len(self._kinds)} start anew"
        self.count.setText(f"{text}; {held} are frozen." if held else f"{text}.")
        self.buttons.button(OK).setEnabled(bool(number))

    def _lay_out(self) -> None:
        self.doc.setProperty("role", "muted")
        self.doc.setWordWrap(True)
        self.count.setProperty("role", "muted")
        self.scheme.currentIndexChanged.connect(lambda _index: self._show_scheme())
        self.biases.currentIndexChanged.connect(lambda _index: self._show_count())
        self.buffers.toggled.connect(lambda _on: self._show_count())
        top, below = QFormLayout(), QFormLayout()
        for form, rows in (
            (top, (("Scheme", self.scheme), ("", self.doc))),
            (below, (("Biases", self.biases), ("Seed", self.seed), ("", self.buffers))),
        ):
            for name, field in rows:
                form.addRow(_label(name), field)
                field.setAccessibleName(name or field.accessibleName())
        column = dialog_column(self)
        for form in (top, self._form, below):
            column.addLayout(form)
        for widget in (self.count, self.fault, self.buttons):
            column.addWidget(widget)


def _label(name: str) -> QLabel:
    """All labels are equally wide, so that the fields of the three forms stand below each other."""
    label = QLabel(name)
    label.setMinimumWidth(_LABEL)
    return label


def _is_bias(role: str, shape: tuple[int, ...]) -> bool:
    """Lists called bias: those that become 0 without a change of scale (a norm's weight starts at 1)."""
    return len(shape) < 2 and "bias" in role


def _field(name: str, default: Any) -> QComboBox | QDoubleSpinBox:
    field: QComboBox | QDoubleSpinBox
    if isinstance(default, tuple):
        field = QComboBox()
        field.addItems(default)
    else:
        field = QDoubleSpinBox()
        field.setDecimals(6)
        field.setRange(-1e6, 1e6)
        field.setSingleStep(0.01)
        field.setValue(float(default))
    field.setAccessibleName(name)
    return field
