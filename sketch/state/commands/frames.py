"""Frames: titled rectangles behind the layers that lie in them. What lies in one is what its place says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.rows import COLOURS, FRAME, Note, Place
from sketch.state.commands.aligning import drawn_box
from sketch.state.commands.naming import names_of
from sketch.state.document import Document

MARGIN, TITLE = 14.0, 24.0
"""Room between a frame's border and what it holds, and the height of its title, in scene units."""
SMALLEST = (96.0, 64.0)
"""(width, height) that a frame keeps at least."""
Sides = tuple[float, float, float, float]
"""(left, top, right, bottom)."""


class FrameError(GraphError):
    """A frame cannot be made or fitted."""


def add_frame(document: Document, ids: Iterable[int], title: str = "", colour: str = "") -> int:
    """Put a frame around layers and notes of one canvas; its id."""
    nodes, notes = document.tables.nodes, document.tables.notes
    chosen = [key for key in dict.fromkeys(ids) if key in nodes or key in notes]
    parents = {nodes[key].parent if key in nodes else notes[key].parent for key in chosen}
    if not chosen:
        raise FrameError("Select what the frame should hold first.")
    if len(parents) > 1:
        raise FrameError("Only layers of one canvas can stand in one frame.")
    sides = _around(document, chosen)

    def edit(draft: Draft) -> int:
        frame = draft.new_id()
        width, height, place = _rectangle(sides)
        text = title or f"Frame {sum(note.kind == FRAME for note in document.tables.notes.values()) + 1}"
        draft.put("notes", frame, Note(frame, text, parents.pop(), width, height, FRAME, colour))
        draft.put("places", frame, place)
        return frame

    return document.edit(f"Frame {names_of(document, chosen)}", edit)


def fit_frames(document: Document, ids: Iterable[int]) -> None:
    """Let frames be just as big as what they hold needs; FrameError when nothing lies in one."""
    frames = frames_of(document, ids)
    if not frames:
        raise FrameError("Select a frame first.")
    fitted = {frame: _around(document, held) for frame in frames if (held := held_by(document, frame))}
    if not fitted:
        raise FrameError("Nothing lies in the frame.")

    def edit(draft: Draft) -> None:
        for frame, sides in fitted.items():
            _put(draft, frame, sides)

    document.edit("Fit frame" if len(fitted) == 1 else f"Fit {len(fitted)} frames", edit)


def resize_frame(document: Document, frame: int, sides: Sides) -> None:
    """Give a frame or a note other borders (left, top, right, bottom), in the units of its canvas."""
    row = document.tables.notes.get(frame)
    document.edit(f"Resize {row.kind if row else FRAME}", lambda draft: _put(draft, frame, sides))


def colour_frames(document: Document, ids: Iterable[int], colour: str) -> None:
    """Colour frames: one of `rows.COLOURS`."""
    frames = frames_of(document, ids)
    if colour not in COLOURS:
        raise FrameError(f"There is no colour {colour}; frames can be {', '.join(COLOURS)}.")
    if not frames:
        raise FrameError("Select a frame first.")

    def edit(draft: Draft) -> None:
        for frame in frames:
            draft.put("notes", frame, replace(draft.get("notes", frame), colour=colour))

    document.edit(f"Colour frame {colour}", edit)


def frames_of(document: Document, ids: Iterable[int]) -> list[int]:
    """Those of these ids that are frames."""
    notes = document.tables.notes
    return [key for key in ids if key in notes and notes[key].kind == FRAME]


def held_by(document: Document, frame: int) -> list[int]:
    """What lies in a frame: layers whose middle does, notes and smaller frames that do wholly."""
    tables = document.tables
    left, top, right, bottom = drawn_box(document, frame)
    parent, found = tables.notes[frame].parent, []
    for key in tables.children(parent):
        place = tables.places.get(key)
        if place and left <= place.x <= right and top <= place.y <= bottom:
            found.append(key)
    for key, note in tables.notes.items():
        if key == frame or note.parent != parent:
            continue
        box = drawn_box(document, key)
        if box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom:
            found.append(key)
    return found


def with_held(document: Document, ids: Iterable[int]) -> list[int]:
    """These ids and what lies in the frames among them: what moves when they are moved."""
    chosen = dict.fromkeys(ids)
    for frame in frames_of(document, chosen):
        chosen.update(dict.fromkeys(held_by(document, frame)))
    return list(chosen)


def _around(document: Document, ids: Iterable[int]) -> Sides:
    boxes = [drawn_box(document, key) for key in ids]
    return (
        min(box[0] for box in boxes) - MARGIN,
        min(box[1] for box in boxes) - MARGIN - TITLE,
        max(box[2] for box in boxes) + MARGIN,
        max(box[3] for box in boxes) + MARGIN,
    )


def _put(draft: Draft, frame: int, sides: Sides) -> None:
    note = draft.get("notes", frame)
    if note is None:
        raise FrameError(f"There is no frame {frame}; it may have been deleted.")
    width, height, place = _rectangle(sides)
    draft.put("notes", frame, replace(note, width=width, height=height))
    draft.put("places", frame, place)


def _rectangle(sides: Sides) -> tuple[float, float, Place]:
    left, top, right, bottom = sides
    width, height = max(SMALLEST[0], right - left), max(SMALLEST[1], bottom - top)
    return width, height, Place(left + width / 2, top + height / 2)
