"""What a run showed, as plain values: facts of every value, where it failed, where NaN or Inf begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sketch.graph.rows import shape_text

if TYPE_CHECKING:
    from pathlib import Path

    from sketch.graph.network import Network, Step

KEPT_BYTES = 256 << 20
"""Values of a run that stay on the disk by themselves; others are computed again when they are asked for."""
Key = tuple[int, int]
"""(node id, output)."""


@dataclass(frozen=True, slots=True)
class ValueFacts:
    """A value in numbers. Range, mean and deviation are of the finite elements, NaN when there are none.

    `bins` counts them in classes (see BINS). Complex numbers are measured by their magnitude. `note` says what a
    value is that is no tensor of numbers.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    std: float = math.nan
    zeros: int = 0
    nans: int = 0
    infs: int = 0
    bins: tuple[int, ...] = ()
    note: str = ""

    @property
    def count(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def zero_share(self) -> float:
        """Part of the elements that is zero, 0 to 1."""
        return self.zeros / self.count if self.count else 0.0

    @property
    def fault(self) -> str:
        """`NaN`, `Inf`, or nothing."""
        return "NaN" if self.nans else "Inf" if self.infs else ""


@dataclass(frozen=True, slots=True)
class Parting:
    """How far a value is from its partner in another run; `reason` says why they could not be compared."""

    max_abs: float = 0.0
    max_rel: float = 0.0
    agrees: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What one run showed.

    `failures` maps a node to one line; `skipped` are those that waited for one that failed. `kept` names the file of
    a value in the folder of the run. `partings` are against another run; `bad_weights` says of nodes which of their
    own tensors hold NaN or Inf.
    """

    values: Mapping[Key, ValueFacts] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()
    kept: Mapping[Key, str] = field(default_factory=dict)
    partings: Mapping[Key, Parting] = field(default_factory=dict)
    bad_weights: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked of a run.

    Args:
        inputs: `.npz` of arrays by the names of the Inputs.
        keep: a folder that the caller owns, for values as `.npy`.
        budget: bytes of values to keep.
        wanted: keep these, whatever they take.
        stop: the run ends when what is wanted is there.
        train: run as in training: dropout drops, batch norm takes the batch's own statistics.
        seed: of what is random in the run.
        against: files of another run's values to compare with.
    """

    inputs: Path
    keep: Path
    budget: int = KEPT_BYTES
    wanted: tuple[Key, ...] = ()
    stop: bool = False
    train: bool = False
    seed: int = 0
    against: Mapping[Key, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where NaN or Inf begins: the first value that has it while what it was made from does not."""

    node: int
    out: int
    fault: str


def first_origin(network: Network, facts: RunFacts) -> Origin | None:
    """The first node, in the order of the run, whose output holds NaN while its inputs hold none.

    Without any NaN it is the first with Inf; None when everything is finite. (Masks hold Inf on purpose.)
    """
    for fault in ("NaN", "Inf"):
        for step in network.steps:
            if _comes_in(step, facts, fault):
                continue
            for out in range(max(1, len(step.types))):
                found = facts.values.get((step.id, out))
                if found is not None and found.fault == fault:
                    return Origin(step.id, out, fault)
    return None


def reaches_output(network: Network, facts: RunFacts) -> bool:
    """True when NaN or Inf is in what the network gives."""
    ends = (source for step in network.outputs for source in step.inputs if source is not None)
    found = (facts.values.get((source.node, source.out)) for source in ends)
    return any(value is not None and bool(value.fault) for value in found)


def origin_text(network: Network, facts: RunFacts, origin: Origin) -> str:
    """One line: where it begins, how much of it, and what came in."""
    step, value = network.step(origin.node), facts.values[origin.node, origin.out]
    count = value.nans or value.infs
    layer = step.spec.title if step.spec.is_operator else step.layer
    head = f"{origin.fault} begins at '{network.qualified(step)}' ({layer}): "
    head += f"{count:,} of {value.count:,} values"
    if step.id in facts.bad_weights:
        return f"{head}; {facts.bad_weights[step.id]}."
    if step.layer == "Input":
        return f"{head}; the input itself holds it."
    if _comes_in(step, facts, "Inf"):
        return f"{head}; what comes in holds Inf."
    given = [facts.values.get((source.node, source.out)) for source in step.inputs if source is not None]
    ranges = ", ".join(f"{number(v.low)} to {number(v.high)}" for v in given if v is not None)
    return f"{head}; what comes in is finite, from {ranges}." if ranges else f"{head}."


def given_text(step: Step, values: Mapping[Key, ValueFacts]) -> str:
    """`; it was given 1×3 int64 from 0 to 9.`: shapes and ranges of what came into a node."""
    given = [values.get((source.node, source.out)) for source in step.inputs if source is not None]
    known = [value for value in given if value is not None]
    texts = [
        f"{shape_text(v.shape)} {v.dtype}"
        + (f" from {number(v.low)} to {number(v.high)}" if not math.isnan(v.low) else "")
        for v in known
    ]
    return f"; it was given {', '.join(texts)}." if texts else "."


def value_text(value: ValueFacts) -> str:
    """Shape, range, mean, deviation, zeros and faults in one line."""
    parts = [f"{shape_text(value.shape)} {value.dtype}"]
    if not math.isnan(value.low):
        parts.append(f"{number(value.low)} to {number(value.high)}")
        parts.append(f"mean {number(value.mean)}, std {number(value.std)}")
        parts.append(f"{value.zero_share:.1%} zeros")
    parts += [value.note] if value.note else []
    parts += [f"{count:,} {name}" for name, count in (("NaN", value.nans), ("Inf", value.infs)) if count]
    return "; ".join(parts)


def number(value: float) -> str:
    """A number in a few characters: `0.0312`, `-1.2e-05`, `3`."""
    if math.isnan(value):
        return "NaN"
    whole = math.isfinite(value) and abs(value) < 1e6 and value == round(value)
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def file_name(key: Key) -> str:
    """What the file of a kept value is called."""
    return f"{key[0]}_{key[1]}.npy"


def _comes_in(step: Step, facts: RunFacts, fault: str) -> bool:
    """True when something that comes in holds NaN or Inf already."""
    given = (facts.values.get((source.node, source.out)) for source in step.inputs if source is not None)
    return any(value is not None and bool(value.nans if fault == "NaN" else value.infs) for value in given)
