"""The layers of the catalogue, each exported by torch.onnx (dynamo) and opened: how much of it is layers again."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.live import to_torch
from tests.contract.cases import Case, case
from tests.contract.networks import inputs_of, library, network_of
from tests.kernels.onnx.job import opened, task_in
from tests.zoo.conformance import counts

OPSETS = (18, 23)
_NO_EXPORT = ("Input", "Output", "Constant", "Parameter")


@dataclass
class Share:
    """One opset: layers that torch exports, nodes that are layers again, operators that stay and of which layers."""

    opset: int
    exported: int = 0
    whole: int = 0
    layers: int = 0
    operators: Counter[str] = field(default_factory=Counter)
    partly: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Layers among all nodes."""
        return self.layers / max(1, self.layers + self.operators.total())


def catalogue(opset: int) -> Share:
    """Every layer of the catalogue that torch's exporter takes at this opset."""
    result = Share(opset)
    for item in _cases():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layer.onnx"
            if _exported(item, path, opset):
                layers, operators = counts(opened(path, task_in(Path(folder))))
                result.exported += 1
                result.whole += not operators
                result.layers += layers
                result.operators += operators
                if operators:
                    result.partly.append(item.layer)
    return result


def _cases() -> Iterator[Case]:
    for spec in library():
        if not spec.group and spec.name not in _NO_EXPORT and spec.category != "Loss":
            yield case(spec, 1)


def _exported(item: Case, path: Path, opset: int) -> bool:
    """False where torch has no export of the layer."""
    with tempfile.TemporaryDirectory() as folder:
        task = task_in(Path(folder))
        try:
            module = to_torch(network_of(item, task.store), task.store).eval()
        except BinderError:
            return False
        inputs = tuple(torch.from_numpy(array.copy()) for array in inputs_of(item).values())
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            try:
                torch.onnx.export(
                    module,
                    inputs,
                    str(path),
                    dynamo=True,
                    opset_version=opset,
                    external_data=False,
                    verbose=False,
                )
            except Exception:  # noqa: BLE001  the exporter raises whatever its passes raise
                return False
    return True
