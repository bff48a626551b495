"""Arrange: a layered drawing of each canvas, down or to the right, the same for the same network every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from sketch.graph.collection import paused_collection
from sketch.graph.evaluate import outputs_of
from sketch.graph.geometry import RIGHT, direction, layer_gap, node_size, port_counts
from sketch.graph.layout.drawing import Drawn, Picture, Shape, Step, draw
from sketch.graph.layout.layers import Arc
from sketch.graph.layout.packing import pack
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import MOST_WIRES, GroupPorts, descendants, group_ports, is_shared
from sketch.graph.rows import Edge, Place, Way
from sketch.graph.tables import Tables

Places = dict[int, Place]
LONG = 100.0
"""A straight wire longer than this (scene units) keeps its way too: it is known to be clear."""


class Task(Protocol):
    """Who waits for a layout: told how far it is, and may stop it by raising."""

    def step(self, done: float, total: float, text: str) -> None:
        """`done` of `total`, and what is being done."""


def arrange(
    tables: Tables,
    parent: int | None,
    library: LayerLibrary,
    task: Task | None = None,
    *,
    runs: str | None = None,
) -> Places:
    """Node id -> its place for the canvas of `parent`; closed groups are boxes. O(n) in practice.

    Parts that are not wired together stand side by side. The drawing is centred on x = 0 and starts at y = 0 (to the
    right: on y = 0 and at x = 0). The wires of a shared source do not count but for the first.

    Args:
        task: is told the progress, and stops the layout by raising.
        runs: `down` or `right`; the document's own direction when left out.
    """
    with paused_collection():
        return lay_out(Canvas(tables, library, sorted(tables.children(parent)), runs), task)


def arrange_all(
    tables: Tables, library: LayerLibrary, task: Task | None = None, *, runs: str | None = None
) -> Places:
    """Places for the nodes of every canvas: the top level and each group."""
    groups = [node.id for node in tables.nodes.values() if library[node.layer].group]
    return arrange_levels(tables, (None, *groups), library, task, runs=runs)


def arrange_levels(
    tables: Tables,
    parents: Iterable[int | None],
    library: LayerLibrary,
    task: Task | None = None,
    *,
    runs: str | None = None,
) -> Places:
    """Places for the nodes of some canvases, each laid out by itself."""
    places: Places = {}
    for parent in parents:
        places.update(arrange(tables, parent, library, task, runs=runs))
    return places


def arrange_some(
    tables: Tables, library: LayerLibrary, chosen: Iterable[int], task: Task | None = None
) -> Places:
    """Places for some nodes of one canvas, laid out among themselves; the middle of them stays where it is."""
    ids = sorted(key for key in dict.fromkeys(chosen) if key in tables.nodes)
    if not ids:
        return {}
    with paused_collection():
        canvas = Canvas(tables, library, ids)
        places = lay_out(canvas, task)
    old, new = canvas.middle(tables.places), canvas.middle(places)
    dx, dy = round(old[0] - new[0], 1), round(old[1] - new[1], 1)
    return {key: moved(place, dx, dy) for key, place in places.items()}


def moved(place: Place, dx: float, dy: float) -> Place:
    """A place with its ways, shifted."""
    ways = tuple(
        replace(way, points=tuple((round(x + dx, 1), round(y + dy, 1)) for x, y in way.points))
        for way in place.ways
    )
    return Place(round(place.x + dx, 1), round(place.y + dy, 1), ways)


def lay_out(canvas: Canvas, task: Task | None = None) -> Places:
    """Rows for everything on a canvas."""
    places: Places = {}
    for part, drawn in draw_parts(canvas, task):
        places.update(_placed(part, drawn, 0 if canvas.turned else 1))
    return places


def draw_parts(canvas: Canvas, task: Task | None = None) -> list[tuple[list[int], Drawn]]:
    """Draw every part of a canvas, and pack the parts: the items of each, and where they and their wires are.

    What is drawn knows an item by its number in the list.
    """
    parts = canvas.parts()
    pictures: list[Picture] = []
    done, total = 0, len(canvas.shapes)
    for part, arcs in parts:
        step = _progress(task, done, len(part), total)
        step(0.0)
        shapes = [canvas.shapes[item] for item in part]
        pictures.append(draw(shapes, arcs, step, layer_gap(canvas.runs)))
        done += len(part)
    moves = pack([picture.extent for picture in pictures])
    return [
        (part, picture.drawn(arcs, (round(move[0], 1), round(move[1], 1)), turned=canvas.turned))
        for (part, arcs), picture, move in zip(parts, pictures, moves, strict=True)
    ]


def _progress(task: Task | None, done: int, size: int, total: int) -> Step:
    def step(share: float) -> None:
        if task is not None:
            task.step(done + share * size, total, "Arranging")

    return step


def _placed(part: list[int], drawn: Drawn, along: int) -> Places:
    """Rows for one part; `along` is the axis that wires run along."""
    ways: dict[int, list[Way]] = {}
    for (source, out, target, into), points in drawn.ways.items():
        if len(points) > 2 or points[1][along] - points[0][along] > LONG:
            ways.setdefault(source, []).append(Way(out, part[target], into, points))
    return {
        item: Place(*centre, tuple(ways.get(index, ())))
        for index, (item, centre) in enumerate(zip(part, drawn.centres, strict=True))
    }


class Canvas:
    """The boxes of one canvas and the wires lifted to it."""

    def __init__(self, tables: Tables, library: LayerLibrary, members: list[int], runs: str | None = None):
        self._tables, self._library = tables, library
        self._members = members
        self.ports: dict[int, GroupPorts] = {}
        """Those of the closed groups."""
        self.runs = runs or direction(tables.meta)
        self.turned = self.runs == RIGHT
        self.shapes: dict[int, Shape] = {}
        """Item -> its box, width and height exchanged in a drawing that runs to the right."""
        self.shared: dict[int, tuple[Edge, ...]] = {}
        """Shared source -> its wires to what is on this canvas: badges; only the first counts for the layout."""
        self._shape_of: dict[tuple[int, int], Shape] = {}
        item_of = dict(zip(members, members, strict=True))
        for item in members:
            node = tables.nodes[item]
            spec = library[node.layer]
            if spec.group:
                self.ports[item] = ports = group_ports(tables, library, item)
                item_of.update((inner, item) for inner in descendants(tables, item))
                self.shapes[item] = self._shape((len(ports.inputs), len(ports.outputs)))
            else:
                self.shapes[item] = self._shape(port_counts(node, spec, outputs_of(node, spec)))
        self.wires = self._lifted(item_of)
        """(item, its output, item, its input) -> the wires drawn as one; none for the first of a shared source."""

    def parts(self) -> list[tuple[list[int], list[Arc]]]:
        """Items that hang together and the wires among them as indices; parts in the order of their oldest item."""
        index = {item: number for number, item in enumerate(self._members)}
        arcs = [(index[source], out, index[target], into) for source, out, target, into in self.wires]
        root = _roots(len(index), arcs)
        if not any(root):
            return [(self._members, arcs)] if index else []
        found: dict[int, tuple[list[int], list[Arc]]] = {}
        place = []
        for item, its_root in zip(self._members, root, strict=True):
            part = found.setdefault(its_root, ([], []))[0]
            place.append(len(part))
            part.append(item)
        for source, out, target, into in arcs:
            found[root[source]][1].append((place[source], out, place[target], into))
        return list(found.values())

    def middle(self, places: Mapping[int, Place]) -> tuple[float, float]:
        """The middle of what the boxes cover at these places."""
        boxes = [(places[item], shape) for item, shape in self.shapes.items() if item in places]
        if not boxes:
            return 0.0, 0.0
        ends = []
        for at, shape in boxes:
            width, height = (shape.height, shape.width) if self.turned else (shape.width, shape.height)
            ends.append((at.x - width / 2, at.y - height / 2, at.x + width / 2, at.y + height / 2))
        left, top, right, bottom = zip(*ends, strict=True)
        return (min(left) + max(right)) / 2, (min(top) + max(bottom)) / 2

    def _shape(self, ports: tuple[int, int]) -> Shape:
        shape = self._shape_of.get(ports)
        if shape is None:
            width, height = node_size(*ports, self.runs)
            shape = self._shape_of[ports] = Shape(
                *((height, width) if self.turned else (width, height)), *ports
            )
        return shape

    def _lifted(self, item_of: dict[int, int]) -> dict[Arc, tuple[Edge, ...]]:
        """The wires between items of the canvas."""
        found: dict[Arc, tuple[Edge, ...]] = {}
        nodes, ports = self._tables.nodes, self.ports
        for node_id, source in item_of.items():
            edges = nodes[node_id].next
            shared = len(edges) > MOST_WIRES and is_shared(self._tables, self._library, node_id)
            if shared:
                self.shared[node_id] = tuple(edge for edge in edges if edge.target in item_of)
                edges = self.shared[node_id][:1]
            start = ports.get(source)
            for edge in edges:
                target = item_of.get(edge[2])
                if target is None or target == source:
                    continue
                arc: Arc = edge
                end = ports.get(target)
                if start is not None or end is not None:
                    value = edge[:2]
                    out = edge.out if start is None else start.output_index[value]
                    arc = source, out, target, edge.into if end is None else end.input_index[value]
                found[arc] = found.get(arc, ()) if shared else (*found.get(arc, ()), edge)
        return found


def _roots(count: int, arcs: list[Arc]) -> list[int]:
    """For each of so many vertices the least one that it hangs together with."""
    root = list(range(count))
    for source, _, target, _ in arcs:
        one, other = source, target
        while root[one] != one:
            root[one] = one = root[root[one]]
        while root[other] != other:
            root[other] = other = root[root[other]]
        if one < other:
            root[other] = one
        else:
            root[one] = other
    for vertex, above in enumerate(root):
        root[vertex] = root[above]
    return root
