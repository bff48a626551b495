"""Graphs inside attributes (the bodies of If, Loop and Scan): which outer values they read, and renaming those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_DEPTH = 30
"""Bodies within bodies; protobuf itself reads no more."""


def graphs_of(attribute: Any) -> list[Any]:
    """The GraphProtos of an AttributeProto."""
    found = [attribute.g] if attribute.HasField("g") else []
    return [*found, *attribute.graphs]


def all_graphs(graph: Any) -> Iterator[Any]:
    """A GraphProto and all graphs in its attributes, the outer before the inner."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in graphs_of(attribute):
                yield from all_graphs(body)


def captured_names(graph: Any) -> dict[str, None]:
    """Names that a graph reads and does not define itself, in order."""
    known = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    found: dict[str, None] = {}
    for node in graph.node:
        inner = [
            name
            for attribute in node.attribute
            for body in graphs_of(attribute)
            for name in captured_names(body)
        ]
        found.update(dict.fromkeys(name for name in (*node.input, *inner) if name and name not in known))
        known.update(node.output)
    found.update(dict.fromkeys(value.name for value in graph.output if value.name not in known))
    return found


def renamed_graph(attribute: Any, names: Mapping[str, str]) -> None:
    """Give outer values that the graphs of an attribute read their present names."""
    for graph in graphs_of(attribute):
        _rename(graph, names)


def _rename(graph: Any, names: Mapping[str, str]) -> None:
    hidden = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    hidden |= {name for node in graph.node for name in node.output}
    names = {old: new for old, new in names.items() if old not in hidden and new}
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
        for attribute in node.attribute:
            for body in graphs_of(attribute):
                _rename(body, names)
    for value in graph.output:
        value.name = names.get(value.name, value.name)
