"""What the node editor shows besides the fields: what the layer is, types on its ports, weights, problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from sketch.graph.evaluate import Resolved
from sketch.graph.freezing import frozen_roles
from sketch.graph.operator_types import ROLE, constants
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
A_STEP = 3
"""So many lines of a table are made with one step."""
SHORT_DOC = 220
"""Texts up to this length are shown whole."""
PAGES = "https://onnx.ai/onnx/operators/onnx_"


class LongText(QWidget):
    """The first sentences of a text, and the rest on a click."""

    def __init__(self, text: str, parent: QWidget):
        super().__init__(parent)
        self._text = text
        self.label = _wrapped("", "muted", self)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more = QToolButton(self)
        self.more.setAutoRaise(True)
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.label)
        column.addWidget(self.more)
        self._show(False)

    def _show(self, whole: bool) -> None:
        self.label.setText(self._text if whole else first_sentences(self._text))
        self.more.setText("Less" if whole else "More …")


def first_sentences(text: str) -> str:
    """The sentences that fit into a short text, at least the beginning of the first."""
    line = text.partition("\n")[0]
    if len(line) <= SHORT_DOC:
        return line
    end = line.rfind(". ", 0, SHORT_DOC)
    return line[: end + 1] if end > 0 else f"{line[: line.rfind(' ', 0, SHORT_DOC)]} …"


def origin_text(spec: LayerSpec) -> str:
    """Who defines an operator, and where to read it."""
    if not spec.is_standard:
        return f"Domain {spec.domain}"
    kind = f"{spec.domain}, version {spec.since}"
    page = f"{spec.domain.replace('.', '')}_" if spec.domain != "ai.onnx" else "_"
    parts = [kind, "made of other operators" if spec.function else "", "random" if spec.random else ""]
    return f"{', '.join(filter(None, parts))}\n{PAGES}{page}{spec.title}.html"


class NodeHeader(QWidget):
    """Type of the layers with its colour, what it does, and the name of a single one to change.

    Args:
        same: True when all `count` layers are of this type.
    """

    def __init__(self, parent: QWidget, spec: LayerSpec, count: int, theme: Theme, *, same: bool):
        super().__init__(parent)
        mark, title = QLabel(self), QLabel(_title(spec, count, same), self)
        mark.setPixmap(dot_icon(theme.category(spec.category).name(), square=True).pixmap(12, 12))
        title.setProperty("role", "subheading")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(mark)
        top.addWidget(title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(6)
        column.addLayout(top)
        if same and spec.is_operator:
            column.addWidget(_wrapped(origin_text(spec), "muted", self))
        if same and spec.doc:
            is_long = len(spec.doc) > SHORT_DOC
            column.addWidget(LongText(spec.doc, self) if is_long else _wrapped(spec.doc, "muted", self))
        self.name = self._name_line() if count == 1 else None
        if self.name is not None:
            column.addWidget(self.name)

    def _name_line(self) -> QLineEdit:
        line = QLineEdit(self)
        line.setAccessibleName("Name")
        line.setPlaceholderText("Name")
        line.setToolTip("The name: an attribute of the module, a key of its weights")
        return line


class NodeFacts(QWidget):
    """Types on the ports, weights and problems of one node."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._about: tuple[Document, int]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        self._ports, self._inside, self._weights, self._problems = (_Section(self) for _ in range(4))
        for section in (self._ports, self._inside, self._weights, self._problems):
            column.addWidget(section)

    def show_node(self, document: Document, node_id: int, refusals: Sequence[Problem] = ()) -> None:
        """Show the present facts; what is the same as before is not built anew."""
        for _ in self.build(document, node_id, refusals):
            pass

    def build(self, document: Document, node_id: int, refusals: Sequence[Problem] = ()) -> Iterator[None]:
        """Show the facts, a few lines a step."""
        about = self._about = document, node_id
        for _ in self._steps(document, node_id, refusals):
            yield
            if self._about is not about:
                return  # all has been shown in between

    def _steps(self, document: Document, node_id: int, refusals: Sequence[Problem]) -> Iterator[None]:
        ports = list(_ports(document, node_id))
        inside = group_facts(document.tables, document.inference, node_id) if not ports else []
        if inside:
            yield  # it was counted over all that it holds
        yield from self._ports.show_facts("Inputs and outputs", ports, Table)
        yield from self._inside.show_facts("Inside", inside, Table)
        weights = list(_weights(document, node_id))
        yield from self._weights.show_facts(_weights_title(document, node_id), weights, self._weight_lines)
        if inside:
            yield
        problems = problems_at(document.tables, document.inference, node_id, refusals)
        yield from self._problems.show_facts("Problems", problems, _ProblemList)

    def _weight_lines(self, parent: QWidget) -> Body:
        from sketch.gui.weights_section import WeightLines

        return WeightLines(parent, lambda: self._about)


class Body(QWidget):
    """What a section shows."""

    def grow(self, lines: Sequence[Any]) -> Iterator[None]:
        """Make and show these in an empty body, as much a step as takes a part of a frame with all that Qt does."""
        raise TypeError(f"{type(self).__name__} shows nothing")

    def show_lines(self, lines: Sequence[Any]) -> bool:
        """Show these; False, and nothing is done, when it takes another body for them."""
        return False


class _Section(QWidget):
    """A title and what belongs to it; not there without."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._shown: tuple[str, Sequence[Any]] = ("", [])
        self._head = QLabel(self)
        self._head.setProperty("role", "section")
        self._column.addWidget(self._head)
        self._body: Body | None = None
        self.hide()

    def show_facts(self, title: str, facts: Sequence[Any], make: Callable[[QWidget], Body]) -> Iterator[None]:
        """Show facts in the body, which is made anew, in steps, where it cannot take them."""
        if (title, facts) == self._shown:
            return
        self._shown = ("", [])  # until all is there
        self._head.setText(title)
        self.setVisible(bool(facts))
        if facts and not (self._body is not None and self._body.show_lines(facts)):
            yield from self._anew(make(self), facts)
        self._shown = (title, facts)

    def _anew(self, body: Body, facts: Sequence[Any]) -> Iterator[None]:
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = body
        self._column.addWidget(body)
        yield from body.grow(facts)
        yield


def _title(spec: LayerSpec, count: int, same: bool) -> str:
    if count == 1:
        return spec.title
    return f"{count:,} × {spec.title}" if same else f"{count:,} layers"


def _ports(document: Document, node_id: int) -> Iterator[Line]:
    node, resolved = document.tables.nodes[node_id], document.inference.of(node_id)
    spec = document.library[node.layer]
    wires = {edge.into: edge for edge in node.prior}
    stored = document.tables.weights_of(node_id)
    rows = {role: document.tables.tensors[tensor] for role, tensor in stored.items()}
    fixed = constants(node, rows) if spec.is_operator else {}
    for index in range(max([len(resolved.inputs), *(place + 1 for place in fixed)])):
        edge = wires.get(index)
        port = spec.input_port(index)
        name = _port_name(port.name, index, port.variadic)
        if edge:
            yield (name, type_text(resolved.inputs[index]), document.tables.nodes[edge.source].name)
        elif index in fixed:
            yield (name, type_text(fixed[index][0]), "constant" if fixed[index][1] is not None else "stored")
        else:
            yield (name, "open, optional" if spec.is_standard and port.optional else "open", "")
    for index, value in enumerate(resolved.outputs):
        port = spec.output_port(index)
        yield (_port_name(port.name, index, port.variadic), _result_text(resolved, index, value), "out")


def _result_text(resolved: Resolved, index: int, value: ValueType | None) -> str:
    """The type of an output, and its elements when inference knows them."""
    known = resolved.value(index)
    if not known or len(known) > 8:
        return type_text(value)
    return f"{type_text(value)}\n= {', '.join('?' if item is None else str(item) for item in known)}"


def _port_name(name: str, index: int, variadic: bool) -> str:
    return f"{name}{index + 1}" if variadic else name


def type_text(value: ValueType | None) -> str:
    """`N×64×56×56 float32`, or `not known yet`."""
    if value is None:
        return "not known yet"
    return f"{shape_text(value.shape)}  {value.dtype}" if value.is_tensor else value.dtype


def _weights(document: Document, node_id: int) -> Iterator[Line]:
    resolved, stored = document.inference.of(node_id), document.tables.weights_of(node_id)
    spec = document.library[document.tables.nodes[node_id].layer]
    frozen = frozen_roles(document.tables.meta, node_id)
    for role, kind in resolved.weights.items():
        if spec.is_standard and role.startswith((ROLE, "@")):
            continue  # it stands among the inputs or the attributes
        if kind is None:
            yield (role.partition("{")[0], "size not known yet", "")
            continue
        tensor = document.tables.tensors.get(stored.get(role, -1))
        state = "new" if tensor is None else "stored" if tensor.shape == kind.shape else "outgrown"
        held = "frozen" if role in frozen else "" if kind.trainable else "fixed"
        yield (role, f"{shape_text(kind.shape)}  {kind.dtype}", f"{state}, {held}" if held else state)


def _weights_title(document: Document, node_id: int) -> str:
    count = document.inference.of(node_id).parameters
    return "Weights" if count is None else f"Weights ({count:,} parameters)"


class Table(Body):
    """Lines of three texts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._labels: list[list[QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)

    def show_lines(self, lines: Sequence[Line]) -> bool:
        """Show these; False when there were more or fewer."""
        if len(self._labels) != len(lines):
            return False
        for labels, texts in zip(self._labels, lines, strict=True):
            self._fill(labels, texts)
        return True

    def grow(self, lines: Sequence[Line]) -> Iterator[None]:
        """Make these, A_STEP of them a step."""
        for row, line in enumerate(lines):
            if row and row % A_STEP == 0:
                yield
            self._labels.append(self._row(row))
            self._fill(self._labels[row], line)

    def _fill(self, labels: Sequence[QLabel], texts: Line) -> None:
        for column, (label, text) in enumerate(zip(labels, texts, strict=True)):
            short = label_text(self, text, WIDEST[column])
            label.setText(escape(short))
            label.setToolTip(text if short != text else "")

    def _row(self, row: int) -> list[QLabel]:
        made = [QLabel(self) for _ in range(3)]
        for column, label in enumerate(made):
            label.setWordWrap(column == 1)
            label.setProperty("role", "muted" if column != 1 else "fact")
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
        return made


def label_text(near: QWidget, text: str, width: int) -> str:
    """A text, its middle left out where it is wider than `width` px (0: as it is)."""
    return near.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width) if width else text


class _ProblemList(Body):
    """A line a problem; the look of a line says how bad it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def grow(self, problems: Sequence[Problem]) -> Iterator[None]:
        """Make these, one a step."""
        for row, problem in enumerate(problems):
            if row:
                yield
            role = "error" if problem.severity == "error" else "warning"
            self._column.addWidget(_wrapped(str(problem), role, self))


def _wrapped(text: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
