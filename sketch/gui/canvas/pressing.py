"""Which gesture a press begins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from sketch.gui.canvas.clicks import ClickGesture, WireClickGesture
from sketch.gui.canvas.gestures import BandGesture, CutGesture, Gesture, Modifiers, PanGesture
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.ink import TEXT_ZOOM
from sketch.gui.canvas.link import Held, LinkGesture, cut_wires, rewire
from sketch.gui.canvas.node_item import NodeItem, PortHit
from sketch.gui.canvas.note_item import NoteItem, StubItem
from sketch.gui.canvas.sizing import ResizeGesture
from sketch.gui.canvas.wires import Line

if TYPE_CHECKING:
    from sketch.gui.canvas.pointer import PointerView

Button = Qt.MouseButton
ADDING = Modifiers.ShiftModifier | Modifiers.ControlModifier


def begin(view: PointerView, event: QMouseEvent) -> Gesture | None:
    """The gesture that a press begins, None when it begins none."""
    where, modifiers = event.position().toPoint(), event.modifiers()
    if event.button() == Button.MiddleButton or (event.button() == Button.LeftButton and view.hand_held):
        return PanGesture(view, where)
    if event.button() == Button.RightButton:
        return CutGesture(view, where) if modifiers & Modifiers.ControlModifier else None
    if event.button() != Button.LeftButton:
        return None
    return _with_left(view, where, modifiers)


def _with_left(view: PointerView, where: QPoint, modifiers: Modifiers) -> Gesture | None:
    here = view.mapToScene(where)
    badge = view.canvas.badge_at(here)
    if badge is not None:
        view.canvas.choose([badge.source])
        return None
    thing = view.canvas.thing_at(here)
    if isinstance(thing, NodeItem):
        return _on_node(view, thing, where, modifiers)
    if isinstance(thing, StubItem):
        return _on_stub(view, thing, where)
    if isinstance(thing, GroupFrame):
        return _on_frame(view, thing, where, modifiers)
    if isinstance(thing, NoteItem):
        return _on_note(view, thing, where, modifiers)
    return _on_nothing(view, where, modifiers)


def _on_note(view: PointerView, note: NoteItem, where: QPoint, modifiers: Modifiers) -> Gesture:
    sides = "" if modifiers & ADDING else note.border_at(view.mapToScene(where))
    if sides:
        return ResizeGesture(view, where, note, sides)
    return ClickGesture(view, where, note, modifiers)


def _on_nothing(view: PointerView, where: QPoint, modifiers: Modifiers) -> Gesture:
    line = view.wire_at(view.mapToScene(where))
    if line is not None:
        return WireClickGesture(view, where, line.edge, modifiers)
    if view.options.left_drag == "pan" and not modifiers & ADDING:
        return PanGesture(view, where, clears=True)
    return BandGesture(view, where, modifiers)


def _on_frame(view: PointerView, frame: GroupFrame, where: QPoint, modifiers: Modifiers) -> Gesture:
    """An open group: its mark folds it, its header and border select and move it, its inside is canvas."""
    part = frame.part_at(view.mapToScene(where))
    if part is None:
        return _on_nothing(view, where, modifiers)
    folds = partial(view.fold, frame.node_id, False) if part == "fold" and not modifiers & ADDING else None
    return ClickGesture(view, where, frame, modifiers, folds)


def _on_node(view: PointerView, item: NodeItem, where: QPoint, modifiers: Modifiers) -> Gesture:
    """A port or the border starts a link, a wired input its wire; the body is for selecting and moving.

    Alt on a port breaks its wires; elsewhere Alt is for duplicating.
    """
    here = view.mapToScene(where)
    if item.fold_at(here) and not modifiers & ADDING:
        return ClickGesture(view, where, item, modifiers, partial(view.fold, item.node_id, True))
    hits = view.scale_factor >= TEXT_ZOOM and not modifiers & Modifiers.ShiftModifier
    port = item.port_at(here) if hits else None
    if modifiers & Modifiers.AltModifier:
        breaks = partial(_break_wires, view, item, port) if port is not None else None
        return ClickGesture(view, where, item, modifiers, breaks)
    if port is None and hits and item.is_border(here):
        port = _border_port(item, here)
    if port is None:
        return ClickGesture(view, where, item, modifiers)
    lines = _lines_of(view, item, port)
    if lines and (port.side == "in" or modifiers & Modifiers.ControlModifier):
        return rewire(view, lines[-1], "target" if port.side == "in" else "source", where)
    held = _held(item, port)
    if held is None:
        return ClickGesture(view, where, item, modifiers)
    return LinkGesture(view, held, where, lambda: view.canvas.choose([item.node_id]))


def _break_wires(view: PointerView, item: NodeItem, port: PortHit) -> None:
    edges = [line.edge for line in _lines_of(view, item, port)]
    if edges:
        cut_wires(view, edges)
    else:
        view.message.emit("This port has no wire to break.")


def _lines_of(view: PointerView, item: NodeItem, port: PortHit) -> list[Line]:
    return [line for line in view.canvas.wiring.lines_at(item.node_id) if _is_at(line, item.node_id, port)]


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
