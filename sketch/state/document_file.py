"""`.sketch` files: one SQLite database with rows, history, notes, places and tensors. Nothing in it is code."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, starmap
from pathlib import Path
from typing import Any

from sketch.durable import write_file
from sketch.graph.delta import TABLES, Change, Delta
from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.tables import Tables, whole
from sketch.state import file_tensors
from sketch.state.codec import (
    CodecError,
    decode_checkpoint,
    decode_key,
    decode_row,
    encode_checkpoint,
    encode_key,
    encode_row,
    first_version,
    from_text,
    to_text,
)
from sketch.state.document import Document
from sketch.state.file_tensors import TensorFileError
from sketch.state.history import Checkpoint, History
from sketch.state.laws import broken_law
from sketch.state.migrations import bring_up, is_current
from sketch.state.store import Store

SUFFIX = ".sketch"
APPLICATION_ID = 0x536B6368
"""`Skch`, in the header of the file."""
MOST_ROWS = 20_000_000

_SCHEMA = f"""
CREATE TABLE value (name TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE row (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL);
CREATE TABLE step (sequence INTEGER PRIMARY KEY, json TEXT NOT NULL);
{file_tensors.TABLES}"""

_log = logging.getLogger(__name__)
Step = Callable[[float, float, str], object]
"""Progress: done, of how much, doing what."""


class DocumentFileError(Exception):
    """The file cannot be read or written: one line with the file, what is wrong and what to do."""


# --- saving ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """What a file of a document holds, as it was at one moment: later edits of the document do not touch it."""

    name: str
    kernel: str
    tables: Tables
    history: History
    store: Store

    @classmethod
    def of(cls, document: Document) -> Picture:
        """The present state of a document with its history; 1 ms at 10,000 nodes."""
        history = document.history.copy()
        return cls(document.name, document.kernel, document.tables.copy(), history, document.store)


def save_document(document: Document, path: Path, *, with_history: bool = True) -> Path:
    """Write the document to `path`, old or new and never half, and mark it saved; DocumentFileError otherwise."""
    picture = Picture.of(document)
    save_picture(picture, path, with_history=with_history)
    document.mark_saved(path, picture.history.cursor)
    return path


def save_picture(
    picture: Picture, path: Path, *, with_history: bool = True, step: Step = lambda _done, _total, _text: None
) -> Path:
    """Write what a document was to `path`, old or new and never half; DocumentFileError otherwise.

    Args:
        step: is told of the progress, and may raise to stop; the file is then as it was.
    """
    steps = picture.history.checkpoints if with_history else ()

    def write(target: Path) -> None:
        step(0, 2, "Writing")
        _write(target, picture, steps)

    def verify(target: Path) -> None:
        step(1, 2, "Reading it back")
        _verify(target, picture)
        step(2, 2, "Done")

    try:
        picture.store.let_go(path)
        write_file(path, write, verify)
    except (OSError, sqlite3.Error, TensorFileError, CodecError) as error:
        raise DocumentFileError(f"{path}: not saved: {_reason(error)}.") from None
    _log.info("document.saved path=%s nodes=%d steps=%d", path, len(picture.tables.nodes), len(steps))
    return path


def _write(target: Path, document: Picture, steps: tuple[Checkpoint, ...]) -> None:
    with closing(_connect(target)) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # the whole file is synced before it takes its place
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("BEGIN")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        _write_rows(connection, document.tables)
        lines = ((step.sequence, to_text(encode_checkpoint(step))) for step in steps)
        connection.executemany("INSERT INTO step VALUES (?, ?)", lines)
        connection.executemany("INSERT INTO value VALUES (?, ?)", _values(document, bool(steps)))
        rows = document.tables.tensors.values()
        held = {**file_tensors.tensor_rows(step.delta for step in steps), **{row.digest: row for row in rows}}
        connection.execute("INSERT INTO value VALUES ('sha256', ?)", (to_text(content_hash(connection)),))
        file_tensors.write_tensors(connection, held, {row.digest for row in rows}, document.store)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={_version(document.tables, steps)}")
        connection.execute("COMMIT")


def _write_rows(connection: sqlite3.Connection, tables: Tables) -> None:
    rows = (
        (name, to_text(encode_key(key)), to_text(encode_row(name, row)))
        for name in TABLES for key, row in tables.table(name).items()
    )  # fmt: skip
    connection.executemany("INSERT INTO row (kind, key, json) VALUES (?, ?, ?)", rows)


def _version(tables: Tables, steps: tuple[Checkpoint, ...]) -> int:
    """The first version of files that has all these rows, those of the history too."""
    rows = ((name, key, row) for name in TABLES for key, row in tables.table(name).items())
    changes = (change for step in steps for change in step.delta)
    past = ((c.table, c.key, row) for c in changes for row in (c.before, c.after))
    return max(starmap(first_version, chain(rows, past)), default=1)


def _values(document: Picture, with_steps: bool) -> Iterator[tuple[str, str]]:
    history = document.history
    yield "name", to_text(document.name)
    yield "kernel", to_text(document.kernel)
    yield "history", to_text([history.label, history.when, history.cursor if with_steps else 0])


def _verify(target: Path, document: Picture) -> None:
    """Read the file that was just written as if it were a stranger's, tensors and all."""
    try:
        with _opened(target) as connection:
            read = _read_rows(connection)
            file_tensors.check_tensors(connection)
    except (ValueError, sqlite3.Error) as error:
        raise OSError(0, f"the written file does not read back ({_reason(error)})") from None
    if any(read.table(name) != document.tables.table(name) for name in TABLES):
        raise OSError(0, "the written file does not read back as it was")


# --- loading ---------------------------------------------------------------------------------------


def load_document(
    path: Path,
    library: LayerLibrary,
    *,
    store: Store,
    folder: Path | None,
    step: Step = lambda _done, _total, _text: None,
    hold: bool = False,
) -> Document:
    """Open a `.sketch` file, with its history; everything in it is checked. DocumentFileError says what is wrong.

    Args:
        step: is told of the progress, and may raise to stop.
        hold: the journal waits until it is released.
    """
    try:
        step(0, 3, "Checking the file")
        with _opened(path) as connection:
            step(1, 3, "Reading rows")
            tables = _read_rows(connection)
            _obey(tables, library)
            history = _read_history(connection, path)
            kernel = from_text(_value(connection, "kernel", '"pytorch"'))
            steps = [step.delta for step in history.checkpoints]
            held = {**file_tensors.tensor_rows(steps), **{row.digest: row for row in tables.tensors.values()}}
            renamed = file_tensors.read_tensors(connection, held, store)
        rows = file_tensors.rename_digests(whole(tables), renamed)
        step(2, 3, "Reading shapes")
        document = _document(path, library, store, folder)
        if hold and document.journal is not None:
            document.journal.hold()
        _fill(document, rows, _over(history, renamed))
    except (ValueError, GraphError, sqlite3.Error, OSError) as error:
        raise DocumentFileError(f"{path}: {_reason(error)}.") from None
    document.kernel = str(kernel)
    document.mark_saved(path)
    _log.info("document.opened path=%s nodes=%d steps=%d", path, len(tables.nodes), len(history))
    return document


def _document(path: Path, library: LayerLibrary, store: Store, folder: Path | None) -> Document:
    document = Document(library, store=store, folder=folder, name=path.stem, path=path)
    if document.tables.nodes or len(document.history):
        document.close()
        raise CodecError("the journal's folder already holds another document")
    return document


def _fill(document: Document, rows: Delta, history: History) -> None:
    try:
        document.load(rows, history.label, history)
    except BaseException:
        document.close()
        raise


def _over(history: History, renamed: dict[str, str]) -> History:
    """The history with the digests of the store that the tensors went to."""
    fresh = History(history.label, history.when)
    steps = (
        Checkpoint(s.sequence, s.parent, s.label, file_tensors.rename_digests(s.delta, renamed), None, s.when)
        for s in history.checkpoints
    )
    fresh.restore(steps, history.cursor, history.cursor)
    return fresh


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A checked connection that cannot change the file; an older version is brought up to date in a copy."""
    _sniff(path)
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as file:
        _harden(file)
        if is_current(file.execute("PRAGMA user_version").fetchone()[0]):
            _check(file)
            yield file
            return
        with tempfile.TemporaryDirectory() as folder, closing(_connect(Path(folder) / "copy")) as new:
            file.backup(new)
            bring_up(_harden(new))
            _check(new)
            yield new


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _harden(connection: sqlite3.Connection) -> sqlite3.Connection:
    """No functions or triggers of the file's schema, no endless values."""
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 28)
    return connection


def _sniff(path: Path) -> None:
    if not path.exists():
        raise CodecError("there is no such file; check the path")
    if not stat.S_ISREG(path.stat().st_mode):
        raise CodecError("this is no file; choose a .sketch file")
    with path.open("rb") as file:
        head = file.read(100)
    if not head:
        raise CodecError("the file is empty")
    if not head.startswith(b"SQLite format 3\0") or int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise CodecError("this is no Sketch document")


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise CodecError(f"the file is damaged ({str(found).splitlines()[0]}); use a copy of it")
    expected = {statement.split("(")[0].split()[-1] for statement in _SCHEMA.split(";") if "(" in statement}
    kinds = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE type != 'index'"))
    if kinds != dict.fromkeys(expected, "table"):
        raise CodecError("the file does not have the tables of a Sketch document")
    if from_text(_value(connection, "sha256", '""')) != content_hash(connection):
        raise CodecError("the file is damaged: it is not as it was written; use a copy of it")


def content_hash(connection: sqlite3.Connection) -> str:
    """SHA-256 over rows, history and values: a bit that rots is found (tensors have hashes of their own)."""
    digest = hashlib.sha256()
    for query in (
        "SELECT kind, key, json FROM row ORDER BY id",
        "SELECT sequence, json FROM step ORDER BY sequence",
        "SELECT name, json FROM value WHERE name != 'sha256' ORDER BY name",
    ):
        for line in connection.execute(query):
            digest.update(repr(line).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _read_rows(connection: sqlite3.Connection) -> Tables:
    if connection.execute("SELECT count(*) FROM row").fetchone()[0] > MOST_ROWS:
        raise CodecError(f"the file has more than {MOST_ROWS} rows")
    tables = Tables()
    tables.apply(tuple(_changes(connection)))
    return tables


def _changes(connection: sqlite3.Connection) -> Iterator[Change]:
    seen: set[tuple[str, Any]] = set()
    for kind, key, json in connection.execute("SELECT kind, key, json FROM row ORDER BY id"):
        if kind not in TABLES:
            raise CodecError(f"{str(kind)[:40]!r} is no table")
        change = Change(kind, decode_key(kind, from_text(key)), None, decode_row(kind, from_text(json)))
        if (kind, change.key) in seen:
            raise CodecError(f"{kind} {key[:40]} stands twice")
        seen.add((kind, change.key))
        yield change


def _read_history(connection: sqlite3.Connection, path: Path) -> History:
    raw = from_text(_value(connection, "history", "null"))
    if not isinstance(raw, list) or len(raw) != 3 or not isinstance(raw[0], str) or type(raw[2]) is not int:
        raise CodecError("the history is damaged")
    history = History(f"Open {path.name}", float(raw[1]) if isinstance(raw[1], (int, float)) else 0.0)
    steps = connection.execute("SELECT json FROM step ORDER BY sequence")
    history.restore((decode_checkpoint(from_text(json)) for (json,) in steps), raw[2], raw[2])
    return history


def _value(connection: sqlite3.Connection, name: str, default: str) -> str:
    row = connection.execute("SELECT json FROM value WHERE name = ?", (name,)).fetchone()
    return default if row is None else str(row[0])


def _obey(tables: Tables, library: LayerLibrary) -> None:
    message = broken_law(tables, library)
    if message:
        raise CodecError(f"the drawing is damaged: {message}")


def _reason(error: Exception) -> str:
    """The message in one line, without the full stop."""
    if isinstance(error, UnicodeDecodeError):
        return "the file is damaged; use a copy of it"
    text = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return " ".join(text.split()).rstrip(".")
