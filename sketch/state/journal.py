"""The journal: every step is on the disk before the next one, written by a thread of its own, and replayed at start."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sketch.graph.errors import GraphError
from sketch.graph.tables import Tables
from sketch.state.codec import CodecError, from_text, to_text
from sketch.state.history import History
from sketch.state.journal_file import (
    START,
    JournalError,
    append_ops,
    count_ops,
    is_sound,
    last_op,
    open_journal,
    read_ops,
    set_aside,
)
from sketch.state.records import Record, decode_record, encode_record, replay_record

RETRY_SECONDS = 5.0
RESERVE_BYTES = 16 << 20
FILE_NAME = "journal.db"

_log = logging.getLogger(__name__)
_leaving: dict[Path, threading.Thread] = {}
"""Journals that were closed and write their last edits yet, by file."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a replay brought back: `edits` of `total`; `damaged` is the copy that was kept of a broken journal."""

    edits: int = 0
    total: int = 0
    damaged: Path | None = None

    @property
    def message(self) -> str:
        """One sentence for the person, empty when all is well."""
        if self.damaged is None:
            return ""
        if not self.total:
            return f"The journal was damaged and nothing could be restored; it is kept as {self.damaged}."
        restored = f"restored {self.edits} of {self.total} edits"
        return f"The journal was damaged: {restored}; the damaged one is kept as {self.damaged}."


class _Book:
    """The file of a journal: `head` is its last operation (number and hash), `aside` the copy of a broken one."""

    def __init__(self, path: Path):
        self.path = path
        self.head: tuple[int, bytes] = (0, START)
        self.aside: Path | None = None
        self.connection: sqlite3.Connection | None = None
        try:
            self.connection = open_journal(path)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise JournalError(f"{path}: {error}; check that the folder can be written.") from None
            self.aside = set_aside(path)
            self.connection = open_journal(path)

    def require(self) -> sqlite3.Connection:
        """The connection; JournalError when the journal is closed."""
        if self.connection is None:
            raise JournalError(f"{self.path}: the journal is closed.")
        return self.connection

    def rebuild(self, good: list[tuple[str, bytes]], values: list[tuple[str, Any]]) -> None:
        """A new file with the operations that are good, the old one kept beside it."""
        if self.aside is None:
            self.close()
            self.aside = set_aside(self.path)
            self.connection = open_journal(self.path)
        self.head = _begin_with(self.require(), good, values)

    def reopened(self) -> tuple[sqlite3.Connection, tuple[int, bytes]]:
        """The connection, and the last operation it holds: a commit that failed may still have arrived.

        After a failure the file is opened anew: a descriptor whose fsync failed must not be believed.
        """
        if self.connection is None:
            self.connection = open_journal(self.path)
            return self.connection, last_op(self.connection)
        return self.connection, self.head

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Journal:
    """The append-only record of one document.

    `append` returns at once; `failing` is the reason while edits cannot be written (they stay in memory and are
    tried again every five seconds). Listeners given to `watch` hear of a change of `failing`, on the writer's thread.
    """

    def __init__(self, folder: Path, *, reserve: int = RESERVE_BYTES):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self.failing: str | None = None
        self.first: Callable[[], object] | None = None
        """Called once, on the writer's thread, before the first record is written: keeps what that relies on."""
        self._reserve, self._reserve_bytes = folder / "reserve", reserve
        self._queue: deque[Record | tuple[str, Any]] = deque()
        self._wake = threading.Condition()
        self._closing, self._held, self._failures = False, False, 0
        self._watchers: list[Callable[[str | None], None]] = []
        self._writer: threading.Thread | None = None
        self._releasing = threading.Lock()
        if (before := _leaving.get(self.path)) is not None:
            before.join()
        self._book = _Book(self.path)

    # --- reading, before the first append ----------------------------------------------------------

    def replay(self, tables: Tables, history: History) -> Recovery:
        """Bring back rows and history; what follows a damaged operation is given up and the damaged file kept."""
        book, connection = self._book, self._book.require()
        total, good, edits = count_ops(connection), [], 0
        for op in read_ops(connection):
            if not _replayed(op.kind, op.payload, tables, history):
                break
            good.append((op.kind, op.payload))
            edits += 1
            book.head = (op.seq, op.hash)
        if edits < total or book.aside is not None or not _sound(connection):
            settings = self.value("document")
            book.rebuild(good, [("document", settings)] if settings else [])
        _log.info("journal.replayed path=%s edits=%d of=%d", self.path, edits, total)
        return Recovery(edits, max(total, edits), book.aside)

    def value(self, name: str) -> Any:
        """A stored setting of the document (not part of the history), None when absent."""
        try:
            row = self._book.require().execute("SELECT value FROM ui WHERE name = ?", (name,)).fetchone()
            return None if row is None else from_text(row[0])
        except (sqlite3.DatabaseError, CodecError, UnicodeDecodeError):
            return None

    # --- writing -----------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """How many records wait for the disk."""
        return len(self._queue)

    def append(self, record: Record) -> None:
        """Give a record to the writer; an edit ends a `hold`, for what a person did must not wait."""
        self._held = self._held and record.kind in ("load", "saved")
        self._give(record)

    def set_value(self, name: str, value: Any) -> None:
        """Store a setting of the document: plain JSON, the last value counts."""
        self._give((name, value))

    def hold(self, held: bool = True) -> None:
        """Keep what is given in memory until called with False: who opens a big file wants to see it first."""
        with self._wake:
            self._held = held
            self._wake.notify_all()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything given is on the disk; False when that failed or took too long."""
        with self._wake:
            self._held = False
            before = self._failures
            self._wake.notify_all()
            self._wake.wait_for(lambda: not self._queue or self._failures > before, timeout)
            return not self._queue

    def watch(self, listener: Callable[[str | None], None]) -> None:
        """Call `listener(reason or None)` when `failing` changes; it comes on the writer's thread."""
        self._watchers.append(listener)

    def close(self, *, forget: bool = False, wait: bool = True) -> None:
        """Write what waits (with `forget`, drop it), try a last time what failed, and release the file.

        Args:
            wait: False does so on a thread, and nobody is told of `failing` any more. Whoever opens this journal next
                waits for it, as does a program that ends.
        """
        with self._wake:
            if forget:
                self._queue.clear()
            if not wait:
                self._watchers.clear()
            self._closing = True
            self._wake.notify_all()
        if wait:
            self._release()
        elif self._writer is not None or self._book.connection is not None:
            leaving = _leaving[self.path] = threading.Thread(target=self._release, name="close journal")
            leaving.start()

    # --- inside ------------------------------------------------------------------------------------

    def _release(self) -> None:
        with self._releasing:
            if self._writer is not None:
                self._writer.join()
                self._writer = None
            self._book.close()
        if _leaving.get(self.path) is threading.current_thread():
            del _leaving[self.path]

    def _give(self, item: Record | tuple[str, Any]) -> None:
        with self._wake:
            if self._closing:
                raise JournalError(f"{self.path}: the journal is closed.")
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="sketch-journal", daemon=True)
                self._writer.start()
            self._queue.append(item)
            self._wake.notify_all()

    def _write_all(self) -> None:
        """The writer's life: take what there is, commit it, and only then drop it from the queue."""
        while True:
            with self._wake:
                self._wake.wait_for(
                    lambda: (self._queue and not self._held) or self._closing,
                    RETRY_SECONDS if self.failing else None,
                )
                batch = list(self._queue)
            if batch and self._commit(batch):
                with self._wake:
                    for _ in range(min(len(batch), len(self._queue))):
                        self._queue.popleft()
                    self._wake.notify_all()
            elif batch and not self._closing:
                with self._wake:
                    self._wake.wait(RETRY_SECONDS)
            del batch  # the rows of a big file are not kept until the next edit
            if self._closing and (not self._queue or self.failing):
                return

    def _commit(self, batch: list[Record | tuple[str, Any]]) -> bool:
        if self.first is not None:
            self.first()
            self.first = None
        try:
            connection, stored = self._book.reopened()
            connection.execute("BEGIN IMMEDIATE")
            records = [item for item in batch if isinstance(item, Record)][stored[0] - self._book.head[0] :]
            head = append_ops(connection, stored, ((item.kind, encode_record(item)) for item in records))
            _write_values(connection, [item for item in batch if isinstance(item, tuple)])
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, the writer lives on and the person is told
            self._fail(error)
            return False
        self._book.head = head
        self._set_failing(None)
        _keep_reserve(self._reserve, self._reserve_bytes)
        return True

    def _fail(self, error: Exception) -> None:
        self._book.close()
        self._reserve.unlink(missing_ok=True)
        cure = (
            "save the document" if isinstance(error, CodecError) else f"check the disk of {self.path.parent}"
        )
        self._set_failing(f"Edits are kept in memory only, because of: {error}; {cure}.")
        with self._wake:
            self._failures += 1
            self._wake.notify_all()

    def _set_failing(self, reason: str | None) -> None:
        changed, self.failing = self.failing != reason, reason
        if changed:
            level = logging.ERROR if reason else logging.INFO
            _log.log(level, "journal.state path=%s failing=%s", self.path, reason)
            with self._wake:
                self._wake.notify_all()
                for listener in self._watchers:
                    listener(reason)


def is_leaving(folder: Path) -> bool:
    """True while a journal in this folder, which was closed, writes its last edits."""
    return folder / FILE_NAME in _leaving


def wait_for_leaving() -> None:
    """Wait until every journal that was closed has written its last edits."""
    for thread in tuple(_leaving.values()):
        thread.join()


def _begin_with(
    connection: sqlite3.Connection, good: list[tuple[str, bytes]], values: list[tuple[str, Any]]
) -> tuple[int, bytes]:
    """Write the operations that are good into a new file; the last one."""
    connection.execute("BEGIN")
    head = append_ops(connection, (0, START), good)
    _write_values(connection, values)
    connection.execute("COMMIT")
    return head


def _keep_reserve(path: Path, size: int) -> None:
    """Hold a file to give up when the disk is full, so that the edits of that moment still fit."""
    try:
        if not path.exists():
            with path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        path.unlink(missing_ok=True)


def _replayed(kind: str, payload: bytes, tables: Tables, history: History) -> bool:
    try:
        replay_record(decode_record(kind, payload), tables, history)
    except (CodecError, GraphError, KeyError, ValueError):
        return False
    return True


def _sound(connection: sqlite3.Connection) -> bool:
    try:
        return is_sound(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False


def _write_values(connection: sqlite3.Connection, values: list[tuple[str, Any]]) -> None:
    for name, value in values:
        connection.execute("INSERT OR REPLACE INTO ui VALUES (?, ?)", (name, to_text(value)))
