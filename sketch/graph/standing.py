"""Where the items of one canvas stand along the way its drawing runs, kept in order from edit to edit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from sketch.graph.tables import Tables

At = tuple[float, int]
"""(along, item)."""
AHEAD = 4000.0
"""What stands so far ahead, px, is looked up together: what makes room is asked for one after the other."""
MOST_RENEWED = 2000
"""When more rows than this differ, everything is put in order anew."""


class Standing:
    """The items of the canvas of `parent` (None: the top level) that have a place, by (along, id).

    `along` is x in a drawing that runs to the right, else y; scene px.
    """

    def __init__(self, tables: Tables, parent: int | None, *, sideways: bool):
        import numpy as np

        self.parent, self.sideways = parent, sideways
        self.touched: set[int] = set()
        """Items whose rows changed since they were put in order."""
        places = tables.places
        ids = [item for item in tables.children(parent) if item in places]
        alongs = map(attrgetter("x" if sideways else "y"), map(places.__getitem__, ids))
        found = np.fromiter(alongs, float, len(ids))
        order = np.argsort(found, kind="stable")  # the ids ascend already
        self._alongs, self._ids = found[order], np.array(ids, np.intp)[order]
        self._seen: tuple[float, float, list[At]] = inf, -inf, []
        """What was looked up last, and from where up to where that is all."""

    def copy(self) -> Standing:
        """The same order, for a copy of the tables."""
        twin = Standing.__new__(Standing)
        vars(twin).update(vars(self), touched=set(self.touched))
        return twin

    def up_to_date(self, tables: Tables) -> Standing:
        """What it is in these tables now; another one where too much has changed."""
        if len(self.touched) > MOST_RENEWED:
            return Standing(tables, self.parent, sideways=self.sideways)
        if self.touched:
            self._renew(tables, sorted(self.touched))
            self.touched.clear()
        return self

    def between(self, low: float, high: float) -> list[At]:
        """All from `low` up to `high`, both included, in order."""
        begin, end, seen = self._seen
        if low < begin or high > end:
            begin, end = low, high + AHEAD
            first, last = self._alongs.searchsorted(begin), self._alongs.searchsorted(end, "right")
            seen = list(zip(self._alongs[first:last].tolist(), self._ids[first:last].tolist(), strict=True))
            self._seen = begin, end, seen
        return part(seen, low, high)

    # --- inside ------------------------------------------------------------------------------------

    def _renew(self, tables: Tables, touched: list[int]) -> None:
        """Put some items where they are now; arrays are made anew, as a copy may hold those of before."""
        import numpy as np

        rest = ~_are_in(self._ids, touched)
        alongs, ids = self._alongs[rest], self._ids[rest]
        new = sorted(self._here(tables, touched))
        at = [_place_of(alongs, ids, along, item) for along, item in new]
        self._alongs = np.insert(alongs, at, [along for along, _ in new])
        self._ids = np.insert(ids, at, [item for _, item in new])
        self._seen = inf, -inf, []

    def _here(self, tables: Tables, items: Iterable[int]) -> Iterator[At]:
        """Those that stand on this canvas."""
        for item in items:
            node, place = tables.nodes.get(item), tables.places.get(item)
            if node is not None and place is not None and node.parent == self.parent:
                yield (place.x if self.sideways else place.y), item


def part(found: list[At], low: float, high: float) -> list[At]:
    """Those of some in order that are from `low` up to `high`, both included."""
    return found[bisect_left(found, (low, -1)) : bisect_right(found, (high, inf))]


def _are_in(ids: np.ndarray[Any, Any], some: list[int]) -> np.ndarray[Any, Any]:
    """True for each id that is among some others."""
    import numpy as np

    known = np.zeros(1 + max(int(ids.max(initial=0)), some[-1]), bool)
    known[some] = True
    found: np.ndarray[Any, Any] = known[ids]
    return found


def _place_of(alongs: np.ndarray[Any, Any], ids: np.ndarray[Any, Any], along: float, item: int) -> int:
    """Where an item belongs among others."""
    first, last = int(alongs.searchsorted(along)), int(alongs.searchsorted(along, "right"))
    return first + int(ids[first:last].searchsorted(item))
