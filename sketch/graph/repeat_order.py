"""The layers of a canvas in an order in which equal blocks are equal stretches, each with a number for what it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import descendants, lift
from sketch.graph.linking.structure import group_key, own_label
from sketch.graph.tables import Tables

_FAR = 16
"""A value that is read again so many layers deeper, twice, is one that all blocks share (a mask, a table)."""
_ENDS = ("Input", "Output")
_TAILS = ("Activation", "Normalisation", "Dropout", "Pooling")
"""A block rather ends with such a layer than it begins with one."""


@dataclass(slots=True)
class Canvas:
    """`tokens[i]` says what `order[i]` is; `cuts[i]` counts the values that pass between i - 1 and i."""

    order: list[int] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tails: list[bool] = field(default_factory=list)


def read_canvas(tables: Tables, library: LayerLibrary, parent: int | None) -> Canvas:
    """The layers and groups of a canvas, inputs and outputs of the model left out."""
    reading = _Reading(tables, library, parent)
    order = reading.ordered()
    place = {item: number for number, item in enumerate(order)}
    canvas = Canvas(order, place)
    canvas.tokens = [reading.token(item, place) for item in order]
    canvas.cuts = reading.cuts(place)
    canvas.names = [tables.nodes[item].name for item in order]
    canvas.tails = [library[tables.nodes[item].layer].category in _TAILS for item in order]
    return canvas


class _Reading:
    """What reads what on the canvas; wires of groups count as those of their boxes."""

    def __init__(self, tables: Tables, library: LayerLibrary, parent: int | None):
        self._tables, self._library = tables, library
        children = tables.children(parent)
        self._items = [n for n in children if tables.nodes[n].layer not in _ENDS]
        known = set(self._items)
        self._reads: dict[int, list[tuple[int, int, int]]] = {}
        self._readers: dict[int, list[int]] = {item: [] for item in self._items}
        for item in self._items:
            found = []
            for member in self._members(item):
                for edge in tables.nodes[member].prior:
                    source = edge.source if edge.source in known else lift(tables, edge.source, parent)
                    if source != item and source in known and source is not None:
                        found.append((edge.into, edge.out, source))
                        self._readers[source].append(item)
            self._reads[item] = found
        self._depth: dict[int, int] = {}
        for item in self._sorted(self._items):
            above = [self._depth.get(source, -1) for _, _, source in self._reads[item]]
            self._depth[item] = max(above, default=-1) + 1
        self._shared = {item for item in self._items if self._is_shared(item)}

    def ordered(self) -> list[int]:
        """What all blocks share first, then each layer right after what only it needs."""
        first = sorted(self._shared, key=lambda item: (self._depth[item], item))
        ends = [item for item in self._items if not self._readers[item]]
        return self._sorted((*first, *ends, *self._items))

    def token(self, item: int, place: dict[int, int]) -> int:
        """What a layer is, and how far before it stands what it reads."""
        node = self._tables.nodes[item]
        here = place[item]
        if self._library[node.layer].group:
            near = sorted(
                {here - place[source] for _, _, source in self._reads[item] if source not in self._shared}
            )
            return hash((group_key(self._tables, item), tuple(near)))
        back = {into: 0 if s in self._shared else here - place[s] for into, _, s in self._reads[item]}
        outside = 1 if len(node.prior) == 1 else 0  # the first layer of all reads as any other does
        reads = tuple((e.into, e.out, back.get(e.into, outside)) for e in node.prior)
        return hash((own_label(self._tables, node), reads))

    def cuts(self, place: dict[int, int]) -> list[int]:
        """How many values pass each place in the order; shared ones do not count."""
        steps = [0] * (len(place) + 2)
        for item, readers in self._readers.items():
            if readers and item not in self._shared:
                steps[place[item] + 1] += 1
                steps[max(place[reader] for reader in readers) + 1] -= 1
        total, found = 0, []
        for step in steps[: len(place) + 1]:
            total += step
            found.append(total)
        return found

    def _members(self, item: int) -> Iterable[int]:
        if not self._library[self._tables.nodes[item].layer].group:
            return (item,)
        return (item, *descendants(self._tables, item))

    def _is_shared(self, item: int) -> bool:
        """True for a source with several readers, and for what is read anew in later and later layers."""
        readers = self._readers[item]
        if len(readers) < 2:
            return False
        if not any(self._tables.nodes[member].prior for member in self._members(item)):
            return len(set(readers)) > 1
        depths = sorted({self._depth[reader] for reader in readers})
        return sum(b - a > _FAR // 2 for a, b in itertools.pairwise(depths)) >= 2

    def _sorted(self, roots: Iterable[int]) -> list[int]:
        """Everything that the roots need, and the roots, each after what it reads (loops of boxes cut somewhere)."""
        done: dict[int, None] = {}
        entered: set[int] = set()
        for root in roots:
            stack = [root]
            while stack:
                item = stack[-1]
                if item in done:
                    stack.pop()
                    continue
                entered.add(item)
                if waiting := [s for _, _, s in self._reads[item] if s not in done and s not in entered]:
                    stack.extend(reversed(waiting))
                    continue
                done[item] = None
                stack.pop()
        return list(done)
