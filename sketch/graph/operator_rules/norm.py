"""Rules of operators that normalise."""

from __future__ import annotations

from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.operator_rules.broadcasting import same
from sketch.graph.rows import ValueType
from sketch.graph.shape_rules.layout import sizes_differ
from sketch.graph.shape_rules.sizes import axis_of


def batch(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of X, then (training) running mean and variance with one number a channel."""
    shape = call.shape()
    for index in range(1, 5):
        one_a_channel(call, index, 1)
    lone = (shape[1] if len(shape) > 1 else 1,)
    return shape, lone, lone


def instance(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the input; scale and B have one number a channel."""
    for index in (1, 2):
        one_a_channel(call, index, 1)
    return (call.shape(),)


def layer(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of X, then mean and deviation with size 1 from `axis` on."""
    shape = call.shape()
    axis = axis_of(call, call.attr("axis"), len(shape), "axis")
    kept = (*shape[:axis], *(1,) * (len(shape) - axis))
    stash = call.element_attr("stash_type") or "float32"
    return shape, ValueType(stash, kept), ValueType(stash, kept)


def one_a_channel(call: OperatorCall, index: int, axis: int) -> None:
    """ShapeError when an input has another number of elements than dimension `axis` of the first."""
    kind = call.inputs[index] if index < len(call.inputs) else None
    shape = call.shape()
    if kind is None or kind.shape is None or len(kind.shape) != 1 or len(shape) <= axis:
        return
    if sizes_differ(shape[axis], kind.shape[0]):
        name = call.spec.input_port(index).name
        raise ShapeError(
            f"{call.spec.name} has {kind.shape[0]} numbers on {name!r}, the input {shape[axis]} channels.",
            f"Give {name} as many numbers as there are channels.",
            port=index,
        )


RULES = {
    "BatchNormalization": batch,
    "InstanceNormalization": instance,
    "LayerNormalization": layer,
    "RMSNormalization": same,
    "GroupNormalization": same,
    "LpNormalization": same,
    "MeanVarianceNormalization": same,
    "LRN": same,
}
