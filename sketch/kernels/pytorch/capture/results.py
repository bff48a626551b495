"""What a model gives back: the nesting, and the tensors in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch

from sketch.kernels.pytorch.capture.nesting import Ref
from sketch.kernels.pytorch.capture.recorder import Recorder


@dataclasses.dataclass(slots=True)
class Results:
    """`template` has the number of a tensor in `refs` where the model gave one back; `names` are their keys.

    `left` has what was left out, in words, and `tensors` the numbers themselves.
    """

    template: Any = None
    refs: list[Ref] = dataclasses.field(default_factory=list)
    names: list[str] = dataclasses.field(default_factory=list)
    left: list[str] = dataclasses.field(default_factory=list)
    tensors: list[torch.Tensor] = dataclasses.field(default_factory=list)


def read_results(recorder: Recorder, result: Any) -> Results:
    """The result of a run, with what stands for its tensors at the end."""
    found = Results()
    found.template = _walk(recorder, result, "", found)
    return found


def _walk(recorder: Recorder, value: Any, name: str, found: Results) -> Any:
    if isinstance(value, torch.Tensor):
        found.refs.append(recorder.book.read(recorder.tensors.value(value)))
        found.names.append(name)
        found.tensors.append(value.detach().clone())
        return len(found.refs) - 1
    if isinstance(value, Mapping):
        return {str(key): _walk(recorder, item, _joined(name, key), found) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        keys = getattr(value, "_fields", range(len(value)))
        items = [
            _walk(recorder, item, _joined(name, key), found) for key, item in zip(keys, value, strict=True)
        ]
        return items if isinstance(value, list) else tuple(items)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        keys = [field.name for field in dataclasses.fields(value)]
        return {key: _walk(recorder, getattr(value, key), _joined(name, key), found) for key in keys}
    if value is not None:
        what = f"a value of type {type(value).__name__}"
        found.left.append(f"{what} as '{name}'" if name else what)
    return None


def _joined(name: str, key: Any) -> str:
    return f"{name}_{key}" if name else str(key)
