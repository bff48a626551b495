"""Gives an imported model its drawing, in the worker, so that the window only shows it."""

from __future__ import annotations

from dataclasses import replace

from sketch.binder.kernel import ImportedModel
from sketch.graph.arrange import arrange_all
from sketch.graph.delta import Change
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import Place
from sketch.graph.tables import Tables


def placed(model: ImportedModel, library: LayerLibrary) -> ImportedModel:
    """The model with a place for every node, laid out canvas by canvas."""
    tables = Tables()
    tables.apply(model.delta)
    places = arrange_all(tables, library)
    rows = tuple(change for change in model.delta if change.table != "places" or change.key not in places)
    added = tuple(Change("places", node_id, None, Place(*place)) for node_id, place in places.items())
    return replace(model, delta=(*rows, *added))
