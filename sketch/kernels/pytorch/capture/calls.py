"""Functions that stand in a recorded graph for what torch has no plain call for."""

from __future__ import annotations

from typing import Any

import torch


def size(expression: str) -> int:
    """A whole number that depends on the batch size N, as text of a dimension such as `4*N`; it is read, never run."""
    raise RuntimeError(f"The size {expression} has a number only where N has one.")


def set_item(x: torch.Tensor, index: Any, value: Any) -> torch.Tensor:
    """A copy of `x` in which `x[index]` is `value`."""
    changed = x.clone()
    changed[index] = value
    return changed
