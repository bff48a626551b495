"""From presses and keys to gestures: decides which gesture a press begins and drives it to its end."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from sketch.graph.errors import GraphError
from sketch.gui.canvas.camera import CameraView
from sketch.gui.canvas.drag import DragGesture, DuplicateGesture
from sketch.gui.canvas.edge_scroll import EdgeScroll
from sketch.gui.canvas.gestures import (
    BandGesture,
    ClickGesture,
    CutGesture,
    Gesture,
    Modifiers,
    PanGesture,
    WireClickGesture,
)
from sketch.gui.canvas.ink import TEXT_ZOOM
from sketch.gui.canvas.link import Held, LinkGesture
from sketch.gui.canvas.node_item import NodeItem, PortHit
from sketch.gui.canvas.note_item import NoteItem, StubItem
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.wires import Line
from sketch.state.document import Document

Button, Cursor = Qt.MouseButton, Qt.CursorShape
WIRE_REACH = 7.0


class PointerView(CameraView):
    """A view whose pointer edits."""

    message = Signal(str)
    quick_add_requested = Signal(QPointF, QPoint, object)
    context_menu_requested = Signal(QPoint, object)
    hovered = Signal(object)
    group_entered = Signal(int)

    def __init__(self, document: Document, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(canvas, parent)
        self.document = document
        self._gesture: Gesture | None = None
        self._hand = False
        self._under: object = None
        self._last = (QPoint(), Modifiers.NoModifier)
        self._edge = EdgeScroll(self._scroll_on, self)

    # --- for gestures ------------------------------------------------------------------------------

    def attempt(self, edit: Callable[[], object]) -> bool:
        """Run a command; a refusal becomes a message and False."""
        try:
            edit()
        except GraphError as error:
            self.message.emit(str(error))
            return False
        return True

    def replace_gesture(self, gesture: Gesture) -> None:
        """Let another gesture go on from here."""
        self._gesture = gesture

    def drag_gesture(self, where: QPoint, *, duplicate: bool) -> Gesture:
        """Drag the selection, or copies of it."""
        return DuplicateGesture(self, where) if duplicate else DragGesture(self, where)

    def rewire_gesture(self, line: Line, end: str) -> Gesture:
        """Take one end (`source` or `target`) of a wire."""
        points = line.points
        edge = line.edge
        if end == "target":
            held = Held(edge.source, edge.out, "out", QPointF(*points[0]), edge)
        else:
            held = Held(edge.target, edge.into, "in", QPointF(*points[-1]), edge)
        return LinkGesture(self, held, self.mapFromScene(QPointF(*points[-1])), lambda: None)

    def visible_nodes(self) -> list[NodeItem]:
        """The nodes in the viewport."""
        area = self.mapToScene(self.viewport().rect()).boundingRect()
        return [item for item in self.canvas.items(area) if isinstance(item, NodeItem)]

    def show_cursor(self) -> None:
        """The cursor that says what a press would do now."""
        self.viewport().setCursor(Cursor.OpenHandCursor if self._hand else Cursor.ArrowCursor)

    # --- events ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None:
            self._cancel_gesture()
            return
        self._gesture = self._begin(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        where = event.position().toPoint()
        if self._gesture is not None:
            self._gesture.move(where, event.modifiers())
            self._last = (where, event.modifiers())
            if not isinstance(self._gesture, PanGesture):
                self._edge.follow(where, self.viewport().rect())
        else:
            self._hover(where)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        self._edge.stop()
        if gesture is not None:
            gesture.release(event.position().toPoint(), event.modifiers())
            self.nodes_moved()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()
        if self._gesture is not None or event.modifiers() & Modifiers.ControlModifier:
            return
        thing = self.canvas.thing_at(self.mapToScene(event.pos()))
        if isinstance(thing, (NodeItem, NoteItem)):
            if not thing.isSelected():
                self.canvas.choose([thing.node_id])
            self.context_menu_requested.emit(event.globalPos(), thing.node_id)
            return
        line = self._wire_at(self.mapToScene(event.pos()))
        if line is not None:
            self.canvas.choose(())
            self.canvas.edges.select([line.edge])
        self.context_menu_requested.emit(event.globalPos(), line.edge if line else None)

    def leaveEvent(self, event: object) -> None:
        self._set_under(None)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hand = False
            self.show_cursor()
            return
        event.ignore()

    # --- inside ------------------------------------------------------------------------------------

    def _begin(self, event: QMouseEvent) -> Gesture | None:
        where, modifiers = event.position().toPoint(), event.modifiers()
        if event.button() == Button.MiddleButton or (event.button() == Button.LeftButton and self._hand):
            return PanGesture(self, where)
        if event.button() == Button.RightButton:
            return CutGesture(self, where) if modifiers & Modifiers.ControlModifier else None
        if event.button() != Button.LeftButton:
            return None
        here = self.mapToScene(where)
        thing = self.canvas.thing_at(here)
        if isinstance(thing, NodeItem):
            return self._begin_on_node(thing, here, where, modifiers)
        if isinstance(thing, StubItem):
            return self._begin_on_stub(thing, where)
        if isinstance(thing, NoteItem):
            return ClickGesture(self, where, thing, modifiers)
        line = self._wire_at(here)
        if line is not None:
            return WireClickGesture(self, where, line.edge, modifiers)
        return BandGesture(self, where, modifiers)

    def _begin_on_node(self, item: NodeItem, here: QPointF, where: QPoint, modifiers: Modifiers) -> Gesture:
        """A port or the border starts a link, as does a wired input its wire; the body is for selecting and moving."""
        click = ClickGesture(self, where, item, modifiers)
        plain = not modifiers & (Modifiers.ShiftModifier | Modifiers.AltModifier)
        if self.scale_factor < TEXT_ZOOM or not plain:
            return click
        port = item.port_at(here)
        if port is None and item.is_border(here):
            port = self._border_port(item, here)
        if port is None:
            return click
        lines = [
            line for line in self.canvas.wiring.lines_at(item.node_id) if _is_at(line, item.node_id, port)
        ]
        if lines and (port.side == "in" or modifiers & Modifiers.ControlModifier):
            return self.rewire_gesture(lines[-1], "target" if port.side == "in" else "source")
        held_end = _held(item, port)
        if held_end is None:
            return click
        return LinkGesture(self, held_end, where, lambda: self.canvas.choose([item.node_id]))

    @staticmethod
    def _border_port(item: NodeItem, here: QPointF) -> PortHit | None:
        """The output nearest to a point of the border; the first open input of a node that has no output."""
        out = item.nearest_output(here)
        if out is not None:
            return PortHit("out", out)
        return next((PortHit("in", n) for n in range(item.box.inputs) if n not in item.wired_in), None)

    def _begin_on_stub(self, item: StubItem, where: QPoint) -> Gesture:
        stub = item.stub
        if stub.entering:
            anchor = QPointF(*item.box.output_anchor(0))
            return LinkGesture(self, Held(stub.node, stub.port, "out", anchor), where, lambda: None)
        return self.rewire_gesture(next(self.canvas.wiring.lines_at(stub)), "source")

    def _cancel_gesture(self) -> None:
        gesture, self._gesture = self._gesture, None
        self._edge.stop()
        if gesture is not None:
            gesture.cancel()
            self.nodes_moved()

    def _scroll_on(self, pixels: QPoint) -> None:
        """Move the view and let the gesture follow, though the pointer rests."""
        if self._gesture is not None:
            self.scroll_by(pixels)
            self._gesture.move(*self._last)

    def _wire_at(self, here: QPointF) -> Line | None:
        return self.canvas.edges.lines.at(here, WIRE_REACH / self.scale_factor)

    def _hover(self, where: QPoint) -> None:
        here = self.mapToScene(where)
        thing = self.canvas.thing_at(here)
        self._set_under(thing)
        line = self._wire_at(here) if thing is None else None
        self.canvas.edges.hover(line.edge if line else None)
        links = isinstance(thing, StubItem) or (
            isinstance(thing, NodeItem)
            and self.scale_factor >= TEXT_ZOOM
            and (thing.port_at(here) is not None or thing.is_border(here))
        )
        if links and not self._hand:
            self.viewport().setCursor(Cursor.CrossCursor)
        else:
            self.show_cursor()

    def _set_under(self, thing: object) -> None:
        if thing is self._under:
            return
        before, self._under = self._under, thing
        self.canvas.ink.hovered = thing
        for item in (before, thing):
            if isinstance(item, (NodeItem, StubItem)):
                item.update()
        self.hovered.emit(thing.node_id if isinstance(thing, (NodeItem, NoteItem)) else None)


def _is_at(line: Line, node_id: int, port: PortHit) -> bool:
    """True when a line ends at this port of this node."""
    if port.side == "in":
        return line.end == node_id and line.into == port.index
    return line.start == node_id and line.out == port.index


def _held(item: NodeItem, port: PortHit) -> Held | None:
    """The end of a new link that starts at this port; through a closed group's port to the layer inside."""
    anchor, ports = item.anchor(port), item.box.ports
    if ports is None:
        return Held(item.node_id, port.index, port.side, anchor)
    if port.side == "out":
        node, out = ports.outputs[port.index]
        return Held(node, out, "out", anchor)
    outside, node_id, into = (*ports.inputs[port.index], None)[:3]
    return (
        Held(node_id, into, "in", anchor)
        if outside is None and node_id is not None and into is not None
        else None
    )
