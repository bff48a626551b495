"""What single operators say about sizes: the shape of an output, and the sizes that an output holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Protocol

import onnx_ir as ir

from sketch.graph.dims import Dim, Symbolic, floor_divide, product
from sketch.kernels.onnx.folding import known

MANY = 64
"""More elements than this are no sizes."""
Size = Dim | None
Shape = tuple[Size, ...]


class Known(Protocol):
    """What is known so far; None for a size that is not known."""

    def shape(self, value: ir.Value | None) -> Shape | None:
        """The sizes of a value."""

    def content(self, value: ir.Value | None) -> Shape | None:
        """The elements of a small vector or scalar of whole numbers."""


Rule = Callable[[Known, ir.Node], Shape | None]


# --- shapes ------------------------------------------------------------------------------------------


def broadcast(shapes: Sequence[Shape | None]) -> Shape | None:
    """The joint shape of an elementwise operator."""
    if any(shape is None for shape in shapes):
        return None
    found: list[Size] = []
    for sizes in zip_longest(*(reversed(shape or ()) for shape in shapes), fillvalue=1):
        others = {size for size in sizes if size != 1}
        numbers = [size for size in others if isinstance(size, int)]
        found.append(numbers[0] if numbers else others.pop() if len(others) == 1 else None if others else 1)
    return tuple(reversed(found))


def _attribute(node: ir.Node, name: str, default: Any) -> Any:
    return node.attributes[name].value if name in node.attributes else default


def _ints(node: ir.Node, index: int) -> tuple[int, ...] | None:
    tensor = known(node.inputs[index]) if index < len(node.inputs) else None
    if tensor is None or tensor.size > MANY:
        return None
    return tuple(int(item) for item in tensor.numpy().reshape(-1))


def _reshaped(sizes: Known, node: ir.Node) -> Shape | None:
    have, wanted = sizes.shape(node.inputs[0]), sizes.content(node.inputs[1])
    if wanted is None:
        return None
    zero = not _attribute(node, "allowzero", 0)
    found = [
        have[n] if size == 0 and zero and have and n < len(have) else size for n, size in enumerate(wanted)
    ]
    if -1 in found:
        place, rest = found.index(-1), [size for size in found if size != -1]
        found[place] = None
        if have is not None and None not in (*have, *rest) and product(rest) != 0:  # type: ignore[arg-type]
            found[place] = floor_divide(product(have), product(rest))  # type: ignore[arg-type]
    return tuple(found)


def _transposed(sizes: Known, node: ir.Node) -> Shape | None:
    have = sizes.shape(node.inputs[0])
    if have is None:
        return None
    return tuple(have[axis] for axis in _attribute(node, "perm", tuple(reversed(range(len(have))))))


def _unsqueezed(sizes: Known, node: ir.Node) -> Shape | None:
    have, axes = sizes.shape(node.inputs[0]), _ints(node, 1)
    if have is None or axes is None:
        return None
    rank = len(have) + len(axes)
    new, left = {axis % rank for axis in axes}, iter(have)
    return tuple(1 if axis in new else next(left) for axis in range(rank))


def _squeezed(sizes: Known, node: ir.Node) -> Shape | None:
    have = sizes.shape(node.inputs[0])
    axes = _ints(node, 1)
    if have is None or axes is None:
        return None
    gone = {axis % len(have) for axis in axes}
    return tuple(size for axis, size in enumerate(have) if axis not in gone)


def _joined(sizes: Known, node: ir.Node) -> Shape | None:
    shapes = [sizes.shape(value) for value in node.inputs]
    if any(shape is None for shape in shapes) or not shapes[0]:
        return None
    axis = _attribute(node, "axis", 0) % len(shapes[0])
    parts = [shape[axis] for shape in shapes if shape is not None]
    total = None if None in parts else sum(parts[1:], parts[0])
    return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])


def _gathered(sizes: Known, node: ir.Node) -> Shape | None:
    have, index = sizes.shape(node.inputs[0]), sizes.shape(node.inputs[1])
    if have is None or index is None:
        return None
    axis = _attribute(node, "axis", 0) % len(have)
    return (*have[:axis], *index, *have[axis + 1 :])


def _sliced(sizes: Known, node: ir.Node) -> Shape | None:
    have = sizes.shape(node.inputs[0])
    cut = [_ints(node, index) for index in (1, 2)]
    if have is None or None in cut:
        return None
    starts, ends = cut[0] or (), cut[1] or ()
    axes = (
        _ints(node, 3) if len(node.inputs) > 3 and node.inputs[3] is not None else tuple(range(len(starts)))
    )
    steps = _ints(node, 4) if len(node.inputs) > 4 and node.inputs[4] is not None else (1,) * len(starts)
    if axes is None or steps is None:
        return None
    found = list(have)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = have[axis]
        found[axis] = len(range(size)[start:end:step]) if isinstance(size, int) else None
        if isinstance(size, Symbolic) and (start, step) == (0, 1) and end >= (1 << 31) - 1:
            found[axis] = size
    return tuple(found)


def _multiplied(sizes: Known, node: ir.Node) -> Shape | None:
    left, right = sizes.shape(node.inputs[0]), sizes.shape(node.inputs[1])
    if left is None or right is None or min(len(left), len(right)) < 2:
        return None
    lead = broadcast([left[:-2], right[:-2]])
    return None if lead is None else (*lead, left[-2], right[-1])


def _expanded(sizes: Known, node: ir.Node) -> Shape | None:
    wanted = sizes.content(node.inputs[1])
    return None if wanted is None else broadcast([sizes.shape(node.inputs[0]), wanted])


def _filled(sizes: Known, node: ir.Node) -> Shape | None:
    return sizes.content(node.inputs[0])


def _reduced(sizes: Known, node: ir.Node) -> Shape | None:
    have, axes = sizes.shape(node.inputs[0]), _ints(node, 1)
    if have is None or not axes:
        return None
    gone, keep = {axis % len(have) for axis in axes}, _attribute(node, "keepdims", 1)
    return tuple(1 if axis in gone else size for axis, size in enumerate(have) if keep or axis not in gone)


def _sequence(sizes: Known, node: ir.Node) -> Shape | None:
    """L×directions×N×hidden of a recurrent operator."""
    have, weight = sizes.shape(node.inputs[0]), sizes.shape(node.inputs[2])
    if have is None or weight is None or _attribute(node, "layout", 0):
        return None
    return (have[0], weight[0], have[1], weight[2])


def _resized(sizes: Known, node: ir.Node) -> Shape | None:
    """By given sizes, or by constant factors where the result is whole."""
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        return None if "axes" in node.attributes else sizes.content(node.inputs[3])
    have, tensor = sizes.shape(node.inputs[0]), known(node.inputs[2])
    if have is None or tensor is None or "axes" in node.attributes or tensor.size != len(have):
        return None
    found: list[Size] = []
    for size, factor in zip(have, tensor.numpy().reshape(-1).tolist(), strict=True):
        if isinstance(size, int):
            found.append(int(size * factor))
        else:
            found.append(size if factor == 1 else None)
    return tuple(found)


def _padded(sizes: Known, node: ir.Node) -> Shape | None:
    have, numbers = sizes.shape(node.inputs[0]), _ints(node, 1)
    given = len(node.inputs) > 3 and node.inputs[3] is not None
    axes = _ints(node, 3) if given else tuple(range(len(have or ())))
    if have is None or numbers is None or axes is None or len(numbers) != 2 * len(axes):
        return None
    found = list(have)
    for place, axis in enumerate(axes):
        size = have[axis]
        found[axis] = None if size is None else size + numbers[place] + numbers[place + len(axes)]
    return tuple(found)


def _windowed(sizes: Known, node: ir.Node) -> Shape | None:
    """Convolutions and pools: the sizes of space by window, stride, dilation and padding."""
    have = sizes.shape(node.inputs[0])
    weight = sizes.shape(node.inputs[1]) if node.op_type == "Conv" else None
    kernel = weight[2:] if weight else _attribute(node, "kernel_shape", ())
    if have is None or len(have) != len(kernel) + 2 or _attribute(node, "ceil_mode", 0):
        return None
    ones, mode = (1,) * len(kernel), _attribute(node, "auto_pad", "NOTSET")
    strides, dilations = _attribute(node, "strides", ones), _attribute(node, "dilations", ones)
    pads = _attribute(node, "pads", (0,) * 2 * len(kernel)) if mode == "NOTSET" else (0,) * 2 * len(kernel)
    space: list[Size] = []
    for axis, (size, window, step, spread) in enumerate(
        zip(have[2:], kernel, strides, dilations, strict=True)
    ):
        if size is None or window is None:
            space.append(None)
        elif mode.startswith("SAME"):
            space.append(floor_divide(size + step - 1, step))
        else:
            rest = size + pads[axis] + pads[axis + len(kernel)] - spread * (window - 1) - 1
            space.append(floor_divide(rest, step) + 1)
    return (have[0], weight[0] if weight else have[1], *space)


SHAPES: Mapping[str, Rule] = {
    "Pad": _padded, **dict.fromkeys(("Conv", "MaxPool", "AveragePool"), _windowed),
    "Resize": _resized,
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _sequence),
    "Reshape": _reshaped, "Transpose": _transposed, "Unsqueeze": _unsqueezed, "Squeeze": _squeezed, "Concat": _joined,
    "Gather": _gathered, "Slice": _sliced, "MatMul": _multiplied, "Expand": _expanded, "ConstantOfShape": _filled,
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"), _reduced),
}  # fmt: skip


# --- contents ----------------------------------------------------------------------------------------


def _shape_op(sizes: Known, node: ir.Node) -> Shape | None:
    have = sizes.shape(node.inputs[0])
    return None if have is None else have[_attribute(node, "start", 0) : _attribute(node, "end", None)]


def _size_op(sizes: Known, node: ir.Node) -> Shape | None:
    have = sizes.shape(node.inputs[0])
    return None if have is None or None in have else (product(have),)  # type: ignore[arg-type]


def _picked(sizes: Known, node: ir.Node) -> Shape | None:
    whole, index = sizes.content(node.inputs[0]), _ints(node, 1)
    if whole is None or index is None or len(sizes.shape(node.inputs[0]) or ()) != 1:
        return None
    return tuple(whole[place] for place in index)


def _part(sizes: Known, node: ir.Node) -> Shape | None:
    whole, starts, ends = sizes.content(node.inputs[0]), _ints(node, 1), _ints(node, 2)
    steps = _ints(node, 4) if len(node.inputs) > 4 and node.inputs[4] is not None else (1,)
    if whole is None or starts is None or ends is None or steps is None or len(starts) != 1:
        return None
    return whole[starts[0] : ends[0] : steps[0]]


def _together(sizes: Known, node: ir.Node) -> Shape | None:
    parts = [sizes.content(value) for value in node.inputs]
    return None if None in parts else tuple(size for part in parts for size in part or ())


def _kept(sizes: Known, node: ir.Node) -> Shape | None:
    return sizes.content(node.inputs[0])


def _vector(sizes: Known, node: ir.Node) -> Shape | None:
    """Only while it stays a vector or a scalar."""
    shape = sizes.shape(node.outputs[0])
    return sizes.content(node.inputs[0]) if shape is not None and len(shape) < 2 else None


def _cast(sizes: Known, node: ir.Node) -> Shape | None:
    return sizes.content(node.inputs[0]) if node.attributes["to"].value in (6, 7) else None


def _each(change: Callable[..., Size]) -> Rule:
    def rule(sizes: Known, node: ir.Node) -> Shape | None:
        parts = [sizes.content(value) for value in node.inputs]
        if any(part is None for part in parts):
            return None
        longest = max(len(part or ()) for part in parts)
        wide = [(part or ()) * longest if len(part or ()) == 1 else part or () for part in parts]
        return tuple(None if None in row else change(*row) for row in zip(*wide, strict=True))

    return rule


def _divide(top: Dim, bottom: Dim) -> Size:
    """ONNX cuts off, which is rounding down only where nothing is negative."""
    return floor_divide(top, bottom) if _positive(top) and _positive(bottom) and bottom != 0 else None


def _positive(size: Dim) -> bool:
    return size >= 0 if isinstance(size, int) else all(factor > 0 for _, factor in size.terms)


def _equal(first: Dim, second: Dim) -> Size:
    if isinstance(first, int) and isinstance(second, int):
        return int(first == second)
    if first == second:
        return 1
    number, size = (first, second) if isinstance(first, int) else (second, first)
    return 0 if isinstance(number, int) and number < 0 and _positive(size) else None


def _chosen(sizes: Known, node: ir.Node) -> Shape | None:
    return _each(lambda test, first, second: first if test else second)(sizes, node)


def _multiplied_up(sizes: Known, node: ir.Node) -> Shape | None:
    whole = sizes.content(node.inputs[0])
    if whole is None or None in whole or len(sizes.shape(node.inputs[0]) or ()) != 1:
        return None
    return (product(whole),)  # type: ignore[arg-type]


CONTENTS: Mapping[str, Rule] = {
    "Shape": _shape_op, "Size": _size_op, "Gather": _picked, "Slice": _part, "Concat": _together, "Identity": _kept,
    "Unsqueeze": _vector, "Squeeze": _vector, "Reshape": _vector, "Cast": _cast, "Div": _each(_divide),
    "Add": _each(lambda a, b: a + b), "Sub": _each(lambda a, b: a - b), "Mul": _each(lambda a, b: a * b),
    "Equal": _each(_equal), "Where": _chosen, "ReduceProd": _multiplied_up,
}  # fmt: skip
