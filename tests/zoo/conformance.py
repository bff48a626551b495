"""One file of the zoo through Sketch: to PyTorch and back to ONNX, raised and not raised, against onnxruntime."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from sketch.binder.kernel import BinderError
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from sketch.kernels.pytorch.live import to_torch
from tests.contract.networks import library
from tests.kernels.onnx.job import task_in
from tests.stories.light_models import NAMES, source
from tests.zoo.case import Case
from tests.zoo.exports import EXPORTERS, exported

RELATIVE, ABSOLUTE = 1e-3, 1e-4
OTHER_BATCH = 3
_ENDS = ("Input", "Output", "Constant", "Parameter")
_ZONE = "sketch.zone:"
"""Marks of a group that is a body of If, Loop or Scan."""
Outputs = list[np.ndarray]


@dataclass
class Result:
    """What became of one file. A verdict is `equal`, `refused: why` or `WRONG: how`."""

    name: str
    exporter: str
    opset: int
    file_nodes: int = 0
    layers: int = 0
    operators: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """True when every way gave the source's numbers."""
        return all(verdict == "equal" for verdict in self.verdicts.values())

    @property
    def operators_left(self) -> int:
        """How many operators stayed."""
        return sum(self.operators.values())

    @property
    def share(self) -> float:
        """Layers among all nodes of the drawing."""
        return self.layers / max(1, self.layers + self.operators_left)

    @property
    def wrong(self) -> bool:
        """True when a way gave other numbers without saying so."""
        return any(verdict.startswith("WRONG") for verdict in self.verdicts.values())

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


Classic = tuple[str, int, int]
"""Name, layers, operators."""


def light() -> list[Classic]:
    """The nine classics of the onnx package, opened."""
    found = []
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            layers, operators = counts(_opened(source(name), {}, task_in(Path(folder))))
            found.append((name, layers, operators.total()))
    return found


def counts(network: Network) -> tuple[int, Counter[str]]:
    """(layers, operators by kind) of a drawing."""
    steps = [step for step in network.steps if step.layer not in _ENDS]
    operators = Counter(
        step.layer for step in steps if step.spec.is_operator and not step.layer.startswith(_ZONE)
    )
    return len(steps) - operators.total(), operators


def check(
    case: Case, exporter: str, opset: int | None = None, ways: tuple[str, ...] = ("raised", "plain")
) -> Result:
    """Open a file of the zoo in each way and compare its PyTorch and its ONNX with onnxruntime on the file."""
    path = exported(case, exporter, opset)
    session = _session(path)
    result = Result(case.name, exporter, opset or EXPORTERS[exporter])
    batches = (2, OTHER_BATCH) if case.dynamic else (2,)
    feeds = {batch: _feed(session, case.inputs(batch)) for batch in batches}
    want = {batch: session.run(None, feed) for batch, feed in feeds.items()}
    for way in ways:
        with tempfile.TemporaryDirectory() as folder:
            task = task_in(Path(folder))
            try:
                network = _opened(path, {} if way == "raised" else {"raise": False}, task)
            except BinderError as error:
                result.verdicts[f"{way} open"] = f"refused: {error}"
                continue
            if way == "raised":
                _count(result, network, path)
            for target, run in (("pytorch", _in_torch), ("onnx", _in_onnx)):
                verdict = _verdict(partial(run, network, task, feeds), want)
                result.verdicts[f"{way} {target}"] = verdict
    return result


def _opened(path: Path, options: Mapping[str, Any], task: Any) -> Network:
    model = KERNEL.import_model(path, options, task)
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name=model.name, store=task.store)


def _count(result: Result, network: Network, path: Path) -> None:
    result.layers, operators = counts(network)
    result.operators = dict(operators)
    nodes = onnx.load(path, load_external_data=False).graph.node
    result.file_nodes = sum(node.op_type != "Constant" for node in nodes)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _feed(session: onnxruntime.InferenceSession, inputs: tuple[torch.Tensor, ...]) -> dict[str, np.ndarray]:
    names = [value.name for value in session.get_inputs()]
    return {name: value.numpy() for name, value in zip(names, inputs, strict=False)}


def _in_torch(network: Network, task: Any, feeds: Mapping[int, dict[str, np.ndarray]]) -> dict[int, Outputs]:
    module = to_torch(network, task.store).eval()
    found = {}
    for batch, feed in feeds.items():
        with torch.no_grad():
            result = module(*(torch.from_numpy(feed[step.name].copy()) for step in network.inputs))
        found[batch] = [
            value.numpy() for value in (result if isinstance(result, (tuple, list)) else (result,))
        ]
    return found


def _in_onnx(network: Network, task: Any, feeds: Mapping[int, dict[str, np.ndarray]]) -> dict[int, Outputs]:
    target = task.scratch / "out.onnx"
    KERNEL.export_model(network, target, {}, task)
    session = _session(target)
    return {batch: session.run(None, feed) for batch, feed in feeds.items()}


def _verdict(run: Callable[[], dict[int, Outputs]], want: Mapping[int, Outputs]) -> str:
    try:
        have = run()
    except BinderError as error:
        return f"refused: {error}"
    except Exception as error:  # noqa: BLE001  a result that does not run is a wrong result, whatever it raises
        return f"WRONG: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    for batch, expected in want.items():
        for place, (a, b) in enumerate(zip(expected, have[batch], strict=True)):
            if a.shape != b.shape or not np.allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True):
                off = "shape" if a.shape != b.shape else f"{np.abs(a - b).max():.2g}"
                return f"WRONG: output {place} at batch {batch} by {off}"
    return "equal"
