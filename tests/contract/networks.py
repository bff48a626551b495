"""Small networks around one random layer instance, for the contract of the kernels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from tests.contract.cases import Case

LAYERS = Path(__file__).resolve().parents[2] / "resources" / "layers"


@lru_cache(maxsize=1)
def library() -> LayerLibrary:
    """The layers of the checkout."""
    return LayerLibrary.load(LAYERS)


def network_of(case: Case, store=None, name: str = "Case") -> Network:
    """Inputs, the layer, and an Output for each result that has a type."""
    tables = Tables()
    draft = Draft(tables, library())
    if case.layer == "Input":
        end = draft.add("Input", "given", case.params)
        draft.connect(end, 0, draft.add("Identity", "same"), 0)
        end = draft.named(None, "same")
    elif case.layer == "Output":
        end = None
        for index, array in enumerate(case.inputs):
            given = draft.add("Input", f"given{index}", {"shape": array.shape, "dtype": array.dtype.name})
            same = draft.add("Identity", f"same{index}")
            draft.connect(given, 0, same, 0)
            draft.connect(same, 0, draft.add("Output", f"out{index}"), 0)
    else:
        end = draft.add(case.layer, "layer", case.params)
        for port, array in enumerate(case.inputs):
            if array is not None:
                given = draft.add("Input", f"given{port}", {"shape": array.shape, "dtype": array.dtype.name})
                draft.connect(given, 0, end, port)
    tables.apply(draft.delta())
    if end is not None:
        draft = Draft(tables, library())
        shapes = build_network(tables, library()).step(end).types
        for out, kind in enumerate(shapes):
            if kind is not None:
                draft.connect(end, out, draft.add("Output", f"out{out}"), 0)
        tables.apply(draft.delta())
    return build_network(tables, library(), name=name, store=store)


def inputs_of(case: Case) -> dict:
    """Arrays by the names of the Input nodes."""
    return {f"given{port}": array for port, array in enumerate(case.inputs) if array is not None}
