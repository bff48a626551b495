"""Shades as numbers: positions on a scale, kinds in their order, and mixtures of kinds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

PLAIN = "type"
"""The rule of a new canvas: colour in the strips only."""
Mixture = tuple[tuple[int, float], ...]
"""(shade, share) of the kinds inside a group; the shares add up to 1."""
Shade = int | Mixture
STEPS = 25
"""Shades of a scale."""
DECADES = 100.0
"""A scale whose ends are further apart than this is logarithmic."""
PARTS = 16
"""Shares of a mixture are rounded to this part."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of a scale. Positions are 0 to 1, on a logarithm where the values span decades."""

    low: float
    high: float

    @property
    def is_log(self) -> bool:
        """True when equal ratios, not equal differences, are equally far apart."""
        return self.low > 0 and self.high / self.low > DECADES

    def shade(self, value: float) -> int:
        """The step of a value."""
        if self.high <= self.low:
            return STEPS - 1
        if self.is_log:
            place = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            place = (value - self.low) / (self.high - self.low)
        return round((STEPS - 1) * min(1.0, max(0.0, place)))

    def value(self, place: float) -> float:
        """The value at a position."""
        if self.is_log:
            return float(self.low * (self.high / self.low) ** place)
        return self.low + place * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of a legend: a kind, its shade, and how many layers are of it."""

    name: str
    shade: int
    count: int


def mixture(counts: Mapping[int, int]) -> Shade:
    """How many layers have each shade, as shares; one shade alone when the others are hardly there."""
    total = sum(counts.values())
    parts = [(shade, round(PARTS * count / total)) for shade, count in sorted(counts.items())]
    kept = [(shade, part) for shade, part in parts if part] or [(Counter(counts).most_common(1)[0][0], PARTS)]
    whole = sum(part for _, part in kept)
    return kept[0][0] if len(kept) == 1 else tuple((shade, part / whole) for shade, part in kept)
