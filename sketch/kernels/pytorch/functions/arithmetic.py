"""Arithmetic of ONNX element by element: sums, products, quotients, powers, extremes and rounding."""

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import (
    SIGN_BIT,
    accumulating,
    is_unsigned,
    ordered,
    unordered,
    widened,
)


def add(a: Tensor, b: Tensor) -> Tensor:
    """Add: A + B."""
    return torch.add(widened(a), widened(b)).to(a.dtype)


def sub(a: Tensor, b: Tensor) -> Tensor:
    """Sub: A - B."""
    return torch.sub(widened(a), widened(b)).to(a.dtype)


def mul(a: Tensor, b: Tensor) -> Tensor:
    """Mul: A * B."""
    return torch.mul(widened(a), widened(b)).to(a.dtype)


def div(a: Tensor, b: Tensor) -> Tensor:
    """Div: A / B; integers are rounded toward zero, and dividing them by zero is an error."""
    if a.dtype.is_floating_point:
        return torch.div(a, b)
    divide = unsigned_quotient if a.dtype == torch.uint64 else signed_quotient
    return divide(a.to(torch.int64), b.to(torch.int64)).to(a.dtype)


def signed_quotient(a: Tensor, b: Tensor) -> Tensor:
    """The quotient of int64, toward zero; by -1 it is -a, since processors stop at the smallest integer / -1."""
    quotient = torch.div(a, torch.where(b == -1, 1, b), rounding_mode="trunc")
    return torch.where(b == -1, -a, quotient)


def unsigned_quotient(a: Tensor, b: Tensor) -> Tensor:
    """The quotient of uint64 whose bits are given as int64: that of a / 2 doubled, and 1 more where b still fits."""
    half = (a >> 1) & ~SIGN_BIT
    quotient = torch.div(half, torch.where(b < 0, 1, b), rounding_mode="trunc") << 1
    quotient = torch.where(b < 0, 0, quotient)
    rest = a - quotient * b
    return quotient + ((rest ^ SIGN_BIT) >= (b ^ SIGN_BIT)).to(torch.int64)


def mod(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    """Mod: what is left of A / B, with the sign of B, or with the sign of A if fmod is 1."""
    if a.dtype.is_floating_point:
        if fmod:
            return torch.fmod(a, b)
        rest = torch.remainder(a, b)
        return torch.where(rest == 0, torch.copysign(rest, b), rest)
    x, y = a.to(torch.int64), b.to(torch.int64)
    if a.dtype == torch.uint64:
        return (x - unsigned_quotient(x, y) * y).to(a.dtype)
    y = torch.where(y == -1, 1, y)  # nothing is left of either; the smallest integer / -1 stops a processor
    return (torch.fmod(x, y) if fmod else torch.remainder(x, y)).to(a.dtype)


def pow_(x: Tensor, y: Tensor) -> Tensor:
    """Pow: X to the power of Y, in the type of X."""
    if not (x.dtype.is_floating_point or y.dtype.is_floating_point):
        return torch.pow(x, widened(y)).to(x.dtype)
    base = accumulating(x) if x.dtype.is_floating_point else x.to(torch.float64)
    power = y if y.dtype.is_floating_point else y.to(base.dtype)
    return torch.pow(base, power).to(x.dtype)


def neg(x: Tensor) -> Tensor:
    """Neg: -X."""
    return torch.neg(x)


def abs_(x: Tensor) -> Tensor:
    """Abs: X without its sign."""
    return x if is_unsigned(x.dtype) else torch.abs(x)


def sign(input: Tensor) -> Tensor:
    """Sign: -1, 0 or 1; NaN stays."""
    if input.dtype.is_floating_point:
        return torch.where(input.isnan(), input, torch.sign(input))
    return (input != 0).to(input.dtype) if is_unsigned(input.dtype) else torch.sign(input)


def reciprocal(x: Tensor) -> Tensor:
    """Reciprocal: 1 / X."""
    return torch.reciprocal(x)


def sqrt(x: Tensor) -> Tensor:
    """Sqrt: the square root, NaN below zero."""
    return torch.sqrt(x)


def exp(input: Tensor) -> Tensor:
    """Exp: e to the power of the input."""
    return torch.exp(input)


def log(input: Tensor) -> Tensor:
    """Log: the natural logarithm."""
    return torch.log(input)


def erf(input: Tensor) -> Tensor:
    """Erf: the error function."""
    return torch.erf(input)


def ceil(x: Tensor) -> Tensor:
    """Ceil: up to the next whole number."""
    return torch.ceil(x)


def floor(x: Tensor) -> Tensor:
    """Floor: down to the next whole number."""
    return torch.floor(x)


def round_(x: Tensor) -> Tensor:
    """Round: to the nearest whole number, halves to the even one."""
    return torch.round(x)


def sum_(*data_0: Tensor) -> Tensor:
    """Sum of all inputs, element by element."""
    total = data_0[0]
    for data in data_0[1:]:
        total = total + data
    return total


def mean(*data_0: Tensor) -> Tensor:
    """Mean of all inputs, element by element."""
    return sum_(*data_0) / len(data_0)


def max_(*data_0: Tensor) -> Tensor:
    """Max of all inputs, element by element; NaN where one of them is."""
    largest = ordered(data_0[0])
    for data in data_0[1:]:
        largest = torch.maximum(largest, ordered(data))
    return unordered(largest, data_0[0].dtype)


def min_(*data_0: Tensor) -> Tensor:
    """Min of all inputs, element by element; NaN where one of them is."""
    smallest = ordered(data_0[0])
    for data in data_0[1:]:
        smallest = torch.minimum(smallest, ordered(data))
    return unordered(smallest, data_0[0].dtype)


def clip(input: Tensor, min: Tensor | None = None, max: Tensor | None = None) -> Tensor:
    """Clip: no less than min, then no more than max; NaN stays."""
    x = ordered(input)
    if min is not None:
        x = torch.clamp(x, min=ordered(min).reshape(()))
    if max is not None:
        x = torch.clamp(x, max=ordered(max).reshape(()))
    return unordered(x, input.dtype)
