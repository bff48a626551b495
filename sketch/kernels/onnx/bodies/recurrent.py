"""RNN, LSTM and GRU: one ONNX operator a layer, gates put in ONNX's order inside the function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.program import Attribute

_ORDER: Mapping[str, tuple[int, ...]] = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""Where ONNX's gates stand in PyTorch: iofc in i,f,g,o; zrh in r,z,n."""


def recurrent(e: Emitter) -> tuple[str, ...]:
    """All layers, batch-first and unbatched inputs, given and open states."""
    params = e.params
    if params.get("proj_size"):
        raise UnsayableError("ONNX's LSTM has no projection; set proj_size to 0 and add a Linear.")
    batched = e.rank() == 3
    first = bool(params["batch_first"]) and batched
    x = e.x[0] if batched else e.unsqueeze(e.x[0], 1)
    x = e.op("Transpose", x, perm=(1, 0, 2)) if first else x
    states: list[list[str]] = [[] for _ in range(2 if e.step.layer == "LSTM" else 1)]
    for layer in range(params["num_layers"]):
        x, *last = _layer(e, x, layer, batched)
        for collected, state in zip(states, last, strict=True):
            collected.append(state)
    y = e.op("Transpose", x, perm=(1, 0, 2)) if first else x
    results = [e.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0] for parts in states]
    if not batched:
        y, results = e.squeeze(y, 1), [e.squeeze(state, 1) for state in results]
    return (y, *results)


def _layer(e: Emitter, x: str, layer: int, batched: bool) -> tuple[str, ...]:
    """One layer in both directions: (L×N×features, states...)."""
    kind = e.step.layer
    endings = ("", "_reverse") if e.params["bidirectional"] else ("",)
    ways = len(endings)
    weights = [
        _both(e, [f"{role}_l{layer}{ending}" for ending in endings]) for role in ("weight_ih", "weight_hh")
    ]
    shift = _biases(e, layer, endings) if e.has(f"bias_ih_l{layer}") else ""
    states = [
        _initial(e, index, layer * ways, ways, batched) for index in range(1, 3 if kind == "LSTM" else 2)
    ]
    attributes: dict[str, Attribute] = {
        "hidden_size": e.params["hidden_size"],
        "direction": "bidirectional" if ways == 2 else "forward",
    }
    if kind == "GRU":
        attributes["linear_before_reset"] = 1
    if kind == "RNN":
        attributes["activations"] = (e.params["nonlinearity"].capitalize(),) * ways
    y, *last = e.many(kind, 1 + len(states), x, *weights, shift, "", *states, **attributes)
    joined = e.reshape(e.op("Transpose", y, perm=(0, 2, 1, 3)), 0, 0, -1)
    return (joined, *last)


def _gates(e: Emitter, role: str) -> str:
    """A weight with its gates in ONNX's order."""
    order = _ORDER[e.step.layer]
    if len(order) == 1:
        return e.weight(role)
    parts = e.split(e.weight(role), 0, (e.params["hidden_size"],) * len(order))
    return e.op("Concat", *(parts[place] for place in order), axis=0)


def _both(e: Emitter, roles: list[str]) -> str:
    """A weight of each direction, stacked."""
    return _stacked(e, [_gates(e, role) for role in roles])


def _biases(e: Emitter, layer: int, endings: tuple[str, ...]) -> str:
    rows = [
        e.op("Concat", _gates(e, f"bias_ih_l{layer}{end}"), _gates(e, f"bias_hh_l{layer}{end}"), axis=0)
        for end in endings
    ]
    return _stacked(e, rows)


def _stacked(e: Emitter, rows: list[str]) -> str:
    stacked = [e.unsqueeze(row, 0) for row in rows]
    return e.op("Concat", *stacked, axis=0) if len(stacked) > 1 else stacked[0]


def _initial(e: Emitter, index: int, start: int, count: int, batched: bool) -> str:
    """This layer's part of a given state, nothing when the state is open."""
    if not e.given(index):
        return ""
    state = e.x[index] if batched else e.unsqueeze(e.x[index], 1)
    if e.params["num_layers"] == 1:
        return state
    return e.slice(state, 0, start, start + count)


BODIES: Mapping[str, Callable[[Emitter], tuple[str, ...]]] = dict.fromkeys(_ORDER, recurrent)
