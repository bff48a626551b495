"""Where things are on one canvas, without Qt: boxes of nodes and groups with their ports, stubs at the border."""

from __future__ import annotations

from dataclasses import dataclass, field

from sketch.graph.geometry import node_size, port_offset
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import GroupPorts, drawn_ports, group_ports
from sketch.graph.rows import Edge, Place
from sketch.graph.tables import Tables

STUB_WIDTH = 112.0
STUB_HEIGHT = 24.0


@dataclass(frozen=True, slots=True)
class Box:
    """One node, closed group or stub: its centre, size and ports. `ports` is set for closed groups."""

    x: float
    y: float
    width: float
    height: float
    inputs: int
    outputs: int
    ports: GroupPorts | None = None

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

    def input_anchor(self, index: int) -> tuple[float, float]:
        """Where wires of an input end."""
        return self.x + port_offset(index, self.inputs), self.top

    def output_anchor(self, index: int) -> tuple[float, float]:
        """Where wires of an output start."""
        return self.x + port_offset(index, self.outputs), self.bottom

    def output_port(self, edge: Edge) -> int:
        """The port of this box that a wire leaves."""
        return edge.out if self.ports is None else self.ports.output_index[edge.source, edge.out]

    def input_port(self, edge: Edge) -> int:
        """The port of this box where a wire ends."""
        return edge.into if self.ports is None else self.ports.input_index[edge.source, edge.out]


def box_of(tables: Tables, library: LayerLibrary, node_id: int) -> Box:
    """The box of a node or of a closed group at its place."""
    place = tables.places.get(node_id) or Place(0.0, 0.0)
    if library[tables.nodes[node_id].layer].group:
        ports = group_ports(tables, library, node_id)
        size = node_size(len(ports.inputs), len(ports.outputs))
        return Box(place.x, place.y, *size, len(ports.inputs), len(ports.outputs), ports)
    inputs, outputs = drawn_ports(tables, library, node_id)
    return Box(place.x, place.y, *node_size(inputs, outputs), inputs, outputs)


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


@dataclass(slots=True)
class StubRow:
    """The stubs of one border of a group canvas, in the order of what they are wired to."""

    entering: bool
    wished: dict[Stub, list[float]] = field(default_factory=dict)

    def place(self, y: float) -> dict[Stub, Box]:
        """Boxes at height `y`, each near the mean of its wishes, none over another."""
        gap = STUB_WIDTH + 12.0
        means = {stub: sum(wishes) / len(wishes) for stub, wishes in self.wished.items()}
        order = sorted(means, key=lambda stub: (means[stub], stub.node, stub.port))
        spots: list[float] = []
        for stub in order:
            spots.append(max(means[stub], spots[-1] + gap) if spots else means[stub])
        drift = sum(spot - means[stub] for spot, stub in zip(spots, order, strict=True)) / max(1, len(order))
        ports = (0, 1) if self.entering else (1, 0)
        return {
            stub: Box(spot - drift, y, STUB_WIDTH, STUB_HEIGHT, *ports)
            for stub, spot in zip(order, spots, strict=True)
        }
