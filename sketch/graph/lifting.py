"""What the canvas of one group shows of the whole network: wires lifted to it, and the ports of closed groups.

A canvas shows the nodes whose parent it is. A wire that starts or ends deeper is drawn at the box of the group
around its end; a wire that leaves the canvas is drawn to a stub at its border.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sketch.graph.evaluate import output_count
from sketch.graph.geometry import node_size, port_counts
from sketch.graph.library import LayerLibrary
from sketch.graph.operator_types import constant_places
from sketch.graph.rows import Node
from sketch.graph.tables import Tables

MOST_OPEN_PORTS = 6
"""A closed group shows at most this many ports that no wire uses yet."""


@dataclass(frozen=True, slots=True)
class GroupPorts:
    """The ports of a closed group.

    `inputs`: (source, out) outside, for wires that enter, then (None, target, into) inside that is still open.
    `outputs`: (source, out) inside, those with wires that leave first.
    """

    inputs: tuple[tuple[int | None, ...], ...] = ()
    outputs: tuple[tuple[int, int], ...] = ()
    input_index: dict[tuple[int | None, ...], int] = field(default_factory=dict, hash=False)
    output_index: dict[tuple[int, int], int] = field(default_factory=dict, hash=False)


def lift(tables: Tables, node_id: int, parent: int | None) -> int | None:
    """The node, or the group around it, that stands on the canvas of `parent`; None when it is outside."""
    nodes = tables.nodes
    current: int | None = node_id
    while current is not None and current in nodes:
        above = nodes[current].parent
        if above == parent:
            return current
        current = above
    return None


def descendants(tables: Tables, group: int) -> Iterator[int]:
    """Every node inside a group at any depth, oldest first at each level."""
    for member in tables.children(group):
        yield member
        yield from descendants(tables, member)


def group_ports(tables: Tables, library: LayerLibrary, group: int) -> GroupPorts:
    """The ports of a closed group: one for each value that enters or leaves, then those still open."""
    inside = dict.fromkeys(descendants(tables, group))
    entering: dict[tuple[int | None, ...], None] = {}
    leaving: dict[tuple[int, int], None] = {}
    open_in: list[tuple[int | None, ...]] = []
    open_out: list[tuple[int, int]] = []
    for member in inside:
        node = tables.nodes[member]
        entering.update(dict.fromkeys((e.source, e.out) for e in node.prior if e.source not in inside))
        leaving.update(dict.fromkeys((e.source, e.out) for e in node.next if e.target not in inside))
        open_in.extend((None, member, into) for into in open_inputs(node, library, tables.weights_of(member)))
        open_out.extend((member, out) for out in open_outputs(node, library))
    inputs = (*entering, *open_in[:MOST_OPEN_PORTS])
    outputs = (*leaving, *open_out[:MOST_OPEN_PORTS])
    return GroupPorts(inputs, outputs, _index(inputs), _index(outputs))


def open_inputs(node: Node, library: LayerLibrary, roles: Iterable[str] = ()) -> list[int]:
    """Required inputs of a node that have no wire and no constant; `roles` are those of its weights."""
    spec = library[node.layer]
    taken = {edge.into for edge in node.prior}
    if spec.is_operator:
        taken |= constant_places(node.params, roles)
    ports = enumerate(spec.inputs)
    return [index for index, port in ports if index not in taken and not port.optional and port.minimum]


def open_outputs(node: Node, library: LayerLibrary) -> list[int]:
    """Outputs of a node that feed nothing."""
    spec = library[node.layer]
    taken = {edge.out for edge in node.next}
    count = output_count(spec, {**spec.defaults(), **node.params}) if spec.outputs else 0
    return [index for index in range(count) if index not in taken]


def drawn_ports(tables: Tables, library: LayerLibrary, node_id: int) -> tuple[int, int]:
    """How many (inputs, outputs) the box of a node or a closed group shows."""
    node = tables.nodes[node_id]
    spec = library[node.layer]
    if spec.group:
        ports = group_ports(tables, library, node_id)
        return len(ports.inputs), len(ports.outputs)
    many = bool(spec.outputs) and spec.outputs[-1].variadic
    outputs = output_count(spec, {**spec.defaults(), **node.params}) if many else len(spec.outputs)
    return port_counts(node, spec, outputs)


def drawn_size(tables: Tables, library: LayerLibrary, node_id: int) -> tuple[float, float]:
    """(width, height) of the box of a node or a closed group, in scene px."""
    return node_size(*drawn_ports(tables, library, node_id))


def _index(keys: tuple[Any, ...]) -> dict[Any, int]:
    return {key: index for index, key in enumerate(keys)}
