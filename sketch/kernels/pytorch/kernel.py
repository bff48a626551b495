"""The kernel that the registry finds. Light to import: torch loads inside export, import and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.binder.kernel import ExportReport, ImportedModel, KernelInfo, OptionSpec, SourceText, Task
from sketch.binder.losses import INCLUDE_LOSSES
from sketch.graph.network import Network, Step
from sketch.kernels.pytorch.table import refusal
from sketch.kernels.pytorch.text import source_text

if TYPE_CHECKING:
    import numpy as np

    from sketch.binder.run_facts import Look, RunFacts

_OPTIONS = (
    OptionSpec(
        "container", "choice", "pth", ("pth", "py+safetensors", "state_dict", "pt2", "torchscript", "safetensors"),
        "pth: architecture and weights in one file; py+safetensors: source and weights; state_dict and safetensors: "
        "weights only; pt2: a program of torch.export; torchscript: a traced program. "
        "The suffixes .py, .pt2 and .safetensors choose theirs.",
    ),
    INCLUDE_LOSSES,
)  # fmt: skip


class PyTorchKernel:
    """PyTorch, as a kernel (see sketch.binder.kernel.Kernel)."""

    info = KernelInfo(
        "pytorch",
        "PyTorch",
        (".pth", ".pt", ".pt2", ".bin", ".ckpt", ".safetensors", ".index.json", ".py"),
        (".pth", ".pt", ".py", ".pt2", ".safetensors"),
        _OPTIONS,
        limits={"LSTM": "with only one of h0 and c0"},
    )

    def available(self) -> str | None:
        """None, or how to install torch."""
        if find_spec("torch") is None:
            return "PyTorch is not installed; run `pip install torch`."
        return None

    def refusal(self, step: Step) -> str | None:
        """None, or why PyTorch cannot express this node."""
        return refusal(step)

    def text(self, network: Network) -> SourceText:
        """Readable source, without torch."""
        return source_text(network)

    def export_model(
        self, network: Network, path: Path, options: Mapping[str, Any], task: Task
    ) -> ExportReport:
        """Write the model in the container that the options name."""
        from sketch.kernels.pytorch.export import export_model

        return export_model(network, path, options, task)

    def import_model(self, path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
        """Read any kind of file that PyTorch writes."""
        from sketch.kernels.pytorch.files.opening import import_model

        return import_model(path, options, task)

    def recognises(self, path: Path, head: bytes) -> bool:
        """True for what PyTorch writes, for safetensors and for Python source that uses torch."""
        from sketch.kernels.pytorch.files.looking import recognised

        return recognised(path, head)

    def from_live(self, module: Any, example_inputs: tuple[Any, ...], task: Task) -> ImportedModel:
        """A live nn.Module, layer by layer, groups by module path."""
        from sketch.kernels.pytorch.live import from_torch

        return from_torch(module, example_inputs, task.store)

    def to_live(self, network: Network, task: Task) -> Any:
        """A live nn.Module with the weights."""
        from sketch.kernels.pytorch.live import to_torch

        return to_torch(network, task.store)

    def run(
        self, path: Path, inputs: Mapping[str, np.ndarray[Any, Any]], task: Task
    ) -> Mapping[str, np.ndarray[Any, Any]]:
        """Run a file on numpy inputs by name, outputs by name."""
        from sketch.kernels.pytorch.run import run

        return run(path, inputs, task)

    def run_values(
        self,
        network: Network,
        path: Path,
        wanted: Sequence[tuple[int, int]],
        inputs: Mapping[str, np.ndarray[Any, Any]],
        task: Task,
    ) -> Mapping[str, np.ndarray[Any, Any]]:
        """Values of nodes inside a file, for the proof."""
        from sketch.kernels.pytorch.values import run_values

        return run_values(network, path, wanted, inputs, task)

    def observe(self, network: Network, look: Look, task: Task) -> RunFacts:
        """Run a drawing as it is and tell what every value was."""
        from sketch.kernels.pytorch.observing import observe

        return observe(network, look, task)


KERNEL = PyTorchKernel()
