"""Rules of attention over packed (batch × length × width) or split (batch × heads × length × width) inputs."""

from __future__ import annotations

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.operator_rules.broadcasting import same
from sketch.graph.rows import ValueType, shape_text


def attention(call: OperatorCall) -> tuple[Out, ...]:
    """The result, then keys and values with those of the past before them, then the scores."""
    batch, heads, length, _ = _split(call, 0, "q_num_heads")
    _, kv_heads, steps, wide = _split(call, 1, "kv_num_heads")
    value_wide = _split(call, 2, "kv_num_heads")[3]
    total = steps + call.shape(4)[2] if call.given(4) else steps
    result: Out = (batch, heads, length, value_wide)
    if len(call.shape()) == 3:
        result = (batch, length, heads * value_wide)
    keys, values = (batch, kv_heads, total, wide), (batch, kv_heads, total, value_wide)
    return result, keys, values, (batch, heads, length, total)


def _split(call: OperatorCall, index: int, heads: str) -> tuple[Dim, Dim, Dim, Dim]:
    """(batch, heads, length, width of a head) of an input."""
    shape = call.shape(index)
    if len(shape) == 4:
        return shape[0], shape[1], shape[2], shape[3]
    count = call.attr(heads)
    if len(shape) != 3:
        raise ShapeError(
            f"{call.spec.name} needs 3 or 4 dimensions on {call.spec.input_port(index).name!r}, "
            f"gets {shape_text(shape)}.",
            "Change the shape with a Reshape.",
            port=index,
        )
    if not count:
        raise ShapeError(
            f"{call.spec.name} needs {heads} for inputs of 3 dimensions.", "Set it.", param=heads
        )
    return shape[0], count, shape[1], shape[2] // count


def flexible(call: OperatorCall) -> tuple[Out, ...]:
    """As attention over split inputs."""
    return ((*call.shape()[:-1], call.shape(2)[-1]),)


def linear_attention(call: OperatorCall) -> tuple[Out, ...]:
    """The result, then the state, which has a matrix for each head."""
    batch, length, wide = call.shape()
    heads, kv_heads = call.attr("q_num_heads"), call.attr("kv_num_heads")
    value_wide = call.shape(2)[-1] // kv_heads
    state = call.shape(3) if call.given(3) else (batch, kv_heads, wide // heads, value_wide)
    return (batch, length, heads * value_wide), ValueType(call.dtype(3 if call.given(3) else 0), state)


RULES = {
    "Attention": attention,
    "LinearAttention": linear_attention,
    "RotaryEmbedding": same,
    "TensorScatter": same,
}
