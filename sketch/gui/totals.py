"""How large the network in front is, in words: the line below the canvas and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.graph.freezing import frozen_parameters

if TYPE_CHECKING:
    from sketch.state.document import Document


def totals_text(document: Document | None) -> str:
    """`61,706 parameters in 12 layers`; empty without a document."""
    if document is None:
        return ""
    inference = document.inference
    layers = inference.layer_count
    frozen = frozen_parameters(document.tables, inference)
    text = f"{inference.total_parameters:,} parameters in {layers:,} layer{'' if layers == 1 else 's'}"
    text += f", {inference.total_parameters - frozen:,} trainable, {frozen:,} frozen" if frozen else ""
    unknown = len(inference.unknown_parameters)
    return text + (f", {unknown:,} of unknown size" if unknown else "")
