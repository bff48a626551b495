"""A tensor of a file as a claim about bytes: checked against what is there, then left where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import FileSlice, TensorStore, storage_dtype
from sketch.graph.rows import DTYPES

STORAGES: Mapping[str, str] = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8",
}  # fmt: skip
"""Classes of torch's storages and the element types in them."""
MOST_COPIED = 1 << 28
"""Bytes of the largest tensor that is copied because it lies in pieces in its file."""
_MOST_DIMS = 64


@dataclass(slots=True, eq=False)
class StorageAt:
    """Elements in a row: in a file, from `offset` on for `length` bytes, or in memory (`data`)."""

    path: str
    offset: int
    length: int
    dtype: str
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class TensorAt:
    """A tensor seen in a storage; `start` and `stride` count elements. `trainable` is None where nothing says it."""

    storage: StorageAt
    start: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str
    trainable: bool | None = None

    @property
    def kind(self) -> tuple[tuple[int, ...], str]:
        """Shape and element type."""
        return self.shape, self.dtype


def checked(tensor: TensorAt, key: str) -> TensorAt:
    """The tensor itself; BinderError when it claims what its storage does not have."""
    numbers = (tensor.start, *tensor.shape, *tensor.stride)
    whole = all(type(number) is int and 0 <= number < 1 << 62 for number in numbers)
    if not whole or len(tensor.shape) != len(tensor.stride) or len(tensor.shape) > _MOST_DIMS:
        raise BinderError(f"{tensor.storage.path}: {key} has a size that no tensor has; the file is damaged.")
    width = storage_dtype(tensor.dtype).itemsize
    last = sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    need = (tensor.start + last + 1) * width if all(tensor.shape) else 0
    if need > tensor.storage.length:
        raise BinderError(
            f"{tensor.storage.path}: {key} claims {need} bytes, its storage has {tensor.storage.length}; "
            "the file is damaged."
        )
    return tensor


def put(tensor: TensorAt, store: TensorStore, key: str) -> str:
    """The digest of a tensor in the store; one that lies in a row in a large file is not read."""
    order = sorted(range(len(tensor.shape)), key=lambda dim: (-tensor.stride[dim], dim))
    lying = tuple(tensor.shape[dim] for dim in order)
    count, width = prod(tensor.shape), storage_dtype(tensor.dtype).itemsize
    in_row = _in_row(lying, tuple(tensor.stride[dim] for dim in order))
    if tensor.storage.data is not None or not count or not in_row:
        return _copied(tensor, store, key)
    place = FileSlice(tensor.storage.path, tensor.storage.offset + tensor.start * width, count * width)
    if _in_row(tensor.shape, tensor.stride):
        return store.put_slice(place, tensor.dtype, tensor.shape)
    base = store.put_slice(place, tensor.dtype, lying)
    back = tuple(order.index(dim) for dim in range(len(order)))
    return store.view(base, lying, tensor.dtype, order=back)


def element_type(name: str, where: str) -> str:
    """Sketch's name of an element type; BinderError for one that it does not have."""
    if name not in DTYPES:
        raise BinderError(f"{where} has the element type {name}, which Sketch does not know.")
    return name


def _in_row(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """True when elements follow each other in the order of the dimensions."""
    step = 1
    for size, have in zip(reversed(shape), reversed(stride), strict=True):
        if size != 1 and have != step:
            return False
        step *= size
    return True


def _copied(tensor: TensorAt, store: TensorStore, key: str) -> str:
    kind = storage_dtype(tensor.dtype)
    if prod(tensor.shape) * kind.itemsize > max(MOST_COPIED, tensor.storage.length):
        raise BinderError(
            f"{tensor.storage.path}: {key} repeats its values to {prod(tensor.shape) * kind.itemsize} bytes; "
            "it was not opened."
        )
    raw: Any = np.empty(0, np.uint8)
    if prod(tensor.shape):
        raw = _bytes(tensor.storage)
    values = raw[: len(raw) // kind.itemsize * kind.itemsize].view(kind)[tensor.start :]
    steps = tuple(step * kind.itemsize for step in tensor.stride)
    seen = np.lib.stride_tricks.as_strided(values, tensor.shape, steps, writeable=False)
    return store.put(np.ascontiguousarray(seen).reshape(tensor.shape), tensor.dtype)


def _bytes(storage: StorageAt) -> np.ndarray[Any, Any]:
    if storage.data is not None:
        return np.frombuffer(storage.data, np.uint8, storage.length, storage.offset)
    return np.memmap(storage.path, np.uint8, "r", storage.offset, (storage.length,))
