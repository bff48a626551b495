"""A file as something that runs, for the proof: whatever kind it is, with the permission it was opened with."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError, Task
from sketch.kernels.pytorch.files.looking import look
from sketch.kernels.pytorch.files.opening import require_permission


@contextmanager
def runnable(path: Path, task: Task) -> Iterator[nn.Module]:
    """The module in a file, in eval mode, for as long as the block lasts.

    PermissionNeededError where it brings code and is not trusted; BinderError when the file cannot run. `task.options`
    are the options with which the file was opened, if any.
    """
    if not path.is_file():
        raise BinderError(f"{path}: there is no such file; check the path.")
    options: Mapping[str, Any] = getattr(task, "options", None) or {}
    seen = look(path)
    if seen.kind in ("weights", "safetensors", "index") and not options.get("source"):
        raise BinderError(
            f"{path}: holds weights only; without the module they belong to nothing in it can run."
        )
    require_permission(path, seen, task)
    if seen.kind == "module":
        from sketch.kernels.pytorch.files.unpickling import unpickled

        with unpickled(path, options.get("folders") or ()) as module:
            yield module.eval()
    elif seen.kind == "script":
        from sketch.kernels.pytorch.files.script import load_script

        yield load_script(path)
    elif seen.kind == "exported":
        from sketch.kernels.pytorch.files.exported import load_runnable

        yield load_runnable(path)
    else:
        with _of_source(path, seen.kind, options, task) as module:
            yield module


@contextmanager
def _of_source(path: Path, kind: str, options: Mapping[str, Any], task: Task) -> Iterator[nn.Module]:
    """The class in Python source, with the weights of the file where it is a file of weights."""
    from sketch.kernels.pytorch.files.fitting import fill
    from sketch.kernels.pytorch.files.source import built, read_source
    from sketch.kernels.pytorch.files.weights import read_weights

    source = path if kind == "source" else Path(str(options["source"]))
    chosen, arguments = str(options.get("class") or ""), str(options.get("arguments") or "")
    folders = (source.parent, *(options.get("folders") or ()))
    with built(read_source(source), chosen, arguments, name=str(source), folders=folders) as module:
        if kind != "source":
            fill(module, read_weights(path, kind), path, task)
        yield module


def call_by_name(module: nn.Module, inputs: Mapping[str, torch.Tensor]) -> Any:
    """Run a module on tensors by name where its forward knows the names, else in their order."""
    try:
        names = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        names = {}  # type: ignore[assignment]
    with torch.no_grad():
        if inputs and set(inputs) <= set(names):
            return module(**inputs)
        return module(*inputs.values())
