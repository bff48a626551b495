"""What feeds some nodes and what they feed. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from sketch.graph.lifting import descendants
from sketch.graph.rows import Edge
from sketch.graph.tables import Tables


def traced(tables: Tables, ids: Iterable[int]) -> tuple[set[int], set[Edge]]:
    """(nodes, wires) above and below some nodes, these included; of a group its members count."""
    start = {member for key in ids if key in tables.nodes for member in (key, *descendants(tables, key))}
    nodes, edges = set(start), set[Edge]()
    for forward in (False, True):
        seen, stack = set(start), list(start)
        while stack:
            node = tables.nodes[stack.pop()]
            reached = node.next if forward else node.prior
            edges.update(reached)
            for edge in reached:
                other = edge.target if forward else edge.source
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        nodes |= seen
    return nodes, edges
