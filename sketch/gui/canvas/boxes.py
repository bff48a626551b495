"""Where things are on one canvas, without Qt: boxes of nodes and groups with their ports, stubs at the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sketch.graph.geometry import DOWN, RIGHT, node_size, port_offset
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import GroupPorts, drawn_ports, group_ports
from sketch.graph.rows import Edge, Place
from sketch.graph.tables import Tables

STUB_WIDTH = 112.0
STUB_HEIGHT = 24.0
HEADER = 30.0
"""Height of the strip on top of a frame with the name of its group."""
MARK = 14.0
"""The fold mark of a group is this far from its left and upper border; it is a square of this half size."""

Point = tuple[float, float]


class Box(NamedTuple):
    """One node, closed group or stub: its centre, size and ports. `ports` is set for closed groups.

    `sideways` boxes have their inputs on the left border and their outputs on the right one.
    """

    x: float
    y: float
    width: float
    height: float
    inputs: int
    outputs: int
    ports: GroupPorts | None = None
    sideways: bool = False

    @property
    def left(self) -> float:
        """The left border."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """The right border."""
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        """The upper border, where inputs are."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """The lower border, where outputs are."""
        return self.y + self.height / 2

    @property
    def fold_mark(self) -> Point:
        """The middle of the mark that a click opens a closed group at."""
        return self.left + MARK, self.top + MARK

    def input_anchor(self, index: int) -> Point:
        """Where wires of an input end."""
        x, y, width, height, count, _, _, sideways = self
        if sideways:
            return x - width / 2, y + port_offset(index, count)
        return x + port_offset(index, count), y - height / 2

    def output_anchor(self, index: int) -> Point:
        """Where wires of an output start."""
        x, y, width, height, _, count, _, sideways = self
        if sideways:
            return x + width / 2, y + port_offset(index, count)
        return x + port_offset(index, count), y + height / 2

    def output_port(self, edge: Edge) -> int:
        """The port of this box that a wire leaves."""
        return edge.out if self.ports is None else self.ports.output_index[edge.source, edge.out]

    def input_port(self, edge: Edge) -> int:
        """The port of this box where a wire ends."""
        return edge.into if self.ports is None else self.ports.input_index[edge.source, edge.out]


def box_of(tables: Tables, library: LayerLibrary, node_id: int, runs: str = DOWN) -> Box:
    """The box of a node or of a closed group at its place, in a drawing that runs down or to the right."""
    place = tables.places.get(node_id) or Place(0.0, 0.0)
    ports = None
    if library[tables.nodes[node_id].layer].group:
        ports = group_ports(tables, library, node_id)
        inputs, outputs = len(ports.inputs), len(ports.outputs)
    else:
        inputs, outputs = drawn_ports(tables, library, node_id)
    return Box(place.x, place.y, *node_size(inputs, outputs, runs), inputs, outputs, ports, runs == RIGHT)


class Frame(NamedTuple):
    """An open group: its area, how many frames are around it, and where wires pass its border.

    The upper HEADER of `rect` is the strip with the name. `inputs` and `outputs` are points on the border.
    """

    group: int
    rect: Box
    depth: int
    inputs: tuple[Point, ...] = ()
    outputs: tuple[Point, ...] = ()

    @property
    def fold_mark(self) -> Point:
        """The middle of the mark that a click closes the group at."""
        return self.rect.left + MARK, self.rect.top + HEADER / 2


class Badge(NamedTuple):
    """Stands at an input for a wire that is not drawn: `text` is the name of the shared source."""

    port: int
    source: int
    text: str
    edge: Edge


@dataclass(frozen=True, slots=True)
class Stub:
    """The end of wires that cross the border of the group whose canvas this is.

    Entering: the value (source, out) of a node outside. Leaving: the input (target, into) of a node outside.
    """

    entering: bool
    node: int
    port: int

    @classmethod
    def before(cls, edge: Edge) -> Stub:
        """The stub where a wire from outside enters."""
        return cls(True, edge.source, edge.out)

    @classmethod
    def after(cls, edge: Edge) -> Stub:
        """The stub where a wire leaves for outside."""
        return cls(False, edge.target, edge.into)


class Gate(NamedTuple):
    """Where a value (node, port) passes the border of an open group, going in (`entering`) or out."""

    entering: bool
    node: int
    port: int


End = Stub | Gate


def in_a_row(wishes: dict[End, list[float]], gap: float) -> dict[End, float]:
    """A place for each, near the mean of its wishes, none nearer than `gap` to another."""
    means = {end: sum(wished) / len(wished) for end, wished in wishes.items()}
    order = sorted(means, key=lambda end: (means[end], end.node, end.port))
    spots: list[float] = []
    for end in order:
        spots.append(max(means[end], spots[-1] + gap) if spots else means[end])
    drift = sum(spot - means[end] for spot, end in zip(spots, order, strict=True)) / max(1, len(order))
    return {end: spot - drift for end, spot in zip(order, spots, strict=True)}


def fanned(index: int, count: int) -> tuple[bool, int]:
    """(whether to its left, in which row from the border) the text of one of several ports above or below a box stands.

    Texts of the outer ports are next to the border, so that none lies over another.
    """
    to_left = 2 * index + 1 < count
    return to_left, index if to_left else count - 1 - index


def shifted(box: Box, across: float, along: float) -> Box:
    """A box elsewhere."""
    return Box(box[0] + across, box[1] + along, *box[2:])


def area_of(box: Box) -> tuple[float, float, float, float]:
    """(left, top, right, bottom)."""
    x, y, width, height = box[:4]
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def turned(box: Box) -> Box:
    """A box with across and along exchanged: how a drawing that runs to the right is wired, and the way back."""
    return Box(box.y, box.x, box.height, box.width, box.inputs, box.outputs, box.ports, not box.sideways)
