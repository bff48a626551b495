"""A drawing, what its source said before the edit and what it says now, and which node is which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.rewriting.pairing import counterparts, pairs
from sketch.graph.rows import Node
from sketch.graph.tables import Tables

Port = tuple[int, int]
"""A node and the number of its output."""


class Versions:
    """Three drawings: `old` is the document's, `base` came from its source and `new` from the edited source.

    Where the base is the drawing itself (its source has not been run), a node that the source did not show is in none
    of the pairs. `stands` is the document's node for one of the base, `twin` the base's for one of the new drawing,
    and `origin` both in one.
    """

    def __init__(
        self, old: Tables, new: Tables, base: Tables | None, library: LayerLibrary, shown: Collection[int]
    ):
        self.old, self.new, self.base = old, new, old if base is None else base
        self.library = library
        self.guessed = base is None
        before = build_network(old, library)
        self._after = build_network(new, library)
        self._base = before if base is None else build_network(base, library)
        if base is None:
            self.stands = {key: key for key in shown}
        else:
            self.stands = counterparts(before, self._base, pairs(before, self._base, shown), shown)
        self.twin = pairs(self._base, self._after, shown if base is None else base.nodes)
        self.origin = {key: self.stands[twin] for key, twin in self.twin.items() if twin in self.stands}

    @cached_property
    def gone(self) -> list[int]:
        """Nodes of the base that the new drawing has no more."""
        kept = set(self.twin.values())
        there = self.stands if self.guessed else self.base.nodes
        return [key for key in there if key not in kept]

    def is_dark(self, key: int) -> bool:
        """True for a new node that the source had before, and that no single node of the document stands for."""
        return key in self.twin and key not in self.origin

    def before(self, key: int) -> Node | None:
        """The base's node for one of the new drawing."""
        twin = self.twin.get(key)
        return None if twin is None else self.base.nodes[twin]

    def params(self, key: int) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Parameters with what the rules make of them: of the base's node, and of the new one."""
        if self.library[self.new.nodes[key].layer].group:
            return {}, {}
        return self._base.step(self.twin[key]).params, self._after.step(key).params

    def has_weights(self, key: int) -> bool:
        """True for a layer with weights: the source says its name."""
        return bool(self._after.step(key).weights)

    def same_tensors(self, key: int) -> bool:
        """True when a new node and the base's hold the same numbers."""
        return _digests(self.new, key) == _digests(self.base, self.twin[key])

    def changed_ports(self, key: int) -> dict[int, Port | None]:
        """Inputs of a new node that read something else than before -> what they read now, None for nothing."""
        now = {edge.into: (edge.source, edge.out) for edge in self.new.nodes[key].prior}
        twin = self.before(key)
        if twin is None:
            return dict(now)
        seen = self.stands if self.guessed else self.base.nodes
        was = {edge.into: (edge.source, edge.out) for edge in twin.prior if edge.source in seen}
        return {
            into: now.get(into)
            for into in sorted({*now, *was})
            if self._in_base(now.get(into)) != (None if into not in was else ("base", *was[into]))
        }

    def _in_base(self, port: Port | None) -> tuple[str, int, int] | None:
        if port is None:
            return None
        twin = self.twin.get(port[0])
        return ("new", *port) if twin is None else ("base", twin, port[1])


def _digests(tables: Tables, key: int) -> dict[str, str]:
    return {role: tables.tensors[tensor].digest for role, tensor in tables.weights_of(key).items()}
