"""Recurrent layers of TorchScript as the layers of torch.nn that they were: their loop over time is one operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

_KINDS: dict[str, tuple[Any, dict[str, str]]] = {
    "aten::lstm": (nn.LSTM, {}), "aten::gru": (nn.GRU, {}), "aten::rnn_tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "aten::rnn_relu": (nn.RNN, {"nonlinearity": "relu"}),
}  # fmt: skip
_ARGUMENTS = 9
_FIRST_ONLY = "sketch_first_only"


def recurrent(script: Any, as_parameter: Callable[[torch.Tensor], nn.Parameter]) -> nn.RNNBase | None:
    """The layer of torch.nn with the same tensors; None when this part of TorchScript is none."""
    tensors = dict(script.named_parameters(recurse=False))
    method = next((name for name in script._c._method_names() if name.startswith("forward")), None)
    if "weight_ih_l0" not in tensors or method is None:
        return None
    graph = script._c._get_method(method).graph.copy()
    torch._C._jit_pass_inline(graph)
    node = next((found for found in _nodes(graph) if found.inputsSize() == _ARGUMENTS), None)
    if node is None or len(list(graph.inputs())) > 3:
        return None
    values: list[Any] = [_known(value, script) for value in node.inputs()]
    biases, layers, dropout, _, both_ways, batch_first = values[3:]
    if not all(isinstance(item, bool) for item in (biases, both_ways, batch_first)) or dropout is None:
        return None
    kind, more = _KINDS[node.kind()]
    sizes: dict[str, Any] = (
        {"proj_size": tensors["weight_hr_l0"].shape[0]} if "weight_hr_l0" in tensors else {}
    )
    with torch.device("meta"):
        made: nn.RNNBase = kind(
            tensors["weight_ih_l0"].shape[1],
            tensors["weight_ih_l0"].shape[0] // {nn.LSTM: 4, nn.GRU: 3}.get(kind, 1),
            int(layers), bias=biases, batch_first=batch_first, dropout=float(dropout), bidirectional=both_ways,
            **sizes, **more,
        )  # fmt: skip
    if set(made._parameters) != set(tensors):
        return None
    for name, value in tensors.items():
        setattr(made, name, as_parameter(value))
    made.__dict__[_FIRST_ONLY] = _gives_one(graph)
    return made.train(script.training)


def first_only(layer: nn.RNNBase) -> bool:
    """True when the TorchScript part gave the sequence alone, without the last states."""
    return bool(layer.__dict__.get(_FIRST_ONLY))


def _known(value: Any, script: Any) -> Any:
    """A value that stands in the file: a constant, or an attribute that is no tensor; None for others."""
    node = value.node()
    if node.kind() == "prim::Constant":
        return value.toIValue()
    if node.kind() == "prim::GetAttr" and value.type().kind() in ("BoolType", "IntType", "FloatType"):
        return getattr(script, node.s("name"))
    return None


def _gives_one(graph: Any) -> bool:
    outputs = list(graph.outputs())
    return len(outputs) == 1 and outputs[0].type().kind() == "TensorType"


def _nodes(block: Any) -> Iterator[Any]:
    """Nodes of recurrent operators, however deep."""
    for node in block.nodes():
        if node.kind() in _KINDS:
            yield node
        for inner in node.blocks():
            yield from _nodes(inner)
