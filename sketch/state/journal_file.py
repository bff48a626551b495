"""The journal's database: one row an operation, chained by SHA-256, so that damage is found and not believed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

APPLICATION_ID = 0x536B4A6C
"""`SkJl`, in the header of the file."""

VERSION = 2
"""A journal is of this version once it was opened: any later edit may write rows that version 1 does not know."""
START = b"sketch journal"

_TABLES = """
CREATE TABLE op (seq INTEGER PRIMARY KEY, parent INTEGER NOT NULL, kind TEXT NOT NULL,
                 payload BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE cursor (doc TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE ui (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class JournalError(Exception):
    """The journal cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Op:
    """One stored operation; `parent` is the operation before it in the chain."""

    seq: int
    kind: str
    payload: bytes
    hash: bytes


def open_journal(path: Path) -> sqlite3.Connection:
    """Open or make the file, locked for this process; JournalError when it is newer or in use, sqlite3 errors else."""
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise JournalError(f"{path.parent}: open in another Sketch; close it there.") from None
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "locking_mode=EXCLUSIVE", "journal_mode=WAL",
                   "synchronous=FULL"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 30)
    connection.execute("BEGIN EXCLUSIVE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalError(
            f"{path.parent}: written by a newer Sketch (journal version {version}); update Sketch."
        )
    if version == 0:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    if version < VERSION:
        connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def is_sound(connection: sqlite3.Connection) -> bool:
    """True when the pages and tables of the database are in order."""
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


def link(before: bytes, kind: str, payload: bytes) -> bytes:
    """The hash of an operation: over the hash before it, its kind and its content."""
    return hashlib.sha256(before + kind.encode() + b"\0" + payload).digest()


def read_ops(connection: sqlite3.Connection) -> Iterator[Op]:
    """The operations in order, up to the first one that is not as it was written; never raises for damage."""
    before, expected = START, 1
    try:
        for seq, kind, payload, digest in connection.execute(
            "SELECT seq, kind, payload, hash FROM op ORDER BY seq"
        ):
            if seq != expected or not isinstance(kind, str) or not isinstance(payload, bytes):
                return
            if link(before, kind, payload) != digest:
                return
            yield Op(seq, kind, payload, digest)
            before, expected = digest, seq + 1
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return


def count_ops(connection: sqlite3.Connection) -> int:
    """How many operations were acknowledged; what can still be counted when the file is damaged."""
    found = [0]
    for query in ("SELECT seq FROM cursor WHERE doc = 'head'", "SELECT max(seq) FROM op"):
        try:
            row = connection.execute(query).fetchone()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue
        if row and isinstance(row[0], int):
            found.append(row[0])
    return max(found)


def last_op(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the last operation."""
    row = connection.execute("SELECT seq, hash FROM op ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, START) if row is None else (row[0], row[1])


def append_ops(
    connection: sqlite3.Connection, head: tuple[int, bytes], ops: Iterable[tuple[str, bytes]]
) -> tuple[int, bytes]:
    """Write (kind, payload) pairs behind `head` (number and hash of the last one); the new head. No commit."""
    seq, digest = head
    for kind, payload in ops:
        digest = link(digest, kind, payload)
        connection.execute("INSERT INTO op VALUES (?, ?, ?, ?, ?)", (seq + 1, seq, kind, payload, digest))
        seq += 1
    connection.execute("INSERT OR REPLACE INTO cursor VALUES ('head', ?)", (seq,))
    return seq, digest


def set_aside(path: Path) -> Path:
    """Rename a damaged journal with its write-ahead log; the new name of the main file."""
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}.damaged")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    if path.exists():
        path.rename(kept)
    return kept
