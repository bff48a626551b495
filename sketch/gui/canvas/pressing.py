"""Which gesture a press begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from sketch.gui.canvas.clicks import ClickGesture, WireClickGesture
from sketch.gui.canvas.gestures import BandGesture, CutGesture, Gesture, Modifiers, PanGesture
from sketch.gui.canvas.ink import TEXT_ZOOM
from sketch.gui.canvas.link import Held, LinkGesture, rewire
from sketch.gui.canvas.node_item import NodeItem, PortHit
from sketch.gui.canvas.note_item import NoteItem, StubItem
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

Button = Qt.MouseButton


def begin(view: PointerView, event: QMouseEvent) -> Gesture | None:
    """The gesture that a press begins, None when it begins none."""
    where, modifiers = event.position().toPoint(), event.modifiers()
    if event.button() == Button.MiddleButton or (event.button() == Button.LeftButton and view.hand_held):
        return PanGesture(view, where)
    if event.button() == Button.RightButton:
        return CutGesture(view, where) if modifiers & Modifiers.ControlModifier else None
    if event.button() != Button.LeftButton:
        return None
    here = view.mapToScene(where)
    thing = view.canvas.thing_at(here)
    if isinstance(thing, NodeItem):
        return _on_node(view, thing, where, modifiers)
    if isinstance(thing, StubItem):
        return _on_stub(view, thing, where)
    if isinstance(thing, NoteItem):
        return ClickGesture(view, where, thing, modifiers)
    line = view.wire_at(here)
    if line is not None:
        return WireClickGesture(view, where, line.edge, modifiers)
    return BandGesture(view, where, modifiers)


def _on_node(view: PointerView, item: NodeItem, where: QPoint, modifiers: Modifiers) -> Gesture:
    """A port or the border starts a link, a wired input its wire; the body is for selecting and moving."""
    here = view.mapToScene(where)
    plain = not modifiers & (Modifiers.ShiftModifier | Modifiers.AltModifier)
    port = item.port_at(here) if plain and view.scale_factor >= TEXT_ZOOM else None
    if port is None and plain and view.scale_factor >= TEXT_ZOOM and item.is_border(here):
        port = _border_port(item, here)
    if port is None:
        return ClickGesture(view, where, item, modifiers)
    lines = [line for line in view.canvas.wiring.lines_at(item.node_id) if _is_at(line, item.node_id, port)]
    if lines and (port.side == "in" or modifiers & Modifiers.ControlModifier):
        return rewire(view, lines[-1], "target" if port.side == "in" else "source", where)
    held = _held(item, port)
    if held is None:
        return ClickGesture(view, where, item, modifiers)
    return LinkGesture(view, held, where, lambda: view.canvas.choose([item.node_id]))


def _on_stub(view: PointerView, item: StubItem, where: QPoint) -> Gesture:
    stub = item.stub
    if stub.entering:
        anchor = QPointF(*item.box.output_anchor(0))
        return LinkGesture(view, Held(stub.node, stub.port, "out", anchor), where, lambda: None)
    return rewire(view, next(view.canvas.wiring.lines_at(stub)), "source", where)


def _border_port(item: NodeItem, here: QPointF) -> PortHit | None:
    """The output nearest to a point of the border; the first open input of a node that has no output."""
    out = item.nearest_output(here)
    if out is not None:
        return PortHit("out", out)
    return next((PortHit("in", n) for n in range(item.box.inputs) if n not in item.wired_in), None)


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
    if outside is not None or node_id is None or into is None:
        return None
    return Held(node_id, into, "in", anchor)
