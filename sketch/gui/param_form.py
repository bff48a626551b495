"""The parameters of the selected layers as a form: one row each, pinned or following, greyed when without effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
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

    def __init__(
        self,
        spec: ParamSpec,
        theme: Theme,
        *,
        live: bool,
        operator: LayerSpec | None = None,
        parent: QWidget | None = None,
    ):
        """`operator` is the operator whose attribute it is, None for a layer's parameter."""
        super().__init__(parent)
        self.spec = spec
        self._value: Any = None
        self._note: QLabel | None = None
        name = param_label(operator, spec.name) if operator else spec.name
        self.field = attribute_field(spec, self) if operator else make_field(spec, self, live=live)
        self.field.setAccessibleName(name)
        self.label = QLabel(name.replace("_", f"_{BREAK}") if operator else name, self)
        self.label.setWordWrap(operator is not None)
        self.label.setBuddy(self.field)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.pin: QToolButton | None = self._pin(theme) if spec.derive else None
        self._stack: QStackedWidget | None = None
        self.follows: QLineEdit | None = None
        if spec.derive:
            self._stack, self.follows = self._following(name)
        self._grid = self._lay_out()
        self.field.edited.connect(lambda value: self.edited.emit(spec.name, value))
        self.field.cleared.connect(lambda: self.reset.emit(spec.name))
        self.field.finished.connect(self.finished)
        self.field.refused.connect(self.complain)

    @property
    def note(self) -> QLabel:
        """What is wrong, below the field; made when it is first needed."""
        if self._note is None:
            self._note = QLabel(self)
            self._note.setProperty("role", "error")
            self._note.setWordWrap(True)
            self._note.hide()
            self._grid.addWidget(self._note, 1, 1)
        return self._note

    def show_value(self, value: Any, *, pinned: bool) -> None:
        """Show the effective value; one that follows the input says so instead of offering a field."""
        self._value = value
        if self._stack is not None:
            self._stack.setCurrentIndex(1 if not pinned else 0)
        if self.follows is not None and not pinned:
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
            f"mixed in {count:,} layers"
            if self._value is MIXED
            else f"of {count:,} layers"
            if count > 1
            else ""
        )
        self.field.setAccessibleDescription(" ".join(filter(None, (self.spec.doc, state))))

    def complain(self, text: str) -> None:
        """Show what is wrong with this parameter; empty text takes it away."""
        if text or self._note is not None:
            self.note.setText(text)
            self.note.setVisible(bool(text))

    def _pin(self, theme: Theme) -> QToolButton:
        pin = QToolButton(self)
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

    def _following(self, name: str) -> tuple[QStackedWidget, QLineEdit]:
        """Where the field lies on a line that says what the parameter follows."""
        stack = QStackedWidget(self)
        line = QLineEdit(stack)
        line.setReadOnly(True)
        line.setProperty("role", "follows")
        line.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        line.setAccessibleName(name)
        stack.addWidget(self.field)
        stack.addWidget(line)
        return stack, line

    def _lay_out(self) -> QGridLayout:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        grid.setRowMinimumHeight(0, _line_height())
        grid.addWidget(self.label, 0, 0)
        if self.pin is None or self._stack is None:
            grid.addWidget(self.field, 0, 1)
        else:
            value = QHBoxLayout()
            value.setSpacing(2)
            grid.addLayout(value, 0, 1)
            value.addWidget(self._stack, 1)
            value.addWidget(self.pin)
        grid.setColumnStretch(1, 1)
        return grid


class Values:
    """The parameters of some nodes as they are at one moment, at least one node."""

    def __init__(self, document: Document, ids: Sequence[int]):
        self._document, self._count = document, len(ids)
        self._ids = one_of_each(document, ids)
        self._resolved = [document.inference.of(node_id) for node_id in self._ids]

    def show_in(self, row: ParamRow) -> None:
        """Show in a row what concerns its parameter."""
        name = row.spec.name
        row.show_value(self._value(name), pinned=self._is_pinned(name))
        row.describe(self._count)
        row.show_use(self._without_effect(name))
        row.complain(self._complaints.get(name, ""))

    def _value(self, name: str) -> Any:
        """The value that all these nodes have, MIXED when they differ, None when it is not known."""
        value = self._resolved[0].params.get(name)
        return value if all(other.params.get(name) == value for other in self._resolved) else MIXED

    def _is_pinned(self, name: str) -> bool:
        """True when any of these nodes has a value of its own for the parameter."""
        nodes = self._document.tables.nodes
        return any(name in nodes[node_id].params for node_id in self._ids)

    def _without_effect(self, name: str) -> str:
        """Why a parameter has no effect on any of these nodes; empty when it has on one."""
        nodes, library = self._document.tables.nodes, self._document.library
        for node_id, resolved in zip(self._ids, self._resolved, strict=True):
            if applies(library[nodes[node_id].layer], name, resolved.params, resolved.inputs):
                return ""
        spec = library[nodes[self._ids[0]].layer]
        return f"Has no effect here: it counts only when {spec.params[name].applies}."

    @cached_property
    def _complaints(self) -> dict[str, str]:
        """Parameter -> what inference says is wrong with it."""
        found: dict[str, str] = {}
        for node_id in self._ids:
            for problem in self._document.inference.problems_of(node_id):
                if problem.param:
                    found.setdefault(problem.param, str(problem))
        return found


def shared_params(document: Document, ids: Sequence[int]) -> dict[str, ParamSpec]:
    """The parameters that all these nodes have in the same form, by name, in the order of the first."""
    nodes, library = document.tables.nodes, document.library
    layers = [nodes[node_id].layer for node_id in ids]
    one_of = dict(zip(layers, ids, strict=True))  # all layers of a type have the same parameters
    own = {layer for layer in one_of if library[layer].is_operator}
    differing = [ids[0], *(one_of[layer] for layer in one_of if layer not in own)]
    operators = [node_id for node_id, layer in zip(ids, layers, strict=True) if layer in own] if own else []
    differing += one_of_each(document, operators)
    first, *others = [params_of(document, node_id) for node_id in differing]
    return {
        name: spec for name, spec in first.items() if all(_same(spec, other.get(name)) for other in others)
    }


def one_of_each(document: Document, ids: Iterable[int]) -> list[int]:
    """The first of each of these nodes that are alike, in parameters and in all that is inferred of them."""
    of, found = document.inference.of, dict[int, int]()
    for node_id in ids:
        found.setdefault(id(of(node_id)), node_id)  # nodes that are alike share what is inferred
    return list(found.values())


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


@lru_cache(maxsize=1)
def _line_height() -> int:
    """All rows are as high as a line of text, px."""
    return QLineEdit().sizeHint().height()


def _short(value: Any) -> str:
    if value is MIXED:
        return MIXED_TEXT
    return shape_text(value) if isinstance(value, tuple) else str(value)
