"""Write a network as an .onnx file: anew, or into the file that it was opened from. Runs in the worker only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from sketch.binder.initial import initial_tensor
from sketch.binder.kernel import BinderError, ExportReport, Loss, Task
from sketch.graph.network import Network
from sketch.kernels.onnx.checking import objections
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.lowering import lower
from sketch.kernels.onnx.model_writer import AS_IT_WAS, write_model
from sketch.kernels.onnx.numbers import pieces
from sketch.kernels.onnx.pristine import LOCATION, Pristine, opset_of, recall
from sketch.kernels.onnx.program import IMPORT_OPSET, NEWEST_OPSET, OLDEST_OPSET
from sketch.kernels.onnx.proto_tensors import entries_of
from sketch.kernels.onnx.protos import OpsetTooOldError, build
from sketch.kernels.onnx.returning import Returned, given_back


@dataclass(frozen=True)
class Sources:
    """Where the bytes of a light model's tensors come from."""

    network: Network
    task: Task

    def pieces(self, tensor: onnx.TensorProto) -> Iterator[memoryview]:
        """The bytes of a tensor that is a pointer, as a file holds them."""
        location = entries_of(tensor)["location"]
        _, _, place = location.removeprefix("sketch:").partition(":")
        if not location.startswith(LOCATION):
            node, _, role = place.partition(":")
            step = self.network.step(int(node))
            array = initial_tensor(step.weights[role], step.weights, step.params, self.network.seed, step.id)
            return pieces(array, step.weights[role].dtype)
        row = self.network.tensors[int(place)]
        array = np.asarray(self.task.store.get(row.digest, row.shape, row.dtype))
        return pieces(array, row.dtype)


def export_model(network: Network, path: Path, options: Mapping[str, Any], task: Task) -> ExportReport:
    """Write `path`, and files beside it when weights need them; BinderError says what is in the way."""
    opset = _opset(options)
    task.step(0, 3, "Writing operators")
    pristine = recall(network, task.store)
    try:
        result = (
            _anew(network, opset, task) if pristine is None else _returned(network, pristine, opset, task)
        )
    except (UnsayableError, OpsetTooOldError) as error:
        raise BinderError(f"{path.name}: {error}") from None
    if not result.model.graph.output:
        raise BinderError(f"{path.name}: the network has no Output; add one and wire it.")
    task.step(1, 3, "Checking")
    notes = [f"opset {opset_of(result.model)}, IR {result.model.ir_version}", *result.notes]
    if not result.is_untouched:
        notes += objections(result.model, path, task.scratch, lenient=result.lenient)
    task.step(2, 3, "Writing weights")
    written = write_model(
        result.model, path, Sources(network, task).pieces, options.get("external_data", False)
    )
    losses = () if result.is_untouched else tuple(_losses(network))
    return ExportReport(written.files, losses, (*notes, *written.notes))


def _opset(options: Mapping[str, Any]) -> int | None:
    opset = options.get("opset")
    if opset is not None and (not isinstance(opset, int) or not OLDEST_OPSET <= opset <= IMPORT_OPSET):
        raise BinderError(
            f"Opset {opset} cannot be written; choose one from {OLDEST_OPSET} to {IMPORT_OPSET}."
        )
    return opset


def _anew(network: Network, opset: int | None, task: Task) -> Returned:
    """The whole network; in the newest opset that onnxruntime runs, or in one that the operators need."""
    lenient = any(step.spec.is_operator for step in network.steps)
    try:
        model = build(network, lower(network, opset or NEWEST_OPSET), task)
    except OpsetTooOldError as error:
        if opset is not None:
            raise
        model = build(network, lower(network, error.since), task)
    return Returned(model, lenient=lenient)


def _returned(network: Network, pristine: Pristine, opset: int | None, task: Task) -> Returned:
    return given_back(network, pristine, opset, task)


def _losses(network: Network) -> Iterator[Loss]:
    for step in network.steps:
        if "num_batches_tracked" in step.stored:
            yield Loss(
                network.qualified(step), "num_batches_tracked is not kept in ONNX; only training reads it."
            )


__all__ = ["AS_IT_WAS", "Sources", "export_model"]
