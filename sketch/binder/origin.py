"""The file a drawing was opened from: remembered in the document, so that a proof can run it while both are unchanged.

The row `origin` of the table `meta` holds path, size, time and digest of the file, and a digest of the drawing as it
was opened: what is computed, not where it stands or what its layers are called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sketch.binder.kernel import ImportedModel
from sketch.graph.delta import Change
from sketch.graph.network import Network
from sketch.graph.rows import FrozenDict
from sketch.graph.tables import Tables

KEY = "origin"
_BLOCK, _BLOCKS = 64 << 10, 64
"""Of a large file, so many blocks of so many bytes are read, spread evenly, first and last among them."""
_NAMED = ("Input", "Output")
"""Layers whose names matter: values are matched by them."""
_SAID = ("class", "arguments", "source")
"""Options without which a file cannot be run again as it was opened."""


def with_origin(model: ImportedModel, path: Path, options: Mapping[str, Any] | None = None) -> Any:
    """The Delta of an imported model with the row that says which file it came from, and how that was opened."""
    tables = Tables()
    tables.apply(model.delta)
    stat = path.stat()
    row = FrozenDict(
        path=str(path.resolve()), size=stat.st_size, mtime=stat.st_mtime_ns,
        digest=file_digest(path), drawing=drawing_digest(tables),
    )  # fmt: skip
    said: dict[str, Any] = {
        name: str(value) for name, value in (options or {}).items() if name in _SAID and value
    }
    if options and options.get("folders"):
        said["folders"] = tuple(map(str, options["folders"]))
    row = row.with_(options=FrozenDict(said)) if said else row
    return (*model.delta, Change("meta", KEY, tables.meta.get(KEY), row))


def origin_of(network: Network) -> Path | None:
    """The file that this network is still a picture of; None when either of them has changed since."""
    row = network.meta.get(KEY)
    if not isinstance(row, Mapping) or network.tables is None:
        return None
    path = Path(str(row.get("path", "")))
    try:
        same = path.stat().st_size == row.get("size") and file_digest(path) == row.get("digest")
    except OSError:
        return None
    return path if same and drawing_digest(network.tables) == row.get("drawing") else None


def options_of(network: Network) -> Mapping[str, Any]:
    """The options with which the file of a network was opened, as far as running it needs them."""
    row = network.meta.get(KEY)
    options = row.get("options") if isinstance(row, Mapping) else None
    return dict(options) if isinstance(options, Mapping) else {}


def file_digest(path: Path) -> str:
    """SHA-256 of a file, of a large one in samples; OSError when it cannot be read."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        if size <= _BLOCK * _BLOCKS:
            digest.update(file.read())
        else:
            for number in range(_BLOCKS):
                file.seek((size - _BLOCK) * number // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()


def drawing_digest(tables: Tables) -> str:
    """A digest of what a drawing computes: layers, parameters, wires and weights."""
    digest = hashlib.sha256()
    for key in sorted(tables.nodes):
        node = tables.nodes[key]
        name = node.name if node.layer in _NAMED else ""
        wires = [(edge.source, edge.out, edge.into) for edge in node.prior]
        digest.update(f"{key}|{node.layer}|{name}|{_plain(node.params)}|{wires}\n".encode())
    for key, role in sorted(tables.weights):
        row = tables.tensors[tables.weights[key, role]]
        digest.update(f"{key}|{role}|{row.digest}|{row.shape}|{row.dtype}\n".encode())
    digest.update(str(tables.meta.get("seed", 0)).encode())
    return digest.hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key!r}:{_plain(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + ",".join(map(_plain, value)) + ")"
    return repr(value)
