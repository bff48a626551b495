"""The main graph of a file as an index: who makes a value, who reads it, and what lies behind one."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

import onnx

from sketch.kernels.onnx.graph_bytes import captured_names, graphs_of


def reads_of(node: onnx.NodeProto) -> tuple[str, ...]:
    """Names that an operator reads, those that its bodies read from outside among them."""
    found = dict.fromkeys(name for name in node.input if name)
    for attribute in node.attribute:
        for body in graphs_of(attribute):
            found.update(captured_names(body))
    return tuple(found)


class FileGraph:
    """An index over a GraphProto that does not change meanwhile; operators are numbered in the order of the file."""

    def __init__(self, graph: onnx.GraphProto):
        self.graph = graph
        self.reads = [reads_of(node) for node in graph.node]
        self.maker = {name: at for at, node in enumerate(graph.node) for name in node.output if name}

    @cached_property
    def initializers(self) -> dict[str, int]:
        """Name -> place, sparse ones left out."""
        return {tensor.name: place for place, tensor in enumerate(self.graph.initializer)}

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all values of the graph."""
        given = (item.name for item in (*self.graph.input, *self.graph.initializer))
        sparse = (item.values.name for item in self.graph.sparse_initializer)
        return frozenset(name for name in (*self.maker, *given, *sparse) if name)

    def is_constant(self, name: str) -> bool:
        """True for initializers, also sparse ones and those that are inputs too, and for Constant operators."""
        at = self.maker.get(name)
        if at is not None:
            return str(self.graph.node[at].op_type) == "Constant"
        return name in self.initializers or name in self._sparse

    @cached_property
    def _sparse(self) -> frozenset[str]:
        return frozenset(item.values.name for item in self.graph.sparse_initializer)

    def behind(
        self, outputs: Iterable[str], borders: Collection[str]
    ) -> tuple[frozenset[int], frozenset[str]]:
        """(operators between these values and the borders before them, names of borders and leaves that they read)."""
        stack = [self.maker[name] for name in outputs if name in self.maker]
        own = set(outputs)
        found: set[int] = set()
        ends: set[str] = set()
        while stack:
            at = stack.pop()
            if at in found:
                continue
            found.add(at)
            for name in self.reads[at]:
                if name in own:
                    continue
                if name in borders or name not in self.maker:
                    ends.add(name)
                else:
                    stack.append(self.maker[name])
        return frozenset(found), frozenset(ends)


def in_order(nodes: Sequence[onnx.NodeProto], ranks: Sequence[tuple[int, int]]) -> list[onnx.NodeProto]:
    """Producers first, and else by rank; nodes of a loop come last, as they are."""
    maker = {name: at for at, node in enumerate(nodes) for name in node.output if name}
    needs = [
        {maker[name] for name in reads_of(node) if name in maker} - {at} for at, node in enumerate(nodes)
    ]
    users: dict[int, list[int]] = {}
    for at, need in enumerate(needs):
        for source in need:
            users.setdefault(source, []).append(at)
    waiting = [len(need) for need in needs]
    ready = [(ranks[at], at) for at, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        at = heapq.heappop(ready)[1]
        order.append(at)
        for user in users.get(at, ()):
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, (ranks[user], user))
    rest = set(range(len(nodes))) - set(order)
    return [nodes[at] for at in (*order, *sorted(rest))]


def names_in(graph: onnx.GraphProto) -> set[str]:
    """Every name of a value in a graph and in the bodies of its operators."""
    found = {item.name for item in (*graph.input, *graph.initializer)}
    found |= {item.values.name for item in graph.sparse_initializer}
    for node in graph.node:
        found.update(node.output)
        for attribute in node.attribute:
            for body in graphs_of(attribute):
                found |= names_in(body)
    return found
