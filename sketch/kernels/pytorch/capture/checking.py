"""Runs a recorded graph once, to see that it gives the numbers of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx

from sketch.graph.dims import parse_dim, substitute
from sketch.kernels.pytorch.capture.calls import size

_RTOL, _ATOL = 1e-4, 1e-5


class _Replay(fx.Interpreter):
    """A graph with its sizes for one batch size."""

    def __init__(self, module: fx.GraphModule, batch: int):
        super().__init__(module)
        self.module: fx.GraphModule = module
        self._batch = batch

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As fx, with a number for a size."""
        if target is size:
            return substitute(parse_dim(args[0]), {"N": self._batch})
        return super().call_function(target, args, kwargs)

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As fx; a layer that works in place does so on a copy, for in a graph it gives a new value."""
        if getattr(self.module.get_submodule(target), "inplace", False):
            args = tuple(item.clone() if isinstance(item, torch.Tensor) else item for item in args)
        return super().call_module(target, args, kwargs)


def gives(
    graph: fx.GraphModule, inputs: Sequence[torch.Tensor], batch: int, wanted: Sequence[torch.Tensor]
) -> bool:
    """True when the graph gives these results for these inputs."""
    try:
        with torch.no_grad():
            found = _Replay(graph, batch).run(*(tensor.clone() for tensor in inputs))
    except Exception:  # noqa: BLE001 - a call that does not run as it was recorded is the finding
        return False
    return close(found, wanted)


def close(found: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> bool:
    """True when the numbers are the same but for rounding."""
    return len(found) == len(wanted) and all(map(_close, found, wanted))


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not (one.is_floating_point() or one.is_complex()):
        return torch.equal(one, other)
    size = other.abs()
    scale = float(size[size.isfinite()].max()) if size.isfinite().any() else 0.0
    return torch.allclose(one, other, rtol=_RTOL, atol=_ATOL * max(1.0, scale), equal_nan=True)
