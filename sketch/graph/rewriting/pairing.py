"""Which node of a drawing is which node of another one that was made from its edited source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sketch.graph.network import GroupBox, Network, Source, Step

_ENDS = ("Input", "Output")
_ROUNDS = 3
"""How often what is known of the neighbours is used again; a chain that was edited in the middle needs two."""


def pairs(old: Network, new: Network, shown: Collection[int]) -> dict[int, int]:
    """Node or group of the new drawing -> the one of the old drawing that it is.

    Layers with weights go by their names first: a name is what the source says of them. Calls have made-up names, so
    they go by what they compute from what, then by who reads them, and by name last.

    Args:
        shown: ids of the old nodes that the source showed; no other is paired.
    """
    pairing = _Pairing(old, new, shown)
    pairing.by_name(lambda step: bool(step.weights) and step.layer not in _ENDS, same_layer=True)
    pairing.ends()
    for _ in range(_ROUNDS):
        pairing.forward()
        pairing.backward()
    pairing.by_name(lambda step: step.layer not in _ENDS, same_layer=False)
    pairing.forward()
    pairing.renamed()
    return {**pairing.found, **_groups(old, new, pairing.found)}


def counterparts(old: Network, new: Network, found: dict[int, int], shown: Collection[int]) -> dict[int, int]:
    """Pairs of a drawing and what its own source gave, made sure of.

    A pair whose nodes read other values is none. A node of another layer is the same one when what it reads and who
    reads it are the same: source may say a node in another form (an operator as a plain call).
    """
    paired = _consistent(old, new, found)
    taken = set(paired.values())
    free: dict[Any, list[int]] = defaultdict(list)
    for step in old.steps:
        if step.id in shown and step.id not in taken:
            free[_values(old, step)].append(step.id)
    guessed = {}
    for step in new.steps:
        wanted = _mapped_values(new, step, paired)
        if step.id not in paired and wanted and len(free.get(wanted, ())) == 1:
            paired[step.id] = guessed[step.id] = free[wanted].pop()
    mine, theirs = _readers(new), _readers(old)
    while wrong := [
        key for key, other in guessed.items() if not _same_readers(mine, theirs, paired, key, other)
    ]:
        for key in wrong:
            del guessed[key], paired[key]
    return _consistent(old, new, paired)


def _consistent(old: Network, new: Network, found: dict[int, int]) -> dict[int, int]:
    """The pairs that read the same values, one way or the other unknown."""
    paired = dict(found)
    while True:
        there = set(paired.values())
        wrong = [
            step.id
            for step in new.steps
            if step.id in paired and not _reads_the_same(_values(new, step), _values(old, old.step(paired[step.id])),
                                                         paired, there)
        ]  # fmt: skip
        if not wrong:
            return paired
        for key in wrong:
            del paired[key]


_Values = tuple[tuple[int, Source], ...]


def _reads_the_same(mine: _Values, theirs: _Values, found: dict[int, int], there: set[int]) -> bool:
    if [port for port, _ in mine] != [port for port, _ in theirs]:
        return False
    return all(
        (found[one.node], one.out) == (other.node, other.out)
        if one.node in found
        else other.node not in there
        for (_, one), (_, other) in zip(mine, theirs, strict=True)
    )


def _values(network: Network, step: Step) -> _Values:
    """What a node reads, by input; constants left out, which source may write as numbers."""
    return tuple(
        (port, item)
        for port, item in enumerate(step.inputs)
        if item is not None and network.step(item.node).layer != "Constant"
    )


def _mapped_values(network: Network, step: Step, found: dict[int, int]) -> _Values | None:
    """What a node reads in the numbers of the other drawing; None when one of them has none."""
    values = _values(network, step)
    if any(item.node not in found for _, item in values):
        return None
    return tuple((port, Source(found[item.node], item.out)) for port, item in values)


def _same_readers(mine: Any, theirs: Any, found: dict[int, int], key: int, other: int) -> bool:
    return {found.get(node) for node, _ in mine[key]} == {node for node, _ in theirs[other]}


class _Pairing:
    """Pairs as they are found; a node is taken once."""

    def __init__(self, old: Network, new: Network, shown: Collection[int]):
        self.found: dict[int, int] = {}
        self._old, self._new = old, new
        self._free = {step.id: step for step in old.steps if step.id in shown}
        self._readers = _readers(new)

    def by_name(self, chosen: Any, *, same_layer: bool) -> None:
        """Nodes of the same full name."""
        named = {self._old.qualified(step): step for step in self._free.values() if chosen(step)}
        for step in self._open(chosen):
            other = named.get(self._new.qualified(step))
            if other is not None and other.id in self._free and (not same_layer or other.layer == step.layer):
                self._pair(step, other)

    def ends(self) -> None:
        """Inputs and outputs by name, then in their order."""
        for layer in _ENDS:
            self.by_name(lambda step, layer=layer: step.layer == layer, same_layer=True)
            mine = [step for step in self._new.steps if step.layer == layer and step.id not in self.found]
            theirs = [step for step in self._free.values() if step.layer == layer]
            for step, other in zip(mine, theirs, strict=False):
                self._pair(step, other)

    def forward(self) -> None:
        """Nodes of the same layer that read the same values; the same parameters decide among several."""
        reading: dict[tuple[str, tuple[Source | None, ...]], list[Step]] = defaultdict(list)
        for step in self._free.values():
            reading[step.layer, step.inputs].append(step)
        for step in self._open(lambda step: True):
            inputs = self._mapped(step)
            if inputs is not None:
                self._pair_best(step, reading.get((step.layer, inputs), ()))

    def backward(self) -> None:
        """Nodes of the same layer whose value the same node reads at the same port."""
        mine = self._readers
        for step in reversed(list(self._open(lambda step: True))):
            ports = {(self.found[node], into) for node, into in mine.get(step.id, ()) if node in self.found}
            near = [self._feeder(*port) for port in ports]
            self._pair_best(step, [item for item in near if item is not None and item.layer == step.layer])

    def renamed(self) -> None:
        """The only node of its layer that is left on both sides in a group."""
        mine, theirs = (
            self._alone(self._open(lambda step: True), self._new),
            self._alone(self._free.values(), self._old),
        )
        for key, step in mine.items():
            other = theirs.get(key)
            if step is not None and other is not None and step.layer not in _ENDS:
                self._pair(step, other)

    def _alone(
        self, steps: Iterable[Step], network: Network
    ) -> dict[tuple[str, tuple[str, ...]], Step | None]:
        found: dict[tuple[str, tuple[str, ...]], Step | None] = {}
        for step in steps:
            key = (step.layer, network.path(step)[:-1])
            found[key] = None if key in found else step
        return found

    def _open(self, chosen: Any) -> Iterator[Step]:
        yield from [step for step in self._new.steps if step.id not in self.found and chosen(step)]

    def _mapped(self, step: Step) -> tuple[Source | None, ...] | None:
        """What a node reads, in numbers of the old drawing; None when one of them is new or it reads nothing."""
        inputs = []
        for source in step.inputs:
            if source is not None and source.node not in self.found:
                return None
            inputs.append(None if source is None else Source(self.found[source.node], source.out))
        return tuple(inputs) if any(inputs) else None

    def _feeder(self, node: int, into: int) -> Step | None:
        inputs = self._old.step(node).inputs
        source = inputs[into] if into < len(inputs) else None
        return None if source is None else self._free.get(source.node)

    def _pair_best(self, step: Step, others: Iterable[Step]) -> None:
        free = [other for other in others if other.id in self._free]
        if free:
            self._pair(
                step, max(free, key=lambda other: (other.params == step.params, other.name == step.name))
            )

    def _pair(self, step: Step, other: Step) -> None:
        self.found[step.id] = other.id
        del self._free[other.id]


def _readers(network: Network) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for step in network.steps:
        for into, source in enumerate(step.inputs):
            if source is not None:
                found[source.node].append((step.id, into))
    return found


def _groups(old: Network, new: Network, found: dict[int, int]) -> dict[int, int]:
    """Groups by their full names, then by where most of their members come from."""
    free = {old.qualified(box): box.id for box in old.groups.values()}
    paired: dict[int, int] = {}
    for box in new.groups.values():
        other = free.pop(new.qualified(box), None)
        if other is not None:
            paired[box.id] = other
    left = set(free.values())
    for box in _inside_out(new):
        origin = None if box.id in paired else _origin(old, new, {**found, **paired}, box)
        if origin in left:
            paired[box.id] = origin
            left.discard(origin)
    return paired


def _inside_out(network: Network) -> list[GroupBox]:
    return sorted(network.groups.values(), key=lambda box: -len(network.path(box)))


def _origin(old: Network, new: Network, found: dict[int, int], box: GroupBox) -> int | None:
    """The group in which most members of a group were."""
    items: tuple[Step | GroupBox, ...] = (*new.steps, *new.groups.values())
    inner = [item.id for item in items if item.parent == box.id]
    parents = Counter(_parent(old, found[node]) for node in inner if node in found)
    return parents.most_common(1)[0][0] if parents else None


def _parent(network: Network, node: int) -> int | None:
    box = network.groups.get(node)
    return network.step(node).parent if box is None else box.parent
