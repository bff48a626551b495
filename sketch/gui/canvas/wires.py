"""The wires of one canvas, lifted from the network and routed; kept up to date from Updates. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sketch.graph.delta import Delta
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import descendants, lift
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables
from sketch.gui.canvas.boxes import Box, Stub, StubRow, box_of
from sketch.gui.canvas.routing import Lane, Obstacles, Point, Points, route

ItemKey = int | Stub
STUB_DISTANCE = 64.0
MOST_YIELDING = 50
"""When more boxes than this change at once, wires that they now stand on keep their way until the next edit."""


@dataclass(frozen=True, slots=True)
class Line:
    """One drawn wire: what it joins on this canvas, and its way."""

    edge: Edge
    start: ItemKey
    out: int
    end: ItemKey
    into: int
    points: Points
    lane: Lane | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a sync changed: boxes and lines that are new or different, and those that are gone."""

    boxes: frozenset[ItemKey]
    lines: frozenset[Edge]


class Wiring:
    """Boxes and lines of the canvas of `parent` (None: the top level)."""

    def __init__(self, tables: Tables, library: LayerLibrary, parent: int | None):
        self.tables = tables
        self.library = library
        self.parent = parent
        self.boxes: dict[int, Box] = {}
        self.stubs: dict[Stub, Box] = {}
        self.lines: dict[Edge, Line] = {}
        self._at: dict[ItemKey, dict[Edge, None]] = {}
        self._obstacles = Obstacles()
        self._rebuild()

    def box(self, key: ItemKey) -> Box:
        """The box of a node, group or stub of this canvas; KeyError when it is not here."""
        return self.stubs[key] if isinstance(key, Stub) else self.boxes[key]

    def lines_at(self, key: ItemKey) -> Iterator[Line]:
        """The lines that touch a box."""
        return (self.lines[edge] for edge in self._at.get(key, ()))

    def sync(self, delta: Delta) -> Changes:
        """Follow a Delta that was applied to the tables; cost follows the edit."""
        items, edges = self._touched(delta)
        boxes = {item for item in items if self._place(item)}
        for item in boxes:
            edges.update(self._at.get(item, {}))
        for edge in edges:
            self._drop(edge)
        lost = {key for key in self.stubs if not self._at.get(key)}
        self._draw(edge for edge in edges if self._exists(edge))
        moved = self._place_stubs()
        edges.update(dict.fromkeys(edge for key in moved for edge in self._at.get(key, ())))
        edges.update(dict.fromkeys(self._crossed(boxes)))
        self._reroute(edge for edge in edges if edge in self.lines)
        return Changes(frozenset(boxes | moved | lost), frozenset(edges))

    # --- inside ------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        for node_id in self.tables.children(self.parent):
            self._place(node_id)
        inside = (
            self.tables.nodes if self.parent is None else dict.fromkeys(descendants(self.tables, self.parent))
        )
        found: dict[Edge, None] = {}
        for node_id in inside:
            node = self.tables.nodes[node_id]
            found.update(dict.fromkeys((*node.next, *node.prior)))
        self._draw(found)
        self._place_stubs()
        self._reroute(self.lines)

    def _touched(self, delta: Delta) -> tuple[dict[int, None], dict[Edge, None]]:
        """(items of this canvas whose box may differ, wires whose course may differ)."""
        items: dict[int, None] = {}
        edges: dict[Edge, None] = {}
        for change in delta:
            if change.table == "places":
                items[change.key] = None
            elif change.table == "nodes":
                for row in (change.before, change.after):
                    self._touch(row, items, edges)
                if change.before and change.after and change.before.parent != change.after.parent:
                    for inner in descendants(self.tables, change.key):
                        self._touch(self.tables.nodes[inner], items, edges)
        return items, edges

    def _touch(self, row: Node | None, items: dict[int, None], edges: dict[Edge, None]) -> None:
        if row is None:
            return
        edges.update(dict.fromkeys((*row.prior, *row.next)))
        if row.parent == self.parent:
            items[row.id] = None
        elif row.parent is not None and (item := lift(self.tables, row.parent, self.parent)) is not None:
            items[item] = None

    def _place(self, item: int) -> bool:
        """Bring one box up to date; True when it changed."""
        before = self.boxes.pop(item, None)
        node = self.tables.nodes.get(item)
        after = box_of(self.tables, self.library, item) if node and node.parent == self.parent else None
        if after is not None:
            self.boxes[item] = after
        if before == after:
            return False
        if before is not None:
            self._obstacles.remove(before)
        if after is not None:
            self._obstacles.add(after)
        return True

    def _exists(self, edge: Edge) -> bool:
        node = self.tables.nodes.get(edge.target)
        return node is not None and edge in node.prior

    def _drop(self, edge: Edge) -> None:
        line = self.lines.pop(edge, None)
        if line is None:
            return
        for key in (line.start, line.end):
            self._at[key].pop(edge, None)
        self._free(line)

    def _draw(self, edges: Iterable[Edge]) -> None:
        """Lift wires to this canvas; their way is found by `_reroute`."""
        for edge in edges:
            start = lift(self.tables, edge.source, self.parent)
            end = lift(self.tables, edge.target, self.parent)
            if start == end:
                continue
            first: ItemKey = Stub.before(edge) if start is None else start
            last: ItemKey = Stub.after(edge) if end is None else end
            out = 0 if isinstance(first, Stub) else self.boxes[first].output_port(edge)
            into = 0 if isinstance(last, Stub) else self.boxes[last].input_port(edge)
            self.lines[edge] = Line(edge, first, out, last, into, ())
            self._at.setdefault(first, {})[edge] = None
            self._at.setdefault(last, {})[edge] = None

    def _place_stubs(self) -> set[ItemKey]:
        """Line the stubs up above and below everything; those that changed."""
        if self.parent is None:
            return set()
        rows = (StubRow(True), StubRow(False))
        for line in self.lines.values():
            if isinstance(line.start, Stub) and not isinstance(line.end, Stub):
                wish = self.boxes[line.end].input_anchor(line.into)[0]
                rows[0].wished.setdefault(line.start, []).append(wish)
            if isinstance(line.end, Stub) and not isinstance(line.start, Stub):
                wish = self.boxes[line.start].output_anchor(line.out)[0]
                rows[1].wished.setdefault(line.end, []).append(wish)
        top = min((box.top for box in self.boxes.values()), default=0.0) - STUB_DISTANCE
        bottom = max((box.bottom for box in self.boxes.values()), default=0.0) + STUB_DISTANCE
        before, self.stubs = self.stubs, {**rows[0].place(top), **rows[1].place(bottom)}
        return {key for key in (*before, *self.stubs) if before.get(key) != self.stubs.get(key)}

    def _crossed(self, boxes: Iterable[ItemKey]) -> list[Edge]:
        """Wires that a box now stands on: they look for another way."""
        now = [self.boxes[key] for key in boxes if isinstance(key, int) and key in self.boxes]
        if not now or len(now) > MOST_YIELDING:
            return []
        left, right = min(box.left for box in now), max(box.right for box in now)
        top, bottom = min(box.top for box in now), max(box.bottom for box in now)
        found = []
        for edge, line in self.lines.items():
            points = line.points
            xs, ys = [x for x, _ in points], [y for _, y in points]
            if points and min(ys) < bottom and max(ys) > top and min(xs) < right and max(xs) > left:
                found.append(edge)
        return found

    def _reroute(self, edges: Iterable[Edge]) -> None:
        """Find ways, the longest wires of each output first, so that the shorter ones join their lane."""
        lines = [self.lines[edge] for edge in edges]
        for line in lines:
            self._free(line)
        ends = {line.edge: self._ends(line) for line in lines}
        lines.sort(key=_lane_order(ends))
        for line in lines:
            owner = (line.edge.source, line.edge.out)
            points, lane = route(*ends[line.edge], self._obstacles, owner)
            self.lines[line.edge] = Line(line.edge, line.start, line.out, line.end, line.into, points, lane)
            if lane is not None:
                self._obstacles.take(lane, owner)

    def _free(self, line: Line) -> None:
        if line.lane is not None:
            self._obstacles.release(line.lane, (line.edge.source, line.edge.out))

    def _ends(self, line: Line) -> tuple[tuple[float, float], tuple[float, float]]:
        return self.box(line.start).output_anchor(line.out), self.box(line.end).input_anchor(line.into)


def _lane_order(
    ends: Mapping[Edge, tuple[Point, Point]],
) -> Callable[[Line], tuple[float, int, int, float, int, int]]:
    """Short trunks first, so that long ones run outside of them; in each, its longest wire first."""
    spans = {edge: end[1] - start[1] for edge, (start, end) in ends.items()}
    reach: dict[tuple[int, int], float] = {}
    for edge, span in spans.items():
        owner = (edge.source, edge.out)
        reach[owner] = max(reach.get(owner, span), span)

    def key(line: Line) -> tuple[float, int, int, float, int, int]:
        edge = line.edge
        return reach[edge.source, edge.out], edge.source, edge.out, -spans[edge], edge.target, edge.into

    return key
