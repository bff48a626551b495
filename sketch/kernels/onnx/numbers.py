"""Elements as numpy and as bytes, for types that share bytes or that numpy lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from onnx import helper

from sketch.graph.element_types import HELD_TYPES
from sketch.kernels.onnx.program import TensorValue

Array = np.ndarray[Any, Any]
PACKED: Mapping[str, int] = {"uint4": 4, "int4": 4, "float4e2m1": 4, "uint2": 2, "int2": 2}
"""Bits of elements of which several share a byte."""
_BLOCK = 16 << 20


def array_of(value: TensorValue) -> Array:
    """A small constant as an array of its element type."""
    kind = helper.tensor_dtype_to_np_dtype(HELD_TYPES[value.dtype])
    return (
        np.array(value.data, np.float64 if kind.kind not in "biufc" else None)
        .astype(kind)
        .reshape(value.shape)
    )


def packed(array: Array, dtype: str) -> Array:
    """Two- and four-bit elements as a file holds them: the first in the low bits."""
    width = PACKED[dtype]
    per = 8 // width
    flat = np.zeros(-(-array.size // per) * per, np.uint8)
    flat[: array.size] = array.reshape(-1).view(np.uint8) & ((1 << width) - 1)
    total = np.zeros(flat.size // per, np.uint8)
    for place in range(per):
        total |= flat[place::per] << (width * place)
    return total


def pieces(array: Array, dtype: str) -> Iterator[memoryview]:
    """The bytes of a tensor in a file (little-endian, C order), some megabytes at a time."""
    if dtype in PACKED:
        array = packed(array, dtype)
    if not array.size:
        return
    if array.ndim == 0 or array.flags.c_contiguous:
        array = array.reshape(-1)
    step = max(1, _BLOCK // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        block = array[start : start + step]
        plain = np.ascontiguousarray(block.astype(block.dtype.newbyteorder("<"), copy=False))
        yield plain.reshape(-1).view(np.uint8).data
