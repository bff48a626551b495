"""What each operator of the standard makes of its inputs' types. One module a family, one pure function a rule.

A rule gives a shape for each output (or a type, where the element type follows no input); None means not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.operator_rules import (
    attention,
    broadcasting,
    indexing,
    learning,
    linear,
    making,
    norm,
    pooling,
    quantised,
    recurrent,
    reduction,
    resampling,
    sequence,
    shaping,
    signal,
    text,
    window,
)

OperatorRule = Callable[[OperatorCall], tuple[Out, ...]]

_FAMILIES = (
    attention, broadcasting, indexing, linear, making, norm, pooling, quantised, recurrent, reduction, resampling,
    sequence, shaping, signal, text, window,
)  # fmt: skip

RULES: Mapping[str, OperatorRule] = MappingProxyType(
    {f"ai.onnx:{kind}": rule for family in _FAMILIES for kind, rule in family.RULES.items()} | learning.RULES
)
"""`domain:Kind` -> its rule."""
