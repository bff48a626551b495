"""importModel of the paper: files that torch.save wrote, with permission where loading would run code."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError, ImportedModel, PermissionNeededError, Task
from sketch.kernels.pytorch.archive import LEGACY_MAGIC, is_bare_pickle, look
from sketch.kernels.pytorch.assemble import assemble
from sketch.kernels.pytorch.guess import guess_inputs
from sketch.kernels.pytorch.lift import notes_of
from sketch.kernels.pytorch.tracing import trace

log = logging.getLogger(__name__)

_KINDS: Mapping[str, str] = {
    "weights": "holds weights only (a state_dict): without the module they belong to there is no drawing in them; "
    "open a file that was saved with torch.save(model)",
    "script": "is a TorchScript archive, which Sketch does not read yet; save the module itself with torch.save(model)",
    "exported": "is a torch.export archive, which Sketch does not read yet; save the module with torch.save(model)",
}


def import_model(path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
    """A module from a file; PermissionNeededError before any code in it runs."""
    task.step(0, 3, "Looking at the file")
    module = load_module(path, trusted=task.trusted)
    task.step(1, 3, "Reading layers")
    traced = trace(module)
    notes = notes_of(module)
    inputs = notes.inputs() or guess_inputs(traced, options.get("inputs") or {})
    task.step(2, 3, "Reading weights")
    name = notes.name or path.stem
    return assemble(
        traced, inputs, notes, task.store, name=name, format="pytorch", details={"file": path.name}
    )


def load_module(path: Path, *, trusted: bool) -> nn.Module:
    """The module in a file; BinderError says what the file is instead."""
    if not path.is_file():
        raise BinderError(f"{path}: there is no such file; check the path.")
    seen = look(path)
    if seen.kind in _KINDS:
        raise BinderError(f"{path}: {_KINDS[seen.kind]}.")
    if not trusted:
        code = ", ".join(seen.calls[:3]) + (", ..." if len(seen.calls) > 3 else "")
        raise PermissionNeededError(f"{path}: opening it runs code ({code}).")
    return _module_in(path, _unpickle(path))


def _unpickle(path: Path) -> Any:
    log.info("load.pickle path=%s", path)
    try:
        with path.open("rb") as file:
            if is_bare_pickle(file.read(len(LEGACY_MAGIC))):
                file.seek(0)
                return pickle.load(file)  # noqa: S301 - the person allowed it for this file, in this worker
        return torch.load(path, map_location="cpu", weights_only=False)
    except ModuleNotFoundError as error:
        raise BinderError(
            f"{path}: needs the Python package {error.name}; install it and open it again."
        ) from None
    except AttributeError as error:
        raise BinderError(
            f"{path}: its class is not to be found here ({error}); install its package, or open it where it was saved."
        ) from None
    except Exception as error:  # noqa: BLE001 - a border: unpickling runs code of the file, which may raise anything
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise BinderError(f"{path}: PyTorch cannot load it: {first}") from None


def _module_in(path: Path, loaded: Any) -> nn.Module:
    """The module itself, or the one in a checkpoint's dictionary."""
    if isinstance(loaded, torch.jit.ScriptModule):
        raise BinderError(f"{path}: {_KINDS['script']}.")
    if isinstance(loaded, (nn.Module, fx.GraphModule)):
        return loaded
    if isinstance(loaded, Mapping):
        modules = [value for value in loaded.values() if isinstance(value, nn.Module)]
        if len(modules) == 1:
            return modules[0]
        raise BinderError(f"{path}: {_KINDS['weights']}.")
    raise BinderError(f"{path}: holds a {type(loaded).__name__}, which is no module.")
