"""Multiply-accumulate operations of one pass, per node; symbolic sizes stay symbols.

One multiply-accumulate is counted as two floating-point operations, as is usual in the literature.
"""

from __future__ import annotations

from sketch.graph.dims import Dim, product
from sketch.graph.network import Network, Step

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
    shapes = [kind.shape if kind is not None else None for kind in step.types]
    if (
        not shapes
        or shapes[0] is None
        or step.layer in ("Input", "Output", "Constant", "Parameter", "Embedding")
    ):
        return 0
    out: Dim = product(shapes[0])
    weights = {role: kind for role, kind in step.weights.items() if kind.trainable and len(kind.shape) > 1}
    if step.layer in _CONVOLUTIONS or step.layer == "Linear":
        return 2 * out * product(step.weights["weight"].shape[1:])
    if step.layer in _FUNCTIONAL:
        return 2 * out * product(_second(step)[1:])
    source = step.input_types[0].shape if step.input_types and step.input_types[0] is not None else None
    if source is None:
        return out
    if step.layer in _TRANSPOSED:
        return 2 * product(source) * product(step.weights["weight"].shape[1:])
    if step.layer == "MatMul":
        return 2 * out * product(source[-1:])
    if weights and (step.layer in _RECURRENT or "Attention" in step.layer or "Transformer" in step.layer):
        return _per_position(step, source, sum((product(kind.shape) for kind in weights.values()), 0))
    return out


def _second(step: Step) -> tuple[Dim, ...]:
    """The shape of the second input, nothing where it is not known."""
    kind = step.input_types[1] if len(step.input_types) > 1 else None
    return kind.shape or () if kind is not None else ()


def _per_position(step: Step, source: tuple[Dim, ...], weights: Dim) -> Dim:
    """Every weight is used once at every position; attention adds the two products of the score matrix."""
    positions = product(source[:-1])
    total = 2 * positions * weights
    if step.layer in _RECURRENT or len(source) != 3:
        return total
    length = source[1] if step.params.get("batch_first") else source[0]
    return total + 4 * positions * length * source[-1]
