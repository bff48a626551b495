"""The numbers of a tensor in one pass, exactly: what colours by weights are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sketch.binder.surgery.weights_stats import numbers
from sketch.graph.colour_rules import WeightSums

PIECE = 1 << 20


def weight_sums(
    array: np.ndarray[Any, Any], dtype: str, check: Callable[[], object] = lambda: None
) -> WeightSums:
    """Sums over the finite elements of a tensor as the store gives it; `check` is called between pieces."""
    flat = array.reshape(-1)
    total = WeightSums(0, 0.0, 0.0, 0.0, 0.0, 0)
    for start in range(0, flat.size, PIECE):
        check()
        values = numbers(flat[start : start + PIECE], dtype)
        finite = values[np.isfinite(values)]
        if finite.size:
            total = total + _sums(finite)
    return total


def _sums(values: np.ndarray[Any, Any]) -> WeightSums:
    mean, size = float(values.mean()), np.abs(values)
    spread = float(np.square(values - mean).sum())
    zeros = int(values.size - np.count_nonzero(values))
    return WeightSums(values.size, mean, spread, float(size.sum()), float(size.max()), zeros)
