"""What a kernel is. Kernels are found by entry point (group `sketch.kernels`), never imported by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sketch.graph.delta import Delta
from sketch.graph.network import Network, Step
from sketch.graph.rows import Node

if TYPE_CHECKING:
    import numpy as np

    from sketch.binder.run_facts import Look, RunFacts
    from sketch.binder.tensors import TensorStore


class BinderError(Exception):
    """A conversion that cannot be done: one line that says what, where and what to do."""


class PermissionNeededError(BinderError):
    """The file holds code that would have to run; it needs the person's word (`--trust`).

    Args:
        asks: options of `import_model` that such a file may need, by name, for the dialog that asks.
    """

    def __init__(self, message: str, asks: Sequence[str] = ()):
        super().__init__(message)
        self.asks = tuple(asks)


class CancelledJobError(BinderError):
    """The person cancelled the job."""


class Task(Protocol):
    """What a running job gets: progress out, cancel in, a place for tensors."""

    store: TensorStore
    """New arrays go here (`store.put(array) -> digest`); stored ones come from here."""
    scratch: Path
    """A folder of this job's own; gone when the job ends."""
    trusted: bool
    """True when the person allowed code in the source file to run."""

    def step(self, done: float, total: float, text: str) -> None:
        """Report progress; raises CancelledJobError when the job was cancelled."""


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option of an export: shown in the compile dialog and on the command line."""

    name: str
    type: str
    default: Any
    choices: tuple[Any, ...] = ()
    doc: str = ""


@dataclass(frozen=True, slots=True)
class KernelInfo:
    """What a kernel is called and which files it reads and writes (suffixes with the dot).

    `limits` names the layers it cannot express in every form, with the words that follow "not in ONNX: LSTM ...".
    """

    name: str
    title: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    options: tuple[OptionSpec, ...] = ()
    text_language: str = "python"
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceText:
    """Readable source; `lines` maps node id to the 1-based (first, last) line ranges that belong to it."""

    text: str
    lines: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that a conversion changed, approximated or dropped, and where."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class InputFact:
    """One input of the proof: its shape and element type in this run, and in words what it was drawn from."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    drawn_from: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Source and result on the same inputs: largest errors, and where they start if they differ.

    `outputs` maps each output to its (absolute, relative) error, `tolerances` to the (absolute, relative) one allowed.
    `first_difference` is the first output that differs, `first_node` the first node of the drawing that does, where
    both programs could be looked into; `remarks` say what stood in the way.
    """

    against: str
    max_abs_error: float
    max_rel_error: float
    agrees: bool
    outputs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    first_difference: str = ""
    first_node: str = ""
    tolerances: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    seed: int = 0
    inputs: tuple[InputFact, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote (in the scratch folder, once published at its place), and at what price.

    `kernel` and `options` are how it was asked for; `source` is the file that the drawing came from, if any.
    """

    files: tuple[Path, ...]
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    verification: Verification | None = None
    kernel: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model as one big edit on empty tables; arrays are in the task's store.

    `format` is a short name such as `onnx` or `pytorch`; `details` are facts for the person (opset, producer).
    """

    delta: Delta
    format: str
    name: str = "network"
    losses: tuple[Loss, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Kernel(Protocol):
    """One framework. Light to import: the framework itself loads inside export, import and run, in a worker."""

    info: KernelInfo

    def available(self) -> str | None:
        """None, or the reason why this kernel cannot run here and how to install what it needs."""

    def refusal(self, step: Step) -> str | None:
        """None, or why this layer with these parameters cannot be expressed; shown on the node before compiling."""

    def text(self, network: Network) -> SourceText:
        """Readable source, without the framework."""

    def export_model(
        self, network: Network, path: Path, options: Mapping[str, Any], task: Task
    ) -> ExportReport:
        """Write the model (exportModel of the paper)."""

    def import_model(self, path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
        """Read a model (importModel of the paper)."""

    def recognises(self, path: Path, head: bytes) -> bool:
        """True when the content (first 4,096 bytes, and the file itself) is of this kernel's formats."""

    def run(self, path: Path, inputs: Mapping[str, np.ndarray], task: Task) -> Mapping[str, np.ndarray]:
        """Run a file this kernel reads or wrote, outputs by name; for the numeric proof."""


@runtime_checkable
class InspectingKernel(Kernel, Protocol):
    """A kernel that can also look inside a run; the proof then finds the first node that differs."""

    def run_values(
        self,
        network: Network,
        path: Path,
        wanted: Sequence[tuple[int, int]],
        inputs: Mapping[str, np.ndarray],
        task: Task,
    ) -> Mapping[str, np.ndarray]:
        """Values of nodes in a file that was written from this network, or from which it was read.

        Args:
            wanted: (node id, output) of each value asked for.

        Returns:
            `"<node id>:<output>"` -> value; what the file does not have by itself is left out.
        """


@runtime_checkable
class NamingKernel(Kernel, Protocol):
    """A kernel whose files call each value by a name."""

    def value_names(self, network: Network, task: Task) -> Mapping[tuple[int, int], str]:
        """(node id, output) -> its name in the file that the network was opened from; empty for another network."""


@runtime_checkable
class RedrawingKernel(Kernel, Protocol):
    """A kernel that can draw a network anew, in its operators or in layers."""

    def redraw(self, network: Network, as_operators: bool, task: Task) -> ImportedModel:
        """The network as operators only, or with every layer that matches exactly; ends keep their names."""


@runtime_checkable
class LiveKernel(Kernel, Protocol):
    """A kernel that also takes and gives live modules of its framework, in the caller's own process."""

    def from_live(self, module: Any, example_inputs: tuple[Any, ...], task: Task) -> ImportedModel:
        """A live module, layer by layer, groups by module path."""

    def to_live(self, network: Network, task: Task) -> Any:
        """A live module with the weights."""


@runtime_checkable
class ObservingKernel(Kernel, Protocol):
    """A kernel that can run a drawing as it is and tell what every value was."""

    def observe(self, network: Network, look: Look, task: Task) -> RunFacts:
        """Run every part of a network that can run; what fails is told by node, and the rest goes on."""


@runtime_checkable
class GlancingKernel(Kernel, Protocol):
    """A kernel that can say at a glance, in the window's own process, roughly what a file holds."""

    def glance(self, path: Path) -> list[Node] | None:
        """Nodes with their wires for a first picture, ids from 1 on; None when the file gives none.

        It loads no framework, runs nothing of the file, reads no weights and never raises for what is wrong with it:
        `import_model` says that. Names, layers and groups are those of the import as far as that is easily known.
        """
