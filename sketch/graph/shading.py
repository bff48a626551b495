"""The shade of every layer and group of a document under a rule, kept up to date from Deltas, in short steps. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sketch.graph.colour_rules import Facts, Rule
from sketch.graph.colour_scale import PLAIN, Scale, Shade, mixture
from sketch.graph.colour_values import ColourValues
from sketch.graph.delta import Delta

SERIES = 9
"""Kinds that get a colour of their own; those beyond share the shade with this number."""
MANY = 500
"""Nodes that get their shade at a step, about 1 ms."""


class Shading:
    """`shades` maps node id to its shade; nodes that the rule says nothing of are missing. Groups included.

    Args:
        at_once: count here and now; else `is_counted` becomes True when `go_on` has been through all of it.
    """

    def __init__(self, rule: Rule, facts: Facts, *, at_once: bool = True):
        self.rule = rule
        self.is_counted = False
        self.shades: dict[int, Shade] = {}
        self.scale = Scale(0.0, 0.0)
        self._slots: dict[str, int] = {}
        self._values = ColourValues(rule, facts)
        self._counted: set[int] = set()
        self._differ: set[int] | None = None
        self._is_anew = True
        if at_once:
            self.finish()

    @property
    def left(self) -> int:
        """How many layers and groups are to be counted."""
        return self._values.left

    def restart(self, facts: Facts | None = None) -> None:
        """Count everything anew, from other facts if given; kinds keep their colours."""
        self.note_all(facts)
        self.finish()

    def use(self, facts: Facts) -> None:
        """Look at these facts from now on; they say the same as those before."""
        self._values.facts = replace(facts, level=self._values.facts.level)

    def follow(self, delta: Delta, changed: Iterable[int]) -> frozenset[int] | None:
        """Take in an edit: `changed` are the nodes that inference resolved anew. Ids of other colour; None: all."""
        self.note(delta, changed)
        return self.finish()

    def note_all(self, facts: Facts | None = None) -> None:
        """Everything is to be counted anew, from other facts if given; kinds keep their colours."""
        self._values.note_all(facts)
        self._is_anew = True

    def note(self, delta: Delta, changed: Iterable[int]) -> None:
        """An edit is to be taken in; `changed` are the nodes that inference resolved anew."""
        gone = self._values.note(delta, changed)
        self._is_anew = self._is_anew or gone is None
        self._counted.update(gone or ())

    def finish(self) -> frozenset[int] | None:
        """Count what is left: the ids of other colour since this or `taken` was last asked; None: all."""
        for _ in self.go_on():
            pass
        return self.taken()

    def go_on(self) -> Iterator[None]:
        """Count what is left in short steps; more may be noted between them. A scale changes in one of them."""
        while True:
            for counted in self._values.go_on():
                self._counted |= counted
                yield
            if self._is_anew or self._find_scale() != self.scale:
                yield from self._shade_all()
            else:
                yield from self._shade_counted()
            if not (self._values.left or self._counted or self._is_anew):
                return

    def taken(self) -> frozenset[int] | None:
        """The ids of other colour since this was last asked; None: all."""
        differ, self._differ = self._differ, set()
        return None if differ is None else frozenset(differ)

    def counts(self, among: Collection[int] | None = None) -> list[tuple[str, int]]:
        """(kind, number of layers) of every kind (among these layers), the most frequent first."""
        values = self._values.values
        chosen = self._values.layers(values) if among is None else among
        return Counter([value for value in map(values.get, chosen) if value.__class__ is str]).most_common()

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """How many kinds have a colour of their own; the categories of the toolbox all have one."""
        return 1 << 30 if self.rule.key == PLAIN else SERIES

    def _find_scale(self) -> Scale:
        numbers = self._values.numbers.values()
        return Scale(min(numbers, default=0.0), max(numbers, default=0.0))

    def _shade_all(self) -> Iterator[None]:
        """Shades from other counts or on another scale; they replace those before at once."""
        self._is_anew, self._counted, self._differ = False, set(), None
        scale, rows = self._find_scale(), list(self._rows().items())
        if not self.rule.scale:
            self._deal((*self.rule.kinds, *self._ranked()))
        fresh, kinds = dict[int, Shade](), dict[str, Shade]()
        for start in range(0, len(rows), MANY):
            for node_id, value in rows[start : start + MANY]:
                if value.__class__ is not str:
                    fresh[node_id] = scale.shade(value) if self.rule.scale else self._shade_of_kinds(value)
                    continue
                if value not in kinds:  # thousands are of a few
                    kinds[value] = self._shade_of_kinds(value)
                fresh[node_id] = kinds[value]
            yield
        self.scale = scale
        self.shades.clear()
        self.shades.update(fresh)
        self.is_counted = True

    def _shade_counted(self) -> Iterator[None]:
        """Shades of what was counted again."""
        while self._counted:
            some = {self._counted.pop() for _ in range(min(MANY, len(self._counted)))}
            differ = {node_id for node_id in some if self._shade(node_id)}
            if self._differ is not None:
                self._differ |= differ
            yield

    def _rows(self) -> Mapping[int, Any]:
        """What shades are made of, by node id: numbers on a scale, or kinds."""
        return self._values.numbers if self.rule.scale else self._values.values

    def _ranked(self) -> list[str]:
        """Kinds, the most frequent first; where the rule lists them in order, those with a colour as they come."""
        names = [name for name, _ in self.counts()]
        if not self.rule.in_order:
            return names
        place = {name: number for number, name in enumerate(dict.fromkeys(self._kinds_along()))}
        return [*sorted(names[: self._room], key=place.__getitem__), *names[self._room :]]

    def _kinds_along(self) -> Iterator[str]:
        """The kind of each layer, in the order of their making."""
        values = self._values.values
        return (value for node_id in sorted(values) if isinstance(value := values[node_id], str))

    def _deal(self, names: Iterable[str]) -> None:
        """Give kinds their colours in this order; a kind keeps the one that it has."""
        for name in names:
            self._slots.setdefault(name, len(self._slots))

    def _shade(self, node_id: int) -> bool:
        """Bring the shade of one node or group up to date; True when it changed."""
        before, after = self.shades.get(node_id), self._shade_of(node_id)
        if after is None:
            self.shades.pop(node_id, None)
        else:
            self.shades[node_id] = after
        return before != after

    def _shade_of(self, node_id: int) -> Shade | None:
        value = self._rows().get(node_id)
        if value is None:
            return None
        return self.scale.shade(value) if self.rule.scale else self._shade_of_kinds(value)

    def _shade_of_kinds(self, value: str | Counter[str]) -> Shade:
        """The colour of a kind, or the mixture of those in a group."""
        if isinstance(value, str):
            if value not in self._slots:
                self._deal((value,))
            return min(self._slots[value], self._room)
        self._deal(value)
        shares: Counter[int] = Counter()
        for name, count in value.items():
            shares[min(self._slots[name], self._room)] += count
        return mixture(shares)
