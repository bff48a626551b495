"""One page of the node editor: the form of a selection, built in steps, shown again for another layer of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLineEdit, QWidget

from sketch.graph.specs import LayerSpec, ParamSpec
from sketch.gui.form_page import MakeSection, Section, hint, lead_tab, page_column
from sketch.gui.node_facts import NodeFacts, NodeHeader
from sketch.gui.param_form import ParamRow, Values, is_live, shared_params
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.graph.problems import Problem
    from sketch.gui.field_edits import FieldEdits
    from sketch.state.document import Document


class Kind(NamedTuple):
    """What a form is made of: equal ones look the same."""

    spec: LayerSpec
    """Of the first of the layers."""
    params: dict[str, ParamSpec]
    number: int
    same: bool
    """True when all are of one type."""

    @classmethod
    def of(cls, document: Document, ids: Sequence[int]) -> Kind:
        """The kind for some nodes, at least one."""
        nodes = document.tables.nodes
        layers = {nodes[node_id].layer for node_id in ids}
        spec = document.library[nodes[ids[0]].layer]
        return cls(spec, shared_params(document, ids), len(ids), len(layers) == 1)


class NodeForm(QWidget):
    """Head, a row for each parameter, facts, and what others show below; the last two of a single layer only.

    Args:
        edits: takes what is changed in the fields.
        refusals: what the kernel in use says of the nodes that it cannot express.
    """

    def __init__(
        self,
        parent: QWidget,
        kind: Kind,
        theme: Theme,
        edits: FieldEdits,
        refusals: Callable[[], Sequence[Problem]],
    ):
        super().__init__(parent)
        self.kind = kind
        self.rows: dict[str, ParamRow] = {}
        self.sections: list[Section] = []
        self._theme, self._edits, self._refusals = theme, edits, refusals
        self._facts: NodeFacts | None = None
        self._ids: Sequence[int] = ()
        self._column = page_column(self)
        self._header = NodeHeader(self, kind.spec, kind.number, theme, same=kind.same)
        self._column.addWidget(self._header)
        self.name: QLineEdit | None = self._header.name
        if not kind.params and not kind.spec.group:
            text = "No parameters." if kind.number == 1 else "These layers share no parameter."
            self._column.addWidget(hint(text, self))

    @property
    def can_stay(self) -> bool:
        """True when it may be shown again for another layer."""
        return self.kind.number == 1

    def show_nodes(self, document: Document, ids: Sequence[int]) -> None:
        """Be about these nodes: what is there shows them now, the rest comes with `build`."""
        self._ids = ids
        self.show_values(document)
        if self._facts is not None and self.kind.spec.group:
            self._facts.hide()  # it takes a look at all that the group holds: with `build`
        elif self._facts is not None:
            self._facts.show_node(document, ids[0], self._refusals())

    def build(self, document: Document, makers: Sequence[MakeSection]) -> Iterator[None]:
        """Build what is missing, a part of a frame a step; `makers` are for what others show."""
        for name in self.kind.params:
            if name not in self.rows:
                self.rows[name] = self._row(document, name)
                yield
            if self._column.indexOf(self.rows[name]) < 0:  # made by steps that were left off, or just now
                self._column.addWidget(self.rows[name])
                self.rows[name].show()
                yield
        if self.kind.number > 1:
            return
        if self._facts is None:
            self._facts = NodeFacts(self)
            self._column.addWidget(self._facts)
            yield
            yield from self.facts(document)
            yield
        elif self._facts.isHidden():
            yield from self.facts(document)
            self._facts.show()
            yield
        for make in makers:
            section = make(self._ids[0])
            if section is not None:
                self.sections.append(section)
                self._column.addWidget(section)
                yield
                yield from section.build()

    def leave(self) -> None:
        """Give up the keys and what is about one node alone; what was typed without Enter is dropped."""
        inner = self.window().focusWidget()
        if inner is not None and self.isAncestorOf(inner):
            with QSignalBlocker(inner):
                inner.clearFocus()
        for section in self.sections:
            section.hide()
            section.deleteLater()
        self.sections = []

    def show_values(self, document: Document) -> None:
        """Show the present values in the rows that are there, and the name unless it is being edited."""
        if self.rows:
            values = Values(document, self._ids)
            for row in self.rows.values():
                values.show_in(row)
        if self.name is not None and not self.name.hasFocus():
            self.name.setText(document.tables.nodes[self._ids[0]].name)

    def facts(self, document: Document) -> Iterator[None]:
        """Show the present facts, where there is a place for them, a part of a frame a step."""
        if self._facts is not None:
            yield from self._facts.build(document, self._ids[0], self._refusals())

    def chain(self, before: QWidget) -> None:
        """Let Tab lead from another widget through the fields, in their order."""
        lead_tab(before, self)

    def _row(self, document: Document, name: str) -> ParamRow:
        """A row that is not shown yet."""
        spec = self.kind.spec
        is_bare = spec.is_standard or (spec.is_operator and not spec.params)
        row = ParamRow(
            self.kind.params[name],
            self._theme,
            live=is_live(spec),
            operator=spec if is_bare else None,
            parent=self,
        )
        row.hide()
        row.edited.connect(self._edits.set)
        row.reset.connect(self._edits.reset)
        row.finished.connect(self._edits.end_gesture)
        Values(document, self._ids).show_in(row)
        return row
