"""Edits that were worked out beside the window: a job computes them as a Delta, and one step takes them in."""

from __future__ import annotations

from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.state.document import Document


class OutdatedError(GraphError):
    """The drawing changed while the edit was being worked out."""


def apply_prepared(document: Document, label: str, delta: Delta) -> None:
    """Make a Delta one step of the history; OutdatedError, and no change, when its rows are not as they were."""

    def edit(draft: Draft) -> None:
        for change in delta:
            if draft.get(change.table, change.key) != change.before:
                raise OutdatedError("The drawing has changed meanwhile; do it again.")
            draft.put(change.table, change.key, change.after)

    document.edit(label, edit)
