"""Reads the tensor in an attribute that a file of ONNX gave: few fields of its bytes, without the library onnx."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sketch.binder.tensors import storage_dtype
from sketch.graph.element_types import HELD_NAMES
from sketch.kernels.pytorch.calls import Fixed

MOST = 1 << 16
"""Elements of the largest attribute that is read; longer ones do not belong into a source text."""
_ATTRIBUTE_TENSOR = 5
_AS: Mapping[str, Callable[[Any], Any]] = {"bool": bool, "uint64": lambda item: item % (1 << 64)}
_DIMS, _TYPE, _FLOATS, _INT32S, _INT64S, _RAW, _DOUBLES, _UINT64S = 1, 2, 4, 5, 7, 9, 10, 11


def attribute_tensor(data: bytes) -> Fixed | None:
    """The tensor in the bytes of an AttributeProto; None when there is none that can be spelled out."""
    tensor = next((value for field, value in _fields(data) if field == _ATTRIBUTE_TENSOR), None)
    if not isinstance(tensor, bytes):
        return None
    shape: list[int] = []
    kind, raw, values = 0, None, []
    for field, value in _fields(tensor):
        if field == _DIMS:
            shape += _integers(value)
        elif field == _TYPE:
            kind = int(value)
        elif field == _RAW:
            raw = value
        elif field in (_FLOATS, _DOUBLES):
            values += _floats(value, "<f" if field == _FLOATS else "<d")
        elif field in (_INT32S, _INT64S, _UINT64S):
            values += _integers(value)
    dtype = HELD_NAMES.get(kind, "")
    return _fixed(dtype, tuple(shape), raw, values)


def _fixed(dtype: str, shape: tuple[int, ...], raw: Any, values: list[Any]) -> Fixed | None:
    count = 1
    for size in shape:
        count *= size
    if not dtype or dtype == "string" or count > MOST:
        return None
    if raw is None and not dtype.startswith(("float16", "bfloat16", "float8")):
        data = tuple(map(_AS.get(dtype, lambda item: item), values))
    else:
        data = plain_values(_bits(dtype, raw, values), dtype)
    return Fixed(dtype, shape, data, on_cpu=True) if len(data) == count else None


def _bits(dtype: str, raw: Any, values: list[Any]) -> Any:
    import numpy as np

    storage = storage_dtype(dtype)
    if raw is not None:
        return np.frombuffer(raw, storage)
    width = {1: np.uint8, 2: np.uint16}[storage.itemsize]
    return np.asarray(values, np.int64).astype(width).view(storage)


def plain_values(array: Any, dtype: str) -> tuple[Any, ...]:
    """Elements of an array of the store (raw bits where numpy lacks the type) as Python numbers, flat."""
    import numpy as np

    flat = np.asarray(array).reshape(-1)
    if dtype == "bfloat16":
        return tuple((flat.astype(np.uint32) << 16).view(np.float32).tolist())
    if dtype.startswith("float8"):
        return tuple(_float8(int(bits), dtype) for bits in flat)
    return tuple(flat.tolist())


def _float8(bits: int, dtype: str) -> float:
    """The number in an 8-bit float."""
    if dtype == "float8e8m0":
        return float("nan") if bits == 255 else 2.0 ** (bits - 127)
    exponent_bits, mantissa_bits = (4, 3) if "e4m3" in dtype else (5, 2)
    unsigned = dtype.endswith("uz")
    bias = (1 << (exponent_bits - 1)) - (0 if unsigned else 1)
    sign, exponent = bits >> 7, (bits & 127) >> mantissa_bits
    mantissa = bits & ((1 << mantissa_bits) - 1)
    if (unsigned and bits == 128) or (dtype == "float8e4m3fn" and bits & 127 == 127):
        return float("nan")
    if dtype == "float8e5m2" and exponent == 31:
        return float("nan") if mantissa else float("-inf" if sign else "inf")
    scale = 2.0 ** (max(exponent, 1) - bias)
    size = scale * ((1.0 if exponent else 0.0) + mantissa / (1 << mantissa_bits))
    return -size if sign else size


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of every field of a protobuf message; a damaged end is left out."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
        elif kind == 2:
            size, place = _varint(data, place)
            yield key >> 3, data[place : place + size]
            place += size
        elif kind in (1, 5):
            width = 8 if kind == 1 else 4
            yield key >> 3, data[place : place + width]
            place += width
        else:
            return


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data):
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return value, place


def _integers(value: Any) -> list[int]:
    """One varint, or a packed run of them, as signed 64-bit numbers."""
    if isinstance(value, int):
        found = [value]
    else:
        found, place = [], 0
        while place < len(value):
            item, place = _varint(value, place)
            found.append(item)
    return [item - (1 << 64) if item >= 1 << 63 else item for item in found]


def _floats(value: bytes, form: str) -> list[float]:
    width = struct.calcsize(form)
    return [struct.unpack_from(form, value, place)[0] for place in range(0, len(value) - width + 1, width)]
