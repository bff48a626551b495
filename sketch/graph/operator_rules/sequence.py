"""Rules of sequences and optional values, whose types are words: `seq(float32)`, `optional(seq(int64))`."""

from __future__ import annotations

from sketch.graph.operator_call import NotKnownError, OperatorCall, Out
from sketch.graph.rows import ValueType


def inner(dtype: str) -> str:
    """What is inside: `seq(float32)` holds float32."""
    return dtype.partition("(")[2].removesuffix(")")


def construct(call: OperatorCall) -> tuple[Out, ...]:
    """A sequence of tensors of the inputs' type."""
    return (ValueType(f"seq({call.dtype()})", None),)


def empty(call: OperatorCall) -> tuple[Out, ...]:
    """A sequence of tensors of `dtype`."""
    return (ValueType(f"seq({call.element_attr('dtype') or 'float32'})", None),)


def unchanged(call: OperatorCall) -> tuple[Out, ...]:
    """The type of the sequence."""
    return (ValueType(call.dtype(), None),)


def element(call: OperatorCall) -> tuple[Out, ...]:
    """One tensor of a sequence, of any shape."""
    return (ValueType(inner(call.dtype()), None),)


def length(call: OperatorCall) -> tuple[Out, ...]:
    """A number."""
    return (ValueType("int64", ()),)


def optional(call: OperatorCall) -> tuple[Out, ...]:
    """A value that may be missing."""
    if not call.given(0):
        raise NotKnownError("Only the attribute says the type.")
    return (ValueType(f"optional({call.dtype()})", None),)


def get(call: OperatorCall) -> tuple[Out, ...]:
    """The value inside."""
    dtype = call.dtype()
    if dtype.startswith("optional("):
        return (ValueType(inner(dtype), None),)
    return (call.inputs[0],)


def has(call: OperatorCall) -> tuple[Out, ...]:
    """Yes or no."""
    return (ValueType("bool", ()),)


RULES = {
    "SequenceConstruct": construct,
    "SequenceEmpty": empty,
    "SequenceInsert": unchanged,
    "SequenceErase": unchanged,
    "SequenceAt": element,
    "ConcatFromSequence": element,
    "SplitToSequence": construct,
    "SequenceLength": length,
    "Optional": optional,
    "OptionalGetElement": get,
    "OptionalHasElement": has,
}
