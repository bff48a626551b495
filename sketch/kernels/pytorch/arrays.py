"""Tensors between the store (numpy, raw bits for types numpy lacks) and torch, bit for bit."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.calls import SKETCH_TYPES, TORCH_TYPES

_BITS = {torch.bfloat16: torch.int16, **{
    getattr(torch, name): torch.uint8 for name in TORCH_TYPES.values() if name.startswith("float8_")}}  # fmt: skip
_SLAB = 16
"""Elements of a cache line, about."""
_LARGE = 1 << 20


def torch_type(name: str) -> torch.dtype:
    """The torch element type of a Sketch name."""
    found: torch.dtype = getattr(torch, TORCH_TYPES[name])
    return found


def type_name(dtype: torch.dtype) -> str:
    """Sketch's name of a torch element type; KeyError for one that Sketch lacks (quantised types)."""
    return SKETCH_TYPES[str(dtype).removeprefix("torch.")]


def to_tensor(array: np.ndarray[Any, Any], dtype: str) -> torch.Tensor:
    """A copy as a tensor; raw bits become the type they stand for."""
    return _typed(_copied(array), dtype)


def to_mapped(array: np.ndarray[Any, Any], dtype: str) -> torch.Tensor:
    """A contiguous tensor on the array's own pages where the store has it in a file: nothing is read or copied yet.

    It is for writing to a file: the bytes may begin at any address, and the store's file must stay as it is for as
    long as the tensor lives. A page is copied when something writes to it. Transposed arrays are copied.
    """
    pages = _pages(array)
    if pages is None:
        return to_tensor(array, dtype)
    return torch.from_numpy(pages).view(torch_type(dtype)).reshape(array.shape)


def _copied(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy in C order. A transposed matrix goes a few rows at a time: numpy's own way misses the cache at each."""
    made: np.ndarray[Any, Any] = _memory(array.nbytes).view(array.dtype).reshape(array.shape)
    if array.ndim != 2 or not array.size or not array.T.flags.c_contiguous:
        np.copyto(made, array)
        return made
    place, first = _place(array.T), 0
    for rows in _slabs(array.T) if place is None else _read_slabs(array.T, *place):
        made[:, first : first + len(rows)] = rows.T
        first += len(rows)
    return made


def _slabs(matrix: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    yield from (matrix[first : first + _SLAB] for first in range(0, len(matrix), _SLAB))


def _read_slabs(matrix: np.ndarray[Any, Any], path: str, start: int) -> Iterator[np.ndarray[Any, Any]]:
    """Rows of a matrix that lies in a file, read into one buffer: mapping the pages of a file costs more."""
    buffer = np.empty((_SLAB, matrix.shape[1]), matrix.dtype)
    with Path(path).open("rb", buffering=0) as file:
        file.seek(start)
        for first in range(0, len(matrix), _SLAB):
            rows = buffer[: len(matrix) - first]
            if file.readinto(rows.reshape(-1).view(np.uint8).data) != rows.nbytes:
                raise BinderError(f"{path}: cut off while it was read; open it again.")
            yield rows


def _memory(size: int) -> np.ndarray[Any, Any]:
    """New bytes; many of them at one go, where the system can: page by page, at first touch, costs more than a copy."""
    populate = getattr(mmap, "MAP_POPULATE", 0)
    if size < _LARGE or not populate:
        return np.empty(size, np.uint8)
    return np.frombuffer(
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | populate), np.uint8
    )


def _typed(array: np.ndarray[Any, Any], dtype: str) -> torch.Tensor:
    kind = torch_type(dtype)
    if kind in _BITS:
        raw = array.view(np.int16) if kind == torch.bfloat16 else array
        return torch.from_numpy(raw).view(kind)
    return torch.from_numpy(array)


def _pages(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """The bytes of an array, mapped once more for copy-on-write; None when they do not lie in a row in a file."""
    place = _place(array)
    return None if place is None else np.memmap(place[0], np.uint8, "c", place[1], (array.nbytes,))


def _place(array: np.ndarray[Any, Any]) -> tuple[str, int] | None:
    """The file that a mapped array lies in, and where it starts there; None when it is in memory or in pieces."""
    file: Any = array
    while file is not None and not isinstance(file, np.memmap):
        file = getattr(file, "base", None)
    while file is not None and isinstance(file.base, np.memmap):
        file = file.base
    if file is None or not array.size or not array.flags.c_contiguous:
        return None
    return str(file.filename), int(file.offset) + array.ctypes.data - file.ctypes.data


def to_array(tensor: torch.Tensor) -> tuple[np.ndarray[Any, Any], str]:
    """The values as the store keeps them, and the element type's name."""
    plain = tensor.detach().cpu().contiguous()
    name = type_name(plain.dtype)
    if plain.dtype in _BITS:
        bits = plain.view(_BITS[plain.dtype]).numpy()
        return (bits.view(np.uint16) if plain.dtype == torch.bfloat16 else bits), name
    return plain.resolve_conj().resolve_neg().numpy(), name


def readable(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """The values as numpy shows them: types that numpy lacks become float32."""
    plain = tensor.detach().cpu()
    return (plain.float() if plain.dtype in _BITS else plain).numpy()
