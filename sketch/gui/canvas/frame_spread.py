"""Frames around groups that are open in place: they grow with what they hold; nothing stored changes."""

from __future__ import annotations

from dataclasses import replace

from sketch.graph.rows import Note, Place
from sketch.gui.canvas.wires import Wiring
from sketch.state.commands.aligning import drawn_box
from sketch.state.commands.frames import held_by
from sketch.state.document import Document

Sides = tuple[float, float, float, float]
"""(left, top, right, bottom)."""


def drawn_frame(document: Document, wiring: Wiring, note: Note) -> tuple[Note, Place]:
    """A frame as big and where it is drawn: as far around what it holds as its stored sides are."""
    stored = drawn_box(document, note.id)
    held = [key for key in held_by(document, note.id) if key in wiring.boxes or key in wiring.frames]
    if not held:
        x, y = wiring.scene_place(note.parent, (stored[0] + stored[2]) / 2, (stored[1] + stored[3]) / 2)
        return note, Place(x, y)
    inner = _around([drawn_box(document, key) for key in held])
    outer = _around([_box(wiring, key) for key in held])
    left, top, right, bottom = (side + now - was for side, was, now in zip(stored, inner, outer, strict=True))
    return replace(note, width=right - left, height=bottom - top), Place(
        (left + right) / 2, (top + bottom) / 2
    )


def _box(wiring: Wiring, key: int) -> Sides:
    box = wiring.box(key)
    return box.left, box.top, box.right, box.bottom


def _around(boxes: list[Sides]) -> Sides:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
