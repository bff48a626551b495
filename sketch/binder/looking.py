"""Runs a drawing through a kernel that can be looked into, and pairs the values of two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from sketch.binder.binder import Runs
from sketch.binder.feeding import Array
from sketch.binder.kernel import BinderError, InspectingKernel, ObservingKernel
from sketch.binder.observing import Recorder
from sketch.binder.proof import rounds
from sketch.binder.run_facts import Key, Look, Parting, RunFacts, ValueFacts
from sketch.graph.network import Network, Step

INPUTS = "inputs.npz"


@dataclass(frozen=True, slots=True)
class Row:
    """One value in both runs: its node on each side, its name, and how far apart it is."""

    first: Key
    second: Key
    name: str
    parting: Parting


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on the same inputs. `rows` follow the order of the second run; `alone` names what has no partner."""

    first: RunFacts
    second: RunFacts
    rows: tuple[Row, ...]
    alone: tuple[str, ...] = ()

    @property
    def parted(self) -> Row | None:
        """The first value that differs; None when all that could be compared agrees."""
        return next((row for row in self.rows if not row.parting.agrees), None)


def observing_kernel(runs: Runs) -> ObservingKernel:
    """The kernel that can be looked into; BinderError when there is none here."""
    found = [kernel for kernel in runs.registry if isinstance(kernel, ObservingKernel)]
    if not found:
        raise BinderError("No kernel here can be looked into; install Sketch's PyTorch kernel.")
    reason = found[0].available()
    if reason:
        raise BinderError(reason)
    return found[0]


def run_look(runs: Runs, network: Network, arrays: Mapping[str, Array], look: Look) -> RunFacts:
    """Run a network on arrays by the names of its Inputs; what `look` keeps lies in its folder afterwards."""
    if not network.steps:
        raise BinderError("The canvas is empty; draw or open a network first.")
    np.savez(look.inputs, **arrays)  # type: ignore[arg-type]
    return look_again(runs, network, look)


def look_again(runs: Runs, network: Network, look: Look) -> RunFacts:
    """As `run_look`, on the inputs that are there already.

    A network that the observing kernel refuses in part runs through another one that takes all of it, if there is one.
    """
    kernel = observing_kernel(runs)
    other = None if look.train else _instead(runs, kernel, network)
    if other is not None:
        try:
            return _through(runs, other, network, look)
        except BinderError:
            runs.job.check()  # what runs in the first kernel is better than nothing
    facts: RunFacts = runs.call(
        kernel, "observe", {"network": replace(network, tables=None), "look": look}, False
    )
    return facts


def _instead(runs: Runs, kernel: ObservingKernel, network: Network) -> InspectingKernel | None:
    """Another kernel that takes all of a network which this one refuses in part."""
    if network.errors or not network.outputs or not any(kernel.refusal(step) for step in network.steps):
        return None
    for other in runs.registry:
        if other is kernel or not isinstance(other, InspectingKernel) or other.available():
            continue
        if not any(other.refusal(step) for step in network.steps):
            return other
    return None


def _through(runs: Runs, kernel: InspectingKernel, network: Network, look: Look) -> RunFacts:
    """Values of a network that a kernel writes as a file and runs with more outputs, some at a time."""
    path, place = runs.scratch / f"look{kernel.info.writes[0]}", runs.scratch / "values.npz"
    runs.export(kernel, network, path)
    recorder = Recorder(look)
    with np.load(look.inputs, allow_pickle=False) as arrays:
        for step in network.inputs:
            recorder.take((step.id, 0), arrays[step.name])
    parts = [list(look.wanted)] if look.stop else list(rounds(network))
    for number, wanted in enumerate(parts):
        runs.job.step(number, len(parts), network.step(wanted[0][0]).name)
        arguments = {
            "path": path, "inputs": look.inputs, "outputs": place, "network": replace(network, tables=None),
            "wanted": tuple(wanted),
        }  # fmt: skip
        runs.call(kernel, "run_values", arguments, True)
        with np.load(place, allow_pickle=False) as values:
            for key in wanted:
                if f"{key[0]}:{key[1]}" in values.files:
                    recorder.take(key, values[f"{key[0]}:{key[1]}"])
    return RunFacts(recorder.values, kept=recorder.kept, partings=recorder.partings)


def compare(
    runs: Runs, first: Network, second: Network, arrays: Mapping[str, Array], folder: Path, *, budget: int
) -> Comparison:
    """Both networks on the same inputs; values that are paired are compared as they pass.

    Args:
        arrays: by the names of the first network's Inputs; the second takes them by name, else by order.
        folder: for the values of both, in `first` and `second`.
        budget: bytes of values to keep of each.
    """
    places = [folder / "first", folder / "second"]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    partners = pairs(first, second)
    one = run_look(runs, first, arrays, Look(places[0] / INPUTS, places[0], budget))
    against = {
        (mine, out): places[0] / one.kept[other, out]
        for mine, other in partners.items()
        for out in range(max(1, len(second.step(mine).types)))
        if (other, out) in one.kept
    }
    look = Look(places[1] / INPUTS, places[1], budget, against=against)
    two = run_look(runs, second, handed_on(first, second, arrays), look)
    return Comparison(one, two, _rows(first, second, partners, one, two), _alone(first, second, partners))


def pairs(first: Network, second: Network) -> dict[int, int]:
    """Nodes of the second -> nodes of the first: by full name, then what is left by kind of layer and order."""
    mine = {first.qualified(step): step.id for step in first.steps}
    found = {
        step.id: other for step in second.steps if (other := mine.get(second.qualified(step))) is not None
    }
    taken = set(found.values())
    left = [step for step in first.steps if step.id not in taken]
    right = [step for step in second.steps if step.id not in found]
    kinds = [step.layer for step in left], [step.layer for step in right]
    for block in SequenceMatcher(None, *kinds, autojunk=False).get_matching_blocks():
        for number in range(block.size):
            found[right[block.b + number].id] = left[block.a + number].id
    return found


def handed_on(first: Network, second: Network, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays under the names of the second network's Inputs."""
    wanted = [step.name for step in second.inputs]
    if set(wanted) <= set(arrays):
        return {name: arrays[name] for name in wanted}
    given = [arrays[step.name] for step in first.inputs]
    if len(given) != len(wanted):
        raise BinderError(
            f"'{second.name}' takes {len(wanted)} inputs, '{first.name}' {len(given)}; "
            "give them the same names to compare them."
        )
    return dict(zip(wanted, given, strict=True))


def _rows(
    first: Network, second: Network, partners: Mapping[int, int], one: RunFacts, two: RunFacts
) -> tuple[Row, ...]:
    found = []
    for step in second.steps:
        other = partners.get(step.id)
        if other is None or step.layer == "Output":
            continue
        for out in range(max(1, len(step.types))):
            name = _name(first.step(other), step, second.qualified(step), out)
            parting = two.partings.get((step.id, out)) or _unseen(
                one.values.get((other, out)), two.values.get((step.id, out))
            )
            if parting is not None:
                found.append(Row((other, out), (step.id, out), name, parting))
    return tuple(found)


def _name(mine: Step, other: Step, path: str, out: int) -> str:
    kinds = "" if mine.layer == other.layer else f" ({mine.layer}, then {other.layer})"
    return path + (f", output {out + 1}" if out else "") + kinds


def _unseen(one: ValueFacts | None, two: ValueFacts | None) -> Parting | None:
    """Of a value that was not compared element by element."""
    if one is None and two is None:
        return None
    if one is None or two is None:
        return Parting(
            agrees=False, reason=f"only the {'second' if one is None else 'first'} has a value here"
        )
    same = (one.shape, one.low, one.high, one.nans) == (two.shape, two.low, two.high, two.nans)
    return Parting(agrees=same, reason="too large to be kept: range and shape only")


def _alone(first: Network, second: Network, partners: Mapping[int, int]) -> tuple[str, ...]:
    def named(network: Network, step: Step, title: str) -> str:
        return f"{network.qualified(step)} ({step.layer}) only in {title}"

    taken = set(partners.values())
    return (
        *(named(first, s, "the first") for s in first.steps if s.id not in taken and s.layer != "Output"),
        *(
            named(second, s, "the second")
            for s in second.steps
            if s.id not in partners and s.layer != "Output"
        ),
    )
