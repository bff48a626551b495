"""Where things stand on the canvas."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.draft import Draft
from sketch.graph.errors import UnknownNodeError
from sketch.state.commands.naming import names_of
from sketch.state.document import Document


def move(document: Document, places: Mapping[int, tuple[float, float]], *, gesture: object = None) -> None:
    """Put layers and notes at places (centres, scene units); moves of one `gesture` are one step."""
    key = None if gesture is None else ("move", tuple(sorted(places)), gesture)
    document.edit(f"Move {names_of(document, places)}", lambda draft: _put(draft, places), key)


def place_all(
    document: Document, positions: Mapping[int, tuple[float, float]], label: str = "Arrange"
) -> None:
    """Put many things at their places in one step."""
    document.edit(label, lambda draft: _put(draft, positions))


def _put(draft: Draft, places: Mapping[int, tuple[float, float]]) -> None:
    for node_id, (x, y) in places.items():
        if draft.get("places", node_id) is None:
            raise UnknownNodeError(f"There is no node {node_id}; it may have been deleted.")
        draft.move(node_id, float(x), float(y))
