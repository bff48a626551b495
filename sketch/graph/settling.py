"""A place for what is new on a canvas. Only what must move moves: the rest stays where the person put it.

A new layer stands between what it reads and what reads it. Where a wire was too short for it, what comes after
makes room; where a place is taken, the nearest free one beside it is.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import heapify, heappop, heappush, merge
from math import inf

from sketch.graph.arrange import moved
from sketch.graph.delta import inverse
from sketch.graph.draft import Draft
from sketch.graph.geometry import (
    GAP_X,
    NODE_HEIGHT,
    NODE_WIDTH,
    PORT_PITCH,
    RIGHT,
    direction,
    layer_gap,
    node_size,
)
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import descendants, drawn_ports, is_shared, lift
from sketch.graph.rows import Place
from sketch.graph.standing import At, part
from sketch.graph.tables import Tables

Places = dict[int, Place]
Spot = tuple[float, float]
"""(across, along): along is the way the drawing runs."""

LEAST_GAP = 20.0
"""A layer fits between two others when this much stays free before and after it."""
MOST_MOVED = 300
"""When more than this would have to make room, a new layer stands beside its wire instead."""
NEARLY = 0.5
"""What moves this much less than it had to, px, moves far enough."""
ROWS = 4
FAR = 4000.0
"""What stands further away than this to the sides is not looked at."""
MOST_OWN_PORTS = 12
"""More ports than this that nothing is wired to no layer has."""


def settle(
    tables: Tables,
    library: LayerLibrary,
    parent: int | None,
    changed: Collection[int],
    wished: Collection[int] = (),
    *,
    rest_stays: bool = False,
) -> Places:
    """Places for `changed` on the canvas of `parent`, and for what makes room for them; nothing else moves.

    Args:
        tables: with the edit in them.
        wished: those of `changed` that stand where the person put them; they stay unless they cover something.
        rest_stays: nothing makes room; where there is none, what is new stands beside.
    """
    board = _Board(tables, library, parent, changed, most_moved=0 if rest_stays else MOST_MOVED)
    for item in board.in_order(changed):
        _settle(board, item, wished=item in wished)
    return board.moved()


def _settle(board: _Board, item: int, *, wished: bool) -> None:
    before, after = board.neighbours(item)
    here = board.wish(item)
    if wished and not board.covers(item, here):
        board.put(item, here)
        return
    if not before and not after:
        board.put(item, board.free(item, here))
        return
    half = board.size(item)[1] / 2
    low = max((board.spot(other)[1] for other in before), default=-inf) + board.depth / 2 + half
    high = min((board.spot(other)[1] for other in after), default=inf) - board.depth / 2 - half
    across = _middle([board.spot(other)[0] for other in (*before, *after)])
    if not after:
        board.put(item, board.free(item, (across, low + board.gap)))
    elif not before:
        board.put(item, board.free(item, (across, high - board.gap)))
    elif high - low >= 2 * LEAST_GAP:
        board.put(item, board.free(item, (across, (low + high) / 2)))
    elif high >= low - 2 * half and board.make_room(after, low - high + 2 * board.gap):
        board.put(item, board.free(item, (across, low + board.gap)))
    else:
        board.put(item, board.free(item, (across, (low + high) / 2)))


def _middle(values: list[float]) -> float:
    return (min(values) + max(values)) / 2


def joined(
    tables: Tables, library: LayerLibrary, parent: int | None, item: int
) -> tuple[dict[int, None], dict[int, None]]:
    """Items of a canvas that feed one of them, and those that it feeds; sources shown as badges do not count."""
    before: dict[int, None] = {}
    for member in _members(tables, library, item):
        for edge in tables.nodes[member].prior:
            if not is_shared(tables, library, edge.source):
                before[lift(tables, edge.source, parent) or item] = None
    before.pop(item, None)
    return before, readers(tables, library, parent, item)


def readers(tables: Tables, library: LayerLibrary, parent: int | None, item: int) -> dict[int, None]:
    """Items of a canvas that one of them feeds; a source shown as badges feeds none here."""
    after: dict[int, None] = {}
    for member in _members(tables, library, item):
        if not is_shared(tables, library, member):
            for edge in tables.nodes[member].next:
                after[lift(tables, edge.target, parent) or item] = None
    after.pop(item, None)
    return after


def _members(tables: Tables, library: LayerLibrary, item: int) -> tuple[int, ...]:
    """The node, and all in it when it is a group."""
    group = library[tables.nodes[item].layer].group
    return (item, *descendants(tables, item)) if group else (item,)


class _Board:
    """The boxes of one canvas by where they stand, coordinates exchanged in a drawing that runs to the right."""

    def __init__(
        self,
        tables: Tables,
        library: LayerLibrary,
        parent: int | None,
        changed: Collection[int],
        *,
        most_moved: int = MOST_MOVED,
    ):
        self._most_moved = most_moved
        self._tables, self._library, self._parent = tables, library, parent
        self._runs = direction(tables.meta)
        self.gap = layer_gap(self._runs)
        self._sizes: dict[int, Spot] = {}
        self._wishes: dict[int, Spot] = {}
        self.depth = NODE_WIDTH if self._runs == RIGHT else NODE_HEIGHT
        """The size of every box along the way the drawing runs."""
        self._least = NODE_HEIGHT if self._runs == RIGHT else NODE_WIDTH
        """The least size of a box across it."""
        self._new = dict.fromkeys(changed)
        self._standing = tables.standing(parent, sideways=self._runs == RIGHT)
        self._put: dict[int, Spot] = {}
        """Where those are that were put somewhere."""
        self._levels: list[At] = []
        """These in order."""

    def in_order(self, items: Iterable[int]) -> list[int]:
        """What feeds others before them."""
        left = dict.fromkeys(item for item in items if item in self._tables.nodes)
        before = {item: joined(self._tables, self._library, self._parent, item)[0] for item in left}
        found: list[int] = []
        while left:
            ready = [item for item in left if not any(e in left for e in before[item] if e != item)]
            for item in ready or [next(iter(left))]:
                found.append(item)
                del left[item]
        return found

    def neighbours(self, item: int) -> tuple[list[int], list[int]]:
        """What stands already of the items that feed this one, and of those that it feeds."""
        before, after = joined(self._tables, self._library, self._parent, item)
        return list(filter(self._stands, before)), list(filter(self._stands, after))

    def spot(self, item: int) -> Spot:
        """Where an item stands."""
        return self._put.get(item) or self.wish(item)

    def wish(self, item: int) -> Spot:
        """Where an item stands in the tables."""
        spot = self._wishes.get(item)
        if spot is None:
            place = self._tables.places.get(item) or Place(0.0, 0.0)
            spot = self._wishes[item] = self._turned(place.x, place.y)
        return spot

    def size(self, item: int) -> Spot:
        """(across, along) of a box."""
        if item not in self._sizes:
            size = node_size(*drawn_ports(self._tables, self._library, item), self._runs)
            self._sizes[item] = self._turned(*size)
        return self._sizes[item]

    def put(self, item: int, spot: Spot) -> None:
        """Let an item stand there."""
        before = self._put.get(item)
        if before is not None:
            del self._levels[bisect_left(self._levels, (before[1], item))]
        self._put[item] = spot
        insort(self._levels, (spot[1], item))

    def covers(self, item: int, spot: Spot) -> bool:
        """True when a box there would touch another."""
        across, along = self.size(item)
        for other in self._near(spot[1], along):
            x, y = self.spot(other)
            if other == item or abs(y - spot[1]) >= along + LEAST_GAP / 2:
                continue
            if abs(x - spot[0]) < (across + self.size(other)[0]) / 2 + LEAST_GAP / 2:
                return True
        return False

    def free(self, item: int, spot: Spot) -> Spot:
        """The free place nearest to a spot: beside it, or some rows further on."""
        best, least = spot, inf
        step = self.size(item)[1] + self.gap
        for row in range(ROWS):
            along = spot[1] + row * step
            across = self._beside(item, (spot[0], along))
            cost = abs(across - spot[0]) + 2 * row * step
            if cost < least:
                best, least = (across, along), cost
            if least <= (row + 1) * step:
                break
        return best

    def make_room(self, items: Iterable[int], distance: float) -> bool:
        """Move items on by a distance, and what follows as far as it must; False, and nothing, if that is too much."""
        shifts = dict.fromkeys((item for item in items if item not in self._new), distance)
        waiting = [(self.spot(item)[1], item) for item in shifts]
        heapify(waiting)
        while waiting:
            at = heappop(waiting)  # what comes first, so that each is looked at once
            for other, least in self._pushed(at, shifts):
                shifts[other[1]] = least
                heappush(waiting, other)
            if len(shifts) > self._most_moved:
                return False
        for item, shift in shifts.items():
            x, y = self.spot(item)
            self.put(item, (x, y + shift))
        return True

    def moved(self) -> Places:
        """The rows of what is new or stands elsewhere now; ways among what moved together move along."""
        shifts = {
            item: (spot[0] - was[0], spot[1] - was[1])
            for item, spot in self._put.items()
            if item not in self._new and (was := self.wish(item)) != spot
        }
        found: Places = {}
        for item, spot in self._put.items():
            if item in self._new:
                found[item] = Place(*self._turned(*spot))
            elif item in shifts:
                found[item] = self._carried(item, shifts)
        return found

    # --- inside ------------------------------------------------------------------------------------

    def _stands(self, item: int) -> bool:
        """True for what has a place here: what is new has none until it is put somewhere."""
        if item in self._put or item in self._new:
            return item in self._put
        return item in self._tables.places and self._tables.nodes[item].parent == self._parent

    def _turned(self, x: float, y: float) -> Spot:
        return (y, x) if self._runs == RIGHT else (x, y)

    def _near(self, along: float, size: float) -> list[int]:
        """Items that may stand at a height."""
        reach = (size + self.depth) / 2 + self.gap
        return [item for _, item in self._between(along - reach, along + reach)]

    def _between(self, low: float, high: float) -> list[At]:
        """What stands there, both ends included, in order."""
        put, new = self._put, self._new
        stored = [at for at in self._standing.between(low, high) if at[1] not in put and at[1] not in new]
        levels = part(self._levels, low, high)
        return list(merge(stored, levels)) if levels else stored

    def _beside(self, item: int, spot: Spot) -> float:
        """The nearest x to both sides where a box fits at this height."""
        across, along = self.size(item)
        spans = []
        for other in self._near(spot[1], along):
            x, y = self.spot(other)
            if other != item and abs(x - spot[0]) < FAR and abs(y - spot[1]) < along + LEAST_GAP / 2:
                reach = (self.size(other)[0] + across) / 2 + GAP_X
                spans.append((x - reach, x + reach))
        candidates = [spot[0], *(edge for span in spans for edge in span)]
        fitting = [x for x in candidates if not any(low + 0.1 < x < high - 0.1 for low, high in spans)]
        return min(fitting, key=lambda x: (abs(x - spot[0]), -x))

    def _pushed(self, at: At, shifts: Mapping[int, float]) -> Iterator[tuple[At, float]]:
        """(what must move further when an item does, how far at least): what it feeds, and what it would cover."""
        along, item = at
        end, shift, new, known = along + self.depth, shifts[item], self._new, shifts.get
        for other in readers(self._tables, self._library, self._parent, item):
            if other not in new and self._stands(other) and (there := self.spot(other)[1]) >= end:
                least = shift - max(0.0, there - end - self.gap)
                if least > known(other, 0.0) + NEARLY:
                    yield (there, other), least
        for there, other in self._between(end, end + shift + LEAST_GAP):
            least = shift - max(0.0, there - end - LEAST_GAP)
            if least > known(other, 0.0) + NEARLY and other not in new and self._touches(other, item):
                yield (there, other), least

    def _touches(self, other: int, item: int) -> bool:
        """True when a box before another would be in its way; sizes are asked for late."""
        apart = abs(self.spot(other)[0] - self.spot(item)[0]) - LEAST_GAP / 2
        if apart < self._least:
            return True
        width, node = self.size(item)[0], self._tables.nodes[other]
        ports = len(node.prior) + len(node.next) + MOST_OWN_PORTS
        if apart > (max(NODE_WIDTH, ports * PORT_PITCH) + width) / 2 and not self._library[node.layer].group:
            return False
        return apart < (self.size(other)[0] + width) / 2

    def _carried(self, item: int, shifts: dict[int, Spot]) -> Place:
        move = shifts[item]
        dx, dy = self._turned(*move)
        row = self._tables.places[item]
        kept = tuple(way for way in row.ways if shifts.get(way.target) == move)
        return moved(replace(row, ways=kept), dx, dy)


def settle_draft(
    draft: Draft, parent: int | None, changed: Collection[int], wished: Collection[int] = ()
) -> None:
    """As `settle`, for an edit in the making: the places go into the draft."""
    tables, delta = draft.base, draft.delta()
    tables.apply(delta)  # and taken back: a copy of the tables takes much longer than that
    try:
        found = settle(tables, draft.library, parent, changed, wished)
    finally:
        tables.apply(inverse(delta))
    for item, place in found.items():
        draft.put("places", item, place)
