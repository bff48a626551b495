"""The format of torch.save before the zip archive: five pickles after each other, then the bytes of the storages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import storage_dtype
from sketch.graph.rows import DTYPES
from sketch.kernels.pytorch.files.pickles import Global
from sketch.kernels.pytorch.files.tensors import StorageAt
from sketch.kernels.pytorch.files.torch_pickle import torch_reader

MAGIC = 0x1950A86A20F9469CFC6C
_COUNT = 8


@dataclass(frozen=True, slots=True)
class ReadPickle:
    """The value in a file, and the names that loading it with torch would look up."""

    value: Any
    globals: tuple[Global, ...]
    where: str = ""


def read_legacy(stream: IO[bytes], where: str, data: bytes | None = None) -> ReadPickle:
    """The value of a file in the old format; BinderError when it is damaged.

    Args:
        data: the whole file, where it lies in memory.
    """
    storages: dict[str, StorageAt] = {}
    counts: dict[str, int] = {}

    def find(key: str, dtype: str, count: int) -> StorageAt:
        counts[key] = count
        return storages.setdefault(key, StorageAt(where, 0, 0, dtype, data))  # its place follows the pickles

    reader = torch_reader(where, find)
    if reader.read(stream) != MAGIC:
        raise BinderError(f"{where}: is damaged; download or save it again.")
    _version, machine, value, keys = (reader.read(stream) for _ in range(4))
    if isinstance(machine, dict) and machine.get("little_endian") is False:
        raise BinderError(f"{where}: was written on a big-endian machine; save it again on another one.")
    if not isinstance(keys, list) or set(map(str, keys)) != set(storages):
        raise BinderError(f"{where}: its list of storages is damaged; download or save it again.")
    _place(stream, where, [storages[str(key)] for key in keys], [counts[str(key)] for key in keys])
    return ReadPickle(value, tuple(reader.globals.values()), where)


def _place(stream: IO[bytes], where: str, storages: list[StorageAt], counts: list[int]) -> None:
    """Say where each storage is: its number of elements, then its bytes, one after the other."""
    start = stream.tell()
    end = stream.seek(0, 2)
    for storage, count in zip(storages, counts, strict=True):
        if storage.dtype not in DTYPES:
            raise BinderError(f"{where}: has a {storage.dtype}, which Sketch does not know.")
        length = count * storage_dtype(storage.dtype).itemsize
        stream.seek(start)
        if int.from_bytes(stream.read(_COUNT), "little") != count or start + _COUNT + length > end:
            raise BinderError(f"{where}: a storage claims {length} bytes that the file does not have.")
        storage.offset, storage.length = start + _COUNT, length
        start += _COUNT + length
