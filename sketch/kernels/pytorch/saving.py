"""torch.save of a module whose matrices may lie transposed, as they do in files of ONNX."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import serialization

_CACHE_LINE = 64
"""Bytes."""
_WHOLE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def save(
    module: torch.nn.Module, path: Path, part: Callable[[torch.nn.Module], Any] = lambda module: module
) -> None:
    """Write a module, or a part of it, as torch.save writes it when every tensor is contiguous.

    A matrix that lies transposed is turned when its bytes are written, in one buffer for all of them: turning them
    before would take as much memory again as the model has weights, and fresh memory costs more than the turning.
    """
    with _contiguous(module) as turned:
        if not turned:
            torch.save(part(module), path)
            return
        with serialization._open_zipfile_writer(str(path)) as file:
            writer = _Turning(file, turned)
            write: Callable[..., None] = serialization._save
            write(part(module), writer, pickle, serialization.DEFAULT_PROTOCOL, False)


@contextmanager
def _contiguous(module: torch.nn.Module) -> Iterator[dict[int, torch.Tensor]]:
    """Call every transposed matrix contiguous for as long as the block runs; the real ones, by their addresses."""
    tensors = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}.values()
    real = [(tensor, tensor.data) for tensor in tensors if not tensor.is_contiguous() and _lies_alone(tensor)]
    try:
        for tensor, values in real:
            tensor.data = values.t().view(values.shape)
        yield {values.data_ptr(): values for _, values in real}
    finally:
        for tensor, values in real:
            tensor.data = values


def _lies_alone(tensor: torch.Tensor) -> bool:
    """True for a transposed matrix that has its memory for itself."""
    whole = tensor.untyped_storage().nbytes() == tensor.nbytes
    return whole and tensor.ndim == 2 and tensor.t().is_contiguous()


class _Turning:
    """torch's writer of a zip archive, which turns the matrices that lie transposed."""

    def __init__(self, file: Any, turned: Mapping[int, torch.Tensor]):
        self._file = file
        self._turned = turned
        most = max(values.nbytes for values in turned.values())
        self._buffer = torch.from_numpy(np.empty(most, np.uint8))  # numpy asks for huge pages, torch does not

    def write_record(self, name: str, data: Any, size: int) -> None:
        """Write one record; `data` are bytes, text or the storage of a tensor."""
        values = self._turned.get(data.data_ptr()) if isinstance(data, torch.UntypedStorage) else None
        if values is not None:
            raw = self._buffer[:size]
            _turn(_bits(values), _bits(raw.view(values.dtype).view(values.shape)))
            data = raw.untyped_storage()
        self._file.write_record(name, data, size)


def _bits(values: torch.Tensor) -> np.ndarray[Any, Any]:
    """The same memory as whole numbers; numpy lacks some of torch's types."""
    return values.detach().view(_WHOLE.get(values.element_size(), values.dtype)).numpy()


def _turn(values: np.ndarray[Any, Any], made: np.ndarray[Any, Any]) -> None:
    """Copy a matrix that lies transposed; as many columns at a time as fill a cache line of what is written."""
    wide = max(1, _CACHE_LINE // values.itemsize)
    for first in range(0, values.shape[1], wide):
        made[:, first : first + wide] = values[:, first : first + wide]
