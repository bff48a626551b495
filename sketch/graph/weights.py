"""From a layer file's weight entries to the tensors one node needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from sketch.graph.expressions import evaluate, shape_of
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import LayerSpec, WeightSpec


@dataclass(frozen=True, slots=True)
class WeightType:
    """One tensor a node needs: `role` is its state_dict name below the node; sizes may be symbolic until pinned."""

    role: str
    shape: tuple[Any, ...]
    dtype: str
    trainable: bool
    init: FrozenDict

    @property
    def count(self) -> int | None:
        """Number of elements, None while a size is no number."""
        return prod(self.shape) if all(isinstance(size, int) for size in self.shape) else None


def is_settled(weight: WeightType, siblings: Mapping[str, WeightType | None]) -> bool:
    """True when its sizes are numbers, and those of the sibling whose fan its first values depend on."""
    fan = siblings.get(weight.init.get("of", ""))
    return weight.count is not None and (fan is None or fan.count is not None)


def weight_types(spec: LayerSpec, params: Mapping[str, Any]) -> dict[str, WeightType]:
    """role -> WeightType under these effective parameters; ExpressionError when a parameter is not known yet."""
    found: dict[str, WeightType] = {}
    for weight in spec.weights.values():
        for loop in _loops(weight, params):
            names = {**params, **loop}
            if weight.when and not evaluate(weight.when, names):
                continue
            role = weight.name.format(**loop)
            dtype = params.get(weight.dtype, weight.dtype)
            found[role] = WeightType(
                role, shape_of(weight.shape, names), dtype, weight.trainable, weight.init
            )
    return found


def _loops(weight: WeightSpec, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = tuple(weight.each)
    ranges = [evaluate(weight.each[name], params) for name in names]
    for values in product(*ranges):
        yield dict(zip(names, values, strict=True))
