"""Places for the nodes that are new in a drawing; the others stay where the person put them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import median

from sketch.graph.arrange import arrange_all
from sketch.graph.geometry import GAP_Y, NODE_HEIGHT
from sketch.graph.library import LayerLibrary
from sketch.graph.tables import Tables

Spot = tuple[float, float]
_NEAR = (150.0, 60.0)
"""Closer than this (width, height; scene units) two nodes would cover one another."""
_STEP = 80.0
_MOSTLY_NEW = 0.6
"""From this share of new nodes on, a canvas is laid out anew."""


def spots(
    old: Tables, new: Tables, library: LayerLibrary, ids: Mapping[int, int], staying: Collection[int]
) -> dict[int, Spot]:
    """Node of the old numbering -> its place, for new nodes and on canvases that are mostly new.

    Args:
        ids: node of `new` -> its id in the document, for all that get one.
        staying: ids of `old` that stay.
    """
    canvases: dict[int | None, list[int]] = {}
    for key, node in new.nodes.items():
        if key not in ids:
            continue
        canvases.setdefault(node.parent, []).append(key)
    found: dict[int, Spot] = {}
    laid_out: Mapping[int, Spot] | None = None
    for members in canvases.values():
        fresh = [key for key in members if ids[key] not in old.nodes]
        if not fresh:
            continue
        if len(fresh) > _MOSTLY_NEW * len(members):
            laid_out = laid_out or arrange_all(new, library)
            found.update({ids[key]: laid_out[key] for key in members if key in laid_out})
        else:
            _Canvas(old, new, ids, members, staying, found).fill(fresh)
    return found


class _Canvas:
    """One canvas on which most nodes have a place."""

    def __init__(
        self,
        old: Tables,
        new: Tables,
        ids: Mapping[int, int],
        members: list[int],
        staying: Collection[int],
        found: dict[int, Spot],
    ):
        self._new, self._ids, self._found = new, ids, found
        places = {key: (place.x, place.y) for key, place in old.places.items()}
        self._places = {key: places[ids[key]] for key in members if ids[key] in places}
        parents = {old.nodes[ids[key]].parent for key in members if ids[key] in old.nodes}
        self._taken = [places[key] for key in staying if old.nodes[key].parent in parents and key in places]
        self._stride = self._usual_stride()

    def fill(self, fresh: list[int]) -> None:
        """A free place for each new node, between what it reads and what reads it."""
        for key in fresh:
            spot = self._between(key)
            while any(abs(spot[0] - x) < _NEAR[0] and abs(spot[1] - y) < _NEAR[1] for x, y in self._taken):
                spot = (spot[0], spot[1] + _STEP)
            self._places[key] = self._found[self._ids[key]] = spot
            self._taken.append(spot)

    def _between(self, key: int) -> Spot:
        node = self._new.nodes[key]
        before = [self._places[edge.source] for edge in node.prior if edge.source in self._places]
        after = [self._places[edge.target] for edge in node.next if edge.target in self._places]
        if before and after:
            ends = _centre(before), _centre(after)
            return (ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2
        if before:
            x, y = _centre(before)
            return x + self._stride[0], y + self._stride[1]
        if after:
            x, y = _centre(after)
            return x - self._stride[0], y - self._stride[1]
        return _centre(self._taken) if self._taken else (0.0, 0.0)

    def _usual_stride(self) -> Spot:
        """From a node to the one that reads it, as most wires of this canvas go."""
        steps = [
            (self._places[edge.target][0] - x, self._places[edge.target][1] - y)
            for key, (x, y) in self._places.items()
            for edge in self._new.nodes[key].next
            if edge.target in self._places
        ]
        if not steps:
            return 0.0, NODE_HEIGHT + GAP_Y
        return median(x for x, _ in steps), median(y for _, y in steps)


def _centre(points: list[Spot]) -> Spot:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
