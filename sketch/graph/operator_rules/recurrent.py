"""Rules of recurrent operators."""

from __future__ import annotations

from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.rows import shape_text
from sketch.graph.shape_rules.layout import sizes_differ


def recurrent(call: OperatorCall) -> tuple[Out, ...]:
    """All steps, then the last state, and for LSTM the last cell state."""
    shape, weights = call.shape(), call.inputs[1]
    if len(shape) != 3:
        raise ShapeError(
            f"{call.spec.name} needs 3 dimensions (steps, batch, features), gets {shape_text(shape)}.",
            "Change the shape with a Reshape.",
            port=0,
        )
    if weights is not None and weights.shape is not None and sizes_differ(shape[2], weights.shape[-1]):
        raise ShapeError(
            f"{call.spec.name} expects {weights.shape[-1]} features, gets {shape[2]}.",
            "Change the layer before it.",
            port=0,
        )
    ways = 2 if call.attr("direction") == "bidirectional" else 1
    hidden = call.attr("hidden_size") or call.shape(2)[-1]
    if call.attr("layout"):
        batch, steps, _ = shape
        return (batch, steps, ways, hidden), (batch, ways, hidden), (batch, ways, hidden)
    steps, batch, _ = shape
    return (steps, ways, batch, hidden), (ways, batch, hidden), (ways, batch, hidden)


RULES = {"LSTM": recurrent, "GRU": recurrent, "RNN": recurrent}
