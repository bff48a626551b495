"""Boxes with ports and the wires among them, drawn in layers from top to bottom: places and ways."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from sketch.graph.geometry import GAP_X, GAP_Y, LANE_GAP, port_offset
from sketch.graph.layout.coordinates import across
from sketch.graph.layout.lanes import straighten
from sketch.graph.layout.layers import Arc, Layered, assign
from sketch.graph.layout.order import order

LANE_MARGIN = 14.0
"""From the border of a box to a trunk beside it."""

Point = tuple[float, float]
Points = tuple[Point, ...]
Step = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """A box to be drawn: its size and how many ports it has."""

    width: float
    height: float
    inputs: int
    outputs: int


@dataclass(slots=True)
class Drawn:
    """The middle of each box, and the way of each wire (both ends included) that does not run back up."""

    centres: list[Point]
    ways: dict[Arc, Points] = field(default_factory=dict)


def draw(
    shapes: list[Shape], arcs: list[Arc], step: Step = lambda _share: None, gap: float = GAP_Y
) -> Picture:
    """Draw boxes that hang together; `arcs` hold indices of `shapes`, `gap` is that between layers.

    `step(share)` is called now and then, and may raise to stop.
    """
    graph = assign(
        len(shapes),
        arcs,
        [port_offset(out, shapes[source].outputs) for source, out, _, _ in arcs],
        [port_offset(into, shapes[target].inputs) for _, _, target, into in arcs],
    )
    step(0.1)
    rows = order(graph, lambda share: step(0.1 + 0.4 * share))
    apart = _Apart(shapes)
    x = across(graph, rows, apart, lambda share: step(0.5 + 0.3 * share))
    straighten(graph, rows, apart, x)
    step(0.8)
    return Picture(graph, shapes, x, gap)


class _Apart:
    """How far apart the middles of two neighbours in a row must be; vertices without a shape are trunks."""

    def __init__(self, shapes: list[Shape]):
        self._real = len(shapes)
        self._half = [shape.width / 2 for shape in shapes]

    def __call__(self, left: int, right: int) -> float:
        if left < self._real:
            return self._half[left] + (self._half[right] + GAP_X if right < self._real else LANE_MARGIN)
        return self._half[right] + LANE_MARGIN if right < self._real else LANE_GAP


class Picture:
    """Boxes and trunks with their x, and heights for the layers; places and ways come out of it."""

    def __init__(self, graph: Layered, shapes: list[Shape], x: list[float], gap: float):
        self._graph, self._shapes, self._x = graph, shapes, x
        heights = [0.0] * (max(graph.layer, default=-1) + 1)
        for vertex, shape in enumerate(shapes):
            layer = graph.layer[vertex]
            heights[layer] = max(heights[layer], shape.height)
        self._bands: list[Point] = []
        """Top and bottom of each layer; between them lines run upright."""
        top = -heights[0] / 2 if heights else 0.0
        for height in heights:
            self._bands.append((top, top + height))
            top += height + gap

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all boxes and trunks."""
        halves = [shape.width / 2 for shape in self._shapes]
        pairs = list(zip(self._x, halves, strict=False))
        lanes = self._x[len(halves) :]
        return (
            min([x - half for x, half in pairs] + lanes),
            self._bands[0][0],
            max([x + half for x, half in pairs] + lanes),
            self._bands[-1][1],
        )

    def drawn(self, arcs: list[Arc], move: Point = (0.0, 0.0), *, turned: bool = False) -> Drawn:
        """All of it, moved, then x and y exchanged when `turned`."""
        layer = self._graph.layer
        dx, dy = move
        pen = _Pen(
            [round(x + dx, 1) for x in self._x],
            [(round(top + dy, 1), round(bottom + dy, 1)) for top, bottom in self._bands],
            turned,
        )
        ways = {arc: self._way(arc, pen) for arc in arcs if layer[arc[2]] > layer[arc[0]]}
        middles = [(top + bottom) / 2 for top, bottom in pen.bands]
        return Drawn([pen.at(pen.x[v], middles[layer[v]]) for v in range(len(self._shapes))], ways)

    def _way(self, arc: Arc, pen: _Pen) -> Points:
        source, out, target, into = arc
        start, end = self._shapes[source], self._shapes[target]
        first, last = self._graph.layer[source], self._graph.layer[target]
        (top, bottom), (roof, floor) = pen.bands[first], pen.bands[last]
        x1 = pen.x[source] + port_offset(out, start.outputs)
        x2 = pen.x[target] + port_offset(into, end.inputs)
        y1 = (top + bottom + start.height) / 2
        y2 = (roof + floor - end.height) / 2
        ends = pen.at(x1, y1), pen.at(x2, y2)
        if last - first == 1 and bottom <= y1 and roof >= y2:
            return ends
        points = [ends[0]]
        if bottom > y1:
            points.append(pen.at(x1, bottom))
        if last - first > 1:
            points += pen.trunk((source, out), self._graph.trunks[source, out], first + 1, last - first - 1)
        if roof < y2:
            points.append(pen.at(x2, roof))
        points.append(ends[1])
        return _merged(points, 1 if pen.turned else 0)


class _Pen:
    """Points at their final places. Those of a trunk are made once, for all the ways that follow it."""

    def __init__(self, x: list[float], bands: list[Point], turned: bool):
        self.x, self.bands, self.turned = x, bands, turned
        self._trunks: dict[tuple[int, int], tuple[list[int], list[Point]]] = {}

    def at(self, x: float, y: float) -> Point:
        """A point."""
        return (y, x) if self.turned else (x, y)

    def trunk(self, key: tuple[int, int], lane: list[int], layer: int, count: int) -> list[Point]:
        """The points along the first pieces of a trunk: upright, where it stays at one x through several at once."""
        if key not in self._trunks:
            self._trunks[key] = self._runs(lane, layer)
        starts, points = self._trunks[key]
        run = bisect_right(starts, count - 1) - 1
        end = self.at(self.x[lane[count - 1]], self.bands[layer + count - 1][1])
        return [*points[: 2 * run + 1], end]

    def _runs(self, lane: list[int], layer: int) -> tuple[list[int], list[Point]]:
        """(the first piece of each upright run, two points for each run)."""
        starts: list[int] = []
        points: list[Point] = []
        x, bands = self.x, self.bands
        for number, piece in enumerate(lane):
            if not number or x[piece] != x[lane[number - 1]]:
                if number:
                    points.append(self.at(x[lane[number - 1]], bands[layer + number - 1][1]))
                starts.append(number)
                points.append(self.at(x[piece], bands[layer + number][0]))
        return starts, points


def _merged(points: list[Point], axis: int) -> Points:
    """Without the points in the middle of an upright run."""
    kept = [points[0]]
    for point, after in pairwise(points[1:]):
        if not (kept[-1][axis] == point[axis] == after[axis]):
            kept.append(point)
    return (*kept, points[-1])
