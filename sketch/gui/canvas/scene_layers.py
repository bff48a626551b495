"""The layers of one canvas, which mirror the document: nodes, wires, frames, notes and stubs follow every Update."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QGraphicsScene

from sketch.graph.collection import paused_collection
from sketch.graph.problems import Problem
from sketch.gui.canvas.batches import Batches
from sketch.gui.canvas.boxes import Box, Stub
from sketch.gui.canvas.card_mirror import CardMirror
from sketch.gui.canvas.carry_layer import CarryLayer
from sketch.gui.canvas.edge_layer import EdgeLayer
from sketch.gui.canvas.focus_layer import FocusLayer
from sketch.gui.canvas.group_frame import FrameLayer, GroupFrame
from sketch.gui.canvas.indexing import MANY, borders_of_boxes, index_of
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.live_layer import LiveLayer
from sketch.gui.canvas.look import NodeLook, node_look, wire_text
from sketch.gui.canvas.look_mirror import LookMirror
from sketch.gui.canvas.node_item import NodeItems
from sketch.gui.canvas.node_layer import NodeLayer
from sketch.gui.canvas.port_names import PortNames, names_outputs, painted_area
from sketch.gui.canvas.shared_wires import SharedWires
from sketch.gui.canvas.value_badges import ValueBadges
from sketch.gui.canvas.wires import Changes, ItemKey, Line, Wiring
from sketch.gui.theme import Theme
from sketch.state.document import Document, Update

ROOM = 4000.0


class SceneLayers(QGraphicsScene):
    """What stands on the canvas of `group` (None: the top level). A ready `wiring` is adopted."""

    def __init__(
        self,
        document: Document,
        theme: Theme,
        group: int | None,
        parent: QObject | None = None,
        wiring: Wiring | None = None,
    ):
        super().__init__(parent)
        self.setSceneRect(-1.0, -1.0, 2.0, 2.0)
        self.document = document
        self.ink = Ink(theme)
        self.group = group
        self.refusals: Sequence[Problem] = ()
        with paused_collection():
            self.wiring = wiring or Wiring(document.tables, document.library, group)
            self._make_layers()
            self._build()

    def follow(self, update: Update) -> None:
        """Mirror one Update; cost follows the edit."""
        changes = self._sync(update)
        self._take(changes)
        self.restate(update)
        self._cards.follow(update, changes)
        if changes.shifts or changes.beyond or len(changes.boxes) > MANY:
            self._make_room(self.boxes.bounds())
        else:
            keys = changes.boxes & self.wiring.boxes.keys()
            self._make_room(_area([self.wiring.boxes[key] for key in keys if isinstance(key, int)]))

    def restate(self, update: Update) -> None:
        """Show what nodes and wires say of themselves after an update."""
        self._looks.follow(update)

    def use(self, theme: Theme) -> None:
        """Repaint everything in another theme."""
        self.ink.use(theme)
        self.nodes.forget()
        self.batches.retint()
        self.update()

    def contents(self) -> QRectF:
        """The area that nodes, wires, frames, notes and stubs cover; null when there are none."""
        area = self.edges.lines.bounds()
        if self.wiring.boxes:
            area |= self.boxes.bounds().adjusted(-8, -10, 10, 10)
        area |= _area(list(self.wiring.stubs.values()))
        for frame in self.frames.values():
            area |= frame.area()
        for item in self.notes.values():
            area |= item.sceneBoundingRect()
        return area

    def look_of(self, node_id: int) -> NodeLook:
        """What a node or group says about itself now."""
        return node_look(self.document.tables, self.document.inference.seen, node_id, self.refusals)

    def repaint(self, area: QRectF) -> None:
        """Paint an area again, with the few screen px around it that outlines take."""
        margin = 3.0 / self.ink.zoom
        self.node_layer.update(area.adjusted(-margin, -margin, margin, margin))

    def repaint_nodes(self, keys: Collection[int]) -> None:
        """Paint these boxes again."""
        if len(keys) > MANY:
            self.update()
            return
        for key in keys:
            if (area := self.boxes.borders(key)) is not None:
                item = self.nodes.made().get(key)
                self.repaint(painted_area(area, self.wiring.boxes.get(key) if item is None else item.box))

    def is_shared(self, node_id: int) -> bool:
        """True for a source whose wires are badges at its readers."""
        return self.shared.feeds(node_id)

    def shift_of(self, node_id: int) -> QPointF:
        """How far a gesture has carried a node or group from its place."""
        return self.carrier.shift_of(node_id)

    # --- inside ------------------------------------------------------------------------------------

    def _make_layers(self) -> None:
        ink, document, wiring = self.ink, self.document, self.wiring
        self.boxes, lines, bundles, layers_by_slot = index_of(wiring)
        self.nodes = NodeItems(self)
        self._cards, self._looks = CardMirror(self), LookMirror(self)
        self.notes, self.stubs = self._cards.notes, self._cards.stubs
        self.frames: dict[int, GroupFrame] = {}
        self.frame_layer = FrameLayer(ink, self.frames, document)
        self.edges = EdgeLayer(ink, lines, self._label_of, self._veil_at)
        self.live = LiveLayer(ink)
        names = PortNames(ink, document)
        self.node_layer = NodeLayer(ink, self.nodes, self.boxes, wiring, names, self._veil_at)
        self.focus = FocusLayer(ink, self.edges, self.node_layer)
        self.shared = SharedWires(ink, wiring)
        self.carrier = CarryLayer(self)
        self.badges = ValueBadges(ink, self.edges.lines, self._box_around)
        self.batches = Batches(
            self.boxes, self.edges.lines, partial(_kinds_of, self), partial(_brush_of, self)
        )
        self.batches.take_wires(bundles)
        self.batches.take_kinds(layers_by_slot)
        layers = (self.frame_layer, self.edges, self.shared.layer, self.frame_layer.names)
        for layer in (*layers, self.node_layer, self.focus, self.carrier, self.live, self.badges):
            self.addItem(layer)

    def _build(self) -> None:
        wiring = self.wiring
        self._take(Changes(frozenset(wiring.stubs), frozenset(), frozenset(wiring.frames)))
        self._cards.build()
        self._make_room(self.contents())

    def _take(self, changes: Changes) -> None:
        """Bring boxes, frames and lines up to date."""
        self.edges.lines.right = self.wiring.right
        boxes, lines = changes.boxes, changes.lines
        for stub in [key for key in boxes if isinstance(key, Stub)]:
            self._cards.follow_stub(stub)
        self._take_boxes({key for key in boxes if isinstance(key, int)})
        for group in changes.frames:
            self._mirror_frame(group)
        if len(lines) > MANY:
            self.nodes.forget()
            self.edges.set_lines(self.wiring.lines, lines)
            return
        ends: set[object] = set(changes.badges)
        for edge in lines:
            ends.update(self.edges.lines.ends(edge))
            if (line := self.wiring.lines.get(edge)) is not None:
                ends.update((line.start, line.end))
        self.edges.set_lines(self.wiring.lines, lines)
        self._restate({key for key in ends if isinstance(key, int)})

    def _sync(self, update: Update) -> Changes:
        self.batches.forget_nodes(update.of("nodes"))
        return self.wiring.sync(update.delta)

    def _take_boxes(self, keys: Collection[int]) -> None:
        boxes = self.wiring.boxes
        self.repaint_nodes(keys)
        there = [key for key in keys if key in boxes]
        self.boxes.put_all(there, borders_of_boxes([boxes[key] for key in there]))
        for key in keys:
            if key not in boxes:
                self.boxes.remove(key)
        for key in self.nodes.made().keys() & keys:
            self.nodes.follow(key)
        if len(keys) <= MANY:
            self.repaint_nodes(keys)

    def _restate(self, node_ids: set[int]) -> None:
        """Let nodes and frames ask again what they say; what is seen of them is painted again."""
        self._looks.forget(node_ids)
        self.repaint_nodes(node_ids & self.boxes.slots.keys())

    def _mirror_frame(self, group: int) -> None:
        frame, item = self.wiring.frames.get(group), self.frames.get(group)
        self.frame_layer.forget()
        if item is not None:
            item.update()
        if frame is None:
            self.frames.pop(group, None)
        elif item is None:
            self.frames[group] = GroupFrame(frame, self)
            self.frames[group].update()
        else:
            item.set_frame(frame)
            item.update()

    def _label_of(self, line: Line) -> str:
        """What stands at the start of a wire; the outputs of closed groups may have it beside their names."""
        named = isinstance(line.start, int) and names_outputs(self.wiring.boxes.get(line.start))
        return "" if named else wire_text(self.document.inference.seen, line.edge)

    def _veil_at(self, key: ItemKey) -> QColor:
        """What lies below a label beside a box: the ground there, which lets a little through."""
        veil = self.frame_layer.veil_at(key)
        box = self.wiring.boxes.get(key) if isinstance(key, int) and self.notes else None
        return veil if box is None else self._cards.tinted(veil, box.x, box.y)

    def brushes_of(self, node_ids: Sequence[int]) -> list[QBrush]:
        """The colours of nodes."""
        return [_brush_of(self, kind) for kind in _kinds_of(self, node_ids)]

    def _box_around(self, node_id: int) -> Box | None:
        """The box that shows a node on this canvas: its own, that of a closed group around it, or its frame."""
        shown = self.wiring.shown(node_id)
        if shown is None:
            return None
        return self.wiring.boxes.get(shown) or (f.rect if (f := self.wiring.frames.get(shown)) else None)

    def _make_room(self, area: QRectF) -> None:
        """Keep enough empty space around what is new to scroll into."""
        if not self.sceneRect().contains(area.adjusted(-ROOM / 2, -ROOM / 2, ROOM / 2, ROOM / 2)):
            self.setSceneRect(self.sceneRect() | area.adjusted(-ROOM, -ROOM, ROOM, ROOM))


def _area(boxes: Sequence[Box]) -> QRectF:
    """The area that boxes cover with what is painted around them."""
    if not boxes:
        return QRectF()
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    return QRectF(left, top, right - left, bottom - top).adjusted(-8, -10, 10, 10)


def _kinds_of(scene: SceneLayers, node_ids: Sequence[int]) -> Sequence[Hashable]:
    """What decides the colours of nodes: their shade under a rule, else their layer."""
    nodes, shades = scene.document.tables.nodes, scene.ink.shades_of(node_ids)
    return [nodes[node_id].layer for node_id in node_ids] if shades is None else shades


def _brush_of(scene: SceneLayers, kind: Any) -> QBrush:
    """The colour of what `_kinds_of` says of a node."""
    if scene.ink.is_plain:
        return scene.ink.fill_of_category(scene.document.library[kind].category)
    return scene.ink.fill_of_shade(kind)
