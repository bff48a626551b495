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
from sketch.kernels.pytorch.keeping import Kept
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.saving import save
from sketch.kernels.pytorch.text import source_text
from sketch.kernels.pytorch.zone_notes import zone_losses

_BY_SUFFIX = {".py": "py+safetensors", ".pt2": "pt2", ".safetensors": "safetensors"}


Written = tuple[tuple[Path, ...], list[Loss]]
"""Files, and what they cannot do that the drawing can."""


def export_model(network: Network, path: Path, options: Mapping[str, Any], task: Task) -> ExportReport:
    """Write the network at `path`; BinderError names the node that stops it."""
    container = options.get("container") or "pth"
    if container == "pth":
        container = _BY_SUFFIX.get(path.suffix, container)
    if container not in _WRITERS:
        raise BinderError(f"There is no container {container!r}; choose {', '.join(_WRITERS)}.")
    task.step(0, 3, "Building the module")
    module, plan, weights = build_module(network, task.store, mapped=True)
    _refuse_broken(plan)
    task.step(1, 3, "Writing")
    files, missing = _WRITERS[container](network, module, path)
    task.step(3, 3, "Done")
    losses = (*_losses(plan), *zone_losses(network, plan, module), *missing)
    return ExportReport(files, losses=losses, notes=tuple(_notes(weights.initialised)))


def _refuse_broken(plan: Plan) -> None:
    for node, reason in plan.broken.items():
        raise BinderError(f"'{plan.network.step(node).name}' cannot be compiled: {reason.rstrip('.')}.")
    if not plan.results:
        raise BinderError("Nothing leads to a result; connect a layer to an Output.")


def _write_pth(_network: Network, module: fx.GraphModule, path: Path) -> Written:
    with carrying(module):
        save(module, path)
    return (path,), []


def _write_state(network: Network, module: torch.nn.Module, path: Path) -> Written:
    save(bare(network, module), path, torch.nn.Module.state_dict)
    return (path,), []


def _write_safetensors(network: Network, module: torch.nn.Module, path: Path) -> Written:
    """The state_dict alone; PyTorch, and much else, reads it without running code."""
    from safetensors.torch import save_file

    state = bare(network, module).state_dict()
    said = {n: t for n, t in state.items() if not n.rpartition(".")[2].startswith(UNSAID)}
    plain = torch.contiguous_format
    save_file({name: tensor.clone(memory_format=plain) for name, tensor in said.items()}, path)
    return (path,), []


def _write_exported(network: Network, module: torch.nn.Module, path: Path) -> Written:
    from sketch.kernels.pytorch.containers import write_exported

    return write_exported(network, module, path)


def _write_script(network: Network, module: torch.nn.Module, path: Path) -> Written:
    from sketch.kernels.pytorch.containers import write_script

    return write_script(network, module, path)


def bare(network: Network, module: torch.nn.Module) -> torch.nn.Module:
    """The layer of a network that is one layer, whose keys have no name in front; any other module as it is."""
    alone = Kept.of(network).alone
    return module if alone is None else next(iter(module.children()))


def _write_source(network: Network, module: torch.nn.Module, path: Path) -> Written:
    """The source as a person reads it, and beside it the weights, which its last lines load."""
    weights = path.with_suffix(".safetensors")
    _write_safetensors(network, module, weights)
    source = path.with_suffix(".py")
    source.write_text(source_text(network, weights.name).text, encoding="utf-8")
    return (source, weights), []


_WRITERS = {
    "pth": _write_pth, "py+safetensors": _write_source, "state_dict": _write_state, "pt2": _write_exported,
    "torchscript": _write_script, "safetensors": _write_safetensors,
}  # fmt: skip


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
