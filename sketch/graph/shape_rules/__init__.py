"""The closed set of named shape rules; a layer file names one. One module a family, one pure function a rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sketch.graph.rule import Rule
from sketch.graph.shape_rules import (
    arithmetic,
    attention,
    elementwise,
    functional,
    linear,
    loss,
    moving,
    norm,
    padding,
    parts,
    recurrent,
    reduction,
    resampling,
    selecting,
    shaping,
    source,
    window,
    zones,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **arithmetic.RULES,
        **attention.RULES,
        **elementwise.RULES,
        **functional.RULES,
        **linear.RULES,
        **loss.RULES,
        **moving.RULES,
        **norm.RULES,
        **padding.RULES,
        **parts.RULES,
        **recurrent.RULES,
        **reduction.RULES,
        **resampling.RULES,
        **selecting.RULES,
        **shaping.RULES,
        **source.RULES,
        **window.RULES,
        **zones.RULES,
    }
)
