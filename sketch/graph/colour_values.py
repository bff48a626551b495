"""What a rule counts for every layer and group of a document, kept up to date from Deltas; cost follows the edit."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sketch.graph.colour_rules import Facts, Rule
from sketch.graph.delta import Change, Delta
from sketch.graph.freezing import frozen_node


class ColourValues:
    """`values` by node id: the name of a kind or what was measured; of a group of kinds how many layers of each.

    `numbers` holds those that have a place on a scale. What a rule says nothing of is missing.
    """

    def __init__(self, rule: Rule, facts: Facts):
        self.rule = rule
        self.facts = facts
        self.values: dict[int, Any] = {}
        self.numbers: dict[int, float] = {}
        self.restart()

    def restart(self, facts: Facts | None = None) -> None:
        """Count everything anew, from other facts if given."""
        self.facts = facts or self.facts
        self.values.clear()
        self.numbers.clear()
        if self.rule.key == "group":
            self.facts = replace(self.facts, level=group_level(self.facts))
        nodes = self.facts.tables.nodes
        layers = self.layers(nodes)
        self._measure(layers)
        self._join(nodes.keys() - layers if len(layers) < len(nodes) else ())

    def follow(self, delta: Delta, changed: Iterable[int]) -> set[int] | None:
        """Take in an edit (`changed` as inference says): the nodes and groups that were counted again, None for all."""
        if self.rule.key == "group" and any(_is_structure(change) for change in delta):
            self.restart()
            return None
        touched, groups = self._touched(delta, changed)
        gone = touched - self.facts.tables.nodes.keys()
        touched -= gone
        for node_id in gone:
            self._put(node_id, None)
        touched = self._measure(touched)
        groups |= self._above(touched)
        self._join(groups)
        return touched | groups | gone

    def is_group(self, node_id: int) -> bool:
        """True for a node that holds others."""
        return self.facts.inference.library[self.facts.tables.nodes[node_id].layer].group

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
        library = self.facts.inference.library
        return {layer for layer in self.facts.tables.layers if library[layer].group}

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
        groups |= {key for key in found if key in nodes and self.is_group(key)}
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

    def _measure(self, node_ids: Iterable[int]) -> set[int]:
        """Measure layers, and where a measure reads those before, the layers after until nothing changes."""
        if self.rule.along:
            return self._walk(node_ids)
        found, facts, measure = set(node_ids), self.facts, self.rule.measure
        if self.rule.of_class is not None:
            nodes = facts.tables.nodes
            classes = [nodes[node_id].layer for node_id in found]
            kinds = {layer: self.rule.of_class(facts, layer) for layer in set(classes)}
            self.values.update(zip(found, map(kinds.__getitem__, classes), strict=True))
            return found
        if not self.values and not self.rule.scale:  # nothing is to be taken out
            measured = {node_id: measure(facts, node_id) for node_id in found}
            self.values.update({key: value for key, value in measured.items() if value is not None})
            return found
        for node_id in found:
            self._put(node_id, measure(facts, node_id))
        return found

    def _walk(self, node_ids: Iterable[int]) -> set[int]:
        """Depths, from the front to the back."""
        nodes, rank = self.facts.tables.nodes, self.facts.inference.order.rank
        seen = {node_id for node_id in node_ids if node_id in rank}
        queued, heap = set(seen), [(rank[node_id], node_id) for node_id in seen]
        heapq.heapify(heap)
        while heap:
            node_id = heapq.heappop(heap)[1]
            queued.discard(node_id)
            node, before = nodes[node_id], self.values.get(node_id)
            known = [depth for edge in node.prior if (depth := self.values.get(edge.source)) is not None]
            after = 0 if node.layer == "Input" else max(known) + 1 if known else None
            self._put(node_id, after)
            for target in {edge.target for edge in node.next} - queued if after != before else ():
                queued.add(target)
                heapq.heappush(heap, (rank[target], target))
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

    def _join(self, groups: Iterable[int]) -> None:
        """Values of groups from those of their members, the innermost groups first."""
        for group in sorted(groups, key=self._level, reverse=True):
            members = (self.values.get(member) for member in self.facts.tables.children(group))
            inside = [value for value in members if value is not None]
            join = self.rule.join if self.rule.scale else _counted
            self._put(group, join(inside) if inside else None)

    def _level(self, group: int) -> int:
        nodes, level = self.facts.tables.nodes, 0
        parent = nodes[group].parent
        while parent is not None:
            level, parent = level + 1, nodes[parent].parent
        return level


def group_level(facts: Facts) -> int:
    """The outermost level at which there is more than one group; 1 is that of the groups at the top."""
    tables, library = facts.tables, facts.inference.library

    def inside(parent: int | None) -> list[int]:
        return [child for child in tables.children(parent) if library[tables.nodes[child].layer].group]

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
