"""Trigonometric and hyperbolic functions of ONNX."""

import torch
from torch import Tensor


def sin(input: Tensor) -> Tensor:
    """Sin: the sine of radians."""
    return torch.sin(input)


def cos(input: Tensor) -> Tensor:
    """Cos: the cosine of radians."""
    return torch.cos(input)


def tan(input: Tensor) -> Tensor:
    """Tan: the tangent of radians."""
    return torch.tan(input)


def asin(input: Tensor) -> Tensor:
    """Asin: the angle in radians that has this sine."""
    return torch.asin(input)


def acos(input: Tensor) -> Tensor:
    """Acos: the angle in radians that has this cosine."""
    return torch.acos(input)


def atan(input: Tensor) -> Tensor:
    """Atan: the angle in radians that has this tangent."""
    return torch.atan(input)


def sinh(input: Tensor) -> Tensor:
    """Sinh: the hyperbolic sine."""
    return torch.sinh(input)


def cosh(input: Tensor) -> Tensor:
    """Cosh: the hyperbolic cosine."""
    return torch.cosh(input)


def tanh(input: Tensor) -> Tensor:
    """Tanh: the hyperbolic tangent."""
    return torch.tanh(input)


def asinh(input: Tensor) -> Tensor:
    """Asinh: the inverse of the hyperbolic sine."""
    return torch.asinh(input)


def acosh(input: Tensor) -> Tensor:
    """Acosh: the inverse of the hyperbolic cosine, NaN below 1."""
    return torch.acosh(input)


def atanh(input: Tensor) -> Tensor:
    """Atanh: the inverse of the hyperbolic tangent."""
    return torch.atanh(input)
