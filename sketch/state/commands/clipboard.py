"""Copying and pasting, inside a document and between documents, with weights."""

from __future__ import annotations

from collections.abc import Iterable

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.rows import Node, Note
from sketch.state.clip import Clip, adopt, put_down, take
from sketch.state.clip_groups import BACK, OWN
from sketch.state.codec import CodecError
from sketch.state.commands.naming import count_of, names_of
from sketch.state.commands.nodes import settle_new
from sketch.state.document import Document

__all__ = ["Clip", "ClipError", "copy", "cut", "duplicate", "paste"]


class ClipError(GraphError):
    """There is nothing to copy, or what was copied cannot be pasted."""


def copy(document: Document, ids: Iterable[int]) -> Clip:
    """What is selected, as a value; ClipError when nothing is."""
    clip = take(document.tables, ids, document.store)
    if not clip.roots:
        raise ClipError("Select what to copy first.")
    return clip


def cut(document: Document, ids: Iterable[int]) -> Clip:
    """Copy, then delete without re-joining."""
    clip = copy(document, ids)
    roots = list(clip.roots)
    document.edit(f"Cut {names_of(document, roots)}", lambda draft: draft.remove(roots))
    return clip


def paste(
    document: Document, clip: Clip, place: tuple[float, float], *, parent: int | None = None
) -> list[int]:
    """Put a copy of a clip around a place (scene units); the ids of its outermost parts."""
    return insert_clip(document, clip, place, parent, f"Paste {count_of(len(clip), 'item')}")


def duplicate(
    document: Document, ids: Iterable[int], offset: tuple[float, float] = (24.0, 24.0)
) -> list[int]:
    """Copy and paste beside; the ids of the copies."""
    clip = copy(document, ids)
    first: Node | Note = clip.nodes.get(clip.roots[0]) or clip.notes[clip.roots[0]]
    x, y = clip.centre
    label = f"Duplicate {names_of(document, clip.roots)}"
    return insert_clip(document, clip, (x + offset[0], y + offset[1]), first.parent, label)


def insert_clip(
    document: Document,
    clip: Clip,
    place: tuple[float, float],
    parent: int | None,
    label: str,
    *,
    in_sight: bool = False,
) -> list[int]:
    """Paste under a given label; ClipError when the clip is damaged or its weights are gone.

    Args:
        in_sight: the first part stands elsewhere when it would cover something.
    """
    try:
        tensors = adopt(clip, document.store)
    except Exception as error:  # noqa: BLE001 - the store belongs to the binder, and so do its errors
        raise ClipError(f"The weights of the copy cannot be read: {error}") from None

    def edit(draft: Draft) -> list[int]:
        try:
            links = BACK if clip.store == str(document.store.folder) else OWN
            made = put_down(draft, clip, tensors, place, parent, links)
        except CodecError as error:
            raise ClipError(str(error)) from None
        if in_sight:
            settle_new(draft, made[0])
        return made

    return document.edit(label, edit)
