"""Which modules of a model are layers, and which are chains of them."""

from __future__ import annotations

from torch import fx, nn

from sketch.kernels.pytorch.table import MODULES

_CLASSES: tuple[type[nn.Module], ...] = (*(getattr(nn, row.layer) for row in MODULES), nn.Unflatten)


CHAINS = "sketch_chains"
"""Attribute of a recorded module that keeps the paths of its nn.Sequential blocks."""


def layer_class(module: nn.Module) -> type[nn.Module] | None:
    """The class of torch.nn that a module is: itself, or a subclass that computes the same way."""
    for kind in type(module).__mro__:
        if kind in _CLASSES:
            return kind if type(module).forward is kind.forward else None
    return None


def chains(module: fx.GraphModule) -> frozenset[str]:
    """Paths of the nn.Sequential blocks that a recorded module had; its own containers are plain modules."""
    found: frozenset[str] = module.__dict__.get(CHAINS, frozenset())
    return found
