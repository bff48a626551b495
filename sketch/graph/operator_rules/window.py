"""Rules of convolutions, which move a window over the dimensions of space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out, Shape
from sketch.graph.rows import shape_text
from sketch.graph.shape_rules.layout import sizes_differ


@dataclass(frozen=True, slots=True)
class Window:
    """What the attributes say of a window: numbers for each dimension of space."""

    kernel: tuple[Any, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    auto: str

    def span(self, place: int) -> Dim:
        """How far a window reaches along a dimension."""
        kernel: Dim = self.kernel[place]
        return (kernel - 1) * self.dilations[place] + 1


def window(call: OperatorCall, kernel: Sequence[Any], count: int) -> Window:
    """The window of a node over `count` dimensions of space."""
    if len(kernel) != count:
        raise ShapeError(
            f"{call.spec.name} has a window of {len(kernel)} dimensions, the input has {count} of space.",
            f"Give kernel_shape {count} numbers.",
            param="kernel_shape",
        )
    pads = call.ints("pads", 2 * count, 0)
    return Window(
        tuple(kernel), call.ints("strides", count, 1), call.ints("dilations", count, 1), pads[:count], pads[count:],
        call.attr("auto_pad", "NOTSET") or "NOTSET",
    )  # fmt: skip


def slid(call: OperatorCall, size: Dim, moved: Window, place: int, *, ceil: bool = False) -> Dim:
    """How many places a window takes along a dimension; ShapeError when it is larger than the padded input."""
    stride = moved.strides[place]
    if moved.auto in ("SAME_UPPER", "SAME_LOWER"):
        return (size + stride - 1) // stride
    pads = moved.before[place] + moved.after[place] if moved.auto == "NOTSET" else 0
    rest = size + pads - moved.span(place)
    if isinstance(rest, int) and rest < 0:
        raise ShapeError(
            f"{call.spec.name} has a window of {moved.span(place)} over {size + pads} entries.",
            "Use a smaller kernel, larger pads or a larger input.",
            port=0,
        )
    if not ceil:
        return rest // stride + 1
    count = (rest + stride - 1) // stride + 1
    if (
        isinstance(count, int)
        and isinstance(size, int)
        and (count - 1) * stride >= size + moved.before[place]
    ):
        count -= 1  # the last window would start in the padding
    return count


def space(call: OperatorCall, index: int = 0) -> tuple[Dim, Dim, Shape]:
    """(batch, channels, space) of an input."""
    shape = call.shape(index)
    if len(shape) < 3:
        raise ShapeError(
            f"{call.spec.name} needs batch, channels and space, gets {len(shape)} dimensions ({shape_text(shape)}).",
            "Change the shape with a Reshape or Unsqueeze.",
            port=index,
        )
    return shape[0], shape[1], shape[2:]


def convolution(call: OperatorCall, weight: int = 1) -> tuple[Out, ...]:
    """Batch, as many channels as W has filters, places of the window."""
    batch, channels, sizes = space(call)
    filters = call.shape(weight)
    if len(filters) != len(sizes) + 2:
        raise ShapeError(
            f"{call.spec.name} needs a W of {len(sizes) + 2} dimensions, gets {shape_text(filters)}.",
            "Give it the shape filters × channels × window.",
            port=weight,
        )
    groups = call.attr("group")
    if sizes_differ(channels, filters[1] * groups):
        raise ShapeError(
            f"{call.spec.name} expects {filters[1] * groups} channels, gets {channels}.",
            "Change the layer before it, or group.",
            port=0,
        )
    moved = window(call, call.attr("kernel_shape") or filters[2:], len(sizes))
    return ((batch, filters[0], *(slid(call, size, moved, place) for place, size in enumerate(sizes))),)


def quantised_convolution(call: OperatorCall) -> tuple[Out, ...]:
    """As a convolution; W is the fourth input."""
    return convolution(call, 3)


def transposed(call: OperatorCall) -> tuple[Out, ...]:
    """Each place of the input becomes a window of the output."""
    batch, channels, sizes = space(call)
    filters = call.shape(1)
    if sizes_differ(channels, filters[0]):
        raise ShapeError(
            f"{call.spec.name} expects {filters[0]} channels, gets {channels}.",
            "Change the layer before it.",
            port=0,
        )
    moved = window(call, call.attr("kernel_shape") or filters[2:], len(sizes))
    wide = filters[1] * call.attr("group")
    given = call.attr("output_shape")
    if given:
        return ((batch, wide, *given[-len(sizes) :]),)
    extra = call.ints("output_padding", len(sizes), 0)
    return ((batch, wide, *(_spread(size, moved, place, extra[place]) for place, size in enumerate(sizes))),)


def _spread(size: Dim, moved: Window, place: int, extra: int) -> Dim:
    stride = moved.strides[place]
    if moved.auto in ("SAME_UPPER", "SAME_LOWER"):
        return size * stride
    pads = moved.before[place] + moved.after[place] if moved.auto == "NOTSET" else 0
    return stride * (size - 1) + extra + moved.span(place) - pads


def causal(call: OperatorCall) -> tuple[Out, ...]:
    """The input's shape; the state has the last entries, one less than the window."""
    batch, channels, _ = space(call)
    return call.shape(), (batch, channels, call.shape(1)[-1] - 1)


def folded(call: OperatorCall) -> tuple[Out, ...]:
    """Columns put back into an image: channels are divided by the size of a block."""
    shape, image, block = call.shape(), call.numbers(1), call.numbers(2)
    count = call.inputs[1].shape if call.inputs[1] else None
    batch, wide = shape[0], shape[1]
    if block is not None:
        for size in block:
            wide = wide // size
    sizes = image or (None,) * (count[0] if count and isinstance(count[0], int) else 0)
    if not sizes:
        return (None,)
    return ((batch, wide if block is not None else None, *sizes),)


RULES = {
    "Conv": convolution,
    "ConvInteger": convolution,
    "DeformConv": convolution,
    "QLinearConv": quantised_convolution,
    "ConvTranspose": transposed,
    "CausalConvWithState": causal,
    "Col2Im": folded,
}
