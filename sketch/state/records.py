"""What the journal writes for each thing that happened to a document, and how it happens again at start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sketch.graph.delta import Delta
from sketch.graph.tables import Tables
from sketch.state.codec import (
    CodecError,
    decode_checkpoint,
    decode_delta,
    encode_checkpoint,
    encode_delta,
    from_text,
    to_text,
)
from sketch.state.history import Checkpoint, History

KINDS = ("load", "edit", "merge", "move", "saved")
"""load: a new beginning (with the history a file kept). edit: a new checkpoint. merge: it joins the checkpoint at
the cursor. move: undo, redo or jump to `sequence`. saved: the state at `sequence` is in the file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal. `checkpoints`, and `saved`, belong to a load; `sequence` is its cursor then."""

    kind: str
    label: str = ""
    delta: Delta = ()
    when: float = 0.0
    sequence: int = 0
    checkpoints: tuple[Checkpoint, ...] = ()
    saved: int | None = 0


def beginning(delta: Delta, history: History) -> Record:
    """The record of a load: what was taken in, and the history that came with it."""
    return Record(
        "load", history.label, delta, history.when, history.cursor, history.checkpoints, history.saved
    )


def encode_record(record: Record) -> bytes:
    """A record as JSON; rows are written one by one, so that a big load lets other threads run."""
    head = to_text([record.label, record.when, record.sequence, record.saved])
    rows = ",".join(to_text(encode_delta((change,))[0]) for change in record.delta)
    steps = ",".join(to_text(encode_checkpoint(checkpoint)) for checkpoint in record.checkpoints)
    return f"[{head},[{rows}],[{steps}]]".encode("ascii")


def decode_record(kind: str, payload: bytes) -> Record:
    """The inverse of `encode_record`; CodecError when it is damaged."""
    raw = from_text(payload)
    try:
        (label, when, sequence, saved), rows, steps = raw
        plain = isinstance(label, str) and isinstance(when, (int, float)) and type(sequence) is int
    except (TypeError, ValueError):
        plain = False
    if not plain or kind not in KINDS or not (saved is None or type(saved) is int):
        raise CodecError(f"not a record: {kind[:20]}")
    return Record(kind, label, decode_delta(rows), when, sequence, tuple(_checkpoints(steps)), saved)


def _checkpoints(raw: Any) -> Iterator[Checkpoint]:
    if not isinstance(raw, list):
        raise CodecError("a history is damaged")
    for item in raw:
        yield decode_checkpoint(item)


def replay_record(record: Record, tables: Tables, history: History) -> None:
    """Let it happen again; GraphError when it does not fit what is there, and then nothing has changed."""
    if record.kind == "move":
        delta = history.delta_to(record.sequence)
        tables.apply(delta)
        history.move_to(record.sequence)
    elif record.kind == "saved":
        history.delta_to(record.sequence)
        history.saved = record.sequence
    elif record.kind == "load":
        fresh = History(record.label, record.when)
        fresh.restore(record.checkpoints, record.sequence, record.saved)
        tables.apply(record.delta)
        history.__dict__.update(vars(fresh))
    else:
        tables.apply(record.delta)
        if record.kind == "edit":
            history.push(record.label, record.delta, None, record.when)
        else:
            history.merge(record.label, record.delta, record.when)
