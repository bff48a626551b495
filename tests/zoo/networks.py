"""All networks of the zoo by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.zoo import convolutional, dense, other, sequence, transformer
from tests.zoo.case import Case

NETWORKS: Mapping[str, Case] = {
    case.name: case
    for family in (convolutional, dense, transformer, sequence, other)
    for case in family.CASES
}
