"""From presses and keys to gestures: decides which gesture a press begins and drives it to its end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol, TypeVar

from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from sketch.graph.errors import GraphError
from sketch.graph.rows import Edge
from sketch.gui.canvas.boxes import Badge
from sketch.gui.canvas.camera import CameraView
from sketch.gui.canvas.edge_scroll import EdgeScroll
from sketch.gui.canvas.gestures import Gesture, Modifiers, PanGesture
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.ink import TEXT_ZOOM
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem, StubItem
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.scene_places import Thing
from sketch.gui.canvas.sizing import CURSORS
from sketch.gui.canvas.wires import Line
from sketch.state import commands
from sketch.state.document import Document

Cursor = Qt.CursorShape
T = TypeVar("T")
WIRE_REACH = 7.0


class Aside(Protocol):
    """How a window runs a command: beside itself where that takes long."""

    def __call__(
        self,
        title: str,
        act: Callable[[Document], T],
        then: Callable[[T], object],
        *,
        ids: Collection[int],
        over: Callable[[], object],
        refused: Callable[[str], object] | None,
        stays: bool,
    ) -> bool:
        """Give `then` what `act` returned; a refusal goes to `refused` or becomes a message. False: refused at once.

        Args:
            ids: the nodes that it is about, where they may be very many.
            over: is called after all that, however it ended.
            stays: it is done even when something before it, which it has to wait for, is cancelled.
        """


class PointerView(CameraView):
    """A view whose pointer edits."""

    message = Signal(str)
    quick_add_requested = Signal(QPointF, QPoint, object)
    context_menu_requested = Signal(QPoint, object)
    hovered = Signal(object)
    wires_chosen = Signal()
    group_entered = Signal(int)

    def __init__(self, document: Document, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(canvas, parent)
        self.document = document
        self.fold_aside: Callable[[list[int], bool], object] | None = None
        """How a window folds groups: beside itself where that takes long."""
        self.aside: Aside | None = None
        self._gesture: Gesture | None = None
        self._wires_before: frozenset[Edge] = frozenset()
        """The wires that were selected when the gesture began; gestures show others as selected."""
        self._hand = False
        self._under: Thing | Badge | None = None
        self._last = (QPoint(), Modifiers.NoModifier)
        self._edge = EdgeScroll(self._scroll_on, self)

    # --- for gestures ------------------------------------------------------------------------------

    def attempt(self, edit: Callable[[], object], refused: Callable[[str], object] | None = None) -> bool:
        """Run a command; a refusal becomes a message and False."""
        try:
            edit()
        except GraphError as error:
            (refused or self.message.emit)(str(error))
            return False
        return True

    def change(
        self,
        title: str,
        act: Callable[[Document], T],
        then: Callable[[T], object] = lambda _result: None,
        *,
        ids: Collection[int] = (),
        over: Callable[[], object] = lambda: None,
        refused: Callable[[str], object] | None = None,
        stays: bool = False,
    ) -> bool:
        """Run a command as `Aside` says: beside the window where that takes long. False: refused here and now."""
        if self.aside is not None:
            return self.aside(title, act, then, ids=ids, over=over, refused=refused, stays=stays)
        is_done = self.attempt(lambda: then(act(self.document)), refused)
        over()
        return is_done

    def replace_gesture(self, gesture: Gesture) -> None:
        """Let another gesture go on from here."""
        self._gesture = gesture

    def visible_nodes(self) -> list[NodeItem]:
        """The nodes in the viewport."""
        return self.canvas.nodes_in(self.mapToScene(self.viewport().rect()).boundingRect())

    def fold(self, group: int, open_: bool) -> None:
        """Open a group in place, or close it."""
        if self.fold_aside is not None:
            self.fold_aside([group], open_)
        else:
            self.attempt(lambda: commands.fold(self.document, [group], open_))

    def wire_at(self, here: QPointF) -> Line | None:
        """The wire within reach of a point."""
        return self.canvas.edges.lines.at(here, WIRE_REACH / self.scale_factor)

    def landing(self, here: QPointF) -> tuple[int | None, tuple[float, float]]:
        """(the group whose canvas a point lies on, the place of the point there) for what is to be put there."""
        wiring, at = self.canvas.wiring, here.toTuple()
        group = wiring.canvas_at(*at)
        return group, wiring.stored_in(group, *at)

    def stored(self, node_id: int, x: float, y: float) -> tuple[float, float]:
        """The place that a node or note takes in its own canvas to stand at a point of the scene."""
        return self.canvas.wiring.stored(node_id, x, y)

    def at_wire(self, edge: Edge, here: QPointF) -> tuple[float, float]:
        """The place of a point for a layer that is put into a wire: on the canvas of the wire's consumer."""
        node = self.document.tables.nodes[edge.target]
        return self.canvas.wiring.stored_in(node.parent, *here.toTuple())

    def choose_wires(self, edges: Iterable[Edge]) -> None:
        """Select exactly these wires."""
        self.canvas.edges.select(edges)
        self.wires_chosen.emit()

    @property
    def hand_held(self) -> bool:
        """True while the key is held that makes every drag a pan."""
        return self._hand

    def show_cursor(self) -> None:
        """The cursor that says what a press would do now."""
        self.viewport().setCursor(Cursor.OpenHandCursor if self._hand else Cursor.ArrowCursor)

    # --- events ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None:
            self._cancel_gesture()
            self._tell_wires()
            return
        from sketch.gui.canvas.pressing import begin  # nothing is pressed before the first paint

        self._wires_before = self.canvas.edges.selected
        self._gesture = begin(self, event)
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
            self._tell_wires()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()
        if self._gesture is not None or event.modifiers() & Modifiers.ControlModifier:
            return
        thing = self.canvas.thing_at(self.mapToScene(event.pos()))
        if isinstance(thing, (NodeItem, NoteItem, GroupFrame)):
            if not self.canvas.is_selected(thing.node_id):
                self.canvas.choose([thing.node_id])
            self.context_menu_requested.emit(event.globalPos(), thing.node_id)
            return
        line = self.wire_at(self.mapToScene(event.pos()))
        if line is not None:
            self.canvas.choose(())
            self.choose_wires([line.edge])
        self.context_menu_requested.emit(event.globalPos(), line.edge if line else None)

    def leaveEvent(self, event: object) -> None:
        self._set_under(None)

    # --- inside ------------------------------------------------------------------------------------

    def _cancel_gesture(self) -> None:
        gesture, self._gesture = self._gesture, None
        self._edge.stop()
        if gesture is not None:
            gesture.cancel()
            self.nodes_moved()

    def _tell_wires(self) -> None:
        """The person has ended a gesture: the wires that were selected before it may be no more."""
        if self.canvas.edges.selected != self._wires_before:
            self.wires_chosen.emit()

    def _scroll_on(self, pixels: QPoint) -> None:
        """Move the view and let the gesture follow, though the pointer rests."""
        if self._gesture is not None:
            self.scroll_by(pixels)
            self._gesture.move(*self._last)

    def _hover(self, where: QPoint) -> None:
        here = self.mapToScene(where)
        thing = self.canvas.badge_at(here) or self.canvas.thing_at(here)
        self._set_under(thing)
        line = self.wire_at(here) if thing is None else None
        self.canvas.edges.hover(line.edge if line else None)
        links = isinstance(thing, StubItem) or (
            isinstance(thing, NodeItem)
            and self.scale_factor >= TEXT_ZOOM
            and (thing.port_at(here) is not None or thing.is_border(here))
        )
        sides = thing.border_at(here) if isinstance(thing, NoteItem) else ""
        if links and not self._hand:
            self.viewport().setCursor(Cursor.CrossCursor)
        elif sides in CURSORS and not self._hand:
            self.viewport().setCursor(CURSORS[sides])
        else:
            self.show_cursor()

    def _set_under(self, thing: Thing | Badge | None) -> None:
        if thing == self._under:
            return
        self._under = thing
        self.canvas.hover(thing)
        self.hovered.emit(thing.node_id if isinstance(thing, (NodeItem, NoteItem, GroupFrame)) else None)
