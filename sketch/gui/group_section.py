"""What the node editor shows of a group besides its name: link, cost and class, and its ports to order and name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from sketch.graph.colour_rules import Facts, node_flops
from sketch.graph.lifting import descendants
from sketch.graph.linking.rows import instances
from sketch.graph.linking.series import mark
from sketch.gui import asides, background
from sketch.gui.group_ports import PortLists
from sketch.state.commands.ports import PortRow, ports_of
from sketch.state.twin import Twin

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document, Update

SCALE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def attach(window: MainWindow) -> None:
    """Let the node editor show groups."""
    window.panels.editor.sections.append(lambda node_id: GroupSection(window, node_id))


class GroupSection(QWidget):
    """Nothing for a layer; for a group its facts, and `ports`."""

    def __init__(self, window: MainWindow, node_id: int):
        super().__init__()
        self._window, self._node = window, node_id
        self.ports: PortLists | None = None
        self._flops, self._is_stale = "", False
        document = window.desk.document
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        if document is None or not document.library[document.tables.nodes[node_id].layer].group:
            self.hide()
            return
        self.facts = _wrapped()
        self.link = _wrapped()
        self.buttons = QWidget()
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for title, action in (("Repeat...", "group.repeat"), ("Unlink", "group.unlink")):
            row.addWidget(self._button(title, action))
        row.addStretch(1)
        self.ports = PortLists(document, node_id, window.say)
        for widget in (self.facts, self.link, self.buttons, self.ports):
            column.addWidget(widget)
        window.desk.updated.connect(self._on_update)
        window.mirror.changed.connect(self._on_source)
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
        self._is_stale |= any(change.table in ("nodes", "meta") for change in update.delta)
        document = self._window.desk.document
        if self._is_stale and document is not None and not document.inference.is_behind:
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
        lines = picture.text.splitlines() if spans else []
        heads = (lines[first - 1] for first, _ in spans if 0 < first <= len(lines))
        found = next((line for line in heads if line.startswith("class ")), "")
        return found.partition("(")[0]

    def _button(self, title: str, action: str) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("role", "link")
        button.clicked.connect(lambda: self._window.actions_.run(action))
        if action == "group.unlink":
            self._unlink = button
        return button


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


def _wrapped() -> QLabel:
    label = QLabel()
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
