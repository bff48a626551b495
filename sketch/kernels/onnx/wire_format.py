"""Read the structure of an .onnx file without its weights: protobuf's wire format, with every claim checked.

A large tensor's bytes are left where they are; the copy that is handed to the onnx library points to them. So opening
costs the structure of a model, whatever its weights weigh, and a size that a file only claims is never allocated.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path

from sketch.binder.kernel import BinderError

INLINE = 4096
"""Messages up to this many bytes are copied as they are."""
MAX_DEPTH = 60
MAX_STRUCTURE = 1 << 29
"""Bytes of structure (nodes, names, small constants) that a model may have."""
SELF = "sketch:self"
"""The location of a tensor whose bytes lie in the model file itself."""
BITS: Mapping[int, int] = {
    1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
    17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2,
    27: 6, 28: 6,
}  # fmt: skip
"""Bits of an element by its number in TensorProto.DataType."""

_MODEL_WIRES = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
}
"""Fields that hold messages in which a tensor may lie, by kind of message."""
_RAW = {9: None, 4: 32, 10: 64}
"""Fields of a TensorProto that hold elements as they lie in memory: raw_data, float_data, double_data."""


class WireError(Exception):
    """The bytes are no protobuf."""


Field = tuple[int, int, int, int, int]
"""(number, wire type, start of the tag, start of the value, end)."""


def looks_like_model(head: bytes) -> bool:
    """True when the first bytes are the fields of a ModelProto."""
    seen = set()
    try:
        for number, wire, _, _, _ in fields(head, 0, len(head), cut=True):
            if _MODEL_WIRES.get(number) != wire:
                return False
            seen.add(number)
    except WireError:
        return False
    return bool(seen & {1, 7, 8})


def read_structure(path: Path) -> bytes:
    """A ModelProto without large tensors' bytes; BinderError in one line when the file is none or is cut off."""
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Reader(data, path).model(size)
            except WireError as error:
                raise BinderError(f"{path.name}: {error}") from None


def _open(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  the type of an open binary file is private
    try:
        kind = path.stat()
    except OSError as error:
        raise BinderError(f"{path.name}: cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(kind.st_mode):
        raise BinderError(f"{path.name}: is no file; choose an .onnx file.")
    if not kind.st_size:
        raise BinderError(f"{path.name}: the file is empty; get it again from where it came.")
    try:
        return path.open("rb")
    except OSError as error:
        raise BinderError(f"{path.name}: cannot be read: {error.strerror}.") from None


def read_varint(data: bytes | mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """(a varint, where it ends); WireError when it does not end."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise WireError("the file is cut off or no ONNX model; get it again from where it came.")


def fields(data: bytes | mmap.mmap, at: int, end: int, *, cut: bool = False) -> Iterator[Field]:
    """The fields of a message; with `cut` the last one may reach over the end."""
    while at < end:
        start = at
        try:
            tag, at = read_varint(data, at, end)
        except WireError:
            if cut:
                return
            raise
        number, wire = tag >> 3, tag & 7
        if not number or wire not in (0, 1, 2, 5):
            raise WireError("the file is no ONNX model, or damaged.")
        if wire == 0:
            value = at
            try:
                _, at = read_varint(data, at, end)
            except WireError:
                if cut:
                    return
                raise
        elif wire == 2:
            length, value = read_varint(data, at, end) if not cut or end - at > 10 else (0, end)
            at = value + length
        else:
            value, at = at, at + (8 if wire == 1 else 4)
        if at > end and not cut:
            raise WireError(
                f"the file is cut off: a part claims {at - value} bytes, {max(end - value, 0)} are there; get it again."
            )
        yield number, wire, start, value, at


class _Reader:
    """Copies a model with pointers in place of large tensors."""

    def __init__(self, data: mmap.mmap, path: Path):
        self._data, self._path = data, path
        self._written = 0

    def model(self, size: int) -> bytes:
        """The whole file."""
        numbers = set()
        for number, wire, _, _, _ in fields(self._data, 0, size):
            if number in _MODEL_WIRES and _MODEL_WIRES[number] != wire:
                raise WireError("the file is no ONNX model.")
            numbers.add(number)
        if 7 not in numbers:
            raise WireError("the file holds no ONNX graph.")
        return self._message("model", 0, size, 0)

    def _message(self, kind: str, start: int, end: int, depth: int) -> bytes:
        if depth > MAX_DEPTH:
            raise WireError(f"graphs are nested more than {MAX_DEPTH // 3} deep.")
        if kind == "tensor":
            return self._tensor(start, end)
        children = CHILDREN[kind]
        parts: list[bytes] = []
        for number, wire, tag, value, after in fields(self._data, start, end):
            if wire == 2 and number in children and after - value > INLINE:
                body = self._message(children[number], value, after, depth + 1)
                parts.append(encoded(number, body))
            else:
                self._spend(after - tag)
                parts.append(self._data[tag:after])
        return b"".join(parts)

    def _tensor(self, start: int, end: int) -> bytes:
        """A TensorProto; large elements become a pointer into this file."""
        parts: list[bytes] = []
        dims: list[int] = []
        kind, name, large = 0, "", None
        for number, wire, tag, value, after in fields(self._data, start, end):
            if number in _RAW and wire == 2 and after - value > INLINE:
                large = (value, after - value)
                continue
            if number == 1:
                dims += self._numbers(wire, value, after)
            elif number == 2 and wire == 0:
                kind = read_varint(self._data, value, after)[0]
            elif number == 8 and wire == 2:
                name = self._data[value:after].decode("utf-8", "replace")
            self._spend(after - tag)
            parts.append(self._data[tag:after])
        if large is not None:
            check_size(name, dims, kind, large[1])
            parts.append(_pointer(*large))
        return b"".join(parts)

    def _numbers(self, wire: int, at: int, end: int) -> list[int]:
        found = []
        while at < end:
            value, at = read_varint(self._data, at, end)
            found.append(value)
            if wire == 0:
                break
        return found

    def _spend(self, count: int) -> None:
        self._written += count
        if self._written > MAX_STRUCTURE:
            raise WireError(f"the model's structure is larger than {MAX_STRUCTURE >> 20} MB.")


def check_size(name: str, dims: list[int], kind: int, have: int) -> None:
    """BinderError when a tensor's sizes do not fit the bytes that are there."""
    bits = BITS.get(kind)
    if bits is None:
        raise BinderError(f"Tensor {name[:200]!r} has the unknown element type {kind}.")
    if any(size < 0 or size >= 1 << 63 for size in dims):
        raise BinderError(f"Tensor {name[:200]!r} claims a negative size; the file is damaged.")
    need = -(-prod(dims) * bits // 8)
    if need != have:
        shape = "×".join(map(str, dims)) or "scalar"
        raise BinderError(
            f"Tensor {name[:200]!r} claims {shape} = {need} bytes, {have} are there; the file is damaged."
        )


def encoded(field: int, body: bytes) -> bytes:
    """A field that holds a message."""
    return varint(field << 3 | 2) + varint(len(body)) + body


def varint(value: int) -> bytes:
    """A varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _pointer(offset: int, length: int) -> bytes:
    """external_data entries and data_location = EXTERNAL."""
    entries = {"location": SELF, "offset": str(offset), "length": str(length)}
    parts = [
        encoded(13, encoded(1, key.encode()) + encoded(2, value.encode())) for key, value in entries.items()
    ]
    return b"".join(parts) + varint(14 << 3) + b"\x01"
