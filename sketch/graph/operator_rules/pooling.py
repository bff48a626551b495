"""Rules of operators that make one number of a window or of a region."""

from __future__ import annotations

from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.operator_rules.window import slid, space, window


def pooled(call: OperatorCall) -> tuple[Out, ...]:
    """Places of the window for each channel, and for MaxPool where the maxima were."""
    batch, channels, sizes = space(call)
    moved = window(call, call.attr("kernel_shape") or (), len(sizes))
    ceil = call.flag("ceil_mode")
    shape = (batch, channels, *(slid(call, size, moved, i, ceil=ceil) for i, size in enumerate(sizes)))
    return shape, shape


def everywhere(call: OperatorCall) -> tuple[Out, ...]:
    """One number for each channel."""
    batch, channels, sizes = space(call)
    return ((batch, channels, *(1,) * len(sizes)),)


def unpooled(call: OperatorCall) -> tuple[Out, ...]:
    """The shape that was pooled, or what the third input says."""
    batch, channels, sizes = space(call)
    if call.given(2):
        return (call.numbers(2) or (None,) * len(call.shape()),)
    moved = window(call, call.attr("kernel_shape") or (), len(sizes))
    grown = [
        (size - 1) * moved.strides[i] - moved.before[i] - moved.after[i] + moved.kernel[i]
        for i, size in enumerate(sizes)
    ]
    return ((batch, channels, *grown),)


def regions(call: OperatorCall) -> tuple[Out, ...]:
    """One grid for each region."""
    _, channels, _ = space(call)
    if call.spec.title == "RoiAlign":
        grid = (call.attr("output_height"), call.attr("output_width"))
    else:
        grid = call.attr("pooled_shape")
    if len(grid) != 2:
        raise ShapeError(
            f"{call.spec.name} needs height and width.", "Give pooled_shape 2 numbers.", param="pooled_shape"
        )
    return ((call.shape(1)[0], channels, *grid),)


RULES = {
    "AveragePool": pooled,
    "MaxPool": pooled,
    "LpPool": pooled,
    "GlobalAveragePool": everywhere,
    "GlobalMaxPool": everywhere,
    "GlobalLpPool": everywhere,
    "MaxUnpool": unpooled,
    "MaxRoiPool": regions,
    "RoiAlign": regions,
}
