"""Gives a drawing that came without places its layout and open groups, as part of the one big edit that it is."""

from __future__ import annotations

from sketch.graph.arrange import arrange_all
from sketch.graph.delta import Change, Delta
from sketch.graph.folding import start
from sketch.graph.library import LayerLibrary
from sketch.graph.tables import Tables


def placed(delta: Delta, library: LayerLibrary) -> Delta:
    """The edit, made on empty tables, with a place for every node, laid out canvas by canvas; a small one is open."""
    tables = Tables()
    tables.apply(delta)
    places = arrange_all(tables, library)
    rows = tuple(change for change in delta if change.table != "places" or change.key not in places)
    added = tuple(Change("places", node_id, None, place) for node_id, place in places.items())
    return (*rows, *added, *start(tables, library))
