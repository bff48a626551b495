"""The weights in a file, read without running any of it: zip archives, the old format, pickles, safetensors, shards."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sketch.binder.kernel import BinderError, Loss
from sketch.binder.matching import WRAPPERS
from sketch.binder.tensors import ADOPT_BELOW
from sketch.graph.rows import DTYPES
from sketch.kernels.pytorch.files.legacy import MAGIC, ReadPickle, read_legacy
from sketch.kernels.pytorch.files.pickles import Opaque
from sketch.kernels.pytorch.files.safetensors import read_safetensors
from sketch.kernels.pytorch.files.tensors import StorageAt, TensorAt, checked
from sketch.kernels.pytorch.files.torch_pickle import is_data, torch_reader
from sketch.kernels.pytorch.files.zip_gate import Archive, open_archive

MOST_PICKLE = 1 << 27
"""Bytes of the largest structure that is read; weights are not among them."""
MOST_DEPTH = 64
_MOST_INDEX = 1 << 26
_PARTS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
)
"""Entries of checkpoints that hold the model, the likeliest first."""
_TRAINING = ("optim", "lr_sched", "scaler")
"""Beginnings of entries that belong to training, not to the model."""
_FACTS = 40
_MOST_NAMED = 6
_LEGACY = MAGIC.to_bytes(10, "little")


@dataclass(frozen=True, slots=True)
class Weights:
    """Tensors by key, facts for the person (plain values), and what was left out."""

    tensors: Mapping[str, TensorAt]
    facts: Mapping[str, Any] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()


def read_weights(path: Path, kind: str) -> Weights:
    """The weights in a file, its structure checked, its data left where it is.

    Args:
        kind: `safetensors`, `index` (a list of shards), or any other for a pickle of torch in whatever container.
    """
    if kind == "safetensors":
        tensors, facts = read_safetensors(path)
        return Weights(tensors, facts)
    if kind == "index":
        return _sharded(path)
    read = read_pickle(path)
    found = weights_of(path, read.value)
    if zipfile.is_zipfile(path) and path.stat().st_size < ADOPT_BELOW:
        with open_archive(path) as archive:
            archive.check_bytes()
    strange = [str(name) for name in read.globals if not is_data(name)]
    if not strange:
        return found
    named = ", ".join(strange[:_MOST_NAMED]) + (", ..." if len(strange) > _MOST_NAMED else "")
    left = Loss("file", f"names {named}; what they stand for was left out, and none of it ran")
    return replace(found, losses=(left, *found.losses))


def read_pickle(path: Path) -> ReadPickle:
    """What torch.save or pickle.dump wrote, as plain values and records; BinderError when it is damaged."""
    with path.open("rb") as file:
        head = file.read(16)
        file.seek(0)
        if head.startswith(b"PK\x03\x04"):
            with open_archive(path) as archive:
                return _of_archive(path, archive)
        if is_legacy(head):
            return read_legacy(file, str(path))
        reader = torch_reader(str(path), _nowhere)
        return ReadPickle(reader.read(file), tuple(reader.globals.values()), str(path))


def is_legacy(head: bytes) -> bool:
    """True when a file begins as torch.save wrote it before the zip archive."""
    return _LEGACY in head[:16]


def weights_of(path: Path, value: Any) -> Weights:
    """The model's tensors in what a file holds; BinderError when there are none."""
    losses: list[Loss] = []
    part, where = _model_part(value, losses, str(path))
    tensors: dict[str, TensorAt] = {}
    for key, item in _leaves(part, str(path)):
        if isinstance(item, TensorAt):
            if item.dtype in DTYPES:
                tensors[key] = checked(item, key)
            else:
                losses.append(Loss(key, f"has the element type {item.dtype}, which Sketch does not know"))
        elif isinstance(item, Opaque):
            losses.append(Loss(key, f"is a {item.kind}, which is left out: it is no tensor"))
    if not tensors:
        raise BinderError(f"{path}: holds no weights and no model; choose another file.")
    named = _unwrapped(tensors, losses)
    facts = dict(_facts(value, part)) | ({"part": where} if where else {})
    return Weights(named, facts, tuple(losses))


def _of_archive(path: Path, archive: Archive) -> ReadPickle:
    if "byteorder" in archive and archive.read("byteorder", 16) != b"little":
        raise BinderError(f"{path}: was written on a big-endian machine; save it again on another one.")
    known: dict[str, StorageAt] = {}

    def find(key: str, dtype: str, count: int) -> StorageAt:
        if key not in known:
            offset, length = archive.place(f"data/{key}")
            if count > length:
                raise BinderError(f"{path}: storage {key} claims {count} elements, it has {length} bytes.")
            known[key] = StorageAt(str(path), offset, length, dtype)
        return known[key]

    reader = torch_reader(str(path), find)
    value = reader.read(io.BytesIO(archive.read("data.pkl", MOST_PICKLE)))
    return ReadPickle(value, tuple(reader.globals.values()), str(path))


def _nowhere(key: str, _dtype: str, _count: int) -> StorageAt:
    raise ValueError(f"a plain pickle has no storage {key}")


def _sharded(path: Path) -> Weights:
    """The tensors of every file that an index names; only files beside it count."""
    if path.stat().st_size > _MOST_INDEX:
        raise BinderError(f"{path}: is too large for an index of weights.")
    try:
        index = json.loads(path.read_bytes())
        shards = dict.fromkeys(str(name) for name in index["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BinderError(f"{path}: is no index of weights; choose a model file.") from None
    tensors: dict[str, TensorAt] = {}
    losses: list[Loss] = []
    for name in shards:
        shard = path.parent / name
        if Path(name).name != name or not shard.is_file():
            raise BinderError(
                f"{path}: names the file {name[:200]!r}, which is not beside it; download it too."
            )
        with shard.open("rb") as file:
            zipped = file.read(2) in (b"PK", b"\x80\x02")
        part = read_weights(shard, "weights" if zipped else "safetensors")
        tensors.update(part.tensors)
        losses += part.losses
    losses += [
        Loss(key, "is in the index, but in no file") for key in index["weight_map"] if key not in tensors
    ]
    return Weights(tensors, {"files": len(shards)}, tuple(losses))


def _model_part(value: Any, losses: list[Loss], file: str) -> tuple[Any, str]:
    """The part of a checkpoint that is the model, and its path; other parts with tensors are named as left out."""
    where: list[str] = []
    while isinstance(value, dict) and not any(isinstance(item, TensorAt) for item in value.values()):
        parts = {str(key): item for key, item in value.items() if has_tensors(item, file)}
        chosen = next((name for name in _PARTS if name in parts), None)
        if chosen is None and len(parts) == 1:
            chosen = next(iter(parts))
        if chosen is None or (where and chosen not in _PARTS) or len(where) > MOST_DEPTH:
            training = [name for name in parts if name.startswith(_TRAINING)]
            losses += _left_out(where, training)
            return {name: part for name, part in parts.items() if name not in training}, ".".join(where)
        losses += _left_out(where, [name for name in parts if name != chosen])
        where.append(chosen)
        value = parts[chosen]
    return value, ".".join(where)


def _left_out(where: list[str], names: list[str]) -> list[Loss]:
    return [Loss(".".join((*where, name)), "also holds tensors; they were left out") for name in names]


def has_tensors(value: Any, where: str) -> bool:
    """True when a tensor is somewhere in a value."""
    return any(isinstance(item, TensorAt) for _, item in _leaves(value, where))


def has_module(value: Any) -> bool:
    """True when a whole module is in a value, or in a checkpoint's dictionary."""
    items = [value, *value.values()] if isinstance(value, dict) else [value]
    return any(isinstance(item, Opaque) and _parts(item) is not None for item in items)


def _parts(item: Opaque) -> Mapping[Any, Any] | None:
    """The attributes of a pickled module (a graph module has them in its arguments); None for what is none."""
    first = item.args[0] if item.args and isinstance(item.args[0], dict) else {}
    held = item.attributes or first
    return held if "_parameters" in held and "_modules" in held else None


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """(key, tensor or unknown object) inside of nested containers, in order; what is met twice counts once a path."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    budget = 2_000_000
    while waiting:
        key, item, depth = waiting.pop()
        budget -= 1
        if budget < 0 or depth > MOST_DEPTH:
            raise BinderError(f"{where}: is nested deeper than any model; it was not opened.")
        inner = _inner(item)
        if inner is None:
            yield key, item
            continue
        rows = [(f"{key}.{name}" if key else str(name), part, depth + 1) for name, part in inner]
        waiting += reversed(rows)


def _inner(item: Any) -> list[tuple[Any, Any]] | None:
    """What is in a container by name; None for what is none. A module counts as its parameters and its parts."""
    if isinstance(item, dict):
        return list(item.items())
    if isinstance(item, (list, tuple)):
        return list(enumerate(item)) if any(_is_container(part) for part in item) else []
    if isinstance(item, Opaque):
        held = _parts(item)
        if held is not None:
            parts = [held.get(name) for name in ("_parameters", "_buffers", "_modules")]
            return [pair for part in parts if isinstance(part, dict) for pair in part.items()]
        if item.entries:
            return list(item.entries.items())
    return None if isinstance(item, (TensorAt, Opaque)) else []


def _is_container(item: Any) -> bool:
    return isinstance(item, (dict, list, tuple, TensorAt, Opaque))


def _unwrapped(tensors: dict[str, TensorAt], losses: list[Loss]) -> dict[str, TensorAt]:
    """Keys without the parts that DataParallel and torch.compile put in front of all of them."""
    while tensors and all(key.partition(".")[0] in WRAPPERS and "." in key for key in tensors):
        first = next(iter(tensors)).partition(".")[0]
        shorter = {key.partition(".")[2]: tensor for key, tensor in tensors.items()}
        if len(shorter) != len(tensors):
            break
        losses.append(Loss("keys", f"stand without the {first!r} that a wrapper put in front of them"))
        tensors = shorter
    return tensors


def _facts(value: Any, part: Any) -> Iterator[tuple[str, Any]]:
    """Plain facts beside the weights: epoch, versions, hyper-parameters."""
    if not isinstance(value, dict) or value is part:
        return
    for key, item in list(value.items())[:_FACTS]:
        held: Any = item.attributes if isinstance(item, Opaque) else item
        if _plain(held):
            yield str(key)[:200], held
        elif isinstance(held, Mapping) and key in ("hyper_parameters", "args", "config", "hparams", "cfg"):
            yield str(key), {str(k)[:200]: v for k, v in list(held.items())[:_FACTS] if _plain(v)}


def _plain(item: Any) -> bool:
    return isinstance(item, (bool, int, float)) or (isinstance(item, str) and len(item) <= 1000)
