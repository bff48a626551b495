"""Source and result on the same seeded inputs, and on a mismatch the first node where they part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sketch.binder.job import Job
from sketch.binder.kernel import (
    BinderError,
    ExportReport,
    InputFact,
    InspectingKernel,
    Kernel,
    PermissionNeededError,
    Verification,
)
from sketch.binder.registry import KernelRegistry
from sketch.binder.samples import Samples
from sketch.binder.sniff import recognise
from sketch.binder.verify import close, compare
from sketch.graph.network import Network

Array = np.ndarray[Any, Any]
Answers = Mapping[str, Array]
Call = Callable[..., Any]
ROUND_BYTES = 64 << 20
"""Intermediate values that are looked at in one round; both programs run once a round."""
_UNKNOWN_BYTES = 1 << 20
_NO_VALUE = ("Input", "Output", "Constant", "Parameter")


class Runs(Protocol):
    """What a proof may ask of the binder: each call runs in the kernel's worker."""

    registry: KernelRegistry

    def call(self, kernel: Kernel, method: str, arguments: Mapping[str, Any], trusted: bool) -> Any:
        """Call a method of a kernel."""

    def export(self, kernel: Kernel, network: Network, path: Path) -> ExportReport:
        """Write a network into the scratch folder."""


@dataclass(frozen=True)
class Side:
    """A file that is run: by which kernel, what it is called, and whether its code may run."""

    kernel: Kernel
    path: Path
    title: str
    trusted: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    """With which the file was opened: some kinds cannot be run without."""


class Prover:
    """One proof. Files are run in workers; arrays go through the scratch folder."""

    def __init__(self, runs: Runs, job: Job, network: Network, scratch: Path, samples: Samples):
        self._runs, self._job = runs, job
        self._network, self._scratch = network, scratch
        self._samples = samples
        self._remarks: list[str] = []
        np.savez(scratch / "inputs.npz", **samples.arrays)  # type: ignore[arg-type]

    def prove(self, result: Side, source: Side | None) -> Verification | None:
        """What the two answers differ by; None when nothing else here can run this network.

        BinderError when a program fails or the answers cannot be compared.
        """
        expected = self._expected(result.kernel, source)
        if expected is None:
            return None
        against, answers = expected
        found = compare(against.title, answers, self._run(result))
        node = "" if found.agrees else self._first_node(against, result)
        return replace(
            found,
            first_node=node,
            seed=self._network.seed,
            inputs=self._facts(),
            remarks=(*found.remarks, *self._remarks),
        )

    def _facts(self) -> tuple[InputFact, ...]:
        return tuple(
            InputFact(name, tuple(array.shape), array.dtype.name, self._samples.drawn_from.get(name, ""))
            for name, array in self._samples.arrays.items()
        )

    def _expected(self, kernel: Kernel, source: Side | None) -> tuple[Side, Answers] | None:
        """The side to compare with and its answers: the source file, else the network through another kernel."""
        if source is not None:
            try:
                return source, self._run(source)
            except PermissionNeededError:
                self._remarks.append(
                    f"{source.title} was not run: its code would have to run; trust it for that."
                )
        side = self._other(kernel)
        return None if side is None else (side, self._run(side))

    def _other(self, kernel: Kernel, *, inspecting: bool = False) -> Side | None:
        """The same network through the first other kernel that takes it."""
        for other in self._runs.registry:
            if other is kernel or other.available() or any(other.refusal(s) for s in self._network.steps):
                continue
            if inspecting and not isinstance(other, InspectingKernel):
                continue
            path = self._scratch / f"reference{other.info.writes[0]}"
            try:
                self._runs.export(other, self._network, path)
            except BinderError as error:
                self._job.check()
                self._remarks.append(f"{other.info.title} could not be asked: {error}")
                continue
            return Side(other, path, f"the same network through {other.info.title}", trusted=True)
        return None

    def _run(self, side: Side) -> Answers:
        arguments = {
            "path": side.path, "inputs": self._scratch / "inputs.npz", "outputs": self._scratch / "outputs.npz",
            "options": side.options,
        }  # fmt: skip
        self._runs.call(side.kernel, "run_file", arguments, side.trusted)
        with np.load(self._scratch / "outputs.npz", allow_pickle=False) as answers:
            return dict(answers)

    # --- where they part ---------------------------------------------------------------------------

    def _first_node(self, against: Side, result: Side) -> str:
        """The name of the first node whose value differs; empty, with a remark, when it cannot be told."""
        if not isinstance(result.kernel, InspectingKernel):
            self._remarks.append(f"{result.kernel.info.title} cannot be looked into node by node.")
            return ""
        self._job.report(0, 0, "Looking for the first node that differs")
        order = {step.id: place for place, step in enumerate(self._network.steps)}
        found: list[int] = []
        for side in self._comparable(against, result):
            try:
                seen, node = self._part(side, result)
            except BinderError as error:
                self._job.check()
                self._remarks.append(f"Node by node against {side.title}: {error}")
                continue
            if node is not None:
                found.append(node)
            elif seen:
                self._remarks.append(f"Every node that could be compared agrees with {side.title}.")
        if not found:
            return ""
        return self._network.qualified(self._network.step(min(found, key=order.__getitem__)))

    def _comparable(self, against: Side, result: Side) -> Iterator[Side]:
        """The sides to compare with node by node, best first."""
        if isinstance(against.kernel, InspectingKernel):
            yield against
        if against.path.parent != self._scratch:
            other = self._other(result.kernel, inspecting=True)
            if other is not None:
                yield other

    def _part(self, one: Side, other: Side) -> tuple[int, int | None]:
        """(how many values both have, the first node whose values differ)."""
        seen = 0
        for wanted in rounds(self._network):
            mine, theirs = self._values(one, wanted), self._values(other, wanted)
            for node, out in wanted:
                key = f"{node}:{out}"
                if key not in mine or key not in theirs:
                    continue
                seen += 1
                if not close(mine[key], theirs[key]):
                    return seen, node
        return seen, None

    def _values(self, side: Side, wanted: Sequence[tuple[int, int]]) -> Answers:
        place = self._scratch / "values.npz"
        arguments = {
            "path": side.path, "inputs": self._scratch / "inputs.npz", "outputs": place,
            "network": replace(self._network, tables=None), "wanted": tuple(wanted), "options": side.options,
        }  # fmt: skip
        self._runs.call(side.kernel, "run_values", arguments, side.trusted)
        with np.load(place, allow_pickle=False) as values:
            return dict(values)


def rounds(network: Network, most: int = ROUND_BYTES) -> Iterator[list[tuple[int, int]]]:
    """The values of all nodes in order, in parts whose values take about `most` bytes."""
    part: list[tuple[int, int]] = []
    held = 0
    for step in network.steps:
        if step.layer in _NO_VALUE:
            continue
        for out, kind in enumerate(step.types):
            part.append((step.id, out))
            sizes = kind.shape if kind is not None and kind.shape is not None else None
            known = sizes is not None and all(isinstance(size, int) for size in sizes)
            held += int(np.prod(sizes, dtype=np.int64)) * 8 if known and sizes is not None else _UNKNOWN_BYTES
            if held >= most:
                yield part
                part, held = [], 0
    if part:
        yield part


def source_side(
    path: Path, registry: KernelRegistry, trusted: bool, options: Mapping[str, Any] | None = None
) -> Side:
    """The file that a network was opened from, as a side of its proof; `options` are those it was opened with."""
    return Side(recognise(path, registry), path, path.name, trusted, dict(options or {}))
