"""The Python API: open, draw from a live module, compile, save, and read networks without a window.

A framework is loaded only by the function that needs it, files are read in a worker process, and nothing in a
file runs unless `trust=True`.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sketch.binder.binder import Binder, Sizes
from sketch.binder.kernel import (
    BinderError,
    ExportReport,
    ImportedModel,
    LiveKernel,
    PermissionNeededError,
    Verification,
)
from sketch.binder.registry import KernelRegistry
from sketch.binder.tensors import TensorStore
from sketch.graph.compare import Difference, differences
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network, build_network
from sketch.graph.placing import placed
from sketch.graph.rows import TensorRow
from sketch.graph.tables import Tables, whole
from sketch.resources_root import resource_root

if TYPE_CHECKING:
    from sketch.binder.surgery.folding import Fold
    from sketch.binder.surgery.fusing import Plan
    from sketch.binder.surgery.quantising import Choice, Outcome, Weight
    from sketch.graph.delta import Delta
    from sketch.state.document import Document

SKETCH_SUFFIX = ".sketch"


class Workbench:
    """What every function of this module shares: layers, kernels, workers, and a folder for tensors."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sketch-"))
        atexit.register(self.close)

    @cached_property
    def library(self) -> LayerLibrary:
        """The layers there are."""
        return LayerLibrary.load(resource_root() / "layers")

    @cached_property
    def registry(self) -> KernelRegistry:
        """The kernels there are."""
        return KernelRegistry.discover()

    @cached_property
    def binder(self) -> Binder:
        """Jobs and their workers."""
        return Binder(self.registry)

    @cached_property
    def store(self) -> TensorStore:
        """Tensors of all networks of this process."""
        return TensorStore(self.folder / "tensors")

    def network(self, model: ImportedModel) -> Network:
        """An imported model as a Network with places."""
        tables = Tables()
        tables.apply(model.delta)
        return build_network(tables, self.library, name=model.name, store=self.store)

    def close(self) -> None:
        """End the workers and remove the folder."""
        if "binder" in self.__dict__:
            self.binder.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@lru_cache(maxsize=1)
def workbench() -> Workbench:
    """The one workbench of this process, made at first use."""
    return Workbench()


def open(path: str | Path, trust: bool = False, **options: Any) -> Network:
    """Open any supported file as a Network.

    Args:
        path: a `.sketch` document, a model file or Python source; recognised by content.
        trust: your word that code inside this file may run (pickled PyTorch modules), in the worker only.
        options: `class_` and `arguments` of Python source; `inputs`, shapes by name; `folders` where classes are
            found; `source` of the network that a file of weights belongs to (Python source, a file that opens as a
            drawing, or `example:KEY`); `weights_only=True` for the tensors of a pickled module without running it.

    Raises:
        BinderError: the file is not readable, damaged, or needs `trust`; one line says what to do.
    """
    path = Path(path)
    if path.suffix.lower() == SKETCH_SUFFIX:
        return _open_document(path)
    bench = workbench()
    options = {name.rstrip("_"): value for name, value in options.items()}
    if (source := str(options.get("source") or "")) and not source.endswith(".py"):
        from sketch.connecting import EXAMPLE, example, filled

        key = source.removeprefix(EXAMPLE) if source.startswith(EXAMPLE) else ""
        base = example(key, bench.library, bench.store) if key else open(source, trust)
        return filled(open(path, trust, **{**options, "source": None}), base, edited)
    job = bench.binder.import_model(path, bench.store.folder, options, trusted=trust).wait()
    if job.permission_needed:
        allow = "trust it (--trust, or trust=True in Python) only if you know where it comes from."
        raise PermissionNeededError(f"{job.error.rstrip('.')}; {allow}")
    if job.state != "done":
        raise BinderError(job.error)
    network = bench.network(job.result)
    meta = {
        **network.meta,
        "source": str(path.resolve()),
        "format": job.result.format,
        "losses": job.result.losses,
    }
    return replace(network, meta={**meta, "details": job.result.details, "trusted": trust})


def from_torch(module: Any, example_inputs: Any) -> Network:
    """A live `torch.nn.Module` as a Network, layer by layer, groups by module path.

    The module is run on the examples and on others like them; what it does with them is what is drawn.

    Args:
        example_inputs: a tensor, a tuple of inputs, a dict of inputs by name, or a pair of both; the first size of
            the tensors is the batch, which stays open where the module works for any.

    Raises:
        BinderError: what the module does depends on its numbers, or is no drawing; the message names the line.
    """
    bench = workbench()
    model = _live_kernel(bench).from_live(module, example_inputs, _InlineTask(bench))
    return bench.network(replace(model, delta=placed(model.delta, bench.library)))


def to_torch(network: Network) -> Any:
    """A live `torch.nn.Module` with the network's weights; BinderError when torch cannot express a layer."""
    bench = workbench()
    kernel = _live_kernel(bench)
    bench.binder.check(network, kernel)
    return kernel.to_live(network, _InlineTask(bench))


def compile(
    network: Network,
    path: str | Path,
    kernel: str | None = None,
    opset: int | None = None,
    verify: bool = True,
    *,
    sizes: Sizes | None = None,
    **options: Any,
) -> ExportReport:
    """Write a model file that runs without Sketch, and prove it on seeded inputs.

    Args:
        kernel: `pytorch`, `onnx`, ...; chosen by the suffix when None.
        opset: ONNX operator set; None takes the newest that onnxruntime runs.
        sizes: shapes of inputs for the proof, by name.

    Raises:
        BinderError: a problem or a layer the kernel cannot express; nothing is written.
    """
    path, bench = Path(path), workbench()
    chosen = bench.registry[kernel] if kernel else bench.registry.for_suffix(path)
    if opset is not None:
        options["opset"] = opset
    job = bench.binder.export_model(
        network, path, chosen.info.name, options, verify=verify, sizes=sizes,
        trusted=bool(network.meta.get("trusted")),
    ).wait()  # fmt: skip
    if job.state != "done":
        raise BinderError(job.error)
    return cast("ExportReport", job.result)


def save(network: Network, path: str | Path) -> Path:
    """Save a network as a `.sketch` document, tensors included."""
    from sketch.state.document import Document
    from sketch.state.document_file import save_document

    bench = workbench()
    if network.tables is None:
        raise BinderError("This network has no drawing; open or draw it again.")
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        document = Document(bench.library, store=network.store, folder=Path(folder), name=network.name)
        document.load(whole(network.tables), "Save")
        save_document(document, Path(path))
        document.close()
    return Path(path)


def code(network: Network, kernel: str = "pytorch") -> str:
    """The network as readable source text of a kernel."""
    return workbench().registry[kernel].text(network).text


def diff(first: Network, second: Network) -> list[Difference]:
    """Structural and weight differences, matched by layer name; empty when the networks are equal."""

    def compare(before: TensorRow, after: TensorRow) -> str:
        if before.digest == after.digest:
            return ""
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            return f"{before.dtype} {before.shape} became {after.dtype} {after.shape}"
        one, two = (n.store.get(r.digest, r.shape, r.dtype) for n, r in ((first, before), (second, after)))
        if np.array_equal(one, two):
            return ""
        return f"differs by at most {np.abs(one.astype(np.float64) - two.astype(np.float64)).max():.3g}"

    return differences(first, second, compare)


def edited(network: Network, change: Callable[[Document], Any]) -> Network:
    """The network after commands on its drawing (`sketch.state.commands`), each of which takes the document first.

    Raises:
        GraphError: a command refused; one sentence says why.
    """
    from sketch.state.document import Document

    bench = workbench()
    if network.tables is None:
        raise BinderError("This network has no drawing; open or draw it again.")
    document = Document(bench.library, store=network.store, folder=None, name=network.name)
    document.load(whole(network.tables), "Open")
    change(document)
    made = document.network()
    document.close()
    return replace(made, meta={**_facts(network), **made.meta})


def reshaped(network: Network, shapes: Mapping[str, Sequence[int | str]]) -> Network:
    """The network with other shapes of inputs, by name; names such as `N` stand for any size."""
    from sketch.state import commands

    steps = {step.name: step for step in network.inputs}
    for name in shapes:
        if name not in steps:
            raise BinderError(f"There is no input {name!r}; there are {', '.join(steps) or 'none'}.")
    rows = {
        steps[name].id: commands.InputRow(name, tuple(shape), steps[name].params["dtype"])
        for name, shape in shapes.items()
    }
    return edited(network, lambda document: commands.set_inputs(document, rows))


def extract(network: Network, sources: Sequence[str] = (), targets: Sequence[str] = ()) -> Network:
    """The part between layers or values, by full name, as a network of its own with Inputs and Outputs at the cuts.

    Without sources it is all that the targets need, without targets all that depends on the sources. Values may be
    called as the file calls them, and the cuts are.
    """
    from sketch.binder.surgery.naming import value_names
    from sketch.state import commands

    names = value_names(workbench().binder, network)

    def cut(document: Document) -> None:
        found = commands.extract(document, commands.between(document, sources, targets, names), names)
        tables.apply(found.delta)

    tables = Tables()
    edited(network, cut)
    return build_network(tables, workbench().library, name=network.name, store=network.store)


def merge(
    first: Network, second: Network, wires: Mapping[str, str] | None = None, prefix: str = ""
) -> Network:
    """Two networks as one: outputs of the first feed inputs of the second.

    Args:
        wires: output of the first -> input of the second; None wires what fits by name and type.
        prefix: in front of names in the second that the first has too; a number behind them otherwise.
    """
    from sketch.state import commands
    from sketch.state.commands.merging import named_pairs, propose

    def join(document: Document) -> None:
        if second.tables is None:
            raise BinderError("The second network has no drawing; open or draw it again.")
        other = commands.Other.of(second.name, second.tables, document.library, second.store)
        found = propose(document, other) if wires is None else named_pairs(document, other, wires)
        commands.merge(document, other, {into: out for into, out in found.items() if out is not None}, prefix)

    return edited(first, join)


def fuse(network: Network) -> tuple[Network, Plan]:
    """Every BatchNorm in the layer before it, where that is exact; and which ones, with reasons for the others."""
    from sketch.binder.surgery import fusing

    plan = fusing.plan_fusion(network)
    delta = fusing.fuse(network, plan, workbench().library, lambda *_progress: None)
    return _after(network, delta), plan


def fold(network: Network) -> tuple[Network, Fold]:
    """What depends on constants only, computed once; and how much that changed."""
    from sketch.binder.surgery import folding

    bench = workbench()
    job = bench.binder.job(
        "Fold constants", lambda _job, runs: folding.fold(runs, network, bench.library), network.store.folder
    ).wait()
    if job.state != "done":
        raise BinderError(job.error)
    return _after(network, job.result.delta), job.result


def quantise(
    network: Network, to: str = "int8", per_channel: bool = True, only: str = "*"
) -> tuple[Network, list[tuple[Weight, Choice, Outcome]]]:
    """Weights as int8 or float16; and for each what it became, its size and its largest error.

    Args:
        only: a shell pattern over full names of layers.
    """
    from sketch.binder.surgery import quantising

    rows = []
    for weight in quantising.weights(network, only):
        choice = quantising.Choice(quantising.KEEP if weight.reason else to, per_channel)
        rows.append((weight, choice, quantising.outcome(network, weight, choice)))
    choices = {weight.node: choice for weight, choice, _ in rows}
    delta = quantising.quantise(network, choices, workbench().library, lambda *_progress: None)
    return _after(network, delta), rows


def agreement(before: Network, after: Network) -> Verification | None:
    """How far apart two networks with the same inputs are, on seeded inputs; None when nothing here runs both."""
    from sketch.binder.surgery.agreement import compare_networks

    bench = workbench()
    job = bench.binder.job(
        "Compare", lambda _job, runs: compare_networks(runs, before, after), before.store.folder
    ).wait()
    return job.result if job.state == "done" else None


def _after(network: Network, delta: Delta) -> Network:
    from sketch.state import commands

    return edited(network, lambda document: commands.apply_prepared(document, "Surgery", delta))


def _facts(network: Network) -> dict[str, Any]:
    return {key: network.meta[key] for key in ("format", "trusted") if key in network.meta}


class _InlineTask:
    """The Task of a call in the caller's own process: the person's own live objects, so it is trusted."""

    trusted = True

    def __init__(self, bench: Workbench):
        self.store = bench.store
        self.scratch = Path(tempfile.mkdtemp(dir=bench.folder))

    def step(self, done: float, total: float, text: str) -> None:
        """Nobody is waiting for progress."""


def _live_kernel(bench: Workbench) -> LiveKernel:
    found = next((kernel for kernel in bench.registry if isinstance(kernel, LiveKernel)), None)
    if found is None:
        raise BinderError("No kernel here takes live modules; install Sketch's PyTorch kernel.")
    reason = found.available()
    if reason:
        raise BinderError(reason)
    return found


def _open_document(path: Path) -> Network:
    from sketch.state.document_file import load_document

    bench = workbench()
    folder = Path(tempfile.mkdtemp(dir=bench.folder))
    document = load_document(path, bench.library, store=bench.store, folder=folder)
    network = document.network()
    document.close()
    return replace(network, meta={**network.meta, "format": "sketch"})
