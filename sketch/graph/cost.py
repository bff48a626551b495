"""Multiply-accumulate operations of one pass, per node; symbolic sizes stay symbols.

One multiply-accumulate is counted as two floating-point operations, as is usual in the literature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sketch.graph.dims import Dim, product
from sketch.graph.rows import ValueType
from sketch.graph.weights import WeightType

if TYPE_CHECKING:
    from sketch.graph.network import Network, Step

Shapes = tuple[tuple[Dim, ...] | None, ...]

_CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d")
_TRANSPOSED = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
_RECURRENT = ("RNN", "LSTM", "GRU")
_FUNCTIONAL = ("FunctionalLinear", *(f"FunctionalConv{dims}d" for dims in (1, 2, 3)))
"""Layers whose weight is their second input."""


def flops(network: Network) -> Dim:
    """Floating-point operations of the whole network; layers whose cost is not known count as 0."""
    total: Dim = 0
    for step in network.steps:
        total = total + step_flops(step)
    return total


def step_flops(step: Step) -> Dim:
    """Floating-point operations of one layer: 2 x multiply-accumulates where weights or matrices are multiplied.

    Element-wise layers, pools and norms count as one operation per output element.
    """
    inputs, outputs = _shapes(step.input_types), _shapes(step.types)
    return layer_flops(step.layer, step.params, inputs, outputs, step.weights)


def layer_flops(
    layer: str, params: Mapping[str, Any], inputs: Shapes, outputs: Shapes, weights: Mapping[str, WeightType]
) -> Dim:
    """The same from what is known of a layer: effective parameters, shapes at its ports, the weights it needs."""
    shape = outputs[0] if outputs else None
    if shape is None or layer in ("Input", "Output", "Constant", "Parameter", "Embedding"):
        return 0
    out: Dim = product(shape)
    used = {role: kind for role, kind in weights.items() if kind.trainable and len(kind.shape) > 1}
    if layer in _CONVOLUTIONS or layer == "Linear":
        return 2 * out * product(weights["weight"].shape[1:])
    if layer in _FUNCTIONAL:
        return 2 * out * product(_second(inputs)[1:])
    source = inputs[0] if inputs else None
    if source is None:
        return out
    if layer in _TRANSPOSED:
        return 2 * product(source) * product(weights["weight"].shape[1:])
    if layer == "MatMul":
        return 2 * out * product(source[-1:])
    if used and (layer in _RECURRENT or "Attention" in layer or "Transformer" in layer):
        total = sum((product(kind.shape) for kind in used.values()), 0)
        return _per_position(layer in _RECURRENT, bool(params.get("batch_first")), source, total)
    return out


def _shapes(types: tuple[ValueType | None, ...]) -> Shapes:
    return tuple(kind.shape if kind is not None else None for kind in types)


def _second(inputs: Shapes) -> tuple[Dim, ...]:
    """The shape of the second input, nothing where it is not known."""
    return inputs[1] or () if len(inputs) > 1 else ()


def _per_position(is_recurrent: bool, batch_first: bool, source: tuple[Dim, ...], weights: Dim) -> Dim:
    """Every weight is used once at every position; attention adds the two products of the score matrix."""
    positions = product(source[:-1])
    total = 2 * positions * weights
    if is_recurrent or len(source) != 3:
        return total
    length = source[1] if batch_first else source[0]
    return total + 4 * positions * length * source[-1]
