"""Which layer a person probably adds next: what is usual there, what they used last, and what fits at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sketch.graph.evaluate import resolve
from sketch.graph.followers import Followers
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import Edge, Node, ValueType
from sketch.graph.specs import LayerSpec

FIRST = (
    "Input",
    "Conv2d",
    "Linear",
    "ReLU",
    "MaxPool2d",
    "BatchNorm2d",
    "Flatten",
    "Dropout",
    "Add",
    "Output",
)
"""What is offered first where nothing says what is usual."""
RECENT_WEIGHT, FIRST_WEIGHT, USUAL = 0.25, 0.02, 0.15
"""What the layer used last, and the first of FIRST, add to a share of 0 to 1; from which share one is called usual."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a layer is to go: behind the layer `after`, which gives a value of type `kind`; in front of `before`."""

    after: str = ""
    kind: ValueType | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A layer with its place in the list. `is_usual` there; `misfit` says why it cannot be there, empty when it can."""

    layer: str
    rank: int
    is_usual: bool
    misfit: str


def suggestions(
    library: LayerLibrary, followers: Followers, spot: Spot, recent: Sequence[str] = ()
) -> dict[str, Suggestion]:
    """Every layer that can be offered at a spot, the likeliest first; what does not fit there comes last."""
    specs = [spec for spec in library if not spec.hidden and _has_ports(spec, spot)]
    misfits = _misfits(library, spot.kind if spot.after else None)
    shares = _shares(followers, spot)
    newest = {layer: RECENT_WEIGHT / (place + 1) for place, layer in enumerate(recent)}
    first = {layer: FIRST_WEIGHT * (1 - place / len(FIRST)) for place, layer in enumerate(FIRST)}

    def score(spec: LayerSpec) -> float:
        return shares.get(spec.name, 0.0) + newest.get(spec.name, 0.0) + first.get(spec.name, 0.0)

    ordered = sorted(specs, key=lambda spec: (bool(misfits[spec.name]), -score(spec)))
    return {
        spec.name: Suggestion(
            spec.name, rank, shares.get(spec.name, 0.0) >= USUAL and not misfits[spec.name], misfits[spec.name]
        )
        for rank, spec in enumerate(ordered)
    }  # fmt: skip


@lru_cache(maxsize=16)
def _misfits(library: LayerLibrary, kind: ValueType | None) -> dict[str, str]:
    """What `misfit` says of every layer; a person adds behind the same kind of value again and again."""
    return {spec.name: misfit(spec, kind) for spec in library}


def misfit(spec: LayerSpec, kind: ValueType | None) -> str:
    """Why a layer cannot take a value of this type on its first input; empty when it can, or when nobody knows.

    The layer is tried with its defaults; what its other inputs lack does not count.
    """
    if kind is None or spec.group or spec.is_operator or not spec.inputs:
        return ""
    node = Node(0, spec.name, spec.name, prior=(Edge(-1, 0, 0, 0),))
    inputs = (kind, *(None,) * (len(spec.inputs) - 1))
    problems = resolve(node, spec, inputs, {}, ()).problems
    return next((p.message for p in problems if p.severity == "error" and p.code != "input-missing"), "")


def _has_ports(spec: LayerSpec, spot: Spot) -> bool:
    """A wire needs an end: behind a layer an input, in front of one an output."""
    if spec.group and (spot.after or spot.before):
        return False
    return (bool(spec.inputs) or not spot.after) and (bool(spec.outputs) or not spot.before)


def _shares(followers: Followers, spot: Spot) -> dict[str, float]:
    """How usual each layer is there; between two layers it must be usual for both."""
    after = followers.after(spot.after) if spot.after else {}
    before = followers.before(spot.before) if spot.before else {}
    if after and before:
        return {layer: (share * before[layer]) ** 0.5 for layer, share in after.items() if layer in before}
    return after or before
