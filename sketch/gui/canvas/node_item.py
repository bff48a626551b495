"""One node or closed group as gestures and painters see it: its box, its ports, what it says; made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QFontMetricsF, QStaticText

from sketch.gui.canvas.boxes import MARK, Box
from sketch.gui.canvas.handle import Canvas, Handle

if TYPE_CHECKING:
    from sketch.gui.canvas.look import NodeLook
    from sketch.gui.canvas.port_names import PortText

REACH = 9.0
FREED_AT_ONCE = 300
MOST_KEPT = 3000
"""So many nodes are remembered; those seen longest ago are made again when they are seen again."""


@dataclass(frozen=True, slots=True)
class PortHit:
    """A port under the pointer: its side (`in` or `out`) and index."""

    side: str
    index: int


class Texts(NamedTuple):
    """Texts of a node, and what they were laid out for."""

    look: NodeLook
    width: float
    metrics: QFontMetricsF
    laid_out: tuple[QStaticText, ...]

    def are_for(self, look: NodeLook, width: float, metrics: QFontMetricsF) -> bool:
        """True while nothing has changed that they depend on."""
        is_known = self.look is look or self.look == look
        return is_known and self.width == width and self.metrics is metrics


class NodeItem(Handle):
    """A node or closed group."""

    def __init__(self, node_id: int, box: Box, canvas: Canvas):
        self.targets: frozenset[PortHit] = frozenset()
        self.texts: dict[object, Texts] = {}
        """Texts cut to size and laid out, by what they were cut for."""
        super().__init__(node_id, box, canvas)

    @property
    def wired_in(self) -> frozenset[int]:
        """The inputs that have a wire or a badge."""
        return self._wires()[0]

    @property
    def wired_out(self) -> frozenset[int]:
        """The outputs that have a wire."""
        return self._wires()[1]

    def forget(self) -> None:
        """Ask for the look and the wires again before the next painting; texts stay for a look that is the same."""
        super().forget()
        self._wired: tuple[frozenset[int], frozenset[int]] | None = None
        self.card_kind: int | None = None
        """The number of its card among those that look different."""
        self.port_texts: dict[bool, tuple[PortText, ...]] = {}
        """What stands at its ports, with and without shapes."""

    def anchor(self, port: PortHit) -> QPointF:
        """Where a port is, in scene coordinates."""
        return QPointF(*self._anchor(port.side, port.index))

    def port_at(self, where: QPointF) -> PortHit | None:
        """The port within reach of a point in scene coordinates."""
        reach = max(REACH, 7.0 / self._canvas.ink.zoom)
        best: tuple[float, PortHit] | None = None
        for side, count in (("in", self.box.inputs), ("out", self.box.outputs)):
            for index in range(count):
                x, y = self._anchor(side, index)
                distance = max(abs(where.x() - x), abs(where.y() - y))
                if distance <= reach and (best is None or distance < best[0]):
                    best = (distance, PortHit(side, index))
        return best[1] if best else None

    def is_border(self, where: QPointF) -> bool:
        """True within a few pixels of the border, where a link may start."""
        inner = self._rect.adjusted(6, 6, -6, -6)
        return self._rect.adjusted(-4, -5, 4, 5).contains(where) and not inner.contains(where)

    def fold_at(self, where: QPointF) -> bool:
        """True on the mark of a closed group that a click opens it at."""
        x, y = self.box.fold_mark
        return self.look.is_group and max(abs(where.x() - x), abs(where.y() - y)) <= MARK

    def nearest_output(self, where: QPointF) -> int | None:
        """The output port whose place along the border is nearest; None for a node without outputs."""
        side = 1 if self.box.sideways else 0
        wish = where.y() if side else where.x()
        return min(
            range(self.box.outputs),
            key=lambda index: abs(self.box.output_anchor(index)[side] - wish),
            default=None,
        )

    # --- inside ------------------------------------------------------------------------------------

    def _anchor(self, side: str, index: int) -> tuple[float, float]:
        return self.box.input_anchor(index) if side == "in" else self.box.output_anchor(index)

    def _wires(self) -> tuple[frozenset[int], frozenset[int]]:
        if self._wired is None:
            lines = list(self._canvas.wiring.lines_at(self.node_id))
            into = [line.into for line in lines if line.end == self.node_id]
            badges = (badge.port for badge in self._canvas.wiring.badges.get(self.node_id, ()))
            out = (line.out for line in lines if line.start == self.node_id)
            shared = range(self.box.outputs) if self._canvas.is_shared(self.node_id) else ()
            self._wired = frozenset((*into, *badges)), frozenset((*out, *shared))
        return self._wired


class NodeItems(Mapping[int, NodeItem]):
    """The nodes of a canvas by id: all of them, though only those asked for take room."""

    def __init__(self, canvas: Canvas):
        self._canvas = canvas
        self._made: dict[int, NodeItem] = {}
        self._stale: set[int] = set()
        """Those that may have another box or look since they were last asked for."""
        self._gone: list[NodeItem] = []

    def __len__(self) -> int:
        return len(self._canvas.wiring.boxes)

    def __iter__(self) -> Iterator[int]:
        return iter(self._canvas.wiring.boxes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._canvas.wiring.boxes

    def __getitem__(self, node_id: int) -> NodeItem:
        item = self._made.get(node_id)
        if item is None:
            if len(self._made) >= MOST_KEPT:
                self._drop_oldest()
            item = self._made[node_id] = NodeItem(node_id, self._canvas.wiring.boxes[node_id], self._canvas)
        elif node_id in self._stale:
            self._stale.discard(node_id)
            item.set_box(self._canvas.wiring.boxes[node_id])
        return item

    def made(self) -> Mapping[int, NodeItem]:
        """Those that were asked for, as they were then."""
        return self._made

    def follow(self, node_id: int) -> None:
        """The box of a node is another one, or it has none any more."""
        box = self._canvas.wiring.boxes.get(node_id)
        if box is None:
            self._made.pop(node_id, None)
        elif (item := self._made.get(node_id)) is not None:
            item.set_box(box)

    def forget(self) -> None:
        """Let all nodes ask for box, look and wires again, each when it is next asked for itself."""
        was_free = not self._gone
        self._gone += [
            self._made.pop(node_id) for node_id in self._made.keys() - self._canvas.wiring.boxes.keys()
        ]
        self._stale.update(self._made)
        if was_free:
            self._free_some()

    def _free_some(self) -> None:
        """Free what is gone; thousands, with their texts, a few a turn of the event loop."""
        del self._gone[-FREED_AT_ONCE:]
        if self._gone:
            QTimer.singleShot(0, self._free_some)

    def _drop_oldest(self) -> None:
        """Make room; nodes that a gesture has marked stay."""
        few = list(islice(self._made.items(), MOST_KEPT // 8))  # freeing more of them would be felt
        for node_id, item in few:
            if not item.marked and not item.targets:
                del self._made[node_id]
