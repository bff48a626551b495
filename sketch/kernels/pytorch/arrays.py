"""Tensors between the store (numpy, raw bits for types numpy lacks) and torch, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sketch.kernels.pytorch.calls import SKETCH_TYPES, TORCH_TYPES

_BITS = {torch.bfloat16: torch.int16, **{
    getattr(torch, name): torch.uint8 for name in TORCH_TYPES.values() if name.startswith("float8_")}}  # fmt: skip


def torch_type(name: str) -> torch.dtype:
    """The torch element type of a Sketch name."""
    found: torch.dtype = getattr(torch, TORCH_TYPES[name])
    return found


def type_name(dtype: torch.dtype) -> str:
    """Sketch's name of a torch element type; KeyError for one that Sketch lacks (quantised types)."""
    return SKETCH_TYPES[str(dtype).removeprefix("torch.")]


def to_tensor(array: np.ndarray[Any, Any], dtype: str) -> torch.Tensor:
    """A copy as a tensor; raw bits become the type they stand for."""
    if _is_turned(array) and _place(array.T) is not None:  # numpy's own copy misses the cache at each element
        return to_mapped(array, dtype).contiguous()
    return _typed(np.array(array, order="C"), dtype)


def to_mapped(array: np.ndarray[Any, Any], dtype: str) -> torch.Tensor:
    """A tensor on the array's own pages where the store has it in a file: nothing is read or copied yet.

    It is for writing to a file (see saving): the bytes may begin at any address, a matrix that lies transposed is not
    contiguous, and the store's file must stay as it is for as long as the tensor lives. A page is copied when
    something writes to it.
    """
    if _is_turned(array):
        return to_mapped(array.T, dtype).t()
    pages = _pages(array)
    if pages is None:
        return to_tensor(array, dtype)
    return torch.from_numpy(pages).view(torch_type(dtype)).reshape(array.shape)


def _is_turned(array: np.ndarray[Any, Any]) -> bool:
    """True for a matrix whose columns lie in a row, and not its rows."""
    return array.ndim == 2 and array.T.flags.c_contiguous and not array.flags.c_contiguous


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
