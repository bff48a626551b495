"""The items of one canvas; mirrors the document and never decides anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from sketch.graph.collection import paused_collection
from sketch.graph.delta import Delta
from sketch.graph.freezing import frozen_nodes
from sketch.graph.lifting import lift
from sketch.graph.problems import Problem
from sketch.graph.rows import Place
from sketch.gui.canvas.boxes import Box, Stub
from sketch.gui.canvas.edge_layer import EdgeLayer
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.live_layer import LiveLayer
from sketch.gui.canvas.look import NodeLook, node_look, wire_text
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem, StubItem
from sketch.gui.canvas.value_badges import ValueBadges
from sketch.gui.canvas.wires import Changes, Wiring
from sketch.gui.theme import Theme
from sketch.state.document import Document, Update

ROOM = 4000.0


class CanvasScene(QGraphicsScene):
    """Node, note and stub items by id, and the wire layer, of the canvas of `group` (None: the top level)."""

    def __init__(self, document: Document, theme: Theme, group: int | None, parent: QObject | None = None):
        super().__init__(parent)
        self.document = document
        self.ink = Ink(theme)
        self.group = group
        self.refusals: Sequence[Problem] = ()
        self.nodes: dict[int, NodeItem] = {}
        self.notes: dict[int, NoteItem] = {}
        self.stubs: dict[Stub, StubItem] = {}
        self.edges = EdgeLayer(self.ink, lambda edge: wire_text(document.inference, edge))
        self.live = LiveLayer(self.ink)
        with paused_collection():
            self.wiring = Wiring(document.tables, document.library, group)
        self.badges = ValueBadges(self.ink, self.edges.lines, self._box_around)
        for layer in (self.edges, self.live, self.badges):
            self.addItem(layer)
        self._build()

    def follow(self, update: Update) -> None:
        """Mirror one Update; cost follows the edit."""
        changes = self.wiring.sync(update.delta)
        self._take(changes)
        for node_id in _restated(self.document, update):
            if (item := self.nodes.get(node_id)) is not None:
                item.forget()
        self._follow_notes(update.delta)
        for node_id in update.inferred.changed:
            node = self.document.tables.nodes.get(node_id)
            for edge in node.next if node else ():
                self.edges.touch(edge)
        boxes = [self.wiring.boxes[key] for key in changes.boxes if key in self.wiring.boxes]
        self._make_room(self._area(boxes))

    def refuse(self, refusals: Sequence[Problem]) -> None:
        """Mark what the chosen kernel cannot express; marks of before go."""
        if refusals == self.refusals:
            return
        touched = {problem.node for problem in (*self.refusals, *refusals) if problem.node is not None}
        self.refusals = refusals
        nodes = self.document.tables.nodes
        for node_id in touched & nodes.keys():
            shown = lift(self.document.tables, node_id, self.group)
            if shown is not None and (item := self.nodes.get(shown)) is not None:
                item.forget()

    def use(self, theme: Theme) -> None:
        """Repaint everything in another theme."""
        self.ink.use(theme)
        for item in self.nodes.values():
            item.forget()
        self.update()

    def item_of(self, node_id: int) -> NodeItem | NoteItem | None:
        """The item of a node or note that is on this canvas."""
        return self.nodes.get(node_id) or self.notes.get(node_id)

    def thing_at(self, where: QPointF) -> NodeItem | NoteItem | StubItem | None:
        """The uppermost node, note or stub at a point."""
        for item in self.items(where):
            if isinstance(item, (NodeItem, NoteItem, StubItem)):
                return item
        return None

    def selected_ids(self) -> list[int]:
        """Ids of the selected nodes and notes, in the order of their making."""
        return sorted(item.node_id for item in self.selectedItems() if isinstance(item, (NodeItem, NoteItem)))

    def choose(self, node_ids: Iterable[int]) -> None:
        """Select exactly these, where they are on this canvas; one selectionChanged."""
        wanted = set(node_ids)
        before = self.selected_ids()
        blocked = self.blockSignals(True)
        for item in self.selectedItems():
            item.setSelected(False)
        for node_id in wanted:
            if (chosen := self.item_of(node_id)) is not None:
                chosen.setSelected(True)
        self.blockSignals(blocked)
        self.edges.select(())
        if before != self.selected_ids():
            self.selectionChanged.emit()

    def contents(self) -> QRectF:
        """The area that nodes, wires, notes and stubs cover; null when there are none."""
        area = self.edges.lines.bounds() | self._area(
            (*self.wiring.boxes.values(), *self.wiring.stubs.values())
        )
        for item in self.notes.values():
            area |= item.sceneBoundingRect()
        return area

    # --- inside ------------------------------------------------------------------------------------

    def _build(self) -> None:
        wiring = self.wiring
        with paused_collection():
            self._take(Changes(frozenset((*wiring.boxes, *wiring.stubs)), frozenset(wiring.lines)))
        for note in self.document.tables.notes.values():
            self._mirror_note(note.id)
        self._make_room(self.contents())

    @staticmethod
    def _area(boxes: Sequence[Box]) -> QRectF:
        """The area that boxes cover with what is painted around them."""
        if not boxes:
            return QRectF()
        left, right = min(box.left for box in boxes), max(box.right for box in boxes)
        top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
        return QRectF(left, top, right - left, bottom - top).adjusted(-8, -10, 10, 10)

    def _take(self, changes: Changes) -> None:
        for key in changes.boxes:
            if isinstance(key, Stub):
                self._mirror_stub(key)
            else:
                self._mirror_node(key)
        touched: set[int] = {key for key in changes.boxes if isinstance(key, int)}
        self.edges.set_lines(self.wiring.lines, changes.lines)
        for edge in changes.lines:
            if (line := self.wiring.lines.get(edge)) is not None:
                touched.update(key for key in (line.start, line.end) if isinstance(key, int))
            else:
                touched.update((edge.source, edge.target))
        for node_id in touched:
            self._mirror_ports(node_id)

    def _mirror_node(self, node_id: int) -> None:
        box = self.wiring.boxes.get(node_id)
        item = self.nodes.get(node_id)
        if box is None:
            if item is not None:
                self.removeItem(self.nodes.pop(node_id))
        elif item is None:
            self.nodes[node_id] = NodeItem(node_id, box, self._look, self.ink)
            self.addItem(self.nodes[node_id])
        else:
            item.set_box(box)

    def _mirror_ports(self, node_id: int) -> None:
        item = self.nodes.get(node_id)
        if item is None:
            return
        lines = list(self.wiring.lines_at(node_id))
        wired_in = frozenset(line.into for line in lines if line.end == node_id)
        wired_out = frozenset(line.out for line in lines if line.start == node_id)
        if (wired_in, wired_out) != (item.wired_in, item.wired_out):
            item.wired_in, item.wired_out = wired_in, wired_out
            item.update()

    def _mirror_stub(self, stub: Stub) -> None:
        box = self.wiring.stubs.get(stub)
        item = self.stubs.get(stub)
        if box is None:
            if item is not None:
                self.removeItem(self.stubs.pop(stub))
            return
        node = self.document.tables.nodes.get(stub.node)
        text = node.name if node else ""
        if item is None:
            self.stubs[stub] = StubItem(stub, box, text, self.ink)
            self.addItem(self.stubs[stub])
        else:
            item.set_box(box, text)

    def _follow_notes(self, delta: Delta) -> None:
        for change in delta:
            if change.table == "notes" or (change.table == "places" and change.key in self.notes):
                self._mirror_note(change.key)

    def _mirror_note(self, note_id: int) -> None:
        note = self.document.tables.notes.get(note_id)
        item = self.notes.get(note_id)
        place = self.document.tables.places.get(note_id) or Place(0.0, 0.0)
        if note is None or note.parent != self.group:
            if item is not None:
                self.removeItem(self.notes.pop(note_id))
        elif item is None:
            self.notes[note_id] = NoteItem(note, place, self.ink)
            self.addItem(self.notes[note_id])
        else:
            item.set_note(note, place)

    def _look(self, node_id: int) -> NodeLook:
        return node_look(self.document.tables, self.document.inference, node_id, self.refusals)

    def _box_around(self, node_id: int) -> Box | None:
        """The box that shows a node on this canvas: its own, or that of a closed group around it."""
        known = node_id in self.document.tables.nodes
        shown = lift(self.document.tables, node_id, self.group) if known else None
        return None if shown is None else self.wiring.boxes.get(shown)

    def _make_room(self, area: QRectF) -> None:
        """Keep enough empty space around what is new to scroll into."""
        if not self.sceneRect().contains(area.adjusted(-ROOM / 2, -ROOM / 2, ROOM / 2, ROOM / 2)):
            self.setSceneRect(self.sceneRect() | area.adjusted(-ROOM, -ROOM, ROOM, ROOM))


def _restated(document: Document, update: Update) -> set[int]:
    """Nodes of this canvas whose look may have changed, groups of changed members included."""
    changed = set(update.inferred.changed)
    changed.update(change.key for change in update.delta if change.table == "nodes")
    changed.update(frozen_nodes({change.key: () for change in update.delta if change.table == "meta"}))
    above: set[int] = set()
    nodes = document.tables.nodes
    for node_id in changed:
        node = nodes.get(node_id)
        while node is not None and node.parent is not None and node.parent not in above:
            above.add(node.parent)
            node = nodes.get(node.parent)
    removed = {change.before.parent for change in update.delta if change.table == "nodes" and change.before}
    return changed | above | {group for group in removed if group is not None}
