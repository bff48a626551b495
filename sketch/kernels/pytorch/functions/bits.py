"""Bits of integers in ONNX: and, or, exclusive or, not, shifts."""

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import SIGN_BIT, widened


def bitwise_and(a: Tensor, b: Tensor) -> Tensor:
    """BitwiseAnd: A & B."""
    return torch.bitwise_and(a, b)


def bitwise_or(a: Tensor, b: Tensor) -> Tensor:
    """BitwiseOr: A | B."""
    return torch.bitwise_or(a, b)


def bitwise_xor(a: Tensor, b: Tensor) -> Tensor:
    """BitwiseXor: A ^ B."""
    return torch.bitwise_xor(a, b)


def bitwise_not(x: Tensor) -> Tensor:
    """BitwiseNot: every bit turned."""
    return torch.bitwise_not(widened(x)).to(x.dtype)


def bit_shift(x: Tensor, y: Tensor, *, direction: str) -> Tensor:
    """BitShift: X moved by Y bits to the LEFT or RIGHT; nothing but its sign is left if Y does not fit."""
    bits, places = x.to(torch.int64), y.to(torch.int64)
    too_far = (places < 0) | (places >= 8 * x.dtype.itemsize)
    if direction == "LEFT":
        return torch.where(too_far, 0, bits << places.clamp(0, 63)).to(x.dtype)
    moved = bits >> torch.where(too_far, 63, places)
    if x.dtype == torch.uint64:  # the places on the left are filled with zeros instead of the sign
        moved = torch.where(too_far, 0, moved & ~((SIGN_BIT >> places.clamp(0, 63)) << 1))
    return moved.to(x.dtype)
