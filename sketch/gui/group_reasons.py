"""Why commands on linked and repeated groups cannot run now. Loads with the menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.graph.linking.rows import is_linked
from sketch.gui.reasons import no_tab, not_one_group, selected_nodes

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow


def no_groups_selected(window: MainWindow) -> str | None:
    """Why there are no groups to duplicate or to link."""
    document, layers = window.desk.document, window.desk.chosen.layers
    if document is None:
        return no_tab(window)
    groups = layers and all(document.library[name].group for name in layers)
    return None if groups else "Select one or more groups."


def nothing_linked(window: MainWindow) -> str | None:
    """Why there is nothing to unlink."""
    document = window.desk.document
    reason = no_groups_selected(window)
    if reason or document is None:
        return reason
    linked = any(is_linked(document.tables, n) for n in selected_nodes(window))
    return None if linked else "Select a group that is linked to another."


def not_one_linked(window: MainWindow) -> str | None:
    """Why there are no instances of the selection to select."""
    document = window.desk.document
    reason = not_one_group(window)
    if reason or document is None:
        return reason
    linked = is_linked(document.tables, selected_nodes(window)[0])
    return None if linked else "This group is not linked to another."


def too_few_layers(window: MainWindow) -> str | None:
    """Why there can be no repeated blocks."""
    document = window.desk.document
    if document is None:
        return no_tab(window)
    return None if len(document.tables.nodes) > 3 else "The network is too small to hold repeated blocks."
