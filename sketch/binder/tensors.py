"""Tensors live outside the graph: content-addressed, memory-mapped, shared by documents and workers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.binder.made_tensors import SLICE, MadeTensors
from sketch.graph.recipes import MADE

if TYPE_CHECKING:
    import numpy as np

ADOPT_BELOW = 256 << 20
"""Files smaller than this (bytes) are taken in whole; a session then needs them no more."""
VIEW = "view"
"""Digests of tensors that are another one, transposed or reshaped, begin so."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Bytes of a tensor inside a file that stays where it is: `offset` and `length` in bytes."""

    path: str
    offset: int
    length: int


class TensorStore(MadeTensors):
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
            self._publish(target, bytes_of(array))
        return digest

    def view(
        self,
        base: str,
        shape: tuple[int, ...],
        dtype: str,
        *,
        order: tuple[int, ...] = (),
        new_shape: tuple[int, ...] | None = None,
    ) -> str:
        """Record a stored tensor seen otherwise, and return the digest of that; nothing is copied.

        Args:
            base: digest of the tensor, of this `shape`.
            order: its dimensions in the new order; empty: as they are.
            new_shape: sizes after that; None: as they are.
        """
        record = {"base": base, "shape": shape, "order": order, "new": new_shape}
        text = json.dumps(record, sort_keys=True).encode()
        digest = VIEW + hashlib.sha256(text + dtype.encode()).hexdigest()
        target = self.folder / f"{digest}.json"
        if not target.exists():
            self._publish(target, text)
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
        digest = SLICE + hashlib.sha256(text + dtype.encode() + repr(shape).encode()).hexdigest()
        target = self.folder / f"{digest}.json"
        if not target.exists():
            self._publish(target, text)
        return digest

    def let_go(self, path: Path) -> None:
        """Let every tensor that lies in this file outlive it; to be called before the file is replaced.

        The file gets a second name in the store, or a copy there where it cannot have one, and the records of its
        tensors point to that: digests stay as they are. OSError in one line when there is no room.
        """
        real = Path(os.path.realpath(path))
        records = self._records_in(real)
        if not records:
            return
        kept = self._second_name(real)
        stat = kept.stat()
        for target, record in records:
            moved = {**record, "path": str(kept), "size": stat.st_size, "mtime": stat.st_mtime_ns}
            self._publish(target, json.dumps(moved, sort_keys=True).encode())

    def _records_in(self, path: Path) -> list[tuple[Path, dict[str, Any]]]:
        """The records of tensors that can be read from this file, under whichever name they know it."""
        found: list[tuple[Path, dict[str, Any]]] = []
        if not path.is_file():
            return found
        stat = path.stat()
        same: dict[str, bool] = {}
        for target in self.folder.glob(f"{SLICE}*.json"):
            record = json.loads(target.read_text())
            place = record["path"]
            if place not in same:
                same[place] = Path(place).exists() and path.samefile(place)
            if same[place] and (record["size"], record["mtime"]) == (stat.st_size, stat.st_mtime_ns):
                found.append((target, record))
        return found

    def _second_name(self, path: Path) -> Path:
        kept = self.folder.resolve() / f"kept-{secrets.token_hex(8)}.bin"
        with contextlib.suppress(OSError):
            os.link(path, kept)
            return kept
        part = kept.with_suffix(".tmp")
        try:
            shutil.copyfile(path, part)
            part.replace(kept)
        except OSError as error:
            part.unlink(missing_ok=True)
            size = path.stat().st_size / 2**20
            raise OSError(
                f"it holds weights of the open document, and there is no keeping them in {self.folder} "
                f"({size:.0f} MB: {error.strerror or error}); make room there, or write to another file"
            ) from None
        return kept

    def _adopt(self, place: FileSlice, dtype: str, shape: tuple[int, ...]) -> str:
        import numpy as np

        storage = storage_dtype(dtype)
        if not place.length:
            return self.put(np.empty(shape, storage), dtype)
        mapped = np.memmap(place.path, np.uint8, mode="r", offset=place.offset, shape=(place.length,))
        return self.put(np.frombuffer(mapped, storage).reshape(shape), dtype)

    def get(self, digest: str, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        """The array, read-only and memory-mapped; BinderError when it is missing or has another size."""
        import numpy as np

        if digest.startswith(VIEW):
            return self._seen(digest, dtype)
        if digest.startswith(MADE) and not self._blob(digest).exists():
            self._compute(digest)
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

    def _seen(self, digest: str, dtype: str) -> np.ndarray[Any, Any]:
        try:
            record = json.loads((self.folder / f"{digest}.json").read_text())
        except (OSError, ValueError):
            raise _fault(
                f"Tensor {digest[:12]} is missing from the store; open the original file again."
            ) from None
        array = self.get(record["base"], tuple(record["shape"]), dtype)
        if record["order"]:
            array = array.transpose(record["order"])
        return array if record["new"] is None else array.reshape(record["new"])

    def __contains__(self, digest: str) -> bool:
        if digest.startswith(VIEW) and (self.folder / f"{digest}.json").exists():
            return json.loads((self.folder / f"{digest}.json").read_text())["base"] in self
        if digest.startswith(MADE) and not self._blob(digest).exists():
            return self._can_make(digest)
        return self._blob(digest).exists() or (self.folder / f"{digest}.json").exists()

    def _where(self, digest: str) -> tuple[Path, int]:
        if not digest.startswith(SLICE):
            return self._blob(digest), 0
        try:
            record = json.loads((self.folder / f"{digest}.json").read_text())
            stat = Path(record["path"]).stat()
        except (OSError, ValueError):
            raise _fault(f"Tensor {digest[:12]} is not where it was; open the original file again.") from None
        if (stat.st_size, stat.st_mtime_ns) != (record["size"], record["mtime"]):
            raise _fault(f"{record['path']} has changed since it was opened; open it again.")
        return Path(record["path"]), int(record["offset"])


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
    digest.update(bytes_of(array))
    return digest.hexdigest()


def bytes_of(array: np.ndarray[Any, Any]) -> bytes | memoryview:
    """The bytes in C order, without a copy where they lie so."""
    import numpy as np

    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8).data if flat.size else b""


def _fault(text: str) -> Exception:
    from sketch.binder.kernel import (
        BinderError,
    )  # brings the whole protocol, which an empty store does not need

    return BinderError(text)
