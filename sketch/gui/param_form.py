"""The parameters of the selected layers as a form: one row each, pinned or following, greyed when without effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from sketch.graph.evaluate import applies
from sketch.graph.operator_types import param_label
from sketch.graph.rows import shape_text
from sketch.graph.specs import LayerSpec, ParamSpec
from sketch.gui.icons import action_icon
from sketch.gui.operator_fields import attribute_field, operator_params
from sketch.gui.param_fields import MIXED, MIXED_TEXT, make_field
from sketch.gui.theme import Theme
from sketch.state.document import Document

LABEL_WIDTH = 100
BREAK = "\u200b"
"""Where a long name may go on in the next line."""


class ParamRow(QWidget):
    """The field of one parameter, its pin where it can follow the input, and what is wrong with it."""

    edited = Signal(str, object)
    reset = Signal(str)
    finished = Signal()

    def __init__(self, spec: ParamSpec, theme: Theme, *, live: bool, operator: LayerSpec | None = None):
        """`operator` is the operator whose attribute it is, None for a layer's parameter."""
        super().__init__()
        self.spec = spec
        self._value: Any = None
        name = param_label(operator, spec.name) if operator else spec.name
        self.field = attribute_field(spec) if operator else make_field(spec, live=live)
        self.field.setAccessibleName(name)
        self.note = QLabel()
        self.note.setProperty("role", "error")
        self.note.setWordWrap(True)
        self.note.hide()
        self.label = QLabel(name.replace("_", f"_{BREAK}") if operator else name)
        self.label.setWordWrap(operator is not None)
        self.label.setBuddy(self.field)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.pin: QToolButton | None = self._pin(theme) if spec.derive else None
        self.follows = _follow_line()
        self.follows.setAccessibleName(name)
        self._stack = QStackedWidget()
        self._lay_out()
        self.field.edited.connect(lambda value: self.edited.emit(spec.name, value))
        self.field.cleared.connect(lambda: self.reset.emit(spec.name))
        self.field.finished.connect(self.finished)
        self.field.refused.connect(self.complain)

    def show_value(self, value: Any, *, pinned: bool) -> None:
        """Show the effective value; one that follows the input says so instead of offering a field."""
        following = self.pin is not None and not pinned
        self._value = value
        self._stack.setCurrentIndex(1 if following else 0)
        if following:
            self.follows.setText(f"follows input ({_short(value)})" if value is not None else "follows input")
        else:
            self.field.show_value(value)
        if self.pin is not None:
            with QSignalBlocker(self.pin):
                self.pin.setChecked(pinned)
            self.pin.setToolTip("Let it follow the input again" if pinned else "Pin a number of your own")

    def show_use(self, reason: str) -> None:
        """Grey the field when `reason` says that its value has no effect."""
        self.field.setEnabled(not reason)
        self.label.setEnabled(not reason)
        tip = f"{self.spec.doc}\n{reason}".strip() if reason else self.spec.doc
        self.label.setToolTip(tip)
        self.field.setToolTip(tip)

    def describe(self, count: int) -> None:
        """Say, where several layers are selected, that a change is for all of them."""
        state = (
            f"mixed in {count} layers" if self._value is MIXED else f"of {count} layers" if count > 1 else ""
        )
        self.field.setAccessibleDescription(" ".join(filter(None, (self.spec.doc, state))))

    def complain(self, text: str) -> None:
        """Show what is wrong with this parameter; empty text takes it away."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _pin(self, theme: Theme) -> QToolButton:
        pin = QToolButton()
        pin.setCheckable(True)
        pin.setIcon(action_icon("pin", theme))
        pin.setAccessibleName(f"Pin {self.spec.name}")
        pin.toggled.connect(self._on_pin)
        return pin

    def _on_pin(self, on: bool) -> None:
        if on:
            known = isinstance(self._value, (int, tuple))
            self.edited.emit(self.spec.name, self._value if known else max(1, int(self.spec.min or 1)))
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.reset.emit(self.spec.name)
        self.finished.emit()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        self._stack.addWidget(self.field)
        self._stack.addWidget(self.follows)
        value = QHBoxLayout()
        value.setSpacing(2)
        value.addWidget(self._stack, 1)
        if self.pin is not None:
            value.addWidget(self.pin)
        grid.addWidget(self.label, 0, 0)
        grid.addLayout(value, 0, 1)
        grid.addWidget(self.note, 1, 1)
        grid.setColumnStretch(1, 1)


def shared_params(document: Document, ids: Sequence[int]) -> dict[str, ParamSpec]:
    """The parameters that all these nodes have in the same form, by name, in the order of the first."""
    nodes, library = document.tables.nodes, document.library
    layers = {nodes[node_id].layer for node_id in ids}
    alike = {layer for layer in layers if not library[layer].is_operator}
    differing: dict[object, int] = {}
    for node_id in ids:
        layer = nodes[node_id].layer
        differing.setdefault(layer if layer in alike else node_id, node_id)
    first, *others = [params_of(document, node_id) for node_id in differing.values()]
    return {
        name: spec for name, spec in first.items() if all(_same(spec, other.get(name)) for other in others)
    }


def shown_value(document: Document, ids: Sequence[int], name: str) -> Any:
    """The value that all these nodes have, MIXED when they differ, None when it is not known."""
    values = [document.inference.of(node_id).params.get(name) for node_id in ids]
    return values[0] if all(value == values[0] for value in values[1:]) else MIXED


def is_pinned(document: Document, ids: Sequence[int], name: str) -> bool:
    """True when any of these nodes has a value of its own for the parameter."""
    return any(name in document.tables.nodes[node_id].params for node_id in ids)


def without_effect(document: Document, ids: Sequence[int], name: str) -> str:
    """Why a parameter has no effect on any of these nodes; empty when it has on one."""
    for node_id in ids:
        spec = document.library[document.tables.nodes[node_id].layer]
        resolved = document.inference.of(node_id)
        if applies(spec, name, resolved.params, resolved.inputs):
            return ""
    spec = document.library[document.tables.nodes[ids[0]].layer]
    return f"Has no effect here: it counts only when {spec.params[name].applies}."


def is_live(spec: LayerSpec) -> bool:
    """False where half a typed number could remove wires (the number of outputs depends on a parameter)."""
    return not any(port.count for port in spec.outputs)


def params_of(document: Document, node_id: int) -> Mapping[str, ParamSpec]:
    """What the form of one node shows, by name."""
    node = document.tables.nodes[node_id]
    spec = document.library[node.layer]
    if spec.is_operator:
        return operator_params(document, node_id)
    return spec.params


def _same(one: ParamSpec, other: ParamSpec | None) -> bool:
    if other is None:
        return False
    return (one.type, one.rank, one.choices, bool(one.derive)) == (
        other.type,
        other.rank,
        other.choices,
        bool(other.derive),
    )


def _follow_line() -> QLineEdit:
    line = QLineEdit()
    line.setReadOnly(True)
    line.setProperty("role", "follows")
    line.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return line


def _short(value: Any) -> str:
    if value is MIXED:
        return MIXED_TEXT
    return shape_text(value) if isinstance(value, tuple) else str(value)
