"""What a rule counts for every layer and group of a document, kept up to date from Deltas; cost follows the edit."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from sketch.graph.colour_rules import Facts, Rule
from sketch.graph.delta import Change, Delta
from sketch.graph.freezing import frozen_node
from sketch.graph.lifting import group_layers

PORTION = 200
"""Layers or groups that are counted at a step: 1 ms of a rule that asks much."""


class ColourValues:
    """`values` by node id: the name of a kind or what was measured; of a group of kinds how many layers of each.

    `numbers` holds those that have a place on a scale. What a rule says nothing of is missing. At first all is to be
    counted; an edit is noted. `go_on` counts in portions; edits may be noted in between.
    """

    def __init__(self, rule: Rule, facts: Facts):
        self.rule = rule
        self.facts = facts
        self.values: dict[int, Any] = {}
        self.numbers: dict[int, float] = {}
        self._layers: dict[int, None] = {}
        self._groups: set[int] = set()
        self._heap: list[tuple[float, int]] = []
        self.note_all()

    @property
    def left(self) -> int:
        """How many layers and groups are to be counted."""
        return len(self._layers) + len(self._groups)

    def note_all(self, facts: Facts | None = None) -> None:
        """Everything is to be counted anew, from other facts if given."""
        self.facts = facts or self.facts
        if self.rule.key == "group":
            self.facts = replace(self.facts, level=group_level(self.facts))
        nodes = self.facts.tables.nodes
        for gone in [node_id for node_id in self.values if node_id not in nodes]:
            self._put(gone, None)
        layers = self.layers(nodes)
        self._groups = set(nodes.keys() - layers) if len(layers) < len(nodes) else set()
        self._layers, self._heap = {}, []
        self._line_up(layers)

    def note(self, delta: Delta, changed: Iterable[int]) -> set[int] | None:
        """Take in an edit (`changed` as inference says): the nodes that are gone; None: everything is to be counted."""
        if self.rule.key == "group" and any(_is_structure(change) for change in delta):
            self.note_all()
            return None
        needs_types = self.rule.of_class is None and self.rule.key != "group"
        touched, groups = self._touched(delta, changed if needs_types else ())
        nodes = self.facts.tables.nodes
        gone = touched - nodes.keys()
        for node_id in gone:
            self._put(node_id, None)
            self._layers.pop(node_id, None)
        self._groups = {group for group in self._groups | groups if group in nodes}
        self._line_up(touched - gone)
        return gone

    def go_on(self) -> Iterator[set[int]]:
        """Count what is left, a portion at each step: the layers and groups that were counted in it."""
        while self._layers or self._groups:
            if self._layers:
                found = self._walk() if self.rule.along else self._measure()
                self._groups |= self._above(found)
                yield found
            else:
                yield self._join()

    def layers(self, node_ids: Iterable[int]) -> list[int]:
        """Those of some nodes that hold no others, in their order."""
        nodes, holding = self.facts.tables.nodes, self._holding()
        return [n for n in node_ids if nodes[n].layer not in holding] if holding else list(node_ids)

    def groups(self) -> list[int]:
        """The nodes that hold others, or could."""
        nodes, holding = self.facts.tables.nodes, self._holding()
        return [n for n, node in nodes.items() if node.layer in holding] if holding else []

    def kind_of(self, node_id: int) -> str | None:
        """The kind of a layer; None for a group, and where the rule says nothing."""
        value = self.values.get(node_id)
        return value if isinstance(value, str) else None

    # --- inside ------------------------------------------------------------------------------------

    def _holding(self) -> set[str]:
        """The layers in use that hold others."""
        return group_layers(self.facts.tables, self.facts.inference.library)

    def _touched(self, delta: Delta, changed: Iterable[int]) -> tuple[set[int], set[int]]:
        """(layers to measure again, also those that are gone; groups to join again)."""
        nodes, found = self.facts.tables.nodes, set(changed)
        groups: set[int] = set()
        for change in delta:
            if change.table == "nodes":
                found.add(change.key)
                groups.update(
                    row.parent for row in (change.before, change.after) if row and row.parent is not None
                )
            elif change.table == "weights":
                found.add(change.key[0])
            elif change.table == "meta" and (node_id := frozen_node(change.key)) is not None:
                found.add(node_id)
        if holding := self._holding():
            groups |= {key for key in found if key in nodes and nodes[key].layer in holding}
        groups &= nodes.keys()
        return found - groups, groups | self._above(groups)

    def _above(self, node_ids: Iterable[int]) -> set[int]:
        nodes, found = self.facts.tables.nodes, set[int]()
        for node_id in node_ids:
            parent = nodes[node_id].parent
            while parent is not None and parent not in found:
                found.add(parent)
                parent = nodes[parent].parent
        return found

    def _line_up(self, layers: Iterable[int]) -> None:
        """These are to be measured; those of a measure that reads the values before, from the front to the back."""
        if not self.rule.along:
            self._layers.update(dict.fromkeys(layers))
            return
        rank = self.facts.inference.order.rank
        new = {node_id for node_id in layers if node_id in rank and node_id not in self._layers}
        self._layers.update(dict.fromkeys(new))
        self._heap += [(rank[node_id], node_id) for node_id in new]
        heapq.heapify(self._heap)

    def _measure(self) -> set[int]:
        """Measure a portion of the layers that are left."""
        found = list(islice(self._layers, PORTION))
        for node_id in found:
            del self._layers[node_id]
        facts, measure, of_class = self.facts, self.rule.measure, self.rule.of_class
        if of_class is not None:
            nodes = facts.tables.nodes
            classes = [nodes[node_id].layer for node_id in found]
            kinds = {layer: of_class(facts, layer) for layer in set(classes)}
            self.values.update(zip(found, map(kinds.__getitem__, classes), strict=True))
            return set(found)
        for node_id in found:
            self._put(node_id, measure(facts, node_id))
        return set(found)

    def _walk(self) -> set[int]:
        """The depths of a portion of layers; where one has changed, the layers after it are left to be measured."""
        nodes, rank, seen = self.facts.tables.nodes, self.facts.inference.order.rank, set[int]()
        while self._heap and len(seen) < PORTION:
            node_id = heapq.heappop(self._heap)[1]
            if node_id not in self._layers:
                continue  # it is gone
            del self._layers[node_id]
            node, before = nodes[node_id], self.values.get(node_id)
            known = [depth for edge in node.prior if (depth := self.values.get(edge.source)) is not None]
            after = 0 if node.layer == "Input" else max(known) + 1 if known else None
            self._put(node_id, after)
            for edge in node.next if after != before else ():
                if edge.target not in self._layers:
                    self._layers[edge.target] = None
                    heapq.heappush(self._heap, (rank[edge.target], edge.target))
            seen.add(node_id)
        return seen

    def _put(self, node_id: int, value: Any) -> None:
        if value is None:
            self.values.pop(node_id, None)
            self.numbers.pop(node_id, None)
            return
        self.values[node_id] = value
        if self.rule.scale:
            number = self.rule.read(value)
            if number is None or not math.isfinite(number) or (number <= 0 and not self.rule.from_zero):
                self.numbers.pop(node_id, None)
            else:
                self.numbers[node_id] = number

    def _join(self) -> set[int]:
        """Values of a portion of the groups that are left from those of their members, the innermost groups first."""
        found = sorted(self._groups, key=self._level, reverse=True)[:PORTION]
        self._groups.difference_update(found)
        join = self.rule.join if self.rule.scale else _counted
        for group in found:
            members = (self.values.get(member) for member in self.facts.tables.children(group))
            inside = [value for value in members if value is not None]
            self._put(group, join(inside) if inside else None)
        return set(found)

    def _level(self, group: int) -> int:
        nodes, level = self.facts.tables.nodes, 0
        parent = nodes[group].parent
        while parent is not None:
            level, parent = level + 1, nodes[parent].parent
        return level


def group_level(facts: Facts) -> int:
    """The outermost level at which there is more than one group; 1 is that of the groups at the top."""
    tables, holding = facts.tables, group_layers(facts.tables, facts.inference.library)

    def inside(parent: int | None) -> list[int]:
        return [child for child in tables.children(parent) if tables.nodes[child].layer in holding]

    level, here = 1, inside(None)
    while len(here) == 1 and (deeper := inside(here[0])):
        level, here = level + 1, deeper
    return level


def _counted(members: Iterable[Any]) -> Counter[str]:
    """How many layers of each kind there are in members: names of kinds, and counts of inner groups."""
    total: Counter[str] = Counter()
    for value in members:
        if isinstance(value, str):
            total[value] += 1
        else:
            total.update(value)
    return total


def _is_structure(change: Change) -> bool:
    before, after = change.before, change.after
    if change.table != "nodes":
        return False
    return before is None or after is None or (before.parent, before.name) != (after.parent, after.name)
