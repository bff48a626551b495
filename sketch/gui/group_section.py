"""What the node editor shows of a group besides its name: link, cost and class, and its ports to order and name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from sketch.graph.colour_rules import Facts, node_flops
from sketch.graph.lifting import descendants
from sketch.graph.linking.rows import instances
from sketch.graph.linking.series import mark
from sketch.gui import asides, background
from sketch.gui.form_page import Section
from sketch.gui.group_ports import PortLists
from sketch.gui.slices import Slices
from sketch.state.commands.ports import PortRow, ports_of
from sketch.state.twin import Twin

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document, Update

SCALE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def attach(window: MainWindow) -> None:
    """Let the node editor show groups."""

    def section(node_id: int) -> GroupSection | None:
        document = window.desk.document
        is_group = document is not None and document.library[document.tables.nodes[node_id].layer].group
        return GroupSection(window, node_id) if is_group else None

    window.panels.editor.sections.append(section)


class GroupSection(Section):
    """The facts of a group, and `ports`, which are built in steps."""

    def __init__(self, window: MainWindow, node_id: int):
        super().__init__()
        self._window, self._node = window, node_id
        self.ports: PortLists | None = None
        self._flops, self._is_stale = "", False
        self._slices = Slices(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.facts, self.link = self._wrapped(), self._wrapped()
        self._buttons = QWidget(self)
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._unlink = self._button("Unlink", "group.unlink")
        row.addWidget(self._button("Repeat...", "group.repeat"))
        row.addWidget(self._unlink)
        row.addStretch(1)
        for widget in (self.facts, self.link, self._buttons):
            self._column.addWidget(widget)

    def build(self) -> Iterator[None]:
        """The lists of ports, one a step, and what they show."""
        view = self._window.desk.view
        if view is None:
            return
        ports = PortLists(self, view, self._node)
        self._column.addWidget(ports)
        yield from ports.build()
        yield
        self.ports = ports
        self._window.desk.updated.connect(self._on_update)
        self._window.mirror.changed.connect(self._on_source)
        self.refresh()

    def refresh(self) -> None:
        """Show the group as it is now; one of very many layers is read beside the window."""
        document = self._window.desk.document
        if document is None or self._node not in document.tables.nodes or self.ports is None:
            return
        self._is_stale = False
        self.link.setText(link_text(document, self._node))
        self.link.setVisible(bool(self.link.text()))
        self._unlink.setVisible(bool(self.link.text()))
        if not asides.are_many(document, [self._node]):
            self._show(_read(document, self._node))
            return
        twin, group, still = Twin(document), self._node, background.unchanged(document)
        background.run(
            self._window.jobs, "Read the group", lambda _task: _read(twin, group), self._show,
            still=lambda: isValid(self) and still(), failed=self._window.say,
        )  # fmt: skip

    def _show(self, found: _Read) -> None:
        self._flops = found.flops
        self._show_facts()
        if self.ports is not None:
            self.ports.fill(found.ports)

    def _show_facts(self) -> None:
        self.facts.setText(" · ".join(filter(None, (self._flops, self._class_name()))))

    def _on_update(self, update: Update) -> None:
        self._is_stale |= bool(update.of("nodes") or update.of("meta"))
        document = self._window.desk.document
        if self._is_stale and document is not None and not document.inference.is_behind:
            if asides.are_many(document, [self._node]):
                self._slices.replace([self.refresh])
            else:
                self.refresh()

    def _on_source(self) -> None:
        """The source was printed anew, for which all shapes are there."""
        if self._is_stale:
            self.refresh()
        else:
            self._show_facts()

    def _class_name(self) -> str:
        """`class Block`, as the source has it for this group; "" where it has none."""
        picture = self._window.mirror.picture
        spans = picture.lines.get(self._node, ())
        last = max((first for first, _ in spans), default=0)
        lines = picture.text.split("\n", last)[:last]  # a long text is not taken apart whole
        heads = (lines[first - 1] for first, _ in spans if 0 < first <= len(lines))
        found = next((line for line in heads if line.startswith("class ")), "")
        return found.partition("(")[0]

    def _button(self, title: str, action: str) -> QPushButton:
        button = QPushButton(title, self._buttons)
        button.setProperty("role", "link")
        button.clicked.connect(lambda: self._window.actions_.run(action))
        return button

    def _wrapped(self) -> QLabel:
        label = QLabel(self)
        label.setProperty("role", "muted")
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label


class _Read(NamedTuple):
    """What takes as long as the group is large."""

    flops: str
    ports: list[PortRow]


def _read(document: Document, group: int) -> _Read:
    return _Read(flops_text(document, group), ports_of(document, group))


def flops_text(document: Document, group: int) -> str:
    """`1.2 GFLOPs, named sizes as 1`; empty where nothing is known."""
    facts = Facts(document.tables, document.inference)
    costs = [node_flops(facts, n) for n in descendants(document.tables, group) if n in document.inference]
    known = sum(cost for cost in costs if cost is not None)
    more = " or more" if None in costs else ""
    return f"{scaled(known)}FLOPs{more}, named sizes as 1" if known else ""


def link_text(document: Document, group: int) -> str:
    """`Linked with 5 groups: 2 of 6 on this canvas.`"""
    count = len(instances(document.tables, group)) - 1
    if count < 1:
        return ""
    place = mark(document.tables, group)
    where = "" if place == "linked" else f": {place} on this canvas"
    return f"Linked with {count} other group{'' if count == 1 else 's'}{where}. What you edit in one changes in all."


def scaled(number: int) -> str:
    """`1.25 G`, `912 `."""
    for size, sign in SCALE:
        if number >= size:
            return f"{number / size:.3g} {sign}"
    return f"{number} "
