"""From a light model to files: pointers become bytes, streamed, in the model or beside it.

No message with all weights is ever built, so neither memory nor protobuf's limit of 2 GB is in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import BinaryIO

import onnx

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.proto_tensors import entries_of, is_elsewhere, tensors_of
from sketch.kernels.onnx.wire_format import BITS, CHILDREN, fields, varint

EMBEDDED_LIMIT = (1 << 31) - (1 << 16)
"""Protobuf reads no larger message; larger models have their weights beside them."""
MARK = b"sketch:"
WAS = "was."
"""Entries of a pointer that say where the opened file had the elements."""
AS_IT_WAS = "as it was"
ALIGN = 4096
SMALL = 1024
"""Tensors of fewer bytes stay in the model."""

Pieces = Callable[[onnx.TensorProto], Iterator[memoryview]]
"""The bytes of a tensor that is a pointer."""


@dataclass(frozen=True)
class Written:
    """The files, the model first, and what there is to say about them."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def write_model(model: onnx.ModelProto, path: Path, pieces: Pieces, layout: object = False) -> Written:
    """Write `path`, and files beside it.

    Args:
        layout: False: weights in the model while protobuf allows it; True: beside it; AS_IT_WAS: where the opened
            file had them.
    """
    pointers = [tensor for tensor in tensors_of(model) if _is_pointer(tensor)]
    total = sum(size_of(tensor) for tensor in pointers)
    notes = []
    if not layout and total + model.ByteSize() > EMBEDDED_LIMIT:
        layout = True
        notes.append(
            f"The weights lie in {path.name}.data beside the model: one file holds 2 GB, they are {total / 1e9:.1f} GB."
        )
    if not layout:
        with path.open("wb") as file:
            _expand(model.SerializeToString(deterministic=True), file, pieces)
        return Written((path,), tuple(notes))
    beside = _Beside(path, pieces)
    try:
        for tensor in pointers:
            beside.take(tensor, as_it_was=layout == AS_IT_WAS)
    finally:
        beside.close()
    data = model.SerializeToString(deterministic=True)
    path.write_bytes(data)
    return Written((path, *beside.files), (*notes, *beside.notes))


def size_of(tensor: onnx.TensorProto) -> int:
    """Bytes of a tensor in a file."""
    return int(-(-prod(tensor.dims) * BITS[tensor.data_type] // 8))


def _is_pointer(tensor: onnx.TensorProto) -> bool:
    return is_elsewhere(tensor) and entries_of(tensor).get("location", "").startswith(MARK.decode())


class _Beside:
    """Files with weights beside a model."""

    def __init__(self, path: Path, pieces: Pieces):
        self._path, self._pieces = path, pieces
        self._open: dict[Path, BinaryIO] = {}
        self.notes: list[str] = []

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written."""
        return tuple(self._open)

    def take(self, tensor: onnx.TensorProto, *, as_it_was: bool) -> None:
        """Write a tensor's bytes and let it point to them."""
        entries, size = entries_of(tensor), size_of(tensor)
        was = {key[len(WAS) :]: value for key, value in entries.items() if key.startswith(WAS)}
        if not was if as_it_was else size < SMALL:
            self._embed(tensor)
            return
        file, offset = self._place(was if as_it_was else {}, size)
        for piece in self._pieces(tensor):
            file.write(piece)
        del tensor.external_data[:]
        for key, value in (("location", Path(file.name).name), ("offset", offset), ("length", size)):
            tensor.external_data.add(key=key, value=str(value))

    def _embed(self, tensor: onnx.TensorProto) -> None:
        data = b"".join(self._pieces(tensor))
        del tensor.external_data[:]
        tensor.ClearField("data_location")
        tensor.raw_data = data

    def _place(self, was: dict[str, str], size: int) -> tuple[BinaryIO, int]:
        if not was:
            file = self._file(f"{self._path.name}.data")
            file.seek(0, 2)
            file.write(b"\0" * (-file.tell() % ALIGN))
            return file, file.tell()
        name = Path(was["location"]).name
        if name != was["location"]:
            self.notes.append(f"{was['location']} is written as {name}, beside the model.")
        if name == self._path.name:
            raise BinderError(
                f"{name}: the weights were in a file of this name; save the model under another."
            )
        file, offset = self._file(name), int(was.get("offset", 0))
        file.seek(offset)
        return file, offset

    def _file(self, name: str) -> BinaryIO:
        path = self._path.with_name(name)
        if path not in self._open:
            self._open[path] = path.open("wb")
        return self._open[path]

    def close(self) -> None:
        """Close the files."""
        self.notes = list(dict.fromkeys(self.notes))
        for file in self._open.values():
            file.close()


# --- embedded --------------------------------------------------------------------------------------


@dataclass
class _Message:
    """A message cut into bytes and pointers, with its length when the pointers are bytes."""

    parts: list[bytes | onnx.TensorProto] = field(default_factory=list)
    size: int = 0

    def add(self, data: bytes) -> None:
        """Append bytes."""
        self.parts.append(data)
        self.size += len(data)


def _expand(data: bytes, file: BinaryIO, pieces: Pieces) -> None:
    for part in _cut("model", data).parts:
        if isinstance(part, bytes):
            file.write(part)
            continue
        before = file.tell()
        file.writelines(pieces(part))
        if file.tell() - before != size_of(part):
            raise BinderError(
                f"The tensor {part.name!r} has not the size that its shape says; open the file again."
            )


def _cut(kind: str, data: bytes) -> _Message:
    message = _Message()
    if kind == "tensor":
        _cut_tensor(data, message)
        return message
    for number, wire, tag, value, after in fields(data, 0, len(data)):
        if wire == 2 and number in CHILDREN[kind] and data.find(MARK, value, after) >= 0:
            inner = _cut(CHILDREN[kind][number], data[value:after])
            message.add(varint(number << 3 | 2) + varint(inner.size))
            message.parts += inner.parts
            message.size += inner.size
        else:
            message.add(data[tag:after])
    return message


def _cut_tensor(data: bytes, message: _Message) -> None:
    tensor = onnx.TensorProto.FromString(data)
    if not _is_pointer(tensor):
        message.add(data)
        return
    rest = onnx.TensorProto()
    rest.CopyFrom(tensor)
    del rest.external_data[:]
    rest.ClearField("data_location")
    size = size_of(tensor)
    message.add(rest.SerializeToString() + varint(9 << 3 | 2) + varint(size))
    message.parts.append(tensor)
    message.size += size
