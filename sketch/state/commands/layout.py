"""Where things stand on the canvas."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.draft import Draft
from sketch.graph.errors import ParameterError, UnknownNodeError
from sketch.graph.geometry import DOWN, RIGHT, direction
from sketch.graph.rows import Place
from sketch.state.commands.naming import names_of
from sketch.state.document import Document


def move(document: Document, places: Mapping[int, tuple[float, float]], *, gesture: object = None) -> None:
    """Put layers and notes at places (centres, scene units); moves of one `gesture` are one step."""
    key = None if gesture is None else ("move", tuple(sorted(places)), gesture)
    document.edit(f"Move {names_of(document, places)}", lambda draft: _put(draft, places), key)


def place_all(
    document: Document, positions: Mapping[int, Place | tuple[float, float]], label: str = "Arrange"
) -> None:
    """Put many things at their places, with the ways of their wires where these are known, in one step."""
    document.edit(label, lambda draft: _put(draft, positions))


def turn(document: Document, runs: str, places: Mapping[int, Place] | None = None) -> None:
    """Let the drawing run `down` or `right`, every canvas laid out for it, in one step.

    `places` are those of `arrange_all` for that direction where they are known already.
    """
    if runs not in (DOWN, RIGHT):
        raise ParameterError(f"A drawing runs {DOWN} or {RIGHT}, not {runs!r}.")
    if runs == direction(document.tables.meta):
        return
    from sketch.graph.arrange import arrange_all  # not needed before something is laid out

    def edit(draft: Draft) -> None:
        draft.put("meta", "direction", None if runs == DOWN else runs)
        _put(draft, arrange_all(document.tables, document.library, runs=runs) if places is None else places)

    document.edit(f"Turn the drawing to run {runs}", edit)


def _put(draft: Draft, places: Mapping[int, Place | tuple[float, float]]) -> None:
    for node_id, place in places.items():
        if draft.get("places", node_id) is None:
            raise UnknownNodeError(f"There is no node {node_id}; it may have been deleted.")
        row = place if isinstance(place, Place) else Place(float(place[0]), float(place[1]))
        draft.put("places", node_id, row)
