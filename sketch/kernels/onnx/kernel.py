"""The kernel object: what it is called, and doors to the modules that do the work."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.binder.kernel import ExportReport, ImportedModel, KernelInfo, OptionSpec, SourceText, Task
from sketch.binder.losses import INCLUDE_LOSSES
from sketch.graph.network import Network, Step
from sketch.kernels.onnx.limits import LIMITS
from sketch.kernels.onnx.lowering import refusal
from sketch.kernels.onnx.program import IMPORT_OPSET, NEWEST_OPSET, OLDEST_OPSET
from sketch.kernels.onnx.text import source_text
from sketch.kernels.onnx.wire_format import looks_like_model

if TYPE_CHECKING:
    import numpy as np

    from sketch.graph.rows import Node

_NEEDED = ("onnx", "onnxruntime", "onnx_ir", "onnxscript")


class OnnxKernel:
    """Reads and writes .onnx; runs models in onnxruntime."""

    info = KernelInfo(
        name="onnx",
        title="ONNX",
        reads=(".onnx",),
        writes=(".onnx",),
        options=(
            OptionSpec("opset", "int", None, tuple(range(IMPORT_OPSET, OLDEST_OPSET - 1, -1)),
                       "Version of the ONNX operators; older runtimes need an older one. Empty: that of the opened "
                       f"file, {NEWEST_OPSET} for a drawing."),
            OptionSpec("external_data", "bool", False, (),
                       "Weights in a second file beside the model; done by itself above 2 GB."),
            INCLUDE_LOSSES,
        ),
        text_language="onnx",
        limits=LIMITS,
    )  # fmt: skip

    def available(self) -> str | None:
        """None, or which packages are missing."""
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        return (
            f"ONNX needs {', '.join(missing)}; install with: pip install {' '.join(missing)}"
            if missing
            else None
        )

    def refusal(self, step: Step) -> str | None:
        """None, or why this layer cannot be written in ONNX."""
        return refusal(step)

    def text(self, network: Network) -> SourceText:
        """The model in ONNX's own text format, without weights' values."""
        return source_text(network)

    def export_model(
        self, network: Network, path: Path, options: Mapping[str, Any], task: Task
    ) -> ExportReport:
        """Write an .onnx file."""
        from sketch.kernels.onnx.export import export_model

        return export_model(network, path, options, task)

    def import_model(self, path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
        """Read an .onnx file."""
        from sketch.kernels.onnx.load import import_model

        return import_model(path, options, task)

    def glance(self, path: Path) -> list[Node] | None:
        """Operators and wires as the bare file says them."""
        from sketch.kernels.onnx.glance import glance

        return glance(path)

    def recognises(self, path: Path, head: bytes) -> bool:
        """True when the bytes are a ModelProto."""
        return looks_like_model(head)

    def run(self, path: Path, inputs: Mapping[str, np.ndarray], task: Task) -> Mapping[str, np.ndarray]:
        """Outputs of a model by name, computed by onnxruntime on the CPU."""
        from sketch.kernels.onnx.run import run

        return run(path, inputs)

    def run_values(
        self,
        network: Network,
        path: Path,
        wanted: Sequence[tuple[int, int]],
        inputs: Mapping[str, np.ndarray],
        task: Task,
    ) -> Mapping[str, np.ndarray]:
        """Values of nodes inside a file, for the proof."""
        from sketch.kernels.onnx.values import run_values

        return run_values(network, path, wanted, inputs, task.store)

    def redraw(self, network: Network, as_operators: bool, task: Task) -> ImportedModel:
        """The network as operators only, or with every layer that matches exactly."""
        from sketch.kernels.onnx.redrawing import redraw

        return redraw(network, as_operators, task)

    def value_names(self, network: Network, task: Task) -> Mapping[tuple[int, int], str]:
        """What the file that a network was opened from calls its values."""
        from sketch.kernels.onnx.pristine import recall

        opened = recall(network, task.store)
        return {} if opened is None else {key: name for key, name in opened.names.items() if key[1] >= 0}
