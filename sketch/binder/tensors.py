"""Tensors live outside the graph: content-addressed, memory-mapped, shared by documents and workers."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

ADOPT_BELOW = 256 << 20
"""Files smaller than this (bytes) are taken in whole; a session then needs them no more."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Bytes of a tensor inside a file that stays where it is: `offset` and `length` in bytes."""

    path: str
    offset: int
    length: int


class TensorStore:
    """A folder of blobs named by the SHA-256 of dtype, shape and bytes; and slices of files left in place.

    Picklable: a worker opens the same folder. Arrays come back read-only and memory-mapped. Types that numpy
    lacks (bfloat16, float8, int4) are kept as their raw bits: `dtype` of the row says what they are.
    numpy loads with the first tensor: a window with an empty canvas has none.
    """

    def __init__(self, folder: Path, adopt_below: int = ADOPT_BELOW):
        self.folder = Path(folder)
        self.adopt_below = adopt_below
        self.folder.mkdir(parents=True, exist_ok=True)

    def put(self, array: np.ndarray[Any, Any], dtype: str | None = None) -> str:
        """Store an array (C order) and return its digest. `dtype` names the element type of raw bits."""
        import numpy as np

        array = np.ascontiguousarray(array).reshape(np.shape(array))
        name = dtype or array.dtype.name
        digest = content_digest(array, name)
        target = self._blob(digest)
        if not target.exists():
            self._publish(target, array.tobytes())
        return digest

    def put_slice(self, place: FileSlice, dtype: str, shape: tuple[int, ...]) -> str:
        """Record a tensor that a file holds.

        Tensors of small files are copied, so that they outlive the file. Those of large ones stay where they are:
        nothing is read, and the digest names the place, not the content.
        """
        stat = Path(place.path).stat()
        if place.offset < 0 or place.offset + place.length > stat.st_size:
            raise _fault(
                f"{place.path}: a tensor claims bytes {place.offset} to {place.offset + place.length}, "
                f"the file has {stat.st_size}; the file is damaged or cut off."
            )
        if stat.st_size < self.adopt_below:
            return self._adopt(place, dtype, shape)
        record = {"path": place.path, "offset": place.offset, "length": place.length,
                  "size": stat.st_size, "mtime": stat.st_mtime_ns}  # fmt: skip
        text = json.dumps(record, sort_keys=True).encode()
        digest = "at-" + hashlib.sha256(text + dtype.encode() + repr(shape).encode()).hexdigest()
        target = self.folder / f"{digest}.json"
        if not target.exists():
            self._publish(target, text)
        return digest

    def _adopt(self, place: FileSlice, dtype: str, shape: tuple[int, ...]) -> str:
        import numpy as np

        with Path(place.path).open("rb") as file:
            file.seek(place.offset)
            bits = np.frombuffer(file.read(place.length), storage_dtype(dtype))
        return self.put(bits.reshape(shape), dtype)

    def get(self, digest: str, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        """The array, read-only and memory-mapped; BinderError when it is missing or has another size."""
        import numpy as np

        storage = storage_dtype(dtype)
        count = int(np.prod(shape, dtype=np.int64))
        path, offset = self._where(digest)
        try:
            have = path.stat().st_size - offset
        except OSError:
            raise _fault(
                f"Tensor {digest[:12]} is missing from the store; open the original file again."
            ) from None
        if have < count * storage.itemsize:
            raise _fault(f"Tensor {digest[:12]} has {have} bytes, needs {count * storage.itemsize}.")
        if not count:
            return np.empty(shape, storage)
        array = np.memmap(path, dtype=np.uint8, mode="r", offset=offset, shape=(count * storage.itemsize,))
        return np.frombuffer(array, dtype=storage).reshape(shape)

    def __contains__(self, digest: str) -> bool:
        return self._blob(digest).exists() or (self.folder / f"{digest}.json").exists()

    def _where(self, digest: str) -> tuple[Path, int]:
        if not digest.startswith("at-"):
            return self._blob(digest), 0
        try:
            record = json.loads((self.folder / f"{digest}.json").read_text())
            stat = Path(record["path"]).stat()
        except (OSError, ValueError):
            raise _fault(f"Tensor {digest[:12]} is not where it was; open the original file again.") from None
        if (stat.st_size, stat.st_mtime_ns) != (record["size"], record["mtime"]):
            raise _fault(f"{record['path']} has changed since it was opened; open it again.")
        return Path(record["path"]), int(record["offset"])

    def _blob(self, digest: str) -> Path:
        return self.folder / f"{digest}.bin"

    def _publish(self, target: Path, data: bytes) -> None:
        temporary = target.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(target)


def storage_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy type that holds an element type; raw unsigned bits for those that numpy lacks.

    Four-bit and two-bit types are kept unpacked, one element a byte.
    """
    import numpy as np

    wide = {"bfloat16": "uint16"}
    if dtype in wide:
        return np.dtype(wide[dtype])
    if dtype.startswith(("float8", "float4", "int4", "uint4", "int2", "uint2")):
        return np.dtype("uint8")
    if dtype == "string":
        raise _fault("Text tensors are kept in the graph, not in the tensor store.")
    return np.dtype(dtype)


def content_digest(array: np.ndarray[Any, Any], dtype: str) -> str:
    """SHA-256 over element type, shape and bytes."""
    digest = hashlib.sha256(f"{dtype}{array.shape}".encode())
    digest.update(array.tobytes())
    return digest.hexdigest()


def _fault(text: str) -> Exception:
    from sketch.binder.kernel import (
        BinderError,
    )  # brings the whole protocol, which an empty store does not need

    return BinderError(text)
