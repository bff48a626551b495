"""Seeded random numbers for drawing layers, and what a draw gives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass
class Drawn:
    """Parameters and inputs of one layer; `batch` holds the batch axis of each input that has one."""

    params: dict[str, Any]
    inputs: list[Array | None]
    batch: tuple[int | None, ...] = ()
    tags: frozenset[str] = field(default_factory=frozenset)


class Dice:
    """Random choices that read well in the draws."""

    def __init__(self, seed: int, name: str):
        self._rng = np.random.default_rng([seed, *name.encode()])

    def number(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self._rng.integers(low, high + 1))

    def real(self, low: float, high: float) -> float:
        """A number with three digits, so that printed source holds it exactly."""
        return round(float(self._rng.uniform(low, high)), 3)

    def pick(self, *options: Any) -> Any:
        return options[self.number(0, len(options) - 1)]

    def flip(self, chance: float = 0.5) -> bool:
        return bool(self._rng.random() < chance)

    def some(self, count: int, low: int, high: int) -> tuple[int, ...]:
        return tuple(self.number(low, high) for _ in range(count))

    def order(self, count: int) -> tuple[int, ...]:
        return tuple(int(i) for i in self._rng.permutation(count))

    def floats(self, *shape: int, low: float = -2.0, high: float = 2.0) -> Array:
        return self._rng.uniform(low, high, shape).astype(np.float32)

    def ints(self, *shape: int, low: int = 0, high: int = 9) -> Array:
        return self._rng.integers(low, high + 1, shape, dtype=np.int64)

    def bools(self, *shape: int, chance: float = 0.5) -> Array:
        return np.asarray(self._rng.random(shape) < chance)

    def maybe(self, chance: float, **params: Any) -> dict[str, Any]:
        """These parameters sometimes, nothing (the defaults) otherwise."""
        return params if self.flip(chance) else {}


Draw = Callable[[Dice], Drawn]
UNBATCHED = frozenset({"unbatched"})


def lead(dice: Dice, chance: float = 0.15) -> tuple[int, ...]:
    """A batch size, or sometimes no batch at all."""
    return () if dice.flip(chance) else (dice.number(1, 3),)


def batched(params: dict[str, Any], x: Array, batch: tuple[int, ...]) -> Drawn:
    """A draw with one input whose batch, if it has one, stands in front."""
    return Drawn(params, [x], (0,), frozenset()) if batch else Drawn(params, [x], (None,), UNBATCHED)
