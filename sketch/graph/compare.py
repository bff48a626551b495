"""What differs between two networks: layers, parameters, wires and weights, matched by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sketch.graph.network import Network, Step
from sketch.graph.rows import TensorRow

Compare = Callable[[TensorRow, TensorRow], str]
"""What differs between two stored tensors, in words; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `kind` is added, removed, type, parameter, wire or weight; `where` the layer's full name."""

    kind: str
    where: str
    what: str


def by_digest(before: TensorRow, after: TensorRow) -> str:
    """Compare tensors of one store without reading them."""
    return "" if before.digest == after.digest else "holds other numbers"


def differences(first: Network, second: Network, compare: Compare = by_digest) -> list[Difference]:
    """All differences, in the order of the first network; an empty list means equal structure and weights.

    A weight that is stored on one side only differs: on the other it would be initialised.
    """
    mine = {first.qualified(step): step for step in first.steps}
    theirs = {second.qualified(step): step for step in second.steps}
    found: list[Difference] = []
    for name, step in mine.items():
        if name not in theirs:
            found.append(Difference("removed", name, f"{step.layer} is only in the first"))
        else:
            found.extend(_step_differences(first, second, step, theirs[name], name, compare))
    found.extend(
        Difference("added", name, f"{step.layer} is only in the second")
        for name, step in theirs.items()
        if name not in mine
    )
    return found


def _step_differences(
    first: Network, second: Network, mine: Step, theirs: Step, name: str, compare: Compare
) -> list[Difference]:
    if mine.layer != theirs.layer:
        return [Difference("type", name, f"{mine.layer} became {theirs.layer}")]
    found = []
    for key in dict.fromkeys((*mine.params, *theirs.params)):
        before, after = mine.params.get(key), theirs.params.get(key)
        if before != after:
            found.append(Difference("parameter", name, f"{key}: {before} → {after}"))
    if _sources(first, mine) != _sources(second, theirs):
        found.append(
            Difference("wire", name, f"inputs: {_sources(first, mine)} → {_sources(second, theirs)}")
        )
    return found + _weight_differences(first, second, mine, theirs, name, compare)


def _weight_differences(
    first: Network, second: Network, mine: Step, theirs: Step, name: str, compare: Compare
) -> list[Difference]:
    found = []
    for role in dict.fromkeys((*mine.stored, *theirs.stored)):
        if role not in mine.stored or role not in theirs.stored:
            side = "first" if role in mine.stored else "second"
            found.append(Difference("weight", name, f"{role} is stored only in the {side}"))
            continue
        before, after = first.tensors[mine.stored[role]], second.tensors[theirs.stored[role]]
        if text := compare(before, after):
            found.append(Difference("weight", name, f"{role} {text}"))
    return found


def _sources(network: Network, step: Step) -> str:
    names = [
        "-" if source is None else f"{network.qualified(network.step(source.node))}:{source.out}"
        for source in step.inputs
    ]
    return ", ".join(names)
