"""Tensors inside a `.sketch` file: content-addressed blobs in pieces, each checked when it is read."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from sketch.graph.delta import Change, Delta
from sketch.graph.rows import TensorRow
from sketch.state.store import Store

PIECE = 8 << 20
"""Bytes of a tensor in one row of the database."""

TABLES = """
CREATE TABLE tensor (digest TEXT PRIMARY KEY, kind TEXT NOT NULL, blob TEXT NOT NULL);
CREATE TABLE blob (sha256 TEXT NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (sha256, piece));
"""

_log = logging.getLogger(__name__)


class TensorFileError(ValueError):
    """A tensor of the file is missing, cut off or changed; the message names it."""


def write_tensors(
    connection: sqlite3.Connection, rows: Mapping[str, TensorRow], needed: Iterable[str], store: Store
) -> None:
    """Copy tensors in by digest. One that only the history needs and that is gone is left out, with a log line."""
    wanted = set(needed)
    for digest, row in rows.items():
        try:
            array = store.get(digest, row.shape, row.dtype)
        except Exception as error:  # noqa: BLE001 - the store belongs to the binder, and so do its errors
            if digest in wanted:
                raise TensorFileError(
                    f"the weights of {row.name or digest[:12]} cannot be read: {error}"
                ) from None
            _log.warning("document.tensor_of_history_missing digest=%s error=%s", digest[:12], error)
            continue
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        name = hashlib.sha256(content).hexdigest()
        connection.execute("INSERT INTO tensor VALUES (?, ?, ?)", (digest, array.dtype.str, name))
        if connection.execute("SELECT 1 FROM blob WHERE sha256 = ?", (name,)).fetchone() is None:
            for piece, start in enumerate(range(0, max(len(content), 1), PIECE)):
                connection.execute(
                    "INSERT INTO blob VALUES (?, ?, ?)", (name, piece, content[start : start + PIECE])
                )


def check_tensors(connection: sqlite3.Connection) -> None:
    """Read every blob back; TensorFileError when one is not what its name says."""
    for (name,) in connection.execute("SELECT DISTINCT blob FROM tensor").fetchall():
        _read_blob(connection, name, None)


def read_tensors(
    connection: sqlite3.Connection, rows: Mapping[str, TensorRow], store: Store
) -> dict[str, str]:
    """Put the tensors into a store; old digest -> digest there, for those that got another one."""
    renamed: dict[str, str] = {}
    kept = {
        digest: (kind, blob)
        for digest, kind, blob in connection.execute("SELECT digest, kind, blob FROM tensor")
    }
    for digest, row in rows.items():
        if digest not in kept or (digest in store and not digest.startswith("at-")):
            continue
        kind, blob = kept[digest]
        dtype = _element_type(kind)
        size = prod(row.shape) * dtype.itemsize
        content = _read_blob(connection, blob, size)
        array = np.frombuffer(content, dtype).reshape(row.shape)
        found = store.put(array, row.dtype)
        if found != digest:
            renamed[digest] = found
    return renamed


def tensor_rows(deltas: Iterable[Delta]) -> dict[str, TensorRow]:
    """digest -> row of every tensor that a Delta takes or gives."""
    rows = (row for delta in deltas for c in delta if c.table == "tensors" for row in (c.before, c.after))
    return {row.digest: row for row in rows if row is not None}


def rename_digests(delta: Delta, renamed: Mapping[str, str]) -> Delta:
    """The same Delta over other digests."""
    if not renamed:
        return delta
    return tuple(
        Change(c.table, c.key, _renamed(c.before, renamed), _renamed(c.after, renamed))
        if c.table == "tensors"
        else c
        for c in delta
    )


def _renamed(row: TensorRow | None, renamed: Mapping[str, str]) -> TensorRow | None:
    return row if row is None or row.digest not in renamed else replace(row, digest=renamed[row.digest])


def _element_type(kind: object) -> np.dtype[Any]:
    try:
        dtype = np.dtype(str(kind))
    except TypeError:
        raise TensorFileError(f"a tensor has the element type {str(kind)[:20]!r}") from None
    if dtype.hasobject or dtype.itemsize == 0:
        raise TensorFileError(f"a tensor has the element type {str(kind)[:20]!r}")
    return dtype


def _read_blob(connection: sqlite3.Connection, name: object, size: int | None) -> bytes:
    """The bytes of a blob; `size` is what the tensor needs, None to take what there is. Checked before allocation."""
    rows = "FROM blob WHERE sha256 = ?"
    have = connection.execute(f"SELECT sum(length(bytes)) {rows}", (name,)).fetchone()[0]
    if have is None or (size is not None and have != size):
        raise TensorFileError(f"tensor {str(name)[:12]} has {have or 0} bytes and needs {size or 'some'}")
    pieces = connection.execute(f"SELECT bytes {rows} ORDER BY piece", (name,))
    content = b"".join(piece for (piece,) in pieces)
    if hashlib.sha256(content).hexdigest() != name:
        raise TensorFileError(f"tensor {str(name)[:12]} is not as it was written")
    return content
