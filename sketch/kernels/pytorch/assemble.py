"""From a traced module to an ImportedModel: one big edit on empty tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import fx

from sketch.binder.kernel import ImportedModel
from sketch.kernels.pytorch.lift import InputType, Lifter
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.reread import library
from sketch.kernels.pytorch.zone_reading import noted_drawing, redraw


def assemble(
    module: fx.GraphModule,
    inputs: Sequence[InputType],
    notes: Notes,
    store: Any,
    *,
    name: str,
    format: str,
    details: Mapping[str, Any],
) -> ImportedModel:
    """Read every call of a module and collect the rows. Notes that do not fit the graph are not used.

    A drawing with zones comes from its notes as a whole, or not at all.
    """
    drawing = noted_drawing(module, notes)
    if drawing is not None:
        sink = redraw(module, drawing, store)
    else:
        calls = sum(node.op.startswith("call_") for node in module.graph.nodes)
        fitting = notes if notes.calls == calls else Notes({})
        sink = Lifter(module, library(), store, inputs, fitting).lift()
    if notes.seed:
        sink.draft.put("meta", "seed", notes.seed)
    return ImportedModel(sink.draft.delta(), format, name, tuple(sink.losses), dict(details))
