"""What the node editor shows besides the fields: what the layer is, types on its ports, weights, problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from sketch.graph.problems import Problem
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.specs import LayerSpec
from sketch.gui.canvas.look import group_facts, problems_at
from sketch.gui.icons import dot_icon
from sketch.gui.theme import Theme
from sketch.state.document import Document

Line = tuple[str, str, str]
WIDEST = (110, 0, 90)
"""Widest text of each column of a table, px, so that a long name cannot push the fields out of a narrow panel."""


class NodeHeader(QWidget):
    """Type of the layer with its colour, what it does, and its name to change."""

    def __init__(self, specs: Sequence[LayerSpec], theme: Theme):
        super().__init__()
        spec = specs[0]
        same = all(other.name == spec.name for other in specs)
        mark = QLabel()
        mark.setPixmap(dot_icon(theme.category(spec.category).name(), square=True).pixmap(12, 12))
        title = QLabel(_title(specs, same))
        title.setProperty("role", "subheading")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(mark)
        top.addWidget(title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(6)
        column.addLayout(top)
        if same and spec.doc:
            column.addWidget(_wrapped(spec.doc, "muted"))
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("Name")
        self.name.setToolTip("The name: an attribute of the module, a key of its weights")
        column.addWidget(self.name)
        self.name.setVisible(len(specs) == 1)


class NodeFacts(QWidget):
    """Types on the ports, weights and problems of one node."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(4)
        self._shown: object = None

    def show_node(self, document: Document, node_id: int, refusals: Sequence[Problem] = ()) -> None:
        """Show the present facts; nothing is rebuilt when they are the same as before."""
        ports = list(_ports(document, node_id))
        weights = list(_weights(document, node_id))
        problems = problems_at(document.tables, document.inference, node_id, refusals)
        inside = group_facts(document.tables, document.inference, node_id) if not ports else []
        if (ports, weights, problems, inside) == self._shown:
            return
        self._shown = (ports, weights, problems, inside)
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if ports:
            self._add("Inputs and outputs", _table(ports))
        if inside:
            self._add("Inside", _table(inside))
        if weights:
            self._add(_weights_title(document, node_id), _table(weights))
        if problems:
            self._add("Problems", _problem_list(problems))

    def _add(self, title: str, body: QWidget) -> None:
        head = QLabel(title)
        head.setProperty("role", "section")
        self._column.addWidget(head)
        self._column.addWidget(body)


def _title(specs: Sequence[LayerSpec], same: bool) -> str:
    if len(specs) == 1:
        return specs[0].title
    return f"{len(specs)} × {specs[0].title}" if same else f"{len(specs)} layers"


def _ports(document: Document, node_id: int) -> Iterator[Line]:
    node, resolved = document.tables.nodes[node_id], document.inference.of(node_id)
    spec = document.library[node.layer]
    wires = {edge.into: edge for edge in node.prior}
    for index, value in enumerate(resolved.inputs):
        edge = wires.get(index)
        source = document.tables.nodes[edge.source].name if edge else ""
        port = spec.input_port(index)
        yield (_port_name(port.name, index, port.variadic), type_text(value) if edge else "open", source)
    for index, value in enumerate(resolved.outputs):
        port = spec.output_port(index)
        yield (_port_name(port.name, index, port.variadic), type_text(value), "out")


def _port_name(name: str, index: int, variadic: bool) -> str:
    return f"{name}{index + 1}" if variadic else name


def type_text(value: ValueType | None) -> str:
    """`N×64×56×56 float32`, or `not known yet`."""
    return "not known yet" if value is None else f"{shape_text(value.shape)}  {value.dtype}"


def _weights(document: Document, node_id: int) -> Iterator[Line]:
    resolved, stored = document.inference.of(node_id), document.tables.weights_of(node_id)
    for role, kind in resolved.weights.items():
        if kind is None:
            yield (role.partition("{")[0], "size not known yet", "")
            continue
        tensor = document.tables.tensors.get(stored.get(role, -1))
        state = "new" if tensor is None else "stored" if tensor.shape == kind.shape else "outgrown"
        yield (
            role,
            f"{shape_text(kind.shape)}  {kind.dtype}",
            state if kind.trainable else f"{state}, fixed",
        )


def _weights_title(document: Document, node_id: int) -> str:
    count = document.inference.of(node_id).parameters
    return "Weights" if count is None else f"Weights ({count:,} parameters)"


def _table(lines: Sequence[Line]) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(3)
    for row, (name, middle, last) in enumerate(lines):
        for column, text in enumerate((name, middle, last)):
            short = label_text(box, text, WIDEST[column])
            label = QLabel(escape(short))
            label.setToolTip(text if short != text else "")
            label.setWordWrap(column == 1)
            label.setProperty("role", "muted" if column != 1 else "fact")
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
    grid.setColumnStretch(1, 1)
    return box


def label_text(near: QWidget, text: str, width: int) -> str:
    """A text, its middle left out where it is wider than `width` px (0: as it is)."""
    return near.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width) if width else text


def _problem_list(problems: Sequence[Problem]) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    for problem in problems:
        column.addWidget(_wrapped(str(problem), "error" if problem.severity == "error" else "warning"))
    return box


def _wrapped(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
