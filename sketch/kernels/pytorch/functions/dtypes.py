"""Element types for which torch has no arithmetic on the CPU: exact ways through one that has, and back."""

import torch
from torch import Tensor

SIGN_BIT = -0x8000000000000000
NARROW_TYPES = ("torch.int2", "torch.uint2", "torch.int4", "torch.uint4")


def widened(x: Tensor) -> Tensor:
    """The same numbers in a type torch computes in: uint16 in int32, uint32 in int64, uint64 in int64 modulo 2**64.

    Sums, products and bit operations of it are right again after `.to(the type it had)`, which cuts to its width.
    """
    if x.dtype == torch.uint16:
        return x.to(torch.int32)
    if x.dtype == torch.uint32:
        return x.to(torch.int64)
    return x.view(torch.int64) if x.dtype == torch.uint64 else x


def ordered(x: Tensor) -> Tensor:
    """Like `widened`, but uint64 keeps its order (its sign bit is flipped): to compare, sort, find the largest."""
    return x.view(torch.int64) ^ SIGN_BIT if x.dtype == torch.uint64 else widened(x)


def unordered(x: Tensor, dtype: torch.dtype) -> Tensor:
    """What `ordered` gave, back in the type it had."""
    return (x ^ SIGN_BIT).view(torch.uint64) if dtype == torch.uint64 else x.to(dtype)


def accumulating(x: Tensor) -> Tensor:
    """A type to sum many in: float16 and bfloat16 in float32, unsigned integers as `widened`."""
    return x.to(torch.float32) if x.dtype.is_floating_point and x.dtype.itemsize < 4 else widened(x)


def same_bits(x: Tensor) -> Tensor:
    """The bits of uint16, uint32, uint64 and float8 as signed integers, to move elements; `from_bits` goes back."""
    if x.dtype == torch.uint64:
        return x.view(torch.int64)
    if x.dtype == torch.uint32:
        return x.view(torch.int32)
    if x.dtype == torch.uint16:
        return x.view(torch.int16)
    return x.view(torch.int8) if is_float8(x.dtype) else x


def is_float8(dtype: torch.dtype) -> bool:
    """Whether it is one of the float types of eight bits."""
    return dtype.is_floating_point and dtype.itemsize == 1


def is_unsigned(dtype: torch.dtype) -> bool:
    """Whether it is an integer type without a sign."""
    return not (dtype.is_floating_point or dtype.is_complex or dtype.is_signed or dtype == torch.bool)


def is_narrow(dtype: torch.dtype) -> bool:
    """Whether it is an integer type of two or four bits."""
    return str(dtype) in NARROW_TYPES


def held_in(dtype: torch.dtype) -> torch.dtype:
    """The type of the array that holds such numbers: int8 or uint8 for integers of two or four bits."""
    if not is_narrow(dtype):
        return dtype
    return torch.int8 if dtype.is_signed else torch.uint8


def integer_range(dtype: torch.dtype) -> tuple[int, int]:
    """The smallest and the largest number of an integer type."""
    if not is_narrow(dtype):
        return torch.iinfo(dtype).min, torch.iinfo(dtype).max
    count = 4 if str(dtype).endswith("2") else 16
    return (-count // 2, count // 2 - 1) if dtype.is_signed else (0, count - 1)
