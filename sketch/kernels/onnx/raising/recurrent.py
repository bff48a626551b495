"""LSTM, GRU and RNN of one layer: gates in PyTorch's order, outputs in ONNX's layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising.site import SMALL, Array, Plan, Raiser, Site, Weight

_ORDER: Mapping[str, tuple[int, ...]] = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""Where PyTorch's gates stand in ONNX: LSTM i,f,g,o in iofc; GRU r,z,n in zrh."""
_ACTIVATIONS: Mapping[str, tuple[str, ...]] = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
}


def recurrent(site: Site) -> Sequence[Plan] | None:
    """One layer of the framework's own recurrence; peepholes, clipping and other activations have none."""
    nonlinearity = _plain(site)
    if nonlinearity is None:
        return None
    hidden = site.dims(2)[2]
    both = site.attribute("direction", "forward") == "bidirectional"
    params: dict[str, Any] = {
        "hidden_size": hidden,
        "bidirectional": both,
        "bias": site.given(3),
        **nonlinearity,
    }
    states = [site.value(index) for index in ((5, 6) if site.kind == "LSTM" else (5,))]
    inputs = [site.value(0), *(None if is_zero(state) else state for state in states)]
    outputs = [
        None,
        *(site.node.outputs[index] if index < len(site.node.outputs) else None for index in (1, 2)),
    ]
    layer = Plan(site.kind, params, inputs, _weights(site, both), outputs[: 3 if site.kind == "LSTM" else 2])
    plans = [layer]
    if site.used(0):
        ways = 2 if both else 1
        plans.append(Plan("Unflatten", {"dim": 2, "unflattened_size": (ways, hidden)}, [(0, 0)]))
        plans.append(Plan("Permute", {"dims": (0, 2, 1, 3)}, [(1, 0)], {}, site.node.outputs[:1]))
    return plans


def is_zero(value: ir.Value | None) -> bool:
    """A state of zeros, whatever its sizes: that is what a layer starts from by itself."""
    tensor = known(value)
    if tensor is not None:
        return tensor.size <= SMALL and not np.asarray(tensor.numpy()).any()
    node = value.producer() if value is not None else None
    if node is None or node.domain not in ("", "ai.onnx"):
        return False
    if node.op_type == "ConstantOfShape":
        fill = node.attributes.get("value")
        return fill is None or not fill.as_tensor().numpy().any()
    moved = node.op_type in (
        "Expand",
        "Slice",
        "Reshape",
        "Unsqueeze",
        "Squeeze",
        "Transpose",
        "Identity",
        "Cast",
    )
    return moved and is_zero(node.inputs[0])


def _plain(site: Site) -> dict[str, Any] | None:
    """The nonlinearity of an RNN (nothing for others), None when PyTorch's layer computes something else."""
    odd = any(site.attribute(name) for name in ("clip", "layout", "input_forget", "activation_alpha"))
    direction = site.attribute("direction", "forward")
    if odd or direction == "reverse" or site.given(4) or site.given(7):
        return None
    if site.weight(1) is None or site.weight(2) is None or (site.given(3) and site.weight(3) is None):
        return None
    if site.kind == "GRU" and not site.attribute("linear_before_reset", 0):
        return None
    ways = 2 if direction == "bidirectional" else 1
    names = site.attribute("activations")
    if site.kind == "RNN":
        kinds = set(names or ("Tanh",))
        return (
            {"nonlinearity": kinds.pop().lower()} if len(kinds) == 1 and kinds <= {"Tanh", "Relu"} else None
        )
    return {} if names in (None, _ACTIVATIONS[site.kind] * ways) else None


def _weights(site: Site, both: bool) -> dict[str, Weight]:
    found = {}
    for way, ending in enumerate(("", "_reverse") if both else ("",)):
        for index, role in ((1, "weight_ih"), (2, "weight_hh")):
            change = _gates(site.kind, way)
            found[f"{role}_l0{ending}"] = site.as_weight(index, None, change, f"{role}{way}")
        if site.given(3):
            for half, role in enumerate(("bias_ih", "bias_hh")):
                change = _gates(site.kind, way, half)
                found[f"{role}_l0{ending}"] = site.as_weight(3, None, change, f"{role}{way}")
    return found


def _gates(kind: str, way: int, half: int | None = None) -> Callable[[Array], Array]:
    """One direction's weights (or one half of its biases) with the gates in PyTorch's order."""
    order = _ORDER[kind]

    def change(array: Array) -> Array:
        rows = array[way]
        if half is not None:
            rows = np.split(rows, 2)[half]
        parts = np.split(rows, len(order))
        return np.concatenate([parts[place] for place in order])

    return change


RAISERS: Mapping[str, Raiser] = {"LSTM": recurrent, "GRU": recurrent, "RNN": recurrent}
