"""Reads the header of a .safetensors file: names, element types, shapes and places, all checked against the bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import storage_dtype
from sketch.kernels.pytorch.files.tensors import StorageAt, TensorAt

MOST_HEADER = 100_000_000
_LENGTH = 8
_TYPES: Mapping[str, str] = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
    "C64": "complex64", "F8_E4M3": "float8e4m3fn", "F8_E5M2": "float8e5m2", "F8_E8M0": "float8e8m0",
}  # fmt: skip


def is_safetensors(path: Path, head: bytes) -> bool:
    """True when a file begins with the length of a header that is there and is an object of JSON."""
    length = int.from_bytes(head[:_LENGTH], "little")
    return len(head) > _LENGTH and head[_LENGTH : _LENGTH + 1] == b"{" and 2 <= length <= path.stat().st_size


def read_safetensors(path: Path) -> tuple[dict[str, TensorAt], dict[str, str]]:
    """(tensors by key, what the file says about itself); nothing of the data is read."""
    total = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        if not 2 <= length <= min(MOST_HEADER, total - _LENGTH):
            raise BinderError(f"{path}: its header claims {length} bytes; the file is damaged or cut off.")
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BinderError(f"{path}: its header is damaged; download or save it again.") from None
    if not isinstance(header, dict):
        raise BinderError(f"{path}: its header is no table of tensors; download or save it again.")
    said = header.pop("__metadata__", {})
    start = _LENGTH + length
    rows = {key: _tensor(path, key, row, start, total) for key, row in header.items()}
    _check_holes(path, rows, start, total)
    facts = {str(key): str(value)[:1000] for key, value in said.items()} if isinstance(said, dict) else {}
    return rows, facts


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _tensor(path: Path, key: str, row: Any, start: int, total: int) -> TensorAt:
    fault = BinderError(
        f"{path}: what its header says about {key[:200]!r} is damaged; download or save it again."
    )
    if not isinstance(row, dict) or not isinstance(row.get("dtype"), str):
        raise fault
    if row["dtype"] not in _TYPES:
        raise BinderError(
            f"{path}: {key} has the element type {row['dtype'][:40]}, which Sketch does not know."
        )
    shape, place = _sizes(row.get("shape")), _sizes(row.get("data_offsets"))
    if shape is None or place is None or len(place) != 2 or len(shape) > 64:
        raise fault
    dtype, (first, last) = _TYPES[row["dtype"]], place
    need = prod(shape) * storage_dtype(dtype).itemsize
    if last - first != need or start + last > total:
        raise BinderError(
            f"{path}: {key} claims {need} bytes that the file does not have; it is damaged or cut off."
        )
    stride = tuple(prod(shape[index + 1 :]) for index in range(len(shape)))
    return TensorAt(StorageAt(str(path), start + first, need, dtype), 0, tuple(shape), stride, dtype)


def _sizes(value: Any) -> list[int] | None:
    """Whole numbers that sizes and places can be; None for anything else."""
    whole = isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 62 for item in value)
    return list(value) if whole else None


def _check_holes(path: Path, tensors: Mapping[str, TensorAt], start: int, total: int) -> None:
    """Tensors lie one after the other: what lies over another, or in no tensor, is no honest file."""
    for key, tensor in sorted(
        tensors.items(), key=lambda each: (each[1].storage.offset, each[1].storage.length)
    ):
        if tensor.storage.offset != start:
            raise BinderError(f"{path}: {key} does not follow the tensor before it; the file is damaged.")
        start += tensor.storage.length
    if start != total:
        raise BinderError(
            f"{path}: {total - start} bytes belong to no tensor; the file is damaged or cut off."
        )
