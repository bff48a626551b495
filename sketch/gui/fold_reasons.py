"""Why groups cannot be folded or wires shown now, and what a selection means for it. Loads with the menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.graph.folding import foldable, is_open, open_groups
from sketch.graph.lifting import MOST_WIRES, is_wired
from sketch.gui.reasons import no_layer_selected, no_tab, selected_nodes

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document


def are_wired(window: MainWindow) -> bool:
    """True when the wires of the selected sources are drawn because the person said so."""
    document = window.desk.document
    chosen = sources(document, selected_nodes(window)) if document else []
    return bool(chosen) and all(is_wired(document.tables.meta, key) for key in chosen if document)


def nothing_to_fold(window: MainWindow) -> str | None:
    """Why nothing can be folded or unfolded."""
    tab = window.desk.tab
    if tab is None:
        return no_tab(window)
    groups, _ = chosen_groups(tab.document, selected_nodes(window), tab.group)
    return None if groups else "Select a group, or a layer in an open group."


def no_groups(window: MainWindow, *, open_: bool) -> str | None:
    """Why not all groups can be opened or closed."""
    document = window.desk.document
    if document is None:
        return no_tab(window)
    if not open_:
        return None if open_groups(document.tables) else "No group is open."
    tables = document.tables
    closed = any(not is_open(tables, group) for group in tables.parents())
    return None if closed else "There is no closed group."


def no_source(window: MainWindow) -> str | None:
    """Why there are no wires to show in place of badges."""
    document = window.desk.document
    reason = no_layer_selected(window)
    if reason or document is None:
        return reason
    found = sources(document, selected_nodes(window))
    return None if found else f"Select an input or a constant that feeds more than {MOST_WIRES} layers."


def chosen_groups(document: Document, chosen: list[int], canvas: int | None) -> tuple[list[int], bool]:
    """(the groups a selection means, whether they are to be opened)."""
    tables = document.tables
    groups = foldable(tables, document.library, chosen)
    if groups:
        return groups, not all(is_open(tables, group) for group in groups)
    around = {tables.nodes[key].parent for key in chosen} - {canvas, None}
    return sorted(group for group in around if group is not None and is_open(tables, group)), False


def sources(document: Document, chosen: list[int]) -> list[int]:
    """Those of these nodes whose wires may be badges."""
    nodes = document.tables.nodes
    return [key for key in chosen if not nodes[key].prior and len(nodes[key].next) > MOST_WIRES]
