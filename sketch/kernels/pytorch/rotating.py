"""RotaryEmbedding as the expression that models write: `x * cos + torch.cat((-x2, x1), dim=-1) * sin`."""

from __future__ import annotations

from typing import Any

from sketch.binder.mapping import Field, LossyError
from sketch.graph.network import Step
from sketch.kernels.pytorch.calls import Call, Operand, Size
from sketch.kernels.pytorch.rows import CallRow, Shapes


def _rotary(_row: CallRow, step: Step, _shapes: Shapes) -> Call:
    """x·cos + turned·sin; with one angle a pair (a, b) the pairs a·cos - b·sin, b·cos + a·sin."""
    if len(step.inputs) < 3 or None in step.inputs[:3]:
        raise LossyError(f"'{step.name}' needs x, cos and sin; connect them.")
    x, cos, sin = (Operand(source) for source in step.inputs[:3] if source is not None)
    first, second = _parts(x, step)
    if _is_half(step):
        above = Call("operator.sub", (_times(first, cos), _times(second, sin)))
        below = Call("operator.add", (_times(second, cos), _times(first, sin)))
        return _joined(above, below, step)
    turned = _joined(Call("operator.neg", (second,)), first, step)
    return Call("operator.add", (_times(x, cos), _times(turned, sin)))


def _parts(x: Operand, step: Step) -> tuple[Call, Call]:
    """The first and the second of all pairs: `x[..., :4]` and `x[..., 4:]`, or `x[..., ::2]` and `x[..., 1::2]`."""
    if step.params["interleaved"]:
        places = slice(None, None, 2), slice(1, None, 2)
    else:
        width = _width(step, 0)
        middle: Any = width // 2 if isinstance(width, int) else Call("operator.floordiv", (Size(x, -1), 2))
        places = slice(None, middle), slice(middle, None)
    first, second = (Call("operator.getitem", (x, (Ellipsis, part))) for part in places)
    return first, second


def _joined(first: Call, second: Call, step: Step) -> Call:
    """Pairs back in their places."""
    if not step.params["interleaved"]:
        return Call("torch.cat", ((first, second),), {"dim": -1})
    return Call("torch.flatten", (Call("torch.stack", ((first, second),), {"dim": -1}), -2))


def _times(value: Any, factor: Operand) -> Call:
    return Call("operator.mul", (value, factor))


def _is_half(step: Step) -> bool:
    """True when cos and sin hold one number a pair."""
    width = _width(step, 0)
    return isinstance(width, int) and _width(step, 1) == width // 2


def _width(step: Step, port: int) -> Any:
    kind = step.input_types[port]
    return kind.shape[-1] if kind is not None and kind.shape else None


ROTARY = CallRow(
    "RotaryEmbedding", "rotary_embedding", signature=("x", "cos", "sin"), operands=("x", "cos", "sin"),
    fields=(Field("interleaved", "interleaved", default=False),), write=_rotary, several=True,
)  # fmt: skip
"""Its target is no name of PyTorch, so that no call is read as this layer: our own files note it."""
