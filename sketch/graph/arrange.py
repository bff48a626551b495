"""Arrange: a layered drawing from top to bottom of each canvas, the same for the same network every time."""

from __future__ import annotations

from sketch.graph.collection import paused_collection
from sketch.graph.geometry import GAP_X, GAP_Y, NODE_HEIGHT, node_size
from sketch.graph.layout.coordinates import across
from sketch.graph.layout.layers import Arc, assign
from sketch.graph.layout.order import order
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import GroupPorts, descendants, drawn_ports, group_ports
from sketch.graph.tables import Tables

LANE = 14.0
LANE_GAP = 12.0
PITCH = NODE_HEIGHT + GAP_Y
PARTS_GAP = 72.0

Places = dict[int, tuple[float, float]]


def arrange(tables: Tables, parent: int | None, library: LayerLibrary) -> Places:
    """Node id -> (x, y) of its centre for the canvas of `parent`; closed groups are boxes. O(n) in practice.

    Parts that are not wired together stand side by side. The drawing is centred on x = 0 and starts at y = 0.
    """
    with paused_collection():
        members = sorted(tables.children(parent))
        canvas = _Canvas(tables, library, members)
        places: Places = {}
        right = 0.0
        for part, arcs in canvas.parts():
            found = canvas.draw(part, arcs)
            left = min(x - canvas.width[item] / 2 for item, (x, _) in found.items())
            shift = (right + PARTS_GAP if places else 0.0) - left
            places.update((item, (x + shift, y)) for item, (x, y) in found.items())
            right = max(places[item][0] + canvas.width[item] / 2 for item in found)
        return {item: (round(x - right / 2, 1), y) for item, (x, y) in places.items()}


def arrange_all(tables: Tables, library: LayerLibrary) -> Places:
    """Places for the nodes of every canvas: the top level and each group."""
    groups = [node.id for node in tables.nodes.values() if library[node.layer].group]
    places: Places = {}
    for parent in (None, *groups):
        places.update(arrange(tables, parent, library))
    return places


class _Canvas:
    """The boxes of one canvas and the wires lifted to it."""

    def __init__(self, tables: Tables, library: LayerLibrary, members: list[int]):
        self._members = members
        self._ports: dict[int, GroupPorts] = {}
        self.width: dict[int, float] = {}
        item_of: dict[int, int] = {}
        for item in members:
            item_of[item] = item
            if library[tables.nodes[item].layer].group:
                self._ports[item] = ports = group_ports(tables, library, item)
                item_of.update((inner, item) for inner in descendants(tables, item))
                self.width[item] = node_size(len(ports.inputs), len(ports.outputs))[0]
            else:
                self.width[item] = node_size(*drawn_ports(tables, library, item))[0]
        self.arcs = self._lifted(tables, item_of)

    def parts(self) -> list[tuple[list[int], list[Arc]]]:
        """Items that hang together with their wires, each part and the parts in the order of their oldest item."""
        root = {item: item for item in self._members}

        def find(item: int) -> int:
            while root[item] != item:
                root[item] = root[root[item]]
                item = root[item]
            return item

        for source, _, target, _ in self.arcs:
            one, other = find(source), find(target)
            root[max(one, other)] = min(one, other)
        found: dict[int, tuple[list[int], list[Arc]]] = {}
        for item in self._members:
            found.setdefault(find(item), ([], []))[0].append(item)
        for arc in self.arcs:
            found[find(arc[0])][1].append(arc)
        return list(found.values())

    def draw(self, part: list[int], wires: list[Arc]) -> Places:
        """The places of one part, its upper left anywhere."""
        number = {item: index for index, item in enumerate(part)}
        arcs = [(number[source], out, number[target], into) for source, out, target, into in wires]
        graph = assign(len(part), arcs)
        rows = order(graph)
        widths = [self.width[item] for item in part] + [LANE] * (len(graph.layer) - len(part))
        x = across(graph, rows, widths, GAP_X, LANE_GAP)
        return {item: (x[index], graph.layer[index] * PITCH) for item, index in number.items()}

    def _lifted(self, tables: Tables, item_of: dict[int, int]) -> list[Arc]:
        found: dict[Arc, None] = {}
        for node_id, source in item_of.items():
            for edge in tables.nodes[node_id].next:
                target = item_of.get(edge.target)
                if target is None or target == source:
                    continue
                start, end = self._ports.get(source), self._ports.get(target)
                out = edge.out if start is None else start.output_index[edge.source, edge.out]
                into = edge.into if end is None else end.input_index[edge.source, edge.out]
                found[source, out, target, into] = None
        return list(found)
