"""What the canvas of one group shows of the whole network: wires lifted to it, and the ports of closed groups.

A canvas shows the nodes whose parent it is. A wire that starts or ends deeper is drawn at the box of the group
around its end; a wire that leaves the canvas is drawn to a stub at its border.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sketch.graph.evaluate import outputs_of
from sketch.graph.geometry import node_size, port_counts
from sketch.graph.library import LayerLibrary
from sketch.graph.operator_types import constant_places
from sketch.graph.ports import Inner, said_ports, sort_inputs, sort_outputs
from sketch.graph.rows import Node, number_in
from sketch.graph.tables import Tables
from sketch.graph.zone_kinds import MARKERS

if TYPE_CHECKING:
    from sketch.graph.draft_rows import DraftRows

MOST_OPEN_PORTS = 6
"""A closed group shows at most this many ports that no wire uses yet."""
MOST_WIRES = 6
"""A source that feeds more layers than this is shown as badges at them, not by wires across the drawing."""
_WIRED = "wired."


@dataclass(frozen=True, slots=True)
class GroupPorts:
    """The ports of a closed group.

    `inputs`: (source, out) outside, for wires that enter, then (None, target, into) inside that is still open.
    `outputs`: (source, out) inside, those with wires that leave first. Both are in the order that the person gave
    them (see ports.py); the names are as long as they, "" for a port without one.
    """

    inputs: tuple[tuple[int | None, ...], ...] = ()
    outputs: tuple[tuple[int, int], ...] = ()
    input_index: dict[tuple[int | None, ...], int] = field(default_factory=dict, hash=False)
    output_index: dict[tuple[int, int], int] = field(default_factory=dict, hash=False)
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()


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


def path_of(tables: Tables, node_id: int) -> tuple[str, ...]:
    """The names of the groups around a node, outermost first, then its own."""
    names: list[str] = []
    at: int | None = node_id
    while at is not None:
        node = tables.nodes[at]
        names.append(node.name)
        at = node.parent
    return tuple(reversed(names))


def group_layers(tables: Tables, library: LayerLibrary) -> set[str]:
    """The layers in use that hold others: of thousands of nodes one asks these few."""
    return {layer for layer in tables.layers if library[layer].group}


def descendants(tables: Tables, group: int) -> Iterator[int]:
    """Every node inside a group at any depth, oldest first at each level."""
    holders = tables.holders
    left = list(reversed(tables.children(group)))
    while left:
        member = left.pop()
        yield member
        if member in holders:
            left += reversed(tables.children(member))


def inside(tables: Tables, group: int) -> set[int]:
    """Every node inside a group at any depth; of thousands only the groups among them are looked at one by one."""
    found: set[int] = set()
    left: set[int | None] = {group}
    while left:
        members = set(tables.children(left.pop()))
        found |= members
        left |= tables.holders & members
    return found


def group_ports(tables: Tables, library: LayerLibrary, group: int) -> GroupPorts:
    """The ports of a closed group: one for each value that enters or leaves, then those still open."""
    inside = dict.fromkeys(descendants(tables, group))
    entering: dict[Inner, tuple[int | None, ...]] = {}
    leaving: dict[Inner, None] = {}
    open_in: list[Inner] = []
    open_out: list[Inner] = []
    for member in inside:
        node = tables.nodes[member]
        entering.update(((member, e.into), (e.source, e.out)) for e in node.prior if e.source not in inside)
        leaving.update(dict.fromkeys((e.source, e.out) for e in node.next if e.target not in inside))
        open_in.extend((member, into) for into in open_inputs(node, library, tables.weights_of(member)))
        open_out.extend((member, out) for out in open_outputs(node, library))
    said_in, said_out = said_ports(tables.meta, group)
    ends = _Ends(tables, library, inside)
    inputs = sort_inputs(said_in, entering, open_in, ends.is_input, MOST_OPEN_PORTS)
    outputs = sort_outputs(said_out, leaving, open_out, ends.is_output, MOST_OPEN_PORTS)
    names = tuple(inputs.values()), tuple(outputs.values())
    return GroupPorts(tuple(inputs), tuple(outputs), _index(tuple(inputs)), _index(tuple(outputs)), *names)


class _Ends:
    """Which inner ports of a group there are."""

    def __init__(self, tables: Tables, library: LayerLibrary, inside: Container[int]):
        self._tables, self._library, self._inside = tables, library, inside

    def is_input(self, inner: Inner) -> bool:
        """True for an input of a member that nothing feeds."""
        node_id, into = inner
        node = self._tables.nodes.get(node_id)
        if node is None or node_id not in self._inside:
            return False
        ports = self._library[node.layer].inputs
        exists = into < len(ports) or bool(ports and ports[-1].variadic)
        taken = {edge.into for edge in node.prior}
        if self._library[node.layer].is_operator:
            taken |= constant_places(node.params, self._tables.weights_of(node_id))
        return exists and into not in taken

    def is_output(self, inner: Inner) -> bool:
        """True for an output of a member."""
        node_id, out = inner
        node = self._tables.nodes.get(node_id)
        if node is None or node_id not in self._inside:
            return False
        spec = self._library[node.layer]
        return out < outputs_of(node, spec)


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
    taken = {edge.out for edge in node.next}
    return [index for index in range(outputs_of(node, library[node.layer])) if index not in taken]


def drawn_ports(tables: Tables, library: LayerLibrary, node_id: int) -> tuple[int, int]:
    """How many (inputs, outputs) the box of a node or a closed group shows."""
    node = tables.nodes[node_id]
    spec = library[node.layer]
    if spec.group:
        ports = group_ports(tables, library, node_id)
        return len(ports.inputs), len(ports.outputs)
    return port_counts(node, spec, outputs_of(node, spec))


def drawn_size(tables: Tables, library: LayerLibrary, node_id: int) -> tuple[float, float]:
    """(width, height) of the box of a node or a closed group, in scene px."""
    return node_size(*drawn_ports(tables, library, node_id))


def is_shared(tables: Tables, library: LayerLibrary, node_id: int) -> bool:
    """True for a source (constant, parameter, Input) of more than MOST_WIRES layers; badges stand for its wires.

    False when its wires are to be drawn all the same (`set_wired`).
    """
    node = tables.nodes.get(node_id)
    if node is None or len(node.next) <= MOST_WIRES or node.prior or is_wired(tables.meta, node_id):
        return False
    spec = library[node.layer]
    if spec.group or spec.inputs or node.layer in MARKERS:
        return False
    return len({edge.target for edge in node.next}) > MOST_WIRES


def shared_sources(tables: Tables, library: LayerLibrary) -> dict[int, None]:
    """The shared sources of a network, oldest first: their wires are not drawn and do not shape the layout."""
    found = sorted(n for n, node in tables.nodes.items() if len(node.next) > MOST_WIRES)
    return dict.fromkeys(n for n in found if is_shared(tables, library, n))


def is_wired(meta: Mapping[str, Any], node_id: int) -> bool:
    """True when the wires of a source are drawn however many they are."""
    return f"{_WIRED}{node_id}" in meta


def set_wired(draft: DraftRows, node_id: int, wired: bool) -> None:
    """Let the wires of a source be drawn however many they are (a row of `meta`), or no longer."""
    row = f"{_WIRED}{node_id}"
    if (draft.get("meta", row) is not None) != wired:
        draft.put("meta", row, True if wired else None)


def wired_source(row: str) -> int | None:
    """The source that a row of `meta` with this name is about; None for every other row."""
    return number_in(row, _WIRED)


def _index(keys: tuple[Any, ...]) -> dict[Any, int]:
    return {key: index for index, key in enumerate(keys)}
