"""Runs a .pth on numpy inputs, for the numeric proof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sketch.binder.kernel import BinderError, Task
from sketch.kernels.pytorch.arrays import readable, torch_type
from sketch.kernels.pytorch.lift import notes_of
from sketch.kernels.pytorch.load import load_module
from sketch.kernels.pytorch.notes import Notes

Array = np.ndarray[Any, Any]


def run(path: Path, inputs: Mapping[str, Array], task: Task) -> dict[str, Array]:
    """Outputs by the names of the Output nodes. Files of others take the inputs in order and number their outputs."""
    if path.suffix == ".py":
        raise BinderError(f"{path}: source is not run here; compile to .pth to check the numbers.")
    module = load_module(path, trusted=task.trusted).eval()
    notes = notes_of(module)
    tensors = given_tensors(path, notes, inputs)
    with torch.no_grad():
        given = module(*tensors)
    return _named(given, notes.outputs())


def given_tensors(path: Path, notes: Notes, inputs: Mapping[str, Array]) -> list[torch.Tensor]:
    """The inputs in the order in which the module takes them; BinderError when one is missing."""
    tensors = []
    for name, _, dtype in notes.inputs() or [(name, (), "") for name in inputs]:
        if name not in inputs:
            raise BinderError(f"{path}: needs the input {name!r}, got {', '.join(inputs) or 'none'}.")
        tensors.append(_tensor(inputs[name], dtype))
    return tensors


def _tensor(array: Array, dtype: str) -> torch.Tensor:
    tensor = torch.from_numpy(np.array(array, order="C", copy=True))
    return tensor.to(torch_type(dtype)) if dtype else tensor


def _named(given: Any, names: list[str]) -> dict[str, Array]:
    values = list(given.values()) if isinstance(given, Mapping) else given
    flat = list(values) if isinstance(values, (tuple, list)) else [values]
    tensors = [value for value in flat if isinstance(value, torch.Tensor)]
    titles = names if len(names) == len(tensors) else [f"output{index + 1}" for index in range(len(tensors))]
    return {name: readable(tensor) for name, tensor in zip(titles, tensors, strict=True)}
