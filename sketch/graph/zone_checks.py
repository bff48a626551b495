"""Problems of control flow on the canvas: zones that are not complete, values that leave them on a wrong way."""

from __future__ import annotations

from collections.abc import Iterator

from sketch.graph.problems import Problem
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables
from sketch.graph.zone_kinds import BRANCHES, ELSE, ENDS, IF, IF_END, MARKERS, STARTS, THEN

_REGIONS = (THEN, ELSE, *STARTS)
"""Groups whose members run together: the branches of an If, and the bodies of Loop and Scan."""


def zone_problems(tables: Tables) -> Iterator[Problem]:
    """All of them; nothing is walked in a drawing without zones."""
    zones = [node for node in tables.nodes.values() if node.layer in ENDS]
    for zone in zones:
        yield from _incomplete(tables, zone)
    markers = [node for node in tables.nodes.values() if node.layer in MARKERS]
    for node in markers:
        yield from _misplaced(tables, node)
    if zones:
        for node in tables.nodes.values():
            for edge in node.prior:
                yield from _leak(tables, edge)


def _incomplete(tables: Tables, zone: Node) -> Iterator[Problem]:
    """A zone has its markers, an If its branches, directly inside and once."""
    inside = [tables.nodes[member].layer for member in tables.children(zone.id)]
    needed = [ENDS[zone.layer], *(BRANCHES.values() if zone.layer == IF else (STARTS[zone.layer],))]
    for layer in needed:
        if inside.count(layer) != 1:
            name = layer.partition(":")[2] or layer
            yield Problem(
                zone.id, "error", "zone", f"'{zone.name}' has {inside.count(layer)} {name} directly inside, needs one.",
                "Undo, or put it back.",
            )  # fmt: skip


def _misplaced(tables: Tables, node: Node) -> Iterator[Problem]:
    above = tables.nodes[node.parent].layer if node.parent is not None else ""
    kinds = [kind for kind in ENDS if node.layer in (ENDS[kind], STARTS.get(kind))]
    if above not in kinds:
        yield Problem(
            node.id, "error", "zone", f"'{node.name}' belongs directly inside of a group of the kind {kinds[0]}.",
            "Move it back.",
        )  # fmt: skip


def _leak(tables: Tables, edge: Edge) -> Iterator[Problem]:
    """A value is seen in the region where it is made and in regions inside of that."""
    source, target = tables.nodes[edge.source], tables.nodes[edge.target]
    made, read = _made_in(tables, source), _read_in(tables, target, edge.into)
    if made is not None and made not in read:
        yield Problem(
            target.id, "error", "zone-leak", f"'{target.name}' reads '{source.name}' inside of a zone.",
            "Wire it to the end of the zone, and take it from there.", edge.into,
        )  # fmt: skip


def _around(tables: Tables, node: Node) -> list[int]:
    """The regions around a node, innermost first."""
    found, parent = [], node.parent
    while parent is not None:
        if tables.nodes[parent].layer in _REGIONS:
            found.append(parent)
        parent = tables.nodes[parent].parent
    return found


def _made_in(tables: Tables, node: Node) -> int | None:
    """The region in which a node's outputs are seen; None is everywhere. What an end gives is seen outside."""
    around = _around(tables, node)
    if node.layer in ENDS.values() and node.layer != IF_END:
        around = around[1:]
    return around[0] if around else None


def _read_in(tables: Tables, node: Node, into: int) -> list[int]:
    """The regions whose values an input may read. A start reads outside; the end of an If reads its branches."""
    around = _around(tables, node)
    if node.layer in STARTS.values():
        return around[1:]
    if node.layer == IF_END and node.parent is not None and into:
        count = (max((edge.into for edge in node.prior), default=0)) // 2
        wanted = THEN if into <= count else ELSE
        members = tables.children(node.parent)
        return [*around, *(member for member in members if tables.nodes[member].layer == wanted)]
    return around
