"""Weights of a file in a module of Python source: matched by key, loaded, and reported tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError, ImportedModel, Loss, Task
from sketch.binder.matching import Kind, MatchReport, match
from sketch.kernels.pytorch.arrays import to_mapped, torch_type, type_name
from sketch.kernels.pytorch.files.drawn import drawn
from sketch.kernels.pytorch.files.source import built, read_source, require_trust
from sketch.kernels.pytorch.files.tensors import TensorAt, put
from sketch.kernels.pytorch.files.weights import Weights, read_weights


def open_with_source(path: Path, kind: str, options: Mapping[str, Any], task: Task) -> ImportedModel:
    """The drawing of a class with the weights of a file; nothing is drawn when no tensor fits.

    Args:
        options: `source` (the Python file), `class`, `arguments`, `inputs`, `folders` as for source itself.
    """
    source = Path(str(options["source"]))
    if not source.is_file():
        raise BinderError(f"{source}: there is no such file; check the path.")
    require_trust(str(source), task)
    weights = read_weights(path, kind)
    chosen, arguments = str(options.get("class") or ""), str(options.get("arguments") or "")
    folders: Sequence[str | Path] = (source.parent, *(options.get("folders") or ()))
    with built(read_source(source), chosen, arguments, name=str(source), folders=folders) as module:
        task.step(1, 3, "Loading weights")
        report = fill(module, weights, path, task)
        details = {
            "file": path.name,
            "class": type(module).__name__,
            "matched": report.summary,
            "matching": report,
        }
        model = drawn(module, options.get("inputs") or {}, task, name=path.stem, details=details)
    return replace(model, losses=(*weights.losses, *losses_of(report), *model.losses))


def fill(module: nn.Module, weights: Weights, path: Path, task: Task) -> MatchReport:
    """Give a module the tensors of a file that belong to it; BinderError when none does."""
    wanted = {key: _kind(tensor) for key, tensor in module.state_dict().items()}
    report = match(wanted, {key: tensor.kind for key, tensor in weights.tensors.items()})
    if not report.pairs:
        raise BinderError(
            f"{path}: none of its {len(weights.tensors)} tensors belongs to {type(module).__name__}; "
            "choose another class, or open the weights alone."
        )
    filled: dict[int, torch.Tensor] = {}
    targets = _targets(module)
    for pair in report.pairs:
        _assign(*targets[pair.wanted], _tensor(weights.tensors[pair.given], pair.given, task), filled)
    return report


def losses_of(report: MatchReport) -> Iterator[Loss]:
    """What did not fit, one line for each kind of difference."""
    for title, keys in report.lines():
        yield Loss("weights", f"{title}: {keys}")


def _kind(tensor: torch.Tensor) -> Kind:
    return tuple(tensor.shape), type_name(tensor.dtype)


def _targets(module: nn.Module) -> dict[str, tuple[nn.Module, str]]:
    """Key of the state_dict -> (module, attribute) that it is."""
    return {
        f"{path}.{name}" if path else name: (part, name)
        for path, part in module.named_modules(remove_duplicate=False)
        for name in (*part._parameters, *part._buffers)
    }


def _assign(owner: nn.Module, name: str, value: torch.Tensor, filled: dict[int, torch.Tensor]) -> None:
    """Put a value in; a tensor that is tied to another gets it once."""
    target: torch.Tensor = getattr(owner, name)
    if id(target) in filled:
        return
    filled[id(target)] = target
    with torch.no_grad():
        if value.dtype == target.dtype:
            target.data = value
        else:
            target.copy_(value)


def _tensor(tensor: TensorAt, key: str, task: Task) -> torch.Tensor:
    digest = put(tensor, task.store, key)
    return to_mapped(task.store.get(digest, tensor.shape, tensor.dtype), tensor.dtype).to(
        torch_type(tensor.dtype)
    )
