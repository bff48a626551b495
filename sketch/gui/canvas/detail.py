"""How much of a node is painted at a zoom: everything, its title alone, or a block in its colour."""

from __future__ import annotations

from enum import IntEnum


class Detail(IntEnum):
    """Levels of detail, the least first."""

    BLOCK = 0
    COMPACT = 1
    FULL = 2


STEPS = ((Detail.FULL, 0.58, 0.64), (Detail.COMPACT, 0.33, 0.36))
"""(level, leave it below this zoom, enter it from this zoom on): the slack keeps it from flickering."""
TITLE_SIZES = ((0.54, 15), (0.45, 18), (0.38, 21), (0.0, 24))
"""(from this zoom on, px of a lone title), so that it stays 8 to 10 px on the screen."""


def detail_at(zoom: float, before: Detail) -> Detail:
    """The level of detail for a zoom, given the one in use."""
    for level, leave, enter in STEPS:
        if zoom >= (leave if before >= level else enter):
            return level
    return Detail.BLOCK


def title_size(zoom: float) -> int:
    """Pixels (scene units) of a title that stands alone."""
    return next(size for least, size in TITLE_SIZES if zoom >= least)
