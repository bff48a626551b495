"""Drawing a wire, or taking an end of one elsewhere: valid targets light up, a drop on a node finds the port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

from sketch.graph.rows import Edge
from sketch.gui.canvas.live_layer import loose_points
from sketch.gui.canvas.node_item import NodeItem, PortHit
from sketch.gui.canvas.note_item import StubItem
from sketch.gui.canvas.wire_shape import wire_path
from sketch.gui.canvas.wires import Line
from sketch.state import commands
from sketch.state.document import Document

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

CLICK_DISTANCE = 5


@dataclass(frozen=True, slots=True)
class Held:
    """The end of the wire that stays: a node's output (`side` out) or input (`side` in), and where it is drawn.

    `edge` is the wire whose other end is being moved, None for a new one.
    """

    node: int
    port: int
    side: str
    anchor: QPointF
    edge: Edge | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """A port a wire may end at. `port` None means the first free input; `replaces` is a wire that gives way."""

    node: int
    port: int | None
    replaces: Edge | None = None


class LinkGesture:
    """Draws a loose wire from the held end to the pointer and connects it at the release."""

    def __init__(self, view: PointerView, held: Held, where: QPoint, on_click: Callable[[], None]):
        self._view = view
        self._held = held
        self._from = where
        self._on_click = on_click
        self._moved = False
        self._marked: NodeItem | StubItem | None = None
        self._loops = would_loop(view.document, held)
        self._lit: list[NodeItem] = []

    def move(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Let the loose end follow the pointer; it jumps to the port under it."""
        if not self._moved and (where - self._from).manhattanLength() < CLICK_DISTANCE:
            return
        if not self._moved:
            self._begin()
        here = self._view.mapToScene(where)
        item = self._view.canvas.thing_at(here)
        landing = self.landing(here)
        self._mark(item if landing is not None and landing.node not in self._loops else None)
        end = self._port_place(item, here) if self._marked is not None else here
        ends = (self._held.anchor, end) if self._held.side == "out" else (end, self._held.anchor)
        right = self._view.canvas.wiring.right
        self._view.canvas.live.show_loose(wire_path(loose_points(*ends), right=right))

    def release(self, where: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Connect, move the wire's end, or ask for a new layer at its end."""
        here = self._view.mapToScene(where)
        item = self._view.canvas.thing_at(here)
        landing = self.landing(here)
        moved = self._moved
        self.cancel()
        if not moved:
            self._on_click()
        elif landing is not None:
            self._view.change("Draw a wire", partial(_connect, held=self._held, landing=landing))
        elif item is None:
            self._drop_on_canvas(here, where)

    def cancel(self) -> None:
        """Leave the wires as they were."""
        self._mark(None)
        for item in self._lit:
            item.targets = frozenset()
            item.update()
        self._view.canvas.live.clear()
        self._view.canvas.edges.leave_out(())
        self._moved = False

    def landing(self, here: QPointF) -> Landing | None:
        """Where a wire dropped at this point would go; None on empty canvas and on what takes no wire."""
        item = self._view.canvas.thing_at(here)
        if isinstance(item, StubItem):
            return self._landing_on_stub(item)
        if not isinstance(item, NodeItem):
            return None
        wanted = "in" if self._held.side == "out" else "out"
        port = item.port_at(here)
        index = port.index if port is not None and port.side == wanted else None
        if wanted == "in":
            return _landing_on_input(item, index)
        return _landing_on_output(item, index, here)

    # --- inside ------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._moved = True
        if self._held.edge is not None:
            self._view.canvas.edges.leave_out([self._held.edge])
        side = "in" if self._held.side == "out" else "out"
        for item in self._view.visible_nodes():
            item.targets = open_ports(item, side, self._loops)
            if item.targets:
                self._lit.append(item)
                item.update()

    def _mark(self, item: object) -> None:
        chosen = item if isinstance(item, (NodeItem, StubItem)) else None
        if chosen == self._marked:
            return
        for changed, value in ((self._marked, False), (chosen, True)):
            if changed is not None:
                changed.marked = value
                changed.update()
        self._marked = chosen

    def _port_place(self, item: object, here: QPointF) -> QPointF:
        port = item.port_at(here) if isinstance(item, NodeItem) else None
        if (
            isinstance(item, NodeItem)
            and port is not None
            and (port.side == "in") == (self._held.side == "out")
        ):
            return item.anchor(port)
        return here

    def _landing_on_stub(self, item: StubItem) -> Landing | None:
        stub = item.stub
        if stub.entering:
            return Landing(stub.node, stub.port) if self._held.side == "in" else None
        if self._held.side == "in" or self._held.edge is not None:
            return None
        line = next(self._view.canvas.wiring.lines_at(stub))
        return Landing(stub.node, stub.port, line.edge)

    def _drop_on_canvas(self, here: QPointF, where: QPoint) -> None:
        held = self._held
        point = self._view.viewport().mapToGlobal(where)
        wire = (held.node, held.port, held.side)
        self._view.quick_add_requested.emit(here, point, wire if held.edge is None else (*wire, held.edge))


def rewire(view: PointerView, line: Line, end: str, where: QPoint) -> LinkGesture:
    """Take one end (`source` or `target`) of a wire elsewhere."""
    edge, points = line.edge, line.points
    if end == "target":
        held = Held(edge.source, edge.out, "out", QPointF(*points[0]), edge)
    else:
        held = Held(edge.target, edge.into, "in", QPointF(*points[-1]), edge)
    return LinkGesture(view, held, where, lambda: None)


def would_loop(document: Document, held: Held) -> set[int]:
    """Nodes whose connection would close a loop: what is above a held output, what is below a held input."""
    nodes, is_above = document.tables.nodes, held.side == "out"
    found, stack = {held.node}, [held.node]
    while stack:  # no list for each node: there may be thousands, and a pointer waits
        node = nodes[stack.pop()]
        for edge in node.prior if is_above else node.next:
            end = edge.source if is_above else edge.target
            if end not in found:
                found.add(end)
                stack.append(end)
    return found


def open_ports(item: NodeItem, side: str, loops: set[int]) -> frozenset[PortHit]:
    """The ports of a node that would take the wire."""
    ports, count = item.box.ports, item.box.inputs if side == "in" else item.box.outputs
    if ports is None:
        if item.node_id in loops:
            return frozenset()
        return frozenset(PortHit(side, n) for n in range(count) if side == "out" or n not in item.wired_in)
    if side == "out":
        return frozenset(PortHit(side, n) for n, (node, _) in enumerate(ports.outputs) if node not in loops)
    open_keys = ((n, key) for n, key in enumerate(ports.inputs) if key[0] is None)
    return frozenset(PortHit(side, n) for n, key in open_keys if key[1] not in loops)


def cut_wires(view: PointerView, edges: Sequence[Edge]) -> bool:
    """Cut wires in one step, beside the window when these are very many; False when that was refused."""
    return view.change("Cut wires", partial(commands.disconnect, edges=edges), ids=[e.target for e in edges])


def _connect(document: Document, held: Held, landing: Landing) -> None:
    if landing.replaces is not None:
        commands.reconnect(document, landing.replaces, source_end=(held.node, held.port))
    elif held.edge is None and held.side == "out":
        commands.connect(document, held.node, held.port, landing.node, landing.port)
    elif held.edge is None:
        commands.connect(document, landing.node, landing.port or 0, held.node, held.port)
    elif held.side == "out":
        if (landing.node, landing.port) != (held.edge.target, held.edge.into):
            commands.reconnect(document, held.edge, target_end=(landing.node, landing.port))
    elif (landing.node, landing.port) != (held.edge.source, held.edge.out):
        commands.reconnect(document, held.edge, source_end=(landing.node, landing.port or 0))


def _landing_on_input(item: NodeItem, index: int | None) -> Landing | None:
    ports = item.box.ports
    if ports is None:
        return Landing(item.node_id, index)
    keys = ports.inputs if index is None else (ports.inputs[index],)
    for key in keys:
        if key[0] is None and key[1] is not None:
            return Landing(key[1], key[2])
    return Landing(item.node_id, None)


def _landing_on_output(item: NodeItem, index: int | None, here: QPointF) -> Landing | None:
    chosen = item.nearest_output(here) if index is None else index
    if item.box.ports is None:
        return None if chosen is None else Landing(item.node_id, chosen)
    return None if chosen is None else Landing(*item.box.ports.outputs[chosen])
