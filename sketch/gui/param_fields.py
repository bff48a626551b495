"""One editor for each type of parameter. A field shows a value and says what the person made of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QComboBox, QLineEdit, QSizePolicy, QSpinBox, QWidget

from sketch.graph.rows import DTYPES
from sketch.graph.specs import ParamSpec

INT_LIMIT = 2**31 - 1
ACROSS, DOWN = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
IN_A_LINE = 3
"""So many numbers fit beside each other into the panel at its usual width; of more, pairs stand in lines."""
NUMBERS = "size"
MIXED = object()
"""What a field shows when the selected layers disagree, in the word MIXED_TEXT."""
MIXED_TEXT = "mixed"


class ParamField(QWidget):
    """A field. `edited` carries a new value, `finished` ends a run of edits, `refused` says what is wrong.

    `cleared` takes the parameter away (operators, whose files need not say it).
    """

    edited = Signal(object)
    cleared = Signal()
    finished = Signal()
    refused = Signal(str)

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(parent)
        self.spec = spec
        self.row = QBoxLayout(ACROSS, self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)

    def show_value(self, value: Any) -> None:
        """Show a value (None: nothing given, MIXED: the layers disagree) without saying it was edited."""
        raise TypeError(f"{type(self).__name__} shows nothing")

    def add_editor(self, editor: QWidget, row: QBoxLayout | None = None) -> None:
        """Put an inner widget into the row, or a line of it; undo keys belong to the window, the wheel to the page."""
        editor.setAccessibleName(self.spec.name)
        editor.setAccessibleDescription(self.spec.doc)
        editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.installEventFilter(self)
        (row or self.row).addWidget(editor, 1)
        self.setFocusProxy(self.focusProxy() or editor)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.ignore()
                return True
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class BoolField(ParamField):
    """True or false."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(spec, parent)
        self.box = QCheckBox(self)
        self.add_editor(self.box)
        self.box.clicked.connect(self._on_clicked)

    def show_value(self, value: Any) -> None:
        """Show it; MIXED is a dash."""
        with QSignalBlocker(self.box):
            self.box.setTristate(value is MIXED)
            state = Qt.CheckState.Checked if value is True else Qt.CheckState.Unchecked
            self.box.setCheckState(Qt.CheckState.PartiallyChecked if value is MIXED else state)
            self.box.setText(MIXED_TEXT if value is MIXED else "")

    def _on_clicked(self) -> None:
        self.box.setTristate(False)
        self.edited.emit(self.box.isChecked())
        self.finished.emit()


class ChoiceField(ParamField):
    """One of a few values."""

    def __init__(self, spec: ParamSpec, choices: tuple[Any, ...], parent: QWidget | None = None):
        super().__init__(spec, parent)
        self.box = QComboBox(self)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(4)
        for choice in choices:
            self.box.addItem(str(choice), choice)
        self.add_editor(self.box)
        self.box.activated.connect(self._on_chosen)

    def show_value(self, value: Any) -> None:
        """Select it; blank when it is none of the choices."""
        self.box.setPlaceholderText(MIXED_TEXT if value is MIXED else "")
        self.box.setCurrentIndex(self.box.findData(value) if value is not MIXED else -1)

    def _on_chosen(self) -> None:
        self.edited.emit(self.box.currentData())
        self.finished.emit()


class IntField(ParamField):
    """A whole number, or `rank` of them side by side, more than IN_A_LINE in lines of two.

    `live` says each keystroke, else only Enter counts. Where the layers disagree, the number that is typed first counts
    for all boxes.
    """

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None, *, live: bool = True):
        super().__init__(spec, parent)
        self._is_mixed = self._is_typed = False
        self.boxes = [self._box(live, line) for line in self._lines(max(1, spec.rank))]

    def _lines(self, count: int) -> list[QBoxLayout]:
        """The line of each of so many numbers."""
        if count <= IN_A_LINE:
            return [self.row] * count
        self.row.setDirection(DOWN)
        lines: list[QBoxLayout] = []
        for first in range(0, count, 2):
            line = QBoxLayout(ACROSS)
            line.setSpacing(self.row.spacing())
            self.row.addLayout(line)
            lines += [line] * min(2, count - first)
        return lines

    def _box(self, live: bool, line: QBoxLayout) -> QSpinBox:
        box = QSpinBox(self)
        low = -INT_LIMIT if self.spec.min is None else int(self.spec.min)
        high = INT_LIMIT if self.spec.max is None else int(self.spec.max)
        box.setRange(max(low, -INT_LIMIT), min(high, INT_LIMIT))
        box.setKeyboardTracking(live)
        box.setMinimumWidth(46 if self.spec.rank else 54)
        box.lineEdit().setTextMargins(3 if self.spec.rank == IN_A_LINE else 5, 0, 0, 0)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.add_editor(box, line)
        box.lineEdit().textEdited.connect(self._on_typed)
        box.valueChanged.connect(self._on_changed)
        box.editingFinished.connect(self._on_finished)
        return box

    def show_value(self, value: Any) -> None:
        """Show it, leaving alone a box that already says so (someone may be typing in it)."""
        values = value if isinstance(value, tuple) else (value,) * len(self.boxes)
        self._is_mixed, self._is_typed = value is MIXED, False
        for box, item in zip(self.boxes, values, strict=False):
            with QSignalBlocker(box):
                box.lineEdit().setPlaceholderText(MIXED_TEXT if self._is_mixed else "")
                if not isinstance(item, int):
                    box.clear()
                elif box.value() != item or box.text() == "":
                    box.setValue(item)
                    box.lineEdit().setText(box.textFromValue(item))

    def _on_changed(self) -> None:
        """Say the new value; boxes that showed no number of their own take the one just typed."""
        values = tuple(box.value() for box in self.boxes)
        if self._is_mixed:
            given = next((box for box in self.boxes if box.text()), self.boxes[0])
            values = (given.value(),) * len(values)
        self._is_mixed = False
        self.edited.emit(values if self.spec.rank else values[0])

    def _on_typed(self, text: str) -> None:
        self._is_typed = bool(text)

    def _on_finished(self) -> None:
        """A number that was typed counts even if the box held it unseen; one that nobody typed stays unseen."""
        if self._is_mixed and self._is_typed:
            self._on_changed()
        elif self._is_mixed:
            for box in self.boxes:
                with QSignalBlocker(box):
                    box.clear()
        self.finished.emit()


class TextField(ParamField):
    """Anything that is typed as text: numbers with a fraction, tuples, shapes, nested lists, names."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(spec, parent)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(_PLACEHOLDERS.get(spec.type, ""))
        self._shown = self._hint = ""
        self.add_editor(self.line)
        self.line.editingFinished.connect(self._commit)

    def show_value(self, value: Any) -> None:
        """Show it, leaving alone what is being typed."""
        text = "" if value is None or value is MIXED else to_text(value)
        if self.line.placeholderText() != MIXED_TEXT:
            self._hint = self.line.placeholderText()
        self.line.setPlaceholderText(MIXED_TEXT if value is MIXED else self._hint)
        if text != self._shown or not self.line.hasFocus():
            self._shown = text
            self.line.setText(text)

    def read(self, text: str) -> Any:
        """The value that a text means; ValueError with a sentence."""
        return from_text(self.spec, text)

    def read_nothing(self) -> bool:
        """True when an emptied field was dealt with; else nothing is read like any text."""
        return False

    def _commit(self) -> None:
        text = self.line.text().strip()
        if text == self._shown or (not text and self.read_nothing()):
            return
        try:
            value = self.read(text)
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self._shown = text
        self.edited.emit(value)
        self.finished.emit()


class OptionalField(ParamField):
    """A field that may be left open: a check mark in front of it."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None, *, live: bool = True):
        super().__init__(spec, parent)
        self.box = QCheckBox(self)
        self.box.setToolTip("Give a value, or leave it open")
        self._inner = inner = _plain_field(spec, self, live)
        self._start = _start_value(spec)
        self.add_editor(self.box)
        self.row.setStretch(0, 0)
        self.row.addWidget(inner, 1)
        self.box.clicked.connect(self._on_clicked)
        inner.edited.connect(self.edited)
        inner.finished.connect(self.finished)
        inner.refused.connect(self.refused)

    def show_value(self, value: Any) -> None:
        """Show it; None is the open state."""
        self.box.setChecked(value is not None)
        self._inner.setEnabled(value is not None)
        self._inner.show_value(value)

    def _on_clicked(self) -> None:
        self.edited.emit(self._start if self.box.isChecked() else None)
        self.finished.emit()


class NumbersOrChoiceField(ParamField):
    """Numbers, or one of a few words (the padding of a convolution)."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None, *, live: bool = True):
        super().__init__(spec, parent)
        self._inner = inner = IntField(spec, self, live=live)
        self.box = QComboBox(self)
        self.box.setMinimumWidth(74)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for choice in (NUMBERS, *spec.choices):
            self.box.addItem(str(choice))
        self.add_editor(self.box)
        self.row.insertWidget(0, inner, 2)
        if spec.rank >= IN_A_LINE:
            self.row.setDirection(DOWN)
        self.setFocusProxy(inner)
        self.box.activated.connect(self._on_chosen)
        inner.edited.connect(self.edited)
        inner.finished.connect(self.finished)

    def show_value(self, value: Any) -> None:
        """Show it; a word hides the numbers."""
        word = value if isinstance(value, str) else NUMBERS
        self.box.setCurrentText(str(word))
        self._inner.setVisible(word == NUMBERS)
        if word == NUMBERS:
            self._inner.show_value(value)

    def _on_chosen(self) -> None:
        word = self.box.currentText()
        fallback = self.spec.default if not isinstance(self.spec.default, str) else int(self.spec.min or 0)
        self.edited.emit(fallback if word == NUMBERS else word)
        self.finished.emit()


def make_field(spec: ParamSpec, parent: QWidget | None = None, *, live: bool = True) -> ParamField:
    """The editor for a parameter."""
    return OptionalField(spec, parent, live=live) if spec.optional else _plain_field(spec, parent, live)


def guessed_spec(name: str, value: Any) -> ParamSpec:
    """A spec for an operator's attribute, from the value that the file gave."""
    if isinstance(value, tuple) and value and all(type(item) is int for item in value):
        return ParamSpec(name, "ints")
    if isinstance(value, tuple) and value and all(isinstance(item, float) for item in value):
        return ParamSpec(name, "floats")
    if isinstance(value, tuple) and value and all(isinstance(item, str) for item in value):
        return ParamSpec(name, "strs")
    types: Mapping[type, str] = {bool: "bool", int: "int", float: "float", str: "str"}
    return ParamSpec(name, types.get(type(value), "value"))


def to_text(value: Any) -> str:
    """A value as a person would type it: tuples without their brackets."""
    if isinstance(value, tuple) and not any(isinstance(item, tuple) for item in value):
        return ", ".join(to_text(item) for item in value)
    if isinstance(value, tuple):
        return (
            "["
            + ", ".join(f"[{to_text(item)}]" if isinstance(item, tuple) else to_text(item) for item in value)
            + "]"
        )
    return repr(value) if isinstance(value, float) else str(value)


def from_text(spec: ParamSpec, text: str) -> Any:
    """The value that a person typed; ValueError with a sentence when it cannot be one."""
    kind = f"{spec.type}s" if spec.rank else spec.type
    try:
        return _READERS[kind](text)
    except (ValueError, SyntaxError):
        raise ValueError(f"{spec.name}: {text!r} is not {_KINDS[kind]}.") from None


def _plain_field(spec: ParamSpec, parent: QWidget | None, live: bool) -> ParamField:
    if spec.type == "bool":
        return BoolField(spec, parent)
    if spec.type == "choice":
        return ChoiceField(spec, spec.choices, parent)
    if spec.type == "dtype":
        return ChoiceField(spec, tuple(sorted(DTYPES)), parent)
    if spec.type == "int":
        return (NumbersOrChoiceField if spec.choices else IntField)(spec, parent, live=live)
    return TextField(spec, parent)


def _start_value(spec: ParamSpec) -> Any:
    starts = {
        "int": max(1, int(spec.min or 1)),
        "float": 1.0,
        "bool": False,
        "str": "",
        "ints": (1,),
        "floats": (1.0,),
    }
    return starts.get(spec.type, (1,))


def _items(text: str) -> list[str]:
    inner = text.strip().strip("()[]")
    return [part.strip() for part in inner.replace("×", ",").split(",") if part.strip()]


def _dim(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


def _read_value(text: str) -> Any:
    if "," in text and text.strip()[:1] not in ("[", "("):
        text = f"[{text}]"
    return ast.literal_eval(text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "strs": lambda text: tuple(_items(text)),
    "ints": lambda text: tuple(int(item) for item in _items(text)),
    "floats": lambda text: tuple(float(item) for item in _items(text)),
    "shape": lambda text: tuple(_dim(item) for item in _items(text)),
    "value": _read_value,
}
_KINDS: Mapping[str, str] = {
    "int": "a whole number",
    "float": "a number such as 0.1 or 1e-5",
    "str": "text",
    "strs": "a list of texts such as a, b",
    "ints": "a list of whole numbers such as 1, 2, 3",
    "floats": "a list of numbers such as 0.5, 1.0",
    "shape": "a list of sizes and names such as N, 3, 224, 224",
    "value": "a number or nested lists of numbers such as [[1, 2], [3, 4]]",
}
_PLACEHOLDERS: Mapping[str, str] = {
    "shape": "N, 3, 224, 224",
    "ints": "1, 2, 3",
    "floats": "0.5, 1.0",
    "float": "0.0",
}
