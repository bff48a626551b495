"""Texts on the canvas."""

from __future__ import annotations

from dataclasses import replace

from sketch.graph import attachments
from sketch.graph.draft import Draft
from sketch.graph.errors import UnknownNodeError
from sketch.graph.rows import FRAME
from sketch.state.document import Document


def add_note(document: Document, text: str, place: tuple[float, float], *, parent: int | None = None) -> int:
    """Put a text on a canvas; its id."""
    return document.edit("Add note", lambda draft: attachments.add_note(draft, text, place, parent))


def set_note(document: Document, note_id: int, text: str) -> None:
    """Change the text of a note."""

    def edit(draft: Draft) -> None:
        note = draft.get("notes", note_id)
        if note is None:
            raise UnknownNodeError(f"There is no note {note_id}; it may have been deleted.")
        draft.put("notes", note_id, replace(note, text=text))

    row = document.tables.notes.get(note_id)
    document.edit(f"Name frame '{text}'" if row is not None and row.kind == FRAME else "Edit note", edit)
