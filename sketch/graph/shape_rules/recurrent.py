"""Rule of recurrent layers: RNN, LSTM, GRU, stacked, in both directions, projected."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import expect_rank, expect_same_dtype, expect_shape, expect_size, typed


def recurrent(call: Call) -> tuple[ValueType | None, ...]:
    """L×N×features to L×N×(directions·size), and the last state (and cell) of each layer and direction."""
    batch_first = call.param("batch_first")
    wording = "N×L×features" if batch_first else "L×N×features"
    expect_same_dtype(call, 1, 2)
    expect_rank(call, (3, 2), f"{wording}, or L×features without a batch")
    *lead, features = call.shape()
    expect_size(call, "input_size", features, "features in each step")
    directions = 2 if call.param("bidirectional") else 1
    hidden = call.param("hidden_size")
    size = call.params.get("proj_size") or hidden
    batch = () if len(lead) == 1 else (lead[0 if batch_first else 1],)
    stack = directions * call.param("num_layers")
    states = [(stack, *batch, size), (stack, *batch, hidden)][: call.arg("states")]
    _check_states(call, states)
    return (typed(call, *lead, directions * size), *(typed(call, *state) for state in states))


def _check_states(call: Call, states: list[tuple[Dim, ...]]) -> None:
    for port, state in enumerate(states, start=1):
        if call.given(port):
            batch = "×N" if len(state) == 3 else ""
            expect_shape(call, port, state, f"layers·directions{batch}×size")


RULES: Mapping[str, Rule] = {"recurrent": recurrent}
