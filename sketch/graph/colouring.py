"""The colours of one document under a rule, as numbers, and what a legend asks of them. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sketch.graph.colour_scale import Kind, Shade
from sketch.graph.shading import Shading

OTHER = "Other"


class Colouring(Shading):
    """What is counted for a legend, and what a click on its rows stands for."""

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
        beyond = [name for name in counts if self._slots.get(name, -1) >= self._room]  # -1: not coloured yet
        if not beyond:
            return rows
        name = beyond[0] if len(beyond) == 1 else OTHER
        return [*rows, Kind(name, self._room, sum(counts[each] for each in beyond))]

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
