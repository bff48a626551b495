"""Which nodes of a drawing its source shows."""

from __future__ import annotations

from collections.abc import Iterable

from sketch.graph.tables import Tables


def shown(tables: Tables, lines: Iterable[int]) -> set[int]:
    """Nodes that have lines, what they depend on, the outputs that they lead to, and the groups around them.

    Args:
        lines: nodes that have lines in the source; inputs, outputs and plain numbers may have none of their own.
    """
    nodes = tables.nodes
    found: set[int] = set()
    stack = [key for key in lines if key in nodes]
    stack += [
        edge.target for key in stack for edge in nodes[key].next if nodes[edge.target].layer == "Output"
    ]
    while stack:
        key = stack.pop()
        if key in found:
            continue
        found.add(key)
        stack.extend(edge.source for edge in nodes[key].prior)
        parent = nodes[key].parent
        stack.extend([parent] if parent is not None else [])
    return found
