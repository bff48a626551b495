"""The node editor (area G): name, parameters, types, weights and problems of the selected layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from sketch.graph.freezing import frozen_nodes
from sketch.gui.desk import Desk
from sketch.gui.field_edits import FieldEdits
from sketch.gui.slices import Slices
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.graph.rows import Node
    from sketch.graph.specs import ParamSpec
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
        self._wanted: list[int] = []
        self._signature: object = None
        self._edits = FieldEdits(desk, lambda: self._ids, self._complain)
        self._rows: dict[str, ParamRow] = {}
        self._slices = Slices(self)
        self._slices.went_on.connect(self._show_values)
        self._name: QLineEdit | None = None
        self._header: NodeHeader | None = None
        self._facts: NodeFacts | None = None
        self.sections: list[Callable[[int], QWidget]] = []
        """What others show below the facts of a single node, made anew for each."""
        self.setAccessibleName("Node editor")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        desk.selection_changed.connect(self._want)
        desk.updated.connect(self._on_update)
        desk.followed.connect(self._on_update)
        self._want([])

    @property
    def rows(self) -> dict[str, ParamRow]:
        """The fields by parameter, all of them: those that would come in a moment are built now."""
        self._slices.finish()
        return self._rows

    @property
    def name(self) -> QLineEdit | None:
        """The field of the name, for a single node."""
        self._slices.finish()
        return self._name

    def set_theme(self, theme: Theme) -> None:
        """Draw the marks in the colours of a theme."""
        self._theme = theme
        self._signature = None
        self._want(self._wanted)

    def first_field(self) -> QWidget | None:
        """The first field that takes keys: of the parameters, else the name."""
        rows = (row.field for row in self.rows.values() if row.field.isVisible() and row.field.isEnabled())
        return next(rows, self.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the canvas."""
        if event.key() == Qt.Key.Key_Escape and self._desk.view is not None:
            self._desk.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            super().keyPressEvent(event)

    def _want(self, ids: Sequence[int]) -> None:
        self._wanted = list(ids)
        self.refresh()

    def _turn(self) -> None:
        document = self._desk.document
        nodes = document.tables.nodes if document else {}
        self._ids = [node_id for node_id in self._wanted if node_id in nodes]
        signature = self._form()
        if signature != self._signature:
            self._signature = signature
            self._rebuild()
        else:
            self._slices.last(self._show_facts)

    def _form(self) -> object:
        """What the form on the page depends on."""
        document = self._desk.document
        kinds = tuple(_kind(document, document.tables.nodes[n]) for n in self._ids) if document else ()
        return id(document), tuple(self._ids), kinds

    def _on_update(self, update: Update) -> None:
        document = self._desk.document
        if document is None:
            return
        touched = {change.key for change in update.delta if change.table == "nodes"} | update.inferred.changed
        touched |= {change.key[0] for change in update.delta if change.table == "weights"}
        touched |= frozen_nodes({change.key: () for change in update.delta if change.table == "meta"}).keys()
        gone = any(node_id not in document.tables.nodes for node_id in self._ids)
        if not gone and touched.isdisjoint(self._ids):
            return
        if not gone and self._form() == self._signature:
            self._show_values()  # now: the next key may be for another of the boxes
        self.refresh()

    def _rebuild(self) -> None:
        page = QWidget()
        page.setProperty("role", "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole, column = QVBoxLayout(page), QVBoxLayout()
        whole.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        whole.addLayout(column)
        whole.addStretch(1)  # from the beginning: rows that come later do not push others about
        self._rows, self._name, self._header, self._facts = {}, None, None, None
        steps: list[Callable[[], object]] = []
        document = self._desk.document
        if document is None or not self._ids:
            column.addWidget(
                _hint("Select a layer to see and change its parameters." if document else "Nothing is open.")
            )
        else:
            steps = self._build_form(document, column)
        self.setWidget(page)
        self._slices.replace([*steps, lambda: _chain(self, page)])

    def _build_form(self, document: Document, column: QVBoxLayout) -> list[Callable[[], object]]:
        """Build the head of the form; what is left to do for the rest of it."""
        from sketch.gui.node_facts import NodeHeader  # not needed before a network is open
        from sketch.gui.param_form import ParamRow, is_live, shared_params

        specs = [document.library[document.tables.nodes[node_id].layer] for node_id in self._ids]
        self._header = NodeHeader(specs, self._theme)
        column.addWidget(self._header)
        if len(self._ids) == 1:
            self._name = self._header.name
            self._name.editingFinished.connect(self._rename)
        operator = (
            specs[0] if specs[0].is_standard or (specs[0].is_operator and not specs[0].params) else None
        )
        live, shared = is_live(specs[0]), shared_params(document, self._ids)

        def add_row(name: str, spec: ParamSpec) -> None:
            row = ParamRow(spec, self._theme, live=live, operator=operator)
            row.edited.connect(self._edits.set)
            row.reset.connect(self._edits.reset)
            row.finished.connect(self._edits.end_gesture)
            self._rows[name] = row
            column.addWidget(row)

        steps: list[Callable[[], object]] = [partial(add_row, name, spec) for name, spec in shared.items()]
        if not shared and not specs[0].group:
            column.addWidget(
                _hint("No parameters." if len(specs) == 1 else "These layers share no parameter.")
            )
        if len(self._ids) == 1:
            steps.append(partial(self._add_facts, column))
            steps += [partial(self._add_section, column, make) for make in self.sections]
        return steps

    def _add_facts(self, column: QVBoxLayout) -> None:
        from sketch.gui.node_facts import NodeFacts

        self._facts = NodeFacts()
        column.addWidget(self._facts)
        self._show_facts()

    def _add_section(self, column: QVBoxLayout, make: Callable[[int], QWidget]) -> None:
        column.addWidget(make(self._ids[0]))

    def refresh(self) -> None:
        """Show what is selected as it is now, after the canvas has been painted."""
        self._slices.first(self._turn)

    def _show_values(self) -> None:
        document = self._desk.document
        if document is None or not self._ids:
            return
        from sketch.gui.param_form import is_pinned, shown_value, without_effect

        complaints = _complaints(document, self._ids)
        for name, row in self._rows.items():
            row.show_value(
                shown_value(document, self._ids, name), pinned=is_pinned(document, self._ids, name)
            )
            row.describe(len(self._ids))
            row.show_use(without_effect(document, self._ids, name))
            row.complain(complaints.get(name, ""))
        if self._name is not None and not self._name.hasFocus():
            self._name.setText(document.tables.nodes[self._ids[0]].name)

    def _show_facts(self) -> None:
        document, view = self._desk.document, self._desk.view
        if self._facts is not None and document is not None and self._ids:
            self._facts.show_node(document, self._ids[0], view.canvas.refusals if view else ())

    def _complain(self, name: str, text: str) -> None:
        if name in self.rows:
            self.rows[name].complain(text)

    def _rename(self) -> None:
        document = self._desk.document
        if document is None or self._name is None or not self._ids:
            return
        text, nodes = self._name.text().strip(), document.tables.nodes
        if text != nodes[self._ids[0]].name:
            self._edits.rename(text)
            self._name.setText(nodes[self._ids[0]].name)


def _chain(editor: QWidget, page: QWidget) -> None:
    """Let Tab lead from the editor through the fields of a new form, in their order."""
    before = editor
    for widget in page.findChildren(QWidget):
        if widget.window() is not editor.window() or widget.focusProxy() is not None:
            continue  # the list of a combo box is a window; what has a proxy stands behind it
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            QWidget.setTabOrder(before, widget)
            before = widget


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
