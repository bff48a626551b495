"""importModel of the paper for every kind of file that PyTorch writes; what a file is comes from its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sketch.binder.kernel import BinderError, ImportedModel, PermissionNeededError, Task
from sketch.kernels.pytorch.files.looking import Look, look

Options = Mapping[str, Any]
_ASKS: Mapping[str, tuple[str, ...]] = {
    "module": ("inputs", "folders", "weights_only"), "script": ("inputs",), "exported": ("inputs",),
}  # fmt: skip
"""Options that a kind of file may need."""


def import_model(path: Path, options: Options, task: Task) -> ImportedModel:
    """The drawing of a file; PermissionNeededError before any code in it runs.

    Args:
        options: `inputs` (shapes by name), `folders` (where classes are found), `class` and `arguments` (of Python
            source), `source` (Python source of the module that a file of weights belongs to), `weights_only` (True:
            the tensors of a pickled module, of which nothing runs then).
    """
    if not path.is_file():
        raise BinderError(f"{path}: there is no such file; check the path.")
    task.step(0, 3, "Looking at the file")
    seen = look(path)
    if options.get("weights_only") and seen.kind == "module":
        seen = Look("weights")
    return _WAYS[seen.kind](path, seen, options, task)


def require_permission(path: Path, seen: Look, task: Task) -> None:
    """PermissionNeededError, with the names of what would run, unless the person trusts the file."""
    if task.trusted:
        return
    code = ", ".join(seen.calls[:3]) + (", ..." if len(seen.calls) > 3 else "")
    raise PermissionNeededError(f"{path}: opening it runs code ({code}).", _ASKS.get(seen.kind, ()))


def _weights(path: Path, seen: Look, options: Options, task: Task) -> ImportedModel:
    if options.get("source"):
        from sketch.kernels.pytorch.files.fitting import open_with_source

        return open_with_source(path, seen.kind, options, task)
    from sketch.kernels.pytorch.files.weights_only import open_weights

    return open_weights(path, seen.kind, task)


def _module(path: Path, seen: Look, options: Options, task: Task) -> ImportedModel:
    require_permission(path, seen, task)
    from sketch.kernels.pytorch.files.drawn import drawn
    from sketch.kernels.pytorch.files.unpickling import unpickled
    from sketch.kernels.pytorch.load import redrawn

    with unpickled(path, options.get("folders") or ()) as module:
        task.step(1, 3, "Reading layers")
        made = redrawn(module, task.store, name=path.stem, details={"file": path.name}, task=task)
        if made is not None:
            return made
        details = {"file": path.name, "class": type(module).__name__}
        return drawn(module.eval(), options.get("inputs") or {}, task, name=path.stem, details=details)


def _source(path: Path, _: Look, options: Options, task: Task) -> ImportedModel:
    from sketch.kernels.pytorch.files.source import network_from_text, read_source

    chosen, arguments = str(options.get("class") or ""), str(options.get("arguments") or "")
    folders = (path.parent, *(options.get("folders") or ()))
    return network_from_text(
        read_source(path),
        chosen,
        arguments,
        options.get("inputs") or {},
        task,
        name=str(path),
        folders=folders,
    )


def _script(path: Path, seen: Look, options: Options, task: Task) -> ImportedModel:
    require_permission(path, seen, task)
    from sketch.kernels.pytorch.files.script import open_script

    return open_script(path, options.get("inputs") or {}, task)


def _exported(path: Path, seen: Look, options: Options, task: Task) -> ImportedModel:
    require_permission(path, seen, task)
    from sketch.kernels.pytorch.files.exported import open_exported

    return open_exported(path, options.get("inputs") or {}, task)


_WAYS: Mapping[str, Callable[[Path, Look, Options, Task], ImportedModel]] = {
    "weights": _weights, "safetensors": _weights, "index": _weights, "module": _module, "source": _source,
    "script": _script, "exported": _exported,
}  # fmt: skip
