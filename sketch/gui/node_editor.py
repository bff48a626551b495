"""The node editor (area G): name, parameters, types, weights and problems of the selected layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from sketch.graph.errors import GraphError
from sketch.graph.freezing import frozen_nodes
from sketch.gui.desk import Desk
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.graph.rows import Node
    from sketch.gui.node_facts import NodeFacts, NodeHeader
    from sketch.gui.param_form import ParamRow
    from sketch.state.document import Document, Update


class NodeEditor(QScrollArea):
    """A form made from the layer file of what is selected; every change is one command."""

    def __init__(self, desk: Desk, theme: Theme):
        super().__init__()
        self._desk = desk
        self._theme = theme
        self._ids: list[int] = []
        self._signature: object = None
        self._gesture = 0
        self.rows: dict[str, ParamRow] = {}
        self.name: QLineEdit | None = None
        self._header: NodeHeader | None = None
        self._facts: NodeFacts | None = None
        self.sections: list[Callable[[int], QWidget]] = []
        """What others show below the facts of a single node, made anew for each."""
        self.setAccessibleName("Node editor")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        desk.selection_changed.connect(self._on_selection)
        desk.updated.connect(self._on_update)
        self._on_selection([])

    def set_theme(self, theme: Theme) -> None:
        """Draw the marks in the colours of a theme."""
        self._theme = theme
        self._signature = None
        self._on_selection(self._ids)

    def _on_selection(self, ids: Sequence[int]) -> None:
        document = self._desk.document
        nodes = document.tables.nodes if document else {}
        self._ids = [node_id for node_id in ids if node_id in nodes]
        kinds = tuple(_kind(document, nodes[n]) for n in self._ids) if document else ()
        signature = (id(document), tuple(self._ids), kinds)
        if signature != self._signature:
            self._signature = signature
            self._rebuild()
        self.refresh()

    def _on_update(self, update: Update) -> None:
        document = self._desk.document
        if document is None:
            return
        touched = {change.key for change in update.delta if change.table == "nodes"} | update.inferred.changed
        touched |= {change.key[0] for change in update.delta if change.table == "weights"}
        touched |= frozen_nodes({change.key: () for change in update.delta if change.table == "meta"}).keys()
        if any(node_id not in document.tables.nodes for node_id in self._ids) or not touched.isdisjoint(
            self._ids
        ):
            self._on_selection(self._ids)

    def _rebuild(self) -> None:
        page = QWidget()
        page.setProperty("role", "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.rows, self.name, self._header, self._facts = {}, None, None, None
        document = self._desk.document
        if document is None or not self._ids:
            column.addWidget(
                _hint("Select a layer to see and change its parameters." if document else "Nothing is open.")
            )
        else:
            self._build_form(document, column)
        column.addStretch(1)
        self.setWidget(page)

    def _build_form(self, document: Document, column: QVBoxLayout) -> None:
        from sketch.gui.node_facts import NodeFacts, NodeHeader  # not needed before a network is open
        from sketch.gui.param_form import ParamRow, is_live, shared_params

        specs = [document.library[document.tables.nodes[node_id].layer] for node_id in self._ids]
        self._header = NodeHeader(specs, self._theme)
        column.addWidget(self._header)
        if len(self._ids) == 1:
            self.name = self._header.name
            self.name.editingFinished.connect(self._rename)
        operator = (
            specs[0] if specs[0].is_standard or (specs[0].is_operator and not specs[0].params) else None
        )
        for name, spec in shared_params(document, self._ids).items():
            row = ParamRow(spec, self._theme, live=is_live(specs[0]), operator=operator)
            row.edited.connect(self._set)
            row.reset.connect(self._reset)
            row.finished.connect(self._end_gesture)
            self.rows[name] = row
            column.addWidget(row)
        if not self.rows and not specs[0].group:
            column.addWidget(
                _hint("No parameters." if len(specs) == 1 else "These layers share no parameter.")
            )
        if len(self._ids) == 1:
            self._facts = NodeFacts()
            column.addWidget(self._facts)
            for make in self.sections:
                column.addWidget(make(self._ids[0]))

    def refresh(self) -> None:
        """Show what is selected as it is now."""
        document = self._desk.document
        if document is None or not self._ids:
            return
        from sketch.gui.param_form import is_pinned, shown_value, without_effect

        complaints = _complaints(document, self._ids)
        for name, row in self.rows.items():
            row.show_value(
                shown_value(document, self._ids, name), pinned=is_pinned(document, self._ids, name)
            )
            row.show_use(without_effect(document, self._ids, name))
            row.complain(complaints.get(name, ""))
        if self.name is not None and not self.name.hasFocus():
            self.name.setText(document.tables.nodes[self._ids[0]].name)
        if self._facts is not None:
            view = self._desk.view
            self._facts.show_node(document, self._ids[0], view.canvas.refusals if view else ())

    def _set(self, name: str, value: Any) -> None:
        from sketch.state import commands

        gesture = ("field", id(self.rows.get(name)), self._gesture)
        self._try(
            name, lambda document: commands.set_param(document, self._ids, name, value, gesture=gesture)
        )

    def _reset(self, name: str) -> None:
        from sketch.state import commands

        self._try(name, lambda document: commands.reset_param(document, self._ids, name))

    def _rename(self) -> None:
        from sketch.state import commands

        document = self._desk.document
        if document is None or self.name is None or not self._ids:
            return
        text = self.name.text().strip()
        if text != document.tables.nodes[self._ids[0]].name:
            self._try("", lambda doc: commands.rename(doc, self._ids[0], text))
            self.name.setText(document.tables.nodes[self._ids[0]].name)

    def _try(self, name: str, change: Any) -> None:
        document = self._desk.document
        if document is None:
            return
        try:
            change(document)
        except GraphError as error:
            if name in self.rows:
                self.rows[name].complain(str(error))
            self._desk.say(str(error))

    def _end_gesture(self) -> None:
        self._gesture += 1


def _complaints(document: Document, ids: Sequence[int]) -> dict[str, str]:
    """Parameter -> what inference says is wrong with it."""
    found: dict[str, str] = {}
    for node_id in ids:
        for problem in document.inference.problems_of(node_id):
            if problem.param:
                found.setdefault(problem.param, str(problem))
    return found


def _kind(document: Document, node: Node) -> tuple[str, ...]:
    """What the form depends on: the layer, and of an operator what its form has for this node alone."""
    if ":" not in node.layer:
        return (node.layer,)
    from sketch.gui.operator_fields import operator_params

    return (node.layer, *operator_params(document, node.id))


def _hint(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
