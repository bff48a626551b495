"""How values flow between nodes: what a result depends on, who reads a value, what nothing reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from sketch.graph.network import Network, Source
from sketch.kernels.pytorch.table import TENSORS

T = TypeVar("T")


def unread(network: Network, broken: Mapping[int, str]) -> Iterator[int]:
    """Ids of tensors that nothing reads: they are in the state_dict all the same."""
    read = {source.node for step in network.steps for source in step.inputs if source is not None}
    for step in network.steps:
        if step.layer in TENSORS and "value" in step.weights and not {step.id} & (read | broken.keys()):
            yield step.id


def ancestors(uses: Mapping[int, tuple[Source, ...]], ends: Iterable[int]) -> set[int]:
    """These nodes and all that they depend on."""
    found: set[int] = set()
    stack = list(ends)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(source.node for source in uses[node])
    return found


def users_of(uses: Mapping[int, tuple[Source, ...]], live: set[int]) -> dict[Source, list[int]]:
    """The living nodes that read each value."""
    found: dict[Source, list[int]] = {}
    for node, sources in uses.items():
        if node in live:
            for source in sources:
                found.setdefault(source, []).append(node)
    return found


def followers(users: Mapping[Source, Iterable[int]]) -> dict[int, list[int]]:
    """Node -> the nodes that read any of its values."""
    found: dict[int, list[int]] = {}
    for source, readers in users.items():
        found.setdefault(source.node, []).extend(readers)
    return found


def comes_back(inside: Collection[T], followers: Callable[[T], Iterable[T]]) -> bool:
    """True when a value leaves these nodes and comes back to them; `followers` gives the nodes that read a node."""
    seen: set[T] = set()
    stack = [user for node in inside for user in followers(node) if user not in inside]
    while stack:
        node = stack.pop()
        if node in inside:
            return True
        if node not in seen:
            seen.add(node)
            stack.extend(followers(node))
    return False
