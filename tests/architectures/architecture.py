"""One architecture: how it is built and what it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

Inputs = Mapping[str, Any] | tuple[Any, ...]
"""Positional inputs, or inputs by the names of forward's arguments."""


@dataclass(frozen=True)
class Architecture:
    """A model by name; `inputs` makes example inputs for a batch size, other ones for each seed.

    `dynamic` is False where the model itself allows one batch size only; `kind` says whether it is a convolutional
    network ("cnn") or a transformer, "" for neither. `refused` is the line of the model that no drawing can express and
    that the refusal must name; `shaken` is False where the values of constants decide what the model does.
    """

    name: str
    source: str
    build: Callable[[], nn.Module]
    inputs: Callable[[int], Inputs]
    kind: str = ""
    dynamic: bool = True
    refused: str = ""
    shaken: bool = True

    def module(self) -> nn.Module:
        """The model in eval mode, with seeded random weights in which no constant is left to hide an error."""
        torch.manual_seed(0)
        module = self.build().eval()
        if self.shaken:
            _shake(module)
        return module

    def example(self, batch: int, seed: int) -> Inputs:
        """Inputs of a batch size, the same for the same seed."""
        torch.manual_seed(seed)
        return self.inputs(batch)


def flat(value: Any) -> list[torch.Tensor]:
    """Every tensor of inputs or of a result, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in flat(item)]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in flat(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [tensor for name in value.__dataclass_fields__ for tensor in flat(getattr(value, name))]
    return []


def plain(inputs: Inputs) -> Inputs:
    """Inputs as a network of Sketch takes them: tensors by name, or in their order where they were nested."""
    values = inputs.values() if isinstance(inputs, Mapping) else inputs
    return inputs if all(isinstance(item, torch.Tensor) for item in values) else tuple(flat(inputs))


def called(module: nn.Module, inputs: Inputs) -> Any:
    """The result of a module for its inputs."""
    with torch.no_grad():
        return module(**inputs) if isinstance(inputs, Mapping) else module(*inputs)


@torch.no_grad()
def _shake(module: nn.Module) -> None:
    """Zeros and ones (biases, scales, statistics) become other numbers, so that a dropped one shows."""
    for tensor in (*module.parameters(), *_statistics(module)):
        if tensor.is_floating_point() and tensor.numel() and bool((tensor == tensor.reshape(-1)[0]).all()):
            tensor.mul_(1 + 0.1 * torch.rand_like(tensor)).add_(0.05 * torch.rand_like(tensor))


def _statistics(module: nn.Module) -> list[torch.Tensor]:
    return [
        tensor for name, tensor in module.named_buffers() if name.endswith(("running_mean", "running_var"))
    ]
