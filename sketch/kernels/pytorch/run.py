"""Runs a .pth on numpy inputs, for the numeric proof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sketch.binder.kernel import BinderError, Task
from sketch.kernels.pytorch.arrays import readable, torch_type
from sketch.kernels.pytorch.capture.nesting import tensors
from sketch.kernels.pytorch.files.runnable import call_by_name, runnable
from sketch.kernels.pytorch.lift import notes_of
from sketch.kernels.pytorch.notes import Notes

Array = np.ndarray[Any, Any]


def run(path: Path, inputs: Mapping[str, Array], task: Task) -> dict[str, Array]:
    """Outputs by the names of the Output nodes. Files of others take the inputs in order and number their outputs."""
    with runnable(path, task) as module:
        notes = notes_of(module)
        taken = given_tensors(path, notes, inputs)
        given = call_by_name(module, dict(zip(names_of(notes, inputs), taken, strict=True)))
        return _named(given, notes.outputs())


def given_tensors(path: Path, notes: Notes, inputs: Mapping[str, Array]) -> list[torch.Tensor]:
    """The inputs in the order in which the module takes them; BinderError when one is missing."""
    found = []
    types = {name: dtype for name, _, dtype in notes.inputs()}
    for name in names_of(notes, inputs):
        if name not in inputs:
            raise BinderError(f"{path}: needs the input {name!r}, got {', '.join(inputs) or 'none'}.")
        found.append(_tensor(inputs[name], types.get(name, "")))
    return found


def names_of(notes: Notes, inputs: Mapping[str, Array]) -> list[str]:
    """Names of the inputs: those that the file says, else those that are given."""
    return [name for name, _, _ in notes.inputs()] or list(inputs)


def _tensor(array: Array, dtype: str) -> torch.Tensor:
    tensor = torch.from_numpy(np.array(array, order="C", copy=True))
    return tensor.to(torch_type(dtype)) if dtype else tensor


def _named(given: Any, names: list[str]) -> dict[str, Array]:
    found = tensors(given)
    titles = names if len(names) == len(found) else [f"output{index + 1}" for index in range(len(found))]
    return {name: readable(tensor) for name, tensor in zip(titles, found, strict=True)}
