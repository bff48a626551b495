"""Rules of operators between numbers and their small codes."""

from __future__ import annotations

from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.rows import ValueType


def quantise(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of x; the type of the zero point, else of `output_dtype`, else uint8."""
    dtype = call.dtype(2) if call.given(2) else call.element_attr("output_dtype") or "uint8"
    return (ValueType(dtype, call.shape()),)


def dequantise(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of x; the type of `output_dtype`, else of the scale."""
    return (ValueType(call.element_attr("output_dtype") or call.dtype(1), call.shape()),)


def dynamic(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of x, a scale and a zero point."""
    return call.shape(), (), ()


RULES = {"QuantizeLinear": quantise, "DequantizeLinear": dequantise, "DynamicQuantizeLinear": dynamic}
