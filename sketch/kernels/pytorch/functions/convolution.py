"""Convolution, transposed convolution, and the sum of column blocks."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import widened
from sketch.kernels.pytorch.functions.scattering import narrowed
from sketch.kernels.pytorch.functions.windows import spatially_padded, window_pads


def conv(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """Conv: convolution over one to three spatial axes, with any padding."""
    rank = x.dim() - 2
    if rank > 3:
        raise ValueError(f"Conv: torch has no convolution over {rank} spatial axes")
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    kernel = tuple(w.shape[2:])
    before, after = window_pads(auto_pad, pads, tuple(x.shape[2:]), kernel, strides, dilations)
    if before != after:
        x = spatially_padded(x, before, after)
        before = [0] * rank
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    return convolve(x, w, b, strides, before, dilations, group)


def conv_transpose(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    output_padding: tuple[int, ...] | None = None,
    output_shape: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """ConvTranspose: computed without padding; then the borders are cut, or continued by zeros, and the bias added."""
    rank = x.dim() - 2
    if rank > 3:
        raise ValueError(f"ConvTranspose: torch has no convolution over {rank} spatial axes")
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    more = output_padding or (0,) * rank
    convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    y = convolve(x, w, None, strides, 0, 0, group, dilations)
    if output_shape is None and auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        output_shape = tuple(size * stride for size, stride in zip(x.shape[2:], strides, strict=True))
    if output_shape is not None:
        pads = transposed_pads(auto_pad, tuple(y.shape[2:]), more, output_shape[-rank:])
    elif pads is None or auto_pad == "VALID":
        pads = (0,) * (2 * rank)
    before = [-pad for pad in pads[:rank]]
    after = [extra - pad for extra, pad in zip(more, pads[rank:], strict=True)]
    y = spatially_padded(y, before, after)
    return y if b is None else y + b.reshape([-1] + [1] * rank)


def transposed_pads(
    auto_pad: str, full: tuple[int, ...], more: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[int, ...]:
    """The pads that give a transposed convolution the wanted spatial sizes."""
    total = [size + extra - want for size, extra, want in zip(full, more, wanted, strict=True)]
    smaller = [pad // 2 for pad in total]
    larger = [pad - pad // 2 for pad in total]
    return tuple(smaller + larger if auto_pad == "SAME_UPPER" else larger + smaller)


def col2_im(
    input: Tensor,
    image_shape: Tensor,
    block_shape: Tensor,
    *,
    dilations: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    """Col2Im: the sum of the blocks (columns) at their places in an image of any number of axes."""
    image, block = image_shape.tolist(), block_shape.tolist()
    rank = len(image)
    strides, dilations, pads = strides or (1,) * rank, dilations or (1,) * rank, pads or (0,) * (2 * rank)
    padded = [size + first + last for size, first, last in zip(image, pads[:rank], pads[rank:], strict=True)]
    places = torch.zeros(1, 1, dtype=torch.int64, device=input.device)
    for size, width, stride, dilation in zip(padded, block, strides, dilations, strict=True):
        count = (size - (width - 1) * dilation - 1) // stride + 1
        offset = torch.arange(width, device=input.device) * dilation
        start = torch.arange(count, device=input.device) * stride
        place = offset.unsqueeze(1) + start
        places = places[:, None, :, None] * size + place[None, :, None, :]
        places = places.flatten(2).flatten(0, 1)
    n, channels = input.shape[0], input.shape[1] // math.prod(block)
    columns = widened(input).reshape(n, channels, -1)
    total = columns.new_zeros(n, channels, math.prod(padded)).index_add(2, places.flatten(), columns)
    total = total.reshape(n, channels, *padded)
    before, after = [-pad for pad in pads[:rank]], [-pad for pad in pads[rank:]]
    return narrowed(spatially_padded(total, before, after), input.dtype)
