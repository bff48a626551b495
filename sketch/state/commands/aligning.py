"""Putting selected things in line: borders that agree, equal gaps, places on the grid. Each canvas for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.lifting import drawn_size
from sketch.graph.rows import Place
from sketch.state.commands.naming import names_of
from sketch.state.document import Document

Point = tuple[float, float]
Span = tuple[float, float]
"""(centre, size) along one axis."""

EDGES: Mapping[str, tuple[int, float]] = {
    "left": (0, -0.5), "centre": (0, 0.0), "right": (0, 0.5), "top": (1, -0.5), "middle": (1, 0.0), "bottom": (1, 0.5),
}  # fmt: skip
"""What can be put in line: (axis, which part of the size is added to the centre)."""


class AligningError(GraphError):
    """Too little is selected to be put in line."""


def align(document: Document, ids: Iterable[int], edge: str) -> None:
    """Let borders (or middles) agree: `left`, `centre`, `right`, `top`, `middle` or `bottom` of what they cover."""
    axis, part = EDGES[edge]

    def lined(spans: Mapping[int, Span]) -> dict[int, float]:
        low = min(centre - size / 2 for centre, size in spans.values())
        high = max(centre + size / 2 for centre, size in spans.values())
        goal = low + (part + 0.5) * (high - low)
        return {key: goal - part * size for key, (_, size) in spans.items()}

    _arrange(document, ids, axis, 2, lined, f"Align {{}} {_WORDS.get(edge, edge)}", "align")


def distribute(document: Document, ids: Iterable[int], axis: str) -> None:
    """Make the gaps between borders equal, `across` or `down`; the first and the last stay where they are."""

    def spread(spans: Mapping[int, Span]) -> dict[int, float]:
        row = sorted(spans, key=lambda key: (spans[key][0], key))
        first, last = spans[row[0]], spans[row[-1]]
        room = (last[0] - last[1] / 2) - (first[0] + first[1] / 2)
        gap = (room - sum(spans[key][1] for key in row[1:-1])) / (len(row) - 1)
        found, at = {}, first[0] + first[1] / 2
        for key in row[1:-1]:
            found[key] = at + gap + spans[key][1] / 2
            at = found[key] + spans[key][1] / 2
        return found

    word = "across" if axis == "across" else "down"
    _arrange(document, ids, 0 if axis == "across" else 1, 3, spread, f"Distribute {{}} {word}", "distribute")


def snap(document: Document, ids: Iterable[int], grid: float) -> None:
    """Put the centres on the nearest points of a grid, scene units apart."""
    chosen = _placed(document, ids)
    if not chosen:
        raise AligningError("Select a layer first.")

    def edit(draft: Draft) -> None:
        for key in chosen:
            place = draft.get("places", key)
            draft.move(key, round(place.x / grid) * grid, round(place.y / grid) * grid)

    document.edit(f"Snap {names_of(document, chosen)} to the grid", edit)


def drawn_box(document: Document, key: int) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of a layer, closed group or note in the units of its own canvas."""
    tables = document.tables
    place = tables.places.get(key) or Place(0.0, 0.0)
    note = tables.notes.get(key)
    width, height = (note.width, note.height) if note else drawn_size(tables, document.library, key)
    return place.x - width / 2, place.y - height / 2, place.x + width / 2, place.y + height / 2


_WORDS = {"centre": "on a vertical line", "middle": "on a level line"}


def _arrange(
    document: Document,
    ids: Iterable[int],
    axis: int,
    least: int,
    rule: Callable[[Mapping[int, Span]], dict[int, float]],
    label: str,
    verb: str,
) -> None:
    """Let `rule` give the centres along one axis, for each canvas on which enough is selected; one step."""
    canvases: dict[int | None, list[int]] = {}
    for key in _placed(document, ids):
        canvases.setdefault(_parent(document, key), []).append(key)
    enough = [keys for keys in canvases.values() if len(keys) >= least]
    if not enough:
        raise AligningError(
            f"Select at least {'two' if least == 2 else 'three'} layers of one canvas to {verb} them."
        )

    def edit(draft: Draft) -> None:
        for keys in enough:
            for key, value in rule({key: _span(document, key, axis) for key in keys}).items():
                place = draft.get("places", key)
                draft.move(key, *((value, place.y) if axis == 0 else (place.x, value)))

    chosen = [key for keys in enough for key in keys]
    document.edit(label.format(names_of(document, chosen)), edit)


def _placed(document: Document, ids: Iterable[int]) -> list[int]:
    return [key for key in dict.fromkeys(ids) if key in document.tables.places]


def _parent(document: Document, key: int) -> int | None:
    row = document.tables.nodes.get(key) or document.tables.notes[key]
    return row.parent


def _span(document: Document, key: int, axis: int) -> Span:
    box = drawn_box(document, key)
    low, high = box[axis], box[axis + 2]
    return (low + high) / 2, high - low
