"""The colours of one document under a rule, as numbers: kept up to date from Deltas, cost follows the edit. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from sketch.graph.colour_rules import Facts, Rule
from sketch.graph.colour_scale import PLAIN, Kind, Scale, Shade, mixture
from sketch.graph.colour_values import ColourValues
from sketch.graph.delta import Delta

SERIES = 9
"""Kinds that get a colour of their own; those beyond share the shade with this number."""
OTHER = "Other"


class Colouring:
    """`shades` maps node id to its shade; nodes that the rule says nothing of are missing. Groups included."""

    def __init__(self, rule: Rule, facts: Facts):
        self.rule = rule
        self.shades: dict[int, Shade] = {}
        self.scale = Scale(0.0, 0.0)
        self._slots: dict[str, int] = {}
        self._values = ColourValues(rule, facts)
        self._shade_all()

    def restart(self, facts: Facts | None = None) -> None:
        """Count everything anew, from other facts if given; kinds keep their colours."""
        self._values.restart(facts)
        self._shade_all()

    def use(self, facts: Facts) -> None:
        """Look at these facts from now on; they say the same as those before."""
        self._values.facts = replace(facts, level=self._values.facts.level)

    def follow(self, delta: Delta, changed: Iterable[int]) -> frozenset[int] | None:
        """Take in an edit: `changed` are the nodes that inference resolved anew. Ids of other colour; None: all."""
        counted = self._values.follow(delta, changed)
        scale = self._find_scale()
        if counted is None or scale != self.scale:
            self._shade_all()
            return None
        return frozenset(node_id for node_id in counted if self._shade(node_id))

    # --- the legend --------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Every kind met so far, in the order of their shades."""
        return list(self._slots)

    def kinds(self, among: Collection[int] | None = None) -> list[Kind]:
        """Kinds with layers (among these), in their order; those that share the last colour as `Other`."""
        counts = dict(self.counts(among))
        rows = [
            Kind(name, slot, counts[name])
            for name, slot in self._slots.items()
            if name in counts and slot < self._room
        ]
        beyond = [name for name in counts if self._slots[name] >= self._room]
        if not beyond:
            return rows
        name = beyond[0] if len(beyond) == 1 else OTHER
        return [*rows, Kind(name, self._room, sum(counts[each] for each in beyond))]

    def counts(self, among: Collection[int] | None = None) -> list[tuple[str, int]]:
        """(kind, number of layers) of every kind (among these layers), the most frequent first."""
        values = self._values.values
        chosen = self._values.layers(values) if among is None else among
        return Counter([value for value in map(values.get, chosen) if value.__class__ is str]).most_common()

    def of_kind(self, kind: str) -> list[int]:
        """The layers of a kind, or of `Other`."""
        if kind == OTHER and OTHER not in self._slots:
            beyond = {name for name, slot in self._slots.items() if slot >= self._room}
            return [node_id for node_id in self.shades if self._values.kind_of(node_id) in beyond]
        return [node_id for node_id, value in self._values.values.items() if value == kind]

    def expanded(self, kind: str) -> list[str]:
        """The kinds that a row of the legend stands for: itself, or all those that share the last colour."""
        if kind in self._slots:
            return [kind]
        return [name for name, slot in self._slots.items() if slot >= self._room]

    def kind_of(self, node_id: int) -> str | None:
        """The kind of a layer; None for a group, and where the rule says nothing."""
        return self._values.kind_of(node_id)

    def number(self, node_id: int) -> float | None:
        """What a layer or group has on the scale."""
        return self._values.numbers.get(node_id)

    def between(self, low: int, high: int) -> list[int]:
        """The layers, no groups, whose shade on the scale is one of these."""
        shades = self.shades.items()
        return self._values.layers(n for n, shade in shades if low <= shade <= high)  # type: ignore[operator]

    def steps(self) -> Counter[Shade]:
        """How many layers, no groups, have each shade."""
        found = Counter(self.shades.values())
        found.subtract([self.shades[group] for group in self._values.groups() if group in self.shades])
        return found

    def count_rest(self) -> int:
        """How many layers the rule says nothing of."""
        groups = self._values.groups()
        coloured = len(self.shades) - sum(group in self.shades for group in groups)
        return len(self._values.facts.tables.nodes) - len(groups) - coloured

    def rest(self, among: Collection[int] | None = None) -> list[int]:
        """The layers (among these) that the rule says nothing of (those that look grey)."""
        values = self._values
        nodes = values.facts.tables.nodes if among is None else among
        return values.layers(node_id for node_id in nodes if node_id not in self.shades)

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """How many kinds have a colour of their own; the categories of the toolbox all have one."""
        return 1 << 30 if self.rule.key == PLAIN else SERIES

    def _find_scale(self) -> Scale:
        numbers = self._values.numbers.values()
        return Scale(min(numbers, default=0.0), max(numbers, default=0.0))

    def _shade_all(self) -> None:
        self.shades.clear()
        self.scale = self._find_scale()
        if self.rule.scale:
            shade = self.scale.shade
            self.shades.update({node_id: shade(number) for node_id, number in self._values.numbers.items()})
            return
        self._deal((*self.rule.kinds, *self._ranked()))
        known = {name: min(slot, self._room) for name, slot in self._slots.items()}
        values = self._values.values.items()
        self.shades.update({node_id: known[value] for node_id, value in values if value.__class__ is str})
        for node_id, value in values if len(self.shades) < len(values) else ():
            if not isinstance(value, str):
                self._shade(node_id)

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
        if self.rule.scale:
            number = self._values.numbers.get(node_id)
            return None if number is None else self.scale.shade(number)
        value = self._values.values.get(node_id)
        if value is None:
            return None
        self._deal((value,) if isinstance(value, str) else value)
        if isinstance(value, str):
            return min(self._slots[value], self._room)
        shares: Counter[int] = Counter()
        for name, count in value.items():
            shares[min(self._slots[name], self._room)] += count
        return mixture(shares)
