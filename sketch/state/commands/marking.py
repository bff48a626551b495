"""Bookmarks of views: rows of `meta`, so that they are saved with the drawing. Numbers 1 to 9."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.rows import FrozenDict
from sketch.graph.tables import Tables
from sketch.state.document import Document

NUMBERS = tuple(range(1, 10))
_ROW = "bookmark."


class BookmarkError(GraphError):
    """A bookmark is not there or cannot be set."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place to look at: the canvas of `group` around (x, y) in scene units, at `zoom`."""

    name: str
    group: int | None
    x: float
    y: float
    zoom: float


def bookmarks(tables: Tables) -> dict[int, Bookmark]:
    """Number -> bookmark, those whose group is gone and damaged ones left out."""
    found = {}
    for number in NUMBERS:
        row = tables.meta.get(f"{_ROW}{number}")
        mark = _read(row) if isinstance(row, Mapping) else None
        if mark is not None and (mark.group is None or mark.group in tables.nodes):
            found[number] = mark
    return found


def set_bookmark(document: Document, number: int, mark: Bookmark) -> None:
    """Keep a view under a number from 1 to 9; an older one gives way."""
    if number not in NUMBERS:
        raise BookmarkError("Bookmarks have the numbers 1 to 9.")
    row = FrozenDict(
        name=mark.name, group=mark.group, x=float(mark.x), y=float(mark.y), zoom=float(mark.zoom)
    )
    label = f"Set bookmark {number}: {mark.name}"
    document.edit(label, lambda draft: draft.put("meta", f"{_ROW}{number}", row))


def clear_bookmarks(document: Document) -> None:
    """Take all bookmarks away."""

    def edit(draft: Draft) -> None:
        for number in NUMBERS:
            if draft.get("meta", f"{_ROW}{number}") is not None:
                draft.put("meta", f"{_ROW}{number}", None)

    if not bookmarks(document.tables):
        raise BookmarkError("There are no bookmarks.")
    document.edit("Clear bookmarks", edit)


def _read(row: Mapping[str, Any]) -> Bookmark | None:
    name, group = row.get("name"), row.get("group")
    numbers = [row.get(key) for key in ("x", "y", "zoom")]
    good = [float(n) for n in numbers if isinstance(n, (int, float)) and math.isfinite(n)]
    if not isinstance(name, str) or not (group is None or isinstance(group, int)) or len(good) != 3:
        return None
    return Bookmark(name, group, *good)
