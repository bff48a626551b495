"""One case of ONNX's backend suite through open, PyTorch and run, compared by the suite's own tolerances."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx.backend.test.runner import Runner

from sketch.binder.kernel import BinderError
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL as ONNX
from sketch.kernels.pytorch.kernel import KERNEL as PYTORCH
from tests.contract.networks import library
from tests.contract.torch_reference import task as task_in
from tests.kernels.pytorch.suite_cases import Case, baked
from tests.kernels.pytorch.tensor_bits import to_numpy, to_torch

PASS, RANDOM, LAST_BIT, REFUSED, FAILED, WRONG = "pass", "random", "last bit", "refused", "failed", "WRONG"
CLASSES = (PASS, RANDOM, LAST_BIT, REFUSED, FAILED, WRONG)
"""What becomes of a case. `random`: its numbers are drawn, so that only types and shapes were compared. `last bit`:
floats as near to the wanted ones as rounding lets them be, where the suite's tolerance is below that."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: one of the classes, and the reason where it is not `pass`."""

    kind: str
    reason: str = ""


def run_case(case: Case, form: str) -> Outcome:
    """Open the case's model, build the PyTorch module, run it on every set of numbers."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task = task_in(Path(folder))
        module, outcome = None, Outcome(PASS)
        for given, wanted in case.data():
            model, inputs = case.model, given
            if form == "baked":
                model, inputs = baked(model, given)
                module = None
            if module is None:
                made = _module(model.SerializeToString(), task)
                if isinstance(made, Outcome):
                    return made
                module = made
            tolerance = None if case.segment == "random" else case.tolerance
            outcome = _compare(module, inputs, wanted, tolerance)
            if outcome.kind != PASS:
                return outcome
    return outcome


def opened(data: bytes, task: Any) -> Network:
    """The network in a model file; the file's bytes are given."""
    path = task.scratch / "model.onnx"
    path.write_bytes(data)
    model = ONNX.import_model(path, {}, task)
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name="Case", store=task.store)


def _module(data: bytes, task: Any) -> torch.nn.Module | Outcome:
    try:
        network = opened(data, task)
        refusals = (PYTORCH.refusal(step) for step in network.steps)
        stopping = next((text for text in refusals if text), None)
        if stopping is None and network.errors:
            stopping = f"{network.errors[0].message} {network.errors[0].cure}".strip()
        if stopping is not None:
            return Outcome(REFUSED, _line(stopping))
        module: torch.nn.Module = PYTORCH.to_live(network, task)
    except BinderError as error:
        return Outcome(REFUSED, _line(str(error).replace("model.onnx: ", "")))
    except Exception as error:  # noqa: BLE001 - a measurement: whatever is raised is its result
        return Outcome(FAILED, f"building: {type(error).__name__}: {_line(str(error))}")
    return module


def _compare(
    module: torch.nn.Module,
    inputs: Sequence[Any],
    wanted: Sequence[Any],
    tolerance: tuple[float, float] | None,
) -> Outcome:
    """Run and compare; without a tolerance the numbers are drawn, and only types and shapes can be compared."""
    try:
        given = [to_torch(item) for item in inputs]
    except (KeyError, TypeError) as error:
        return Outcome(REFUSED, f"PyTorch has no such input: {_line(str(error))}")
    try:
        with torch.no_grad():
            result = module(*given)
    except ValueError as error:  # what our functions raise for a meaning that they do not have
        return Outcome(REFUSED, f"running: {_line(str(error))}")
    except Exception as error:  # noqa: BLE001 - a measurement: whatever is raised is its result
        return Outcome(FAILED, f"running: {type(error).__name__}: {_line(str(error))}")
    results = [result] if len(wanted) == 1 else list(result)
    try:
        have = [to_numpy(item) for item in results]
        _assert_kinds(wanted, have)
        if tolerance is None:
            wanted, have = [np.zeros_like(item) for item in wanted], [np.zeros_like(item) for item in have]
        Runner.assert_similar_outputs(_flat(wanted), _flat(have), *(tolerance or (0.0, 0.0)))
    except Exception as error:  # noqa: BLE001 - the suite's comparison raises whatever numpy raises
        return Outcome(LAST_BIT if _next_to(wanted, have) else WRONG, _line(str(error)))
    return (
        Outcome(PASS)
        if tolerance
        else Outcome(RANDOM, "the numbers are drawn; types and shapes are as wanted")
    )


def _flat(values: Sequence[Any]) -> list[Any]:
    """The tensors in outputs and in lists among them; the suite's comparison goes wrong on lists of scalars."""
    found: list[Any] = []
    for value in values:
        found += _flat(value) if isinstance(value, list) else [] if value is None else [value]
    return found


def _next_to(wanted: Sequence[Any], have: Sequence[Any]) -> bool:
    """True when every output is a float that differs by four units in the last place at most.

    Of float16 the unit is that of each number, of float32 and float64 that of the largest one in the output.
    """
    return len(wanted) == len(have) and all(map(_is_next, wanted, have))


def _is_next(want: Any, got: Any) -> bool:
    if not isinstance(want, np.ndarray) or not isinstance(got, np.ndarray):
        return False
    if want.dtype.kind != "f" or want.dtype != got.dtype or want.shape != got.shape or not want.size:
        return False
    sizes = np.abs(want)
    unit = np.spacing(sizes if want.dtype == np.float16 else sizes.max())
    return bool(
        np.all(np.abs(want.astype(np.float64) - got.astype(np.float64)) <= 4 * unit.astype(np.float64))
    )


def _assert_kinds(wanted: Sequence[Any], have: Sequence[Any]) -> None:
    """None for None and lists of one length: what the suite's comparison does not look at."""
    if len(wanted) != len(have):
        raise AssertionError(f"{len(have)} values instead of {len(wanted)}")
    for want, got in zip(wanted, have, strict=True):
        if (want is None) != (got is None) or isinstance(want, list) != isinstance(got, list):
            raise AssertionError(f"{type(got).__name__} instead of {type(want).__name__}")
        if isinstance(want, list):
            _assert_kinds(want, got)


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
