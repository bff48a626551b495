"""Stored tensors, ties, declared types and notes: the rows of a draft that are not nodes or wires."""

from __future__ import annotations

from sketch.graph.draft import Draft
from sketch.graph.rows import Note, Place, TensorRow, ValueType


def add_note(draft: Draft, text: str, place: tuple[float, float], parent: int | None = None) -> int:
    """Put a text on a canvas and return its id."""
    note_id = draft.new_id()
    draft.put("notes", note_id, Note(note_id, text, parent))
    draft.put("places", note_id, Place(*place))
    return note_id


def add_tensor(draft: Draft, digest: str, shape: tuple[int, ...], dtype: str, name: str = "") -> int:
    """Record a stored tensor and return its id; `set_weight` gives it to nodes."""
    tensor_id = draft.new_id()
    draft.put("tensors", tensor_id, TensorRow(tensor_id, digest, shape, dtype, name))
    return tensor_id


def set_weight(draft: Draft, node_id: int, role: str, tensor_id: int | None) -> None:
    """Let a weight of a node be this tensor (None: initialised at compile); sharing an id ties weights."""
    draft.put("weights", (node_id, role), tensor_id)


def set_hint(draft: Draft, node_id: int, out: int, value: ValueType | None) -> None:
    """Record the type that a file declares for an operator's output."""
    draft.put("hints", (node_id, out), value)
