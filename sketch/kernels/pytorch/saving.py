"""torch.save of a module whose matrices may lie transposed, as they do in files of ONNX."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import serialization

_CACHE_LINE = 64
"""Bytes."""
_Begun = tuple[int, "Future[torch.UntypedStorage]"]
_WHOLE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def save(
    module: torch.nn.Module, path: Path, part: Callable[[torch.nn.Module], Any] = lambda module: module
) -> None:
    """Write a module, or a part of it, as torch.save writes it when every tensor is contiguous.

    A matrix that lies transposed is turned while the one before it is written, in two buffers for all of them: turning
    all before would take as much memory again as the model has weights, and fresh memory costs more than the turning.
    """
    with _contiguous(module) as turned:
        if not turned:
            torch.save(part(module), path)
            return
        with serialization._open_zipfile_writer(str(path)) as file, ThreadPoolExecutor(1) as thread:
            writer = _Turning(file, turned, thread)
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
    """torch's writer of a zip archive, which turns the matrices that lie transposed, one ahead of the writing."""

    def __init__(self, file: Any, turned: Mapping[int, torch.Tensor], thread: Executor):
        self._file = file
        self._waiting = dict(turned)
        self._thread = thread
        most = max(values.nbytes for values in turned.values())
        # numpy asks for huge pages, torch does not
        self._buffers = [torch.from_numpy(np.empty(most, np.uint8)) for _ in range(min(2, len(turned)))]
        self._begun: _Begun | None = None

    def write_record(self, name: str, data: Any, size: int) -> None:
        """Write one record; `data` are bytes, text or the storage of a tensor."""
        if isinstance(data, torch.UntypedStorage) and (key := data.data_ptr()) in self._waiting:
            data = self._turned(key)
        self._file.write_record(name, data, size)

    def _turned(self, key: int) -> torch.UntypedStorage:
        """The bytes of a matrix; they stay as they are until the matrix after it is asked for."""
        begun = self._begun if self._begun and self._begun[0] == key else self._begin(key)
        made = begun[1].result()
        del self._waiting[key]
        self._begun = self._begin(next(iter(self._waiting))) if self._waiting else None
        return made

    def _begin(self, key: int) -> _Begun:
        self._buffers.append(self._buffers.pop(0))
        values = self._waiting[key]
        return key, self._thread.submit(_fill, values, self._buffers[-1][: values.nbytes])


def _fill(values: torch.Tensor, raw: torch.Tensor) -> torch.UntypedStorage:
    _turn(_bits(values), _bits(raw.view(values.dtype).view(values.shape)))
    return raw.untyped_storage()


def _bits(values: torch.Tensor) -> np.ndarray[Any, Any]:
    """The same memory as whole numbers; numpy lacks some of torch's types."""
    return values.detach().view(_WHOLE.get(values.element_size(), values.dtype)).numpy()


def _turn(values: np.ndarray[Any, Any], made: np.ndarray[Any, Any]) -> None:
    """Copy a matrix that lies transposed; as many columns at a time as fill a cache line of what is written."""
    wide = max(1, _CACHE_LINE // values.itemsize)
    for first in range(0, values.shape[1], wide):
        made[:, first : first + wide] = values[:, first : first + wide]
