"""Wires by keyboard: from the current layer to a port that is chosen from a list, by arrows or by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QListWidgetItem
from shiboken6 import isValid

from sketch.graph.rows import Edge
from sketch.gui.canvas import surroundings
from sketch.gui.canvas.extents import middles
from sketch.gui.canvas.link import Held, open_ports, would_loop
from sketch.gui.canvas.live_layer import loose_points
from sketch.gui.canvas.node_item import NodeItem, PortHit
from sketch.gui.canvas.wire_shape import wire_path
from sketch.gui.choices import Choice, matching
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.reasons import selected_nodes
from sketch.gui.slices import Slices
from sketch.state import commands

if TYPE_CHECKING:
    import numpy as np

    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

MOST, NEAR = 100, 2000
"""So many layers are offered: of those that hold what was typed, and of the nearest; so many are near."""


@dataclass(frozen=True, slots=True)
class End:
    """A port of a layer that a wire can end at, and where it is drawn."""

    node: int
    port: int
    anchor: tuple[float, float]


def draw_wire(window: MainWindow) -> FilterPopup | None:
    """Draw a wire from the current layer: choose its port where it has several, then the port at the other end."""
    view = window.desk.view
    item = _current(window)
    if view is None or item is None:
        return None
    starts = _starts(view, item)
    if not starts:
        window.say("Every port of it has its wire.")
        return None
    if len(starts) == 1:
        return _choose_end(window, view, starts[0])
    choices = [Choice(held, _port_name(view, held.node, held.port, held.side)) for held in starts]
    popup = FilterPopup(window, "Wire from", choices, lambda held: _choose_end(window, view, held))
    popup.open_at(surroundings.beside_current(view))
    return popup


def move_end(window: MainWindow, *, target: bool) -> FilterPopup | None:
    """Take one end of the selected wire to another port."""
    view = window.desk.view
    edge = view.selected_wires()[0] if view is not None and view.selected_wires() else None
    line = view.canvas.wiring.lines.get(edge) if view is not None and edge is not None else None
    if view is None or edge is None or line is None:
        return None
    if target:
        held = Held(edge.source, edge.out, "out", QPointF(*line.points[0]), edge)
    else:
        held = Held(edge.target, edge.into, "in", QPointF(*line.points[-1]), edge)
    return _choose_end(window, view, held)


def insert(window: MainWindow) -> None:
    """Choose a layer and put it into the selected wire."""
    from sketch.gui import popups

    view = window.desk.view
    if view is None or not view.selected_wires():
        return
    edge = view.selected_wires()[0]
    points = view.canvas.wiring.lines[edge].points
    middle = QPointF((points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2)
    corner = view.viewport().mapToGlobal(view.mapFromScene(middle))
    popups.quick_add(window, middle, corner, edge)


# --- inside --------------------------------------------------------------------------------------------


def _current(window: MainWindow) -> NodeItem | None:
    view = window.desk.view
    chosen = selected_nodes(window)
    key = chosen[0] if len(chosen) == 1 else view.current if view is not None else None
    item = view.canvas.item_of(key) if view is not None and key is not None else None
    return item if isinstance(item, NodeItem) else None


def _starts(view: CanvasView, item: NodeItem) -> list[Held]:
    """The outputs of a node; its open inputs when it has none."""
    ports = item.box.ports
    outputs = range(item.box.outputs)
    if outputs:
        ends = [(item.node_id, n) if ports is None else ports.outputs[n] for n in outputs]
        return [
            Held(node, out, "out", item.anchor(PortHit("out", n)))
            for n, (node, out) in zip(outputs, ends, strict=True)
        ]
    return [
        Held(end.node, end.port, "in", QPointF(*end.anchor)) for end in _open_ends(view, item, "in", set())
    ]


def _choose_end(window: MainWindow, view: CanvasView, held: Held) -> FilterPopup | None:
    ends = _Ends(view, held)
    if not ends(""):
        window.say("No layer of this canvas has a free port for it.")
        return None
    start = view.document.tables.nodes[held.node].name
    title = f"Wire from {start} to" if held.side == "out" else f"Wire to {start} from"
    popup = FilterPopup(window, title, (), lambda end: _join(view, held, end), source=ends)
    popup.list.currentItemChanged.connect(lambda item, _old: _preview(view, held, item))
    popup.destroyed.connect(lambda: _end_preview(view))
    _bring_into_view(view, popup.list.currentItem())
    popup.open_at(surroundings.beside_current(view))
    # The list had this turn.
    Slices(popup).replace([lambda: _preview(view, held, popup.list.currentItem())])
    return popup


class _Ends:
    """Offers ports that the wire may end at, nearest first; those behind (before) the held end come before others."""

    def __init__(self, view: CanvasView, held: Held):
        self._view, self._held = view, held
        self._name = view.document.tables.nodes[held.node].name
        self._side = "in" if held.side == "out" else "out"
        self._look()

    def _look(self) -> None:
        """See what is there now."""
        self._turn = self._view.document.turn
        self._loops = would_loop(self._view.document, self._held)
        self._ends: dict[int, list[End]] = {}
        self._found: dict[str, list[Choice]] = {}
        self._scores = self._scored(self._held)
        self._near = self._sorted(self._nearest())
        vars(self).pop("_others", None)

    def __call__(self, typed: str) -> list[Choice]:
        """The ports that fit what was typed: those of layers that hold it in their words, then of the nearest."""
        if self._held.node not in self._view.document.tables.nodes:
            return [Choice(None, self._name, reason=f"'{self._name}' is no longer in the drawing.")]
        if self._turn != self._view.document.turn:
            self._look()
        if typed not in self._found:
            words = typed.lower().split()
            holding = (
                (key for key in chain(self._near, self._others) if self._holds(key, words)) if words else ()
            )
            near = self._offering(self._near) or self._offering(self._others)
            keys = dict.fromkeys(chain(self._offering(holding), near))
            ends = [end for key in keys for end in self._ends[key]]
            choices = [_end_choice(self._view, end, self._side, rank) for rank, end in enumerate(ends)]
            self._found = {typed: matching(choices, typed)}
        return self._found[typed]

    def _scored(self, held: Held) -> np.ndarray[Any, Any]:
        """By slot of the boxes, the least first: how far away they are, and whether that is the usual way of wires."""
        import numpy as np

        across, down = middles(self._view.canvas.boxes)
        across, down = across - held.anchor.x(), down - held.anchor.y()
        along, far = across if self._view.canvas.wiring.right else down, np.abs(across) + np.abs(down)
        is_back = (along if self._side == "in" else -along) < 0
        return np.where(is_back, far + np.nanmax(far) + 1.0, far)

    def _nearest(self) -> np.ndarray[Any, Any]:
        import numpy as np

        scores = self._scores
        return np.sort(np.argpartition(scores, NEAR)[:NEAR]) if scores.size > NEAR else np.arange(scores.size)

    @cached_property
    def _others(self) -> list[int]:
        """Those that are not near; sorted when they are asked for."""
        import numpy as np

        return self._sorted(np.setdiff1d(np.arange(self._scores.size), self._nearest()))

    def _sorted(self, slots: np.ndarray[Any, Any]) -> list[int]:
        import numpy as np

        order = slots[np.argsort(self._scores[slots], kind="stable")]
        return [key for key in self._view.canvas.boxes.keys_in(order.tolist()) if key is not None]

    def _may(self, key: int) -> bool:
        """False for a layer that surely has no port for the wire; told without its item."""
        box, node = self._view.canvas.wiring.boxes[key], self._view.document.tables.nodes.get(key)
        if box.ports is not None or node is None:
            return True
        return (
            key not in self._loops
            and (box.outputs if self._side == "out" else box.inputs - len(node.prior)) > 0
        )

    def _holds(self, key: int, words: list[str]) -> bool:
        node = self._view.document.tables.nodes.get(key)
        text = f"{node.name} {node.layer}".lower() if node is not None else ""
        return all(word in text for word in words)

    def _offering(self, keys: Iterable[int]) -> list[int]:
        """The first of these that have a port for the wire."""
        return list(islice((key for key in keys if self._may(key) and self._of(key)), MOST))

    def _of(self, key: int) -> list[End]:
        found = self._ends.get(key)
        if found is None:
            item = self._view.canvas.item_of(key)
            open_ends = (
                _open_ends(self._view, item, self._side, self._loops) if isinstance(item, NodeItem) else ()
            )
            found = list(open_ends)
            self._ends[key] = found
        return found


def _open_ends(view: CanvasView, item: NodeItem, side: str, loops: set[int]) -> Iterator[End]:
    ports = item.box.ports
    for hit in sorted(open_ports(item, side, loops), key=lambda hit: hit.index):
        node, port = item.node_id, hit.index
        if ports is not None and side == "out":
            node, port = ports.outputs[hit.index]
        elif ports is not None:
            _, inner, into = (*ports.inputs[hit.index], None)[:3]
            if inner is None or into is None:
                continue
            node, port = inner, into
        yield End(node, port, item.anchor(hit).toTuple())


def _join(view: CanvasView, held: Held, end: End) -> None:
    edge, there = held.edge, (end.node, end.port)

    def join(document: Document) -> Edge:
        made: Edge
        if edge is not None and held.side == "out":
            made = commands.reconnect(document, edge, target_end=there)
        elif edge is not None:
            made = commands.reconnect(document, edge, source_end=there)
        else:
            here = held.node, held.port
            source, target = (here, there) if held.side == "out" else (there, here)
            made = commands.connect(document, *source, *target)
        return made

    title = "Draw a wire" if edge is None else "Move a wire"
    view.change(title, join, lambda made: view.choose_wires([made] if edge is not None else []), stays=True)


def _end_choice(view: CanvasView, end: End, side: str, rank: int) -> Choice:
    node = view.document.tables.nodes[end.node]
    return Choice(end, node.name, _port_name(view, end.node, end.port, side), words=(node.layer,), rank=rank)


def _port_name(view: CanvasView, node_id: int, port: int, side: str) -> str:
    node = view.document.tables.nodes[node_id]
    spec = view.document.library[node.layer]
    known = spec.inputs if side == "in" else spec.outputs
    name = known[min(port, len(known) - 1)].name if known else ""
    return f"{'input' if side == 'in' else 'output'} {port + 1} {name}".strip()


def _preview(view: CanvasView, held: Held, item: object) -> None:
    """Show the wire that Enter would draw."""
    choice = item.data(Qt.ItemDataRole.UserRole) if isinstance(item, QListWidgetItem) else None
    if choice is None or choice.key is None:
        view.canvas.live.show_loose(None)
        return
    end = QPointF(*choice.key.anchor)
    points = loose_points(held.anchor, end) if held.side == "out" else loose_points(end, held.anchor)
    view.canvas.live.show_loose(wire_path(points, right=view.canvas.wiring.right))
    _bring_into_view(view, item)


def _bring_into_view(view: CanvasView, item: object) -> None:
    """Scroll to where a wire would end."""
    choice = item.data(Qt.ItemDataRole.UserRole) if isinstance(item, QListWidgetItem) else None
    if choice is not None and choice.key is not None:
        x, y = choice.key.anchor
        view.ensureVisible(x - 60, y - 60, 120, 120, 40, 40)


def _end_preview(view: CanvasView) -> None:
    if isValid(view):  # the tab may have been closed with the list open
        view.canvas.live.clear()
