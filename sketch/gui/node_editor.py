"""The node editor (area G): name, parameters, types, weights and problems of the selected layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from sketch.graph.freezing import frozen_nodes
from sketch.gui.desk import Desk
from sketch.gui.field_edits import FieldEdits
from sketch.gui.form_page import MakeSection, Section, hint, page_column
from sketch.gui.slices import Slices
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.graph.problems import Problem
    from sketch.gui.node_form import Kind, NodeForm
    from sketch.gui.param_form import ParamRow
    from sketch.state.document import Document, Update

MOST_KEPT = 6
"""Forms of so many types of layers are kept, so that the next of the same type is shown at once."""


class NodeEditor(QScrollArea):
    """A form made from the layer file of what is selected; every change is one command."""

    def __init__(self, desk: Desk, theme: Theme):
        super().__init__()
        self._desk = desk
        self._theme = theme
        self._ids: list[int] = []
        self._chosen: frozenset[int] = frozenset()
        self._wanted: list[int] = []
        self._signature: object = None
        self._edits = FieldEdits(desk, lambda: self._ids, self._complain)
        self._kept: dict[str, NodeForm] = {}
        self._about: Document | None = None
        self._page: QWidget | None = None
        self._form: NodeForm | None = None
        self._rest: Iterator[None] = iter(())
        self._facts: Iterator[None] = iter(())
        self._slices = Slices(self)
        self.sections: list[MakeSection] = []
        """What others show below the facts of a single node, made anew for each."""
        self.setAccessibleName("Node editor")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pages = QWidget(self.viewport())
        self._column = QVBoxLayout(self._pages)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._pages)
        desk.selection_changed.connect(self._want)
        desk.updated.connect(self._on_update)
        desk.followed.connect(self._on_update)
        self._want([])

    @property
    def rows(self) -> dict[str, ParamRow]:
        """The fields by parameter, all of them: those that would come in a moment are built now."""
        self._slices.finish()
        return self._form.rows if self._form else {}

    @property
    def name(self) -> QLineEdit | None:
        """The field of the name, for a single node."""
        self._slices.finish()
        return self._form.name if self._form else None

    @property
    def shown_sections(self) -> Sequence[Section]:
        """What others show of the single node, all of it."""
        self._slices.finish()
        return self._form.sections if self._form else ()

    def set_theme(self, theme: Theme) -> None:
        """Draw the marks in the colours of a theme."""
        self._theme = theme
        self._signature = None
        self.forget()
        self._want(self._wanted)

    def forget(self) -> None:
        """Let go of the forms that are not shown."""
        for form in self._kept.values():
            if form is not self._form:
                form.deleteLater()
        self._kept = {}

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

    def refresh(self) -> None:
        """Show what is selected as it is now, after the canvas has been painted."""
        self._slices.first(self._turn)

    def _turn(self) -> None:
        document = self._desk.document
        if document is not self._about:
            self._about = document
            self.forget()
        nodes = document.tables.nodes if document else {}
        ids = [node_id for node_id in self._wanted if node_id in nodes]
        signature = _signature(document, ids)
        if signature != self._signature:
            if self._form is not None:
                self._form.leave()
            self._signature, self._ids, self._chosen = signature, ids, frozenset(ids)
            self._show_page()
        else:
            self._slices.last(self._show_facts)

    def _on_update(self, update: Update) -> None:
        document = self._desk.document
        if document is None or not self._ids:
            return
        gone = not self._chosen <= document.tables.nodes.keys()
        if not gone and _is_apart(update, self._chosen):
            return
        if not gone and _signature(document, self._ids) == self._signature:
            self._show_values()  # now: the next key may be for another of the boxes
        self.refresh()

    def _show_page(self) -> None:
        """Show the form for what is selected; what takes longer than a part of a frame comes in steps."""
        document, before = self._desk.document, self._page
        self._form, self._rest = None, iter(())
        if document is None or not self._ids:
            self._page = QWidget(self._pages)
            self._column.addWidget(self._page)
            text = "Select a layer to see and change its parameters." if document else "Nothing is open."
            page_column(self._page).addWidget(hint(text, self._page))
        else:
            self._page = self._form = self._form_for(document)
            self._form.show_nodes(document, self._ids)
            self._rest = self._form.build(document, self.sections)
        if before is not self._page:
            self._exchange(before, self._page)
        self.verticalScrollBar().setValue(0)
        self._slices.replace([self._build])
        self._slices.end_share()

    def _form_for(self, document: Document) -> NodeForm:
        """The form that is kept for this type of layer, or a new one."""
        from sketch.gui.node_form import Kind, NodeForm  # not needed before a network is open

        kind = Kind.of(document, self._ids)
        kept = self._kept.pop(kind.spec.name, None) if kind.number == 1 else None
        if kept is not None and not _are_alike(kept.kind, kind):
            kept.deleteLater()
            kept = None
        form = kept or NodeForm(self._pages, kind, self._theme, self._edits, self._refusals)
        if kept is None:
            self._column.addWidget(form)
            if form.name is not None:
                form.name.editingFinished.connect(self._rename)
        if form.can_stay:
            self._kept[kind.spec.name] = form
        return form

    def _exchange(self, before: QWidget | None, page: QWidget) -> None:
        """Show another page; the one before stays where its form is kept."""
        if before is not None:
            before.hide()
            if before not in self._kept.values():
                before.deleteLater()
        page.show()
        if len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept))).deleteLater()

    def _build(self) -> None:
        """The next step of the form; at its end Tab leads through the fields."""
        if next(self._rest, self) is self:
            if self._form is not None:
                self._form.chain(self)
        else:
            self._slices.first(self._build)
            self._slices.end_share()

    def _show_values(self) -> None:
        if (document := self._desk.document) is not None and self._form is not None:
            self._form.show_values(document)

    def _show_facts(self) -> None:
        self._show_values()
        if (document := self._desk.document) is not None and self._form is not None:
            self._facts = self._form.facts(document)
            self._slices.first(self._show_more_facts)

    def _show_more_facts(self) -> None:
        if next(self._facts, self) is not self:
            self._slices.first(self._show_more_facts)
            self._slices.end_share()

    def _refusals(self) -> Sequence[Problem]:
        view = self._desk.view
        return view.canvas.refusals if view else ()

    def _complain(self, name: str, text: str) -> None:
        if name in self.rows:
            self.rows[name].complain(text)

    def _rename(self) -> None:
        document, name = self._desk.document, self._form.name if self._form else None
        if document is None or name is None or not self._ids:
            return
        text, nodes = name.text().strip(), document.tables.nodes
        if text != nodes[self._ids[0]].name:
            self._edits.rename(text)
            name.setText(nodes[self._ids[0]].name)


def _is_apart(update: Update, chosen: frozenset[int]) -> bool:
    """True when an update is about none of these nodes."""
    return (
        chosen.isdisjoint(update.of("nodes"))
        and chosen.isdisjoint(update.inferred.changed)
        and chosen.isdisjoint({key[0] for key in update.of("weights")})
        and chosen.isdisjoint(frozen_nodes(dict.fromkeys(update.of("meta"), ())))
    )


def _are_alike(one: Kind, other: Kind) -> bool:
    return one.spec is other.spec and one.params == other.params


def _signature(document: Document | None, ids: Sequence[int]) -> object:
    """What the form for some nodes depends on."""
    return id(document), tuple(ids), _kinds(document, ids) if document else ()


def _kinds(document: Document, ids: Sequence[int]) -> object:
    """What the form depends on: the layers, and of operators what their form has for these nodes alone."""
    nodes = document.tables.nodes
    layers = [nodes[node_id].layer for node_id in ids]
    kinds = frozenset(layers)
    if not any(":" in layer for layer in kinds):
        return layers[:1], kinds
    from sketch.gui.operator_fields import operator_params
    from sketch.gui.param_form import one_of_each

    operators = one_of_each(document, (n for n in ids if ":" in nodes[n].layer))
    return layers, [tuple(operator_params(document, n)) for n in operators]
