"""Conversion between element types of ONNX.

torch has no arrays of int4, uint4, int2 and uint2: their numbers are held one in each element of int8 or uint8, and
the type is only named as a target. (float4 and float6 numbers are all float8_e4m3fn numbers, and can be held so.)
"""

import math

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import held_in, integer_range, is_float8, is_narrow


def cast(input: Tensor, *, to: torch.dtype, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """Cast: the same numbers in another type; integers keep their low bits, floats to integers lose their fraction."""
    if to == torch.float8_e8m0fnu:
        return powers_of_two(input, saturate, round_mode)
    if is_float8(to):
        return float8(input, to, saturate)
    return narrowed_integers(input, to) if is_narrow(to) else input.to(to)


def cast_like(input: Tensor, target_type: Tensor, *, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """CastLike: the same numbers in the type of another tensor."""
    return cast(input, to=target_type.dtype, saturate=saturate, round_mode=round_mode)


def narrowed_integers(x: Tensor, to: torch.dtype) -> Tensor:
    """The low two or four bits of whole numbers."""
    low, high = integer_range(to)
    return (((x.to(torch.int64) - low) & (high - low)) + low).to(held_in(to))


def float8(x: Tensor, to: torch.dtype, saturate: int) -> Tensor:
    """Numbers in a float type of eight bits; those too large become its largest, or infinity or NaN."""
    value = x.to(torch.float32)
    if saturate:
        largest = torch.finfo(to).max
        return value.clamp(-largest, largest).to(to)
    if (
        to == torch.float8_e4m3fn
    ):  # up to 464 rounds to its largest, 448; torch gives that for all beyond it too
        value = torch.where(value.abs() > 464, math.nan, value)
    return value.to(to)


def powers_of_two(x: Tensor, saturate: int, round_mode: str) -> Tensor:
    """Numbers as float8e8m0, an exponent from -127; `round_mode` is "up", "down" or "nearest" with halves up."""
    value = x.to(torch.float32).abs()
    mantissa, exponent = torch.frexp(value)  # the mantissa is at least 0.5 and less than 1
    if round_mode != "down":
        exponent = exponent + (mantissa > 0.5 if round_mode == "up" else mantissa >= 0.75)
    code = torch.where(value == 0, -1, torch.where(value.isinf(), 255, exponent + 126))
    code = code.clamp(0, 254) if saturate else torch.where((code < 0) | (code > 254), 255, code)
    return torch.where(value.isnan(), 255, code).to(torch.uint8).view(torch.float8_e8m0fnu)


def bit_cast(input: Tensor, *, to: torch.dtype) -> Tensor:
    """BitCast: the same bits read as another type of the same width."""
    if is_narrow(to) or input.dtype.itemsize != to.itemsize:
        raise ValueError(f"BitCast from {input.dtype} to {to}: torch cannot read these bits so.")
    return input.view(to)
