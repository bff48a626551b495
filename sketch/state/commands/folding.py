"""Opening groups in place and closing them; showing the wires of shared sources."""

from __future__ import annotations

from collections.abc import Iterable

from sketch.graph import folding, lifting
from sketch.graph.draft import Draft
from sketch.graph.errors import GroupError
from sketch.state.commands.naming import count_of, name_of, names_of
from sketch.state.document import Document


def fold(document: Document, ids: Iterable[int], open_: bool) -> None:
    """Open groups in place (`open_` True) or close them; GroupError when there is no group among `ids`."""
    chosen = folding.foldable(document.tables, document.library, dict.fromkeys(ids))
    if not chosen:
        raise GroupError("Select a group to fold or unfold.")
    what = name_of(document, chosen[0]) if len(chosen) == 1 else count_of(len(chosen), "group")
    document.edit(f"{'Unfold' if open_ else 'Fold'} {what}", lambda draft: _set(draft, chosen, open_))


def fold_all(document: Document, open_: bool) -> None:
    """Open every group of the network in place, at any depth, or close them all."""
    chosen = folding.foldable(document.tables, document.library, document.tables.nodes)
    label = "Unfold all groups" if open_ else "Fold all groups"
    document.edit(label, lambda draft: _set(draft, chosen, open_))


def show_wires(document: Document, ids: Iterable[int], shown: bool) -> None:
    """Draw the wires of shared sources (`shown` True), or badges at their consumers instead."""
    chosen = [node_id for node_id in dict.fromkeys(ids) if node_id in document.tables.nodes]

    def edit(draft: Draft) -> None:
        for node_id in chosen:
            lifting.set_wired(draft, node_id, shown)

    document.edit(f"{'Show' if shown else 'Hide'} the wires of {names_of(document, chosen)}", edit)


def _set(draft: Draft, groups: Iterable[int], open_: bool) -> None:
    for group in groups:
        folding.set_open(draft, group, open_)
