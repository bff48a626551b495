"""What the node editor shows of a group besides its name: link, cost and class, and its ports to order and name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sketch.graph.colour_rules import Facts, node_flops
from sketch.graph.lifting import descendants
from sketch.graph.linking.rows import instances
from sketch.graph.linking.series import mark
from sketch.gui.group_ports import PortLists

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
        window.mirror.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the group as it is now."""
        document = self._window.desk.document
        if document is None or self._node not in document.tables.nodes or self.ports is None:
            return
        self.facts.setText(facts_text(document, self._node, self._class_name()))
        self.link.setText(link_text(document, self._node))
        self.link.setVisible(bool(self.link.text()))
        self._unlink.setVisible(bool(self.link.text()))
        self.ports.refresh()

    def _on_update(self, update: Update) -> None:
        if any(change.table in ("nodes", "meta") for change in update.delta):
            self.refresh()

    def _class_name(self) -> str:
        """The class that the source has for this group, "" where it has none."""
        picture = self._window.mirror.picture
        spans = picture.lines.get(self._node, ())
        lines = picture.text.splitlines() if spans else []
        heads = (lines[first - 1] for first, _ in spans if 0 < first <= len(lines))
        found = next((line for line in heads if line.startswith("class ")), "")
        return found.removeprefix("class ").partition("(")[0]

    def _button(self, title: str, action: str) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("role", "link")
        button.clicked.connect(lambda: self._window.actions_.run(action))
        if action == "group.unlink":
            self._unlink = button
        return button


def facts_text(document: Document, group: int, class_name: str) -> str:
    """`1.2 G FLOPs for a batch of one · class Block`; what is not known is left out."""
    facts = Facts(document.tables, document.inference)
    costs = [node_flops(facts, n) for n in descendants(document.tables, group) if n in document.inference]
    known = sum(cost for cost in costs if cost is not None)
    more = " or more" if None in costs else ""
    parts = [f"{scaled(known)}FLOPs{more}, named sizes as 1"] if known else []
    return " · ".join([*parts, *([f"class {class_name}"] if class_name else [])])


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
