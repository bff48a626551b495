"""Optimizer steps (ai.onnx.preview.training); inputs are all tensors, then all gradients, then their moments."""

from __future__ import annotations

from torch import Tensor


def tensor_groups(inputs: tuple[Tensor, ...], size: int) -> list[tuple[Tensor, ...]]:
    """The inputs that belong together: the first of every kind, the second of every kind, and so on."""
    count = len(inputs) // size
    return [inputs[place::count] for place in range(count)]


def by_kind(groups: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """All results of the first kind, then all of the second, and so on."""
    return tuple(tensor for kind in zip(*groups, strict=True) for tensor in kind)


def adam(
    r: Tensor,
    t: Tensor,
    *inputs: Tensor,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> tuple[Tensor, ...]:
    """Adam with the rate r at step t: the new tensors, first moments and second moments."""
    step = int(t)
    rate = r * (1 - beta**step) ** 0.5 / (1 - alpha**step) if step > 0 else r
    groups: list[tuple[Tensor, ...]] = []
    for x, g, v, h in tensor_groups(inputs, 4):
        gradient = norm_coefficient * x + g
        v_new = alpha * v + (1 - alpha) * gradient
        h_new = beta * h + (1 - beta) * gradient.square()
        x_new = x - rate * (v_new / (h_new.sqrt() + epsilon))
        groups.append(((1 - norm_coefficient_post) * x_new, v_new, h_new))
    return by_kind(groups)


def adagrad(
    r: Tensor,
    t: Tensor,
    *inputs: Tensor,
    decay_factor: float = 0.0,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
) -> tuple[Tensor, ...]:
    """Adagrad with the rate r at step t: the new tensors and sums of squared gradients."""
    rate = r / (1 + int(t) * decay_factor)
    groups: list[tuple[Tensor, ...]] = []
    for x, g, h in tensor_groups(inputs, 3):
        gradient = norm_coefficient * x + g
        h_new = h + gradient.square()
        groups.append((x - rate * gradient / (h_new.sqrt() + epsilon), h_new))
    return by_kind(groups)


def momentum(
    r: Tensor,
    t: Tensor,
    *inputs: Tensor,
    alpha: float,
    beta: float,
    mode: str,
    norm_coefficient: float,
) -> tuple[Tensor, ...]:
    """Momentum (mode standard or nesterov) with the rate r at step t: the new tensors and moments."""
    factor = beta if int(t) > 0 else 1.0
    groups: list[tuple[Tensor, ...]] = []
    for x, g, v in tensor_groups(inputs, 3):
        gradient = norm_coefficient * x + g
        v_new = alpha * v + factor * gradient
        change = gradient + alpha * v_new if mode == "nesterov" else v_new
        groups.append((x - r * change, v_new))
    return by_kind(groups)
