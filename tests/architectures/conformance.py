"""One architecture through Sketch: captured, built again, as source, as ONNX; each against the model itself."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.graph.compare import differences
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL as ONNX
from sketch.kernels.pytorch import KERNEL as PYTORCH
from tests.architectures.architecture import Architecture, Inputs, called, flat, plain
from tests.contract.networks import library
from tests.kernels.onnx.job import task_in

RELATIVE, ABSOLUTE = 1e-4, 1e-5
RUNTIME = 1e-3
"""Tolerance against onnxruntime, relative to the largest value: it sums in another order."""
EXAMPLE, OTHER = 2, 3
_ENDS = ("Input", "Output", "Constant", "Parameter")
Runs = Mapping[str, tuple[Inputs, list[torch.Tensor]]]
"""What was asked -> inputs and wanted outputs."""


@dataclass
class Result:
    """What became of one architecture. A verdict is `equal`, `refused: why` or `WRONG: how`."""

    name: str
    source: str
    kind: str
    parameters: int = 0
    layers: int = 0
    functions: dict[str, int] = field(default_factory=dict)
    operators: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def says(self, way: str, word: str) -> bool:
        """True when a way ended with a word: equal, refused, WRONG."""
        return self.verdicts.get(way, "").startswith(word)

    @property
    def share(self) -> float:
        """Layers and named functions among all nodes."""
        named = self.layers + sum(self.functions.values())
        return named / max(1, named + sum(self.operators.values()))

    @property
    def wrong(self) -> bool:
        """True when a way gave other numbers without saying so."""
        return any(verdict.startswith("WRONG") for verdict in self.verdicts.values())

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


WAYS = ("same values", "other values", "other batch", "keys", "source", "again", "onnx", "onnx other batch")
"""What is asked of each architecture, in order."""


def check(architecture: Architecture) -> Result:
    """Capture a model and compare all that comes of it."""
    start = time.perf_counter()
    module = architecture.module()
    result = Result(architecture.name, architecture.source, architecture.kind)
    runs = _runs(architecture, module)
    result.parameters = sum(tensor.numel() for tensor in module.parameters())
    with tempfile.TemporaryDirectory() as folder:
        task = task_in(Path(folder))
        try:
            network = _captured(module, runs["same values"][0], task)
        except BinderError as error:
            result.verdicts = _refusal(architecture, str(error))
        else:
            _count(result, network)
            _built(result, network, module, runs, task)
            _text(result, network, module, runs, task)
            _runtime(result, network, runs, task, Path(folder) / "model.onnx")
    result.seconds = round(time.perf_counter() - start, 1)
    return result


def _refusal(architecture: Architecture, message: str) -> dict[str, str]:
    """A refusal that had to be is right when it names the line of the model."""
    if architecture.refused and architecture.refused in message:
        return {"refusal": f"equal: {message}"}
    return {"same values": f"refused: {message}"}


def _runs(architecture: Architecture, module: nn.Module) -> Runs:
    batch = OTHER if architecture.dynamic else EXAMPLE
    given = {
        "same values": architecture.example(EXAMPLE, 1),
        "other values": architecture.example(EXAMPLE, 2),
        "other batch": architecture.example(batch, 3),
    }
    return {name: (inputs, flat(called(module, inputs))) for name, inputs in given.items()}


def _captured(module: nn.Module, inputs: Inputs, task: Any) -> Network:
    model = PYTORCH.from_live(module, inputs, task)
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name=model.name, store=task.store)


def _count(result: Result, network: Network) -> None:
    steps = [step for step in network.steps if step.layer not in _ENDS]
    operators = Counter(step.layer for step in steps if step.spec.is_operator)
    result.functions = {name: count for name, count in operators.items() if name.startswith("torch:")}
    result.operators = {name: count for name, count in operators.items() if name not in result.functions}
    result.layers = len(steps) - operators.total()


def _built(result: Result, network: Network, module: nn.Module, runs: Runs, task: Any) -> None:
    try:
        built = PYTORCH.to_live(network, task)
    except BinderError as error:
        result.verdicts["same values"] = f"refused: {error}"
        return
    for way, (inputs, wanted) in runs.items():
        result.verdicts[way] = _verdict(lambda inputs=inputs: flat(called(built, plain(inputs))), wanted)
    result.verdicts["keys"] = _strict(built, module)


def _strict(built: nn.Module, module: nn.Module) -> str:
    """load_state_dict in both directions."""
    try:
        built.load_state_dict(module.state_dict(), strict=True)
        module.load_state_dict(built.state_dict(), strict=True)
    except RuntimeError as error:
        return f"WRONG: {' '.join(str(error).split())[:300]}"
    return "equal"


def _text(result: Result, network: Network, module: nn.Module, runs: Runs, task: Any) -> None:
    """The printed source with the original's weights; and the source captured again."""
    try:
        built = instance(PYTORCH.text(network).text)
        built.load_state_dict(module.state_dict(), strict=True)
    except Exception as error:  # noqa: BLE001 - whatever the source raises is the finding
        result.verdicts["source"] = f"WRONG: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return
    inputs, wanted = runs["other batch"]
    result.verdicts["source"] = _verdict(lambda: flat(called(built, plain(inputs))), wanted)
    try:
        again = _captured(built, plain(runs["same values"][0]), task)
    except BinderError as error:
        result.verdicts["again"] = f"refused: {error}"
        return
    found = differences(network, again)
    result.verdicts["again"] = f"WRONG: {len(found)}: {found[0]}" if found else "equal"


def instance(text: str) -> nn.Module:
    """The last class of a source, made without arguments, in eval mode."""
    scope: dict[str, Any] = {"__name__": "printed"}
    exec(compile(text, "<printed>", "exec"), scope)  # noqa: S102 - our own text
    classes = [value for value in scope.values() if isinstance(value, type) and issubclass(value, nn.Module)]
    own = [kind for kind in classes if kind.__module__ == "printed"]
    made: nn.Module = own[-1]().eval()
    return made


def _runtime(result: Result, network: Network, runs: Runs, task: Any, path: Path) -> None:
    try:
        ONNX.export_model(network, path, {}, task)
    except BinderError as error:
        result.verdicts["onnx"] = f"refused: {error}"
        return
    session = _session(path)
    for way, key in (("onnx", "other values"), ("onnx other batch", "other batch")):
        inputs, wanted = runs[key]
        result.verdicts[way] = _verdict(lambda inputs=inputs: _fed(session, inputs), wanted, RUNTIME)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _fed(session: onnxruntime.InferenceSession, inputs: Inputs) -> list[torch.Tensor]:
    names = [value.name for value in session.get_inputs()]
    tensors = plain(inputs)
    given = dict(tensors) if isinstance(tensors, Mapping) else dict(zip(names, tensors, strict=True))
    found = session.run(None, {name: given[name].numpy() for name in names})
    return [torch.from_numpy(np.asarray(value)) for value in found]


def _verdict(
    run: Callable[[], list[torch.Tensor]],
    wanted: list[torch.Tensor],
    of_largest: float | None = None,
) -> str:
    """Whether a run gives what is wanted, number by number; or within a share of the largest one."""
    try:
        found = run()
    except Exception as error:  # noqa: BLE001 - a model that does not run is the finding
        return f"refused: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    if len(found) != len(wanted):
        return f"WRONG: {len(found)} outputs for {len(wanted)}"
    for index, (got, want) in enumerate(zip(found, wanted, strict=True)):
        if got.shape != want.shape:
            return f"WRONG: output {index} has shape {tuple(got.shape)} for {tuple(want.shape)}"
        if not _close(got.double(), want.double(), of_largest):
            return f"WRONG: output {index} is off by {float((got.double() - want.double()).abs().max()):.3g}"
    return "equal"


def _close(got: torch.Tensor, want: torch.Tensor, of_largest: float | None) -> bool:
    if of_largest is None:
        return torch.allclose(got, want, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    scale = max(1.0, float(want.abs().max())) if want.numel() else 1.0
    return torch.allclose(got, want, rtol=of_largest, atol=of_largest * scale, equal_nan=True)
