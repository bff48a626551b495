"""Rules of operators that take dimensions together."""

from __future__ import annotations

from sketch.graph.operator_call import OperatorCall, Out, Shape
from sketch.graph.shape_rules.sizes import axes_of, axis_of


def reduced(call: OperatorCall) -> tuple[Out, ...]:
    """The dimensions of the second input are taken together; all of them when it is open."""
    shape, keep = call.shape(), call.flag("keepdims")
    if not call.given(1):
        return (
            shape if call.flag("noop_with_empty_axes") else without(shape, tuple(range(len(shape))), keep),
        )
    axes = call.whole(1)
    if axes is None:
        return (_unsure(call, shape, keep),)
    if not axes and call.flag("noop_with_empty_axes"):
        return (shape,)
    return (without(shape, axes_of(call, axes, len(shape), "axes"), keep),)


def _unsure(call: OperatorCall, shape: Shape, keep: bool) -> Out:
    """Which dimensions go is known at run time only."""
    if keep:
        return (None,) * len(shape)
    count = call.shape(1)[0]
    return (None,) * (len(shape) - count) if isinstance(count, int) else None


def without(shape: Shape, axes: tuple[int, ...], keep: bool) -> Shape:
    """A shape whose dimensions `axes` are 1, or gone."""
    if keep:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def best(call: OperatorCall) -> tuple[Out, ...]:
    """The dimension `axis` becomes the place of its largest or smallest entry."""
    shape = call.shape()
    axis = axis_of(call, call.attr("axis"), len(shape), "axis")
    return (without(shape, (axis,), call.flag("keepdims")),)


def loss(call: OperatorCall) -> tuple[Out, ...]:
    """One number, or one for each label; then the logarithms of the probabilities."""
    shape = call.shape()
    each = (shape[0], *shape[2:])
    return each if call.attr("reduction") == "none" else (), shape


_KINDS = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare"
RULES = {
    **{f"Reduce{kind}": reduced for kind in _KINDS.split()},
    "ArgMax": best,
    "ArgMin": best,
    "SoftmaxCrossEntropyLoss": loss,
    "NegativeLogLikelihoodLoss": loss,
}
