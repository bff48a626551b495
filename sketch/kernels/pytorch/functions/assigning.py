"""Assignment to a part of a tensor, as a function: the tensor itself stays as it is."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def _set_item(x: Tensor, index: Any, value: Any) -> Tensor:
    """A copy of x in which the item at an index is another value."""
    result = x.clone()
    result[index] = value
    return result
