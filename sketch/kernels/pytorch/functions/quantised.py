"""Quantisation of ONNX: to and from integers and float8, and products of quantised numbers.

Products of eight-bit integers are summed in float64, which is exact for them and much faster than integers.
"""

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.casting import float8
from sketch.kernels.pytorch.functions.convolution import conv
from sketch.kernels.pytorch.functions.dtypes import accumulating, held_in, integer_range, is_float8


def along_axis(scale: Tensor, x: Tensor, axis: int, block_size: int) -> Tensor:
    """A scale or zero point in a shape that fits x: one for all, one for each place of the axis, or one a block."""
    if scale.numel() == 1:
        return scale.reshape(())
    if block_size:
        return scale.repeat_interleave(block_size, axis).narrow(axis, 0, x.shape[axis])
    shape = [1] * x.dim()
    shape[axis] = -1
    return scale.reshape(shape)


def quantised(x: Tensor, zero_point: Tensor | None, to: torch.dtype, saturate: int = 1) -> Tensor:
    """Scaled numbers rounded to even, moved by the zero point and cut to the range of the type."""
    zero = 0 if zero_point is None else zero_point.to(x.dtype)
    if is_float8(to):
        return float8(x + zero, to, saturate)
    low, high = integer_range(to)
    return torch.clamp(torch.round(x) + zero, low, high).to(held_in(to))


def quantize_linear(
    x: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: torch.dtype | None = None,
    precision: torch.dtype | None = None,
    saturate: int = 1,
) -> Tensor:
    """QuantizeLinear: X / scale + zero point, one for all, along an axis, or in blocks."""
    to = output_dtype or (torch.uint8 if y_zero_point is None else y_zero_point.dtype)
    divided_in = precision or y_scale.dtype
    if not divided_in.is_floating_point or is_float8(divided_in):
        divided_in = torch.float64
    scale = along_axis(y_scale.to(divided_in), x, axis, block_size)
    scaled = x.to(divided_in) / scale
    zero = None if y_zero_point is None else along_axis(y_zero_point, x, axis, block_size)
    return quantised(accumulating(scaled), zero, to, saturate)


def dequantize_linear(
    x: Tensor,
    x_scale: Tensor,
    x_zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: torch.dtype | None = None,
) -> Tensor:
    """DequantizeLinear: (X - zero point) * scale, computed in float32."""
    value = x.to(torch.float32)
    if x_zero_point is not None:
        value = value - along_axis(x_zero_point.to(torch.float32), x, axis, block_size)
    scale = along_axis(x_scale.to(torch.float32), x, axis, block_size)
    return (value * scale).to(output_dtype or x_scale.dtype)


def dynamic_quantize_linear(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """DynamicQuantizeLinear: to uint8 by the range of X, which is made to hold 0; with the scale and zero point."""
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = torch.where(high == low, 1, high - low) / 255
    zero_point = torch.round(torch.clamp(-low / scale, 0, 255)).to(torch.uint8)
    return quantised(x / scale, zero_point, torch.uint8), scale, zero_point


def shifted(x: Tensor, zero_point: Tensor | None) -> Tensor:
    """X - zero point in float64."""
    return x.to(torch.float64) if zero_point is None else x.to(torch.float64) - zero_point.to(torch.float64)


def of_rows(value: Tensor) -> Tensor:
    """A scale or zero point of every row of a matrix, as a column."""
    return value[:, None] if value.dim() == 1 and value.numel() > 1 else value


def of_channels(value: Tensor | None, w: Tensor) -> Tensor | None:
    """A scale or zero point of every output channel, in a shape that fits the weight."""
    return None if value is None else value.reshape([-1] + [1] * (w.dim() - 1))


def mat_mul_integer(
    a: Tensor, b: Tensor, a_zero_point: Tensor | None = None, b_zero_point: Tensor | None = None
) -> Tensor:
    """MatMulInteger: (A - zero point) @ (B - zero point) as int32."""
    rows = None if a_zero_point is None else of_rows(a_zero_point)
    product = torch.matmul(shifted(a, rows), shifted(b, b_zero_point))
    return product.to(torch.int64).to(torch.int32)


def conv_integer(
    x: Tensor,
    w: Tensor,
    x_zero_point: Tensor | None = None,
    w_zero_point: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """ConvInteger: the convolution of X - zero point with W - zero point as int32."""
    result = conv(
        shifted(x, x_zero_point),
        shifted(w, of_channels(w_zero_point, w)),
        auto_pad=auto_pad,
        dilations=dilations,
        group=group,
        kernel_shape=kernel_shape,
        pads=pads,
        strides=strides,
    )
    return result.to(torch.int64).to(torch.int32)


def q_linear_mat_mul(
    a: Tensor,
    a_scale: Tensor,
    a_zero_point: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero_point: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor,
) -> Tensor:
    """QLinearMatMul: the product of two quantised matrices, quantised by the scale and zero point of Y."""
    product = torch.matmul(shifted(a, of_rows(a_zero_point)), shifted(b, b_zero_point))
    scale = of_rows(a_scale) * b_scale / of_rows(y_scale)
    return quantised(product * scale, of_rows(y_zero_point), y_zero_point.dtype)


def q_linear_conv(
    x: Tensor,
    x_scale: Tensor,
    x_zero_point: Tensor,
    w: Tensor,
    w_scale: Tensor,
    w_zero_point: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """QLinearConv: the convolution of quantised numbers, quantised by the scale and zero point of Y."""
    result = conv(
        shifted(x, x_zero_point),
        shifted(w, of_channels(w_zero_point, w)),
        None if b is None else b.to(torch.float64),
        auto_pad=auto_pad,
        dilations=dilations,
        group=group,
        kernel_shape=kernel_shape,
        pads=pads,
        strides=strides,
    )
    scale = x_scale * w_scale.reshape([-1] + [1] * (x.dim() - 2)) / y_scale
    return quantised(result * scale, y_zero_point, y_zero_point.dtype)
