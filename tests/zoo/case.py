"""One network of the zoo: how it is made, what it is called with, and its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Case:
    """A network. `shapes` are its inputs with a batch of 2; a whole number n in front draws indices below n.

    `dynamic`: the first size of each input is exported as a symbol.
    """

    name: str
    make: Callable[[], nn.Module]
    shapes: tuple[tuple[int, ...], ...]
    below: int = 0
    dynamic: bool = True

    def inputs(self, batch: int = 2) -> tuple[Tensor, ...]:
        """Seeded inputs; `batch` replaces the first size."""
        random = torch.Generator().manual_seed(3)
        found = []
        for shape in self.shapes:
            sizes = (batch, *shape[1:]) if self.dynamic else shape
            if self.below:
                found.append(torch.randint(0, self.below, sizes, generator=random))
            else:
                found.append(torch.randn(sizes, generator=random))
        return tuple(found)

    def module(self) -> nn.Module:
        """The network in eval mode with seeded weights and statistics that say something."""
        torch.manual_seed(1)
        module = self.make()
        with torch.no_grad():
            for name, value in (*module.named_parameters(), *module.named_buffers()):
                _fill(name, value)
        return module.eval()


def _fill(name: str, value: Tensor) -> None:
    """Scales and variances near 1, biases and means near 0; matrices keep their own initialisation."""
    if not value.is_floating_point() or name.endswith(("fixed", "mask")):
        return
    if name.endswith("running_var"):
        value.uniform_(0.6, 1.4)
    elif name.endswith("running_mean") or (value.ndim == 1 and "bias" in name):
        value.normal_(0, 0.1)
    elif value.ndim == 1:
        value.uniform_(0.7, 1.3)
