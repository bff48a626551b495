"""Comparison, logic and choice of ONNX, element by element."""

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import is_float8, ordered


def equal(a: Tensor, b: Tensor) -> Tensor:
    """Equal: A == B."""
    return torch.eq(a, b)


def greater(a: Tensor, b: Tensor) -> Tensor:
    """Greater: A > B."""
    return torch.gt(ordered(a), ordered(b))


def greater_or_equal(a: Tensor, b: Tensor) -> Tensor:
    """GreaterOrEqual: A >= B."""
    return torch.ge(ordered(a), ordered(b))


def less(a: Tensor, b: Tensor) -> Tensor:
    """Less: A < B."""
    return torch.lt(ordered(a), ordered(b))


def less_or_equal(a: Tensor, b: Tensor) -> Tensor:
    """LessOrEqual: A <= B."""
    return torch.le(ordered(a), ordered(b))


def and_(a: Tensor, b: Tensor) -> Tensor:
    """And: both are true."""
    return torch.logical_and(a, b)


def or_(a: Tensor, b: Tensor) -> Tensor:
    """Or: at least one is true."""
    return torch.logical_or(a, b)


def xor(a: Tensor, b: Tensor) -> Tensor:
    """Xor: exactly one is true."""
    return torch.logical_xor(a, b)


def not_(x: Tensor) -> Tensor:
    """Not: true where X is false."""
    return torch.logical_not(x)


def where(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Where: X where the condition is true, else Y."""
    return torch.where(condition, x, y)


def is_nan(x: Tensor) -> Tensor:
    """IsNaN: true where X is no number."""
    return torch.isnan(x.to(torch.float32) if is_float8(x.dtype) else x)


def is_inf(x: Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> Tensor:
    """IsInf: true where X is an infinity of a sign that is looked for."""
    value = x.to(torch.float32) if is_float8(x.dtype) else x
    found = torch.isinf(value)
    if not detect_negative:
        found = found & (value > 0)
    return found if detect_positive else found & (value < 0)


def identity(input: Tensor) -> Tensor:
    """Identity: the input as it is, also a list or nothing."""
    return input
