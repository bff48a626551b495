"""exportModel of the paper: .pth with architecture and weights, source with safetensors, or weights alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import fx

from sketch.binder.kernel import BinderError, ExportReport, Loss, Task
from sketch.graph.network import Network
from sketch.kernels.pytorch.build import UNSAID, build_module
from sketch.kernels.pytorch.carrying import carrying
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.text import source_text

_CONTAINERS = ("pth", "py+safetensors", "state_dict")


def export_model(network: Network, path: Path, options: Mapping[str, Any], task: Task) -> ExportReport:
    """Write the network at `path`; BinderError names the node that stops it."""
    container = options.get("container") or ("py+safetensors" if path.suffix == ".py" else "pth")
    if container not in _CONTAINERS:
        raise BinderError(f"There is no container {container!r}; choose {', '.join(_CONTAINERS)}.")
    task.step(0, 3, "Building the module")
    module, plan, weights = build_module(network, task.store, mapped=True)
    _refuse_broken(plan)
    task.step(1, 3, "Writing")
    files = _WRITERS[container](network, module, path)
    task.step(3, 3, "Done")
    return ExportReport(files, losses=tuple(_losses(plan)), notes=tuple(_notes(weights.initialised)))


def _refuse_broken(plan: Plan) -> None:
    for node, reason in plan.broken.items():
        raise BinderError(f"'{plan.network.step(node).name}' cannot be compiled: {reason.rstrip('.')}.")
    if not plan.results:
        raise BinderError("Nothing leads to a result; connect a layer to an Output.")


def _write_pth(_network: Network, module: fx.GraphModule, path: Path) -> tuple[Path, ...]:
    with carrying(module):
        torch.save(module, path)
    return (path,)


def _write_state(_network: Network, module: torch.nn.Module, path: Path) -> tuple[Path, ...]:
    torch.save(module.state_dict(), path)
    return (path,)


def _write_source(network: Network, module: torch.nn.Module, path: Path) -> tuple[Path, ...]:
    """The source as a person reads it, and beside it the weights, which its last lines load."""
    from safetensors.torch import save_file

    weights = path.with_suffix(".safetensors")
    said = {n: t for n, t in module.state_dict().items() if not n.rpartition(".")[2].startswith(UNSAID)}
    save_file({name: tensor.clone() for name, tensor in said.items()}, weights)
    source = path.with_suffix(".py")
    source.write_text(source_text(network, weights.name).text, encoding="utf-8")
    return (source, weights)


_WRITERS = {"pth": _write_pth, "py+safetensors": _write_source, "state_dict": _write_state}


def _losses(plan: Plan) -> list[Loss]:
    found = [Loss(step.name, "leads to no Output and was left out") for step in plan.dead()]
    for node in plan.dropped:
        name = plan.network.step(node).name
        found.append(
            Loss(name, "inplace was left out: another layer reads the same value, which it would overwrite")
        )
    found += [
        Loss(step.name, f"the stored {', '.join(step.outgrown)} no longer fits and was initialised anew")
        for step in plan.network.steps if step.outgrown
    ]  # fmt: skip
    return found


def _notes(initialised: list[str]) -> list[str]:
    if not initialised:
        return []
    shown = ", ".join(initialised[:3]) + (", ..." if len(initialised) > 3 else "")
    return [f"{len(initialised)} tensors had no stored values and were initialised: {shown}"]
