"""Editors for attributes and constant inputs of operators. What a file does not say shows the standard's default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from sketch.binder.torch_calls import is_torch
from sketch.graph.element_types import ELEMENT_TYPES
from sketch.graph.evaluate import Resolved
from sketch.graph.operator_types import INPUT, constant_places
from sketch.graph.rows import FrozenDict, shape_text
from sketch.graph.specs import LayerSpec, ParamSpec, PortSpec
from sketch.gui.param_fields import MIXED, MIXED_TEXT, ParamField, TextField, guessed_spec, to_text
from sketch.state.document import Document

CONSTANT = "constant"
"""The type of a parameter that is a small constant input: {dtype, shape, data}."""
FLAGS = (("no", 0), ("yes", 1))
FEW_TYPES = 2
"""An input that takes as few element types holds sizes, places or the like, which are mostly constants."""


class AttributeChoice(ParamField):
    """One of a few values; choosing the default leaves it out of the file."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(spec, parent)
        self.box = QComboBox(self)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(4)
        if spec.default is None and not spec.needed:
            self.box.addItem("not given", None)
        for label, value in choices_of(spec):
            self.box.addItem(f"{label} (default)" if value == spec.default else label, value)
        self.add_editor(self.box)
        self.box.activated.connect(self._on_chosen)

    def show_value(self, value: Any) -> None:
        """Select it (None: the default); blank when it is none of the choices."""
        shown = self.spec.default if value is None else value
        self.box.setPlaceholderText(MIXED_TEXT if value is MIXED else "")
        self.box.setCurrentIndex(-1 if value is MIXED else self.box.findData(shown))

    def _on_chosen(self) -> None:
        value = self.box.currentData()
        if value is None or value == self.spec.default:
            self.cleared.emit()
        else:
            self.edited.emit(value)
        self.finished.emit()


class AttributeText(TextField):
    """A number, a list or a text; the default stands greyed in the empty field, emptying it brings it back."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(spec, parent)
        default = spec.default
        self.line.setPlaceholderText("not given" if default is None else f"{to_text(default)} (default)")

    def read_nothing(self) -> bool:
        """An emptied field takes the attribute away."""
        self._shown = ""
        self.cleared.emit()
        self.finished.emit()
        return True


class ConstantField(TextField):
    """The numbers of a constant input, in order."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(spec, parent)
        self._record: Mapping[str, Any] = spec.default
        self.line.setPlaceholderText(
            "open; a number" if spec.default["shape"] == () else "open; numbers such as 1, 2"
        )

    def show_value(self, value: Any) -> None:
        """Show the numbers; the type is in the tip."""
        self._record = value if isinstance(value, dict) else self.spec.default
        super().show_value(tuple(value["data"]) if isinstance(value, dict) else value)

    def read(self, text: str) -> Any:
        """The constant with these numbers; ValueError when they do not fit its shape."""
        dtype, shape = self._record["dtype"], tuple(self._record["shape"])
        parts = [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]
        try:
            data = tuple(_number(part, dtype) for part in parts)
        except ValueError:
            raise ValueError(f"{text!r} are no {dtype} numbers such as 1, 2, 3.") from None
        if len(shape) == 1:
            shape = (len(data),)
        total = 1
        for size in shape:
            total *= size
        if total != len(data):
            raise ValueError(f"A constant of shape {shape_text(shape)} has {total} numbers, not {len(data)}.")
        return FrozenDict(dtype=dtype, shape=shape, data=data)

    def read_nothing(self) -> bool:
        """An emptied field leaves the input open; `[]` is a list without numbers."""
        self._shown = ""
        self.cleared.emit()
        self.finished.emit()
        return True


class RecordField(ParamField):
    """What is no plain value: its kind, not to be changed here."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None):
        super().__init__(spec, parent)
        self.label = QLabel(self)
        self.label.setProperty("role", "muted")
        self.row.addWidget(self.label, 1)

    def show_value(self, value: Any) -> None:
        """Say what is stored."""
        with QSignalBlocker(self.label):
            self.label.setText(record_text(value))


def record_text(value: Any) -> str:
    """`graph, stored`; `tensor int64 3, stored`."""
    if not isinstance(value, dict):
        return MIXED_TEXT if value is MIXED else "not given"
    kind = [str(value.get("kind", "value")), str(value.get("dtype", ""))]
    if "shape" in value:
        kind.append(shape_text(tuple(value["shape"])))
    return f"{' '.join(filter(None, kind))}, stored"


def choices_of(spec: ParamSpec) -> list[tuple[str, Any]]:
    """(text, value) of what an attribute can be."""
    if spec.type == "flag":
        return list(FLAGS)
    if spec.type == "element":
        return list(ELEMENT_TYPES.items())
    return [(str(choice), choice) for choice in spec.choices]


def attribute_field(spec: ParamSpec, parent: QWidget | None = None) -> ParamField:
    """The editor for an attribute or a constant input of an operator."""
    if spec.type == CONSTANT:
        return ConstantField(spec, parent)
    if spec.type in ("record", "value"):
        return RecordField(spec, parent)
    return AttributeChoice(spec, parent) if choices_of(spec) else AttributeText(spec, parent)


def operator_params(document: Document, node_id: int) -> dict[str, ParamSpec]:
    """What the form of an operator shows: constant inputs, attributes of the standard, then others of the file."""
    node = document.tables.nodes[node_id]
    spec = document.library[node.layer]
    found = {f"{INPUT}{place}": item for place, item in sorted(_constants(document, node_id, spec).items())}
    found.update(spec.params)
    for name, value in node.params.items():
        if name not in found and not name.startswith("$"):
            fixed = isinstance(value, dict) or is_torch(node.layer)
            found[name] = ParamSpec(name, "record") if fixed else guessed_spec(name, value)
    return found


def _constants(document: Document, node_id: int, spec: LayerSpec) -> dict[int, ParamSpec]:
    """Inputs that are a small constant, and open ones where an operator usually has one."""
    node, resolved = document.tables.nodes[node_id], document.inference.of(node_id)
    given = constant_places(node.params)
    taken = {edge.into for edge in node.prior} | constant_places({}, document.tables.weights_of(node_id))
    places = set(given)
    if spec.is_standard:
        places |= {
            place for place, port in enumerate(spec.inputs)
            if place not in taken and not port.variadic and (len(port.dtypes) <= FEW_TYPES or _is_scalar(port))
        }  # fmt: skip
    return {
        place: ParamSpec(
            f"{INPUT}{place}", CONSTANT, default=_empty(spec, place, resolved), doc=spec.input_port(place).doc
        )
        for place in places
    }


def _is_scalar(port: PortSpec) -> bool:
    return "scalar" in port.doc.lower()


def _empty(spec: LayerSpec, place: int, resolved: Resolved) -> FrozenDict:
    """A constant without numbers, of the type that an input takes here."""
    port = spec.input_port(place)
    kinds = zip(spec.inputs, resolved.inputs, strict=False)
    bound = [kind.dtype for item, kind in kinds if kind is not None and port.same and item.same == port.same]
    usual = next((dtype for dtype in ("int64", "float32") if dtype in port.dtypes), "int64")
    return FrozenDict(dtype=bound[0] if bound else usual, shape=() if _is_scalar(port) else (0,), data=())


def _number(text: str, dtype: str) -> bool | int | float:
    if dtype == "bool":
        if text.lower() not in ("true", "false", "0", "1", "yes", "no"):
            raise ValueError(text)
        return text.lower() in ("true", "1", "yes")
    return int(text) if dtype.startswith(("int", "uint")) else float(text)
