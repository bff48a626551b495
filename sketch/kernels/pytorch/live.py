"""The Python API's live side: an nn.Module to a drawing, a drawing to an nn.Module."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from torch import fx, nn

from sketch.binder.kernel import BinderError, ImportedModel
from sketch.graph.network import Network
from sketch.kernels.pytorch.build import build_module
from sketch.kernels.pytorch.carrying import carry
from sketch.kernels.pytorch.drawing.drawn import drawn
from sketch.kernels.pytorch.load import redrawn

__all__ = ["drawn", "from_torch", "to_torch"]


def from_torch(module: nn.Module, example_inputs: Any, store: Any) -> ImportedModel:
    """A live module as one edit on empty tables, layer by layer, groups by module path.

    The module is run on the examples, and on others like them. Their first dimension becomes the symbol N where the
    module works for any.

    Args:
        example_inputs: a tensor, a tuple of positional inputs, a dict of inputs by name, or a pair of both; they may
            be nested.
    """
    from sketch.kernels.pytorch.files.script_run import run_script  # files draw live modules too

    name = type(module).__name__
    ours = isinstance(module, fx.GraphModule)
    made = redrawn(module, store, name=name, details={"class": name}) if ours else None
    if made is not None:
        return made
    args, kwargs = arguments(module, example_inputs)
    return drawn(module, args, kwargs, store, runner=run_script)


def arguments(module: nn.Module, examples: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Example inputs as positional ones and those by name."""
    if isinstance(examples, (tuple, list)):
        pair = (
            len(examples) == 2 and isinstance(examples[0], (tuple, list)) and isinstance(examples[1], Mapping)
        )
        if pair and _takes_names(module, examples[1]):
            return tuple(examples[0]), dict(examples[1])
        return tuple(examples), {}
    if isinstance(examples, Mapping) and _takes_names(module, examples):
        return (), dict(examples)
    return (examples,), {}


def _takes_names(module: nn.Module, names: Mapping[str, Any]) -> bool:
    """True when the module's forward has arguments of all these names."""
    taken = inspect.signature(module.forward).parameters.values()
    free = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in taken)
    known = {item.name for item in taken if item.kind is not inspect.Parameter.POSITIONAL_ONLY}
    return all(isinstance(name, str) and (free or name in known) for name in names)


def to_torch(network: Network, store: Any) -> nn.Module:
    """The network as a torch.fx.GraphModule with its weights, in eval mode; torch.save can write it."""
    module, plan, _ = build_module(network, store)
    for node, reason in plan.broken.items():
        raise BinderError(f"'{plan.network.step(node).name}' cannot be compiled: {reason.rstrip('.')}.")
    if plan.kept.alone is not None:
        return module.get_submodule(".".join(plan.home(plan.network.step(plan.kept.alone))))
    carry(module)
    return module
