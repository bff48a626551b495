"""Why a command cannot run now: one sentence each, None when it can. Cheap, since all are asked after every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

NOTHING_OPEN = "Open or start a network first."
NOTHING_SELECTED = "Select a layer first."


def selected_nodes(window: MainWindow) -> list[int]:
    """Ids of the selected layers and groups, notes left out."""
    return window.desk.chosen.nodes


def no_tab(window: MainWindow) -> str | None:
    """Why a command that needs an open network cannot run."""
    if window.desk.tab:
        return None
    return window.area.glance.refusal if window.area.glance else NOTHING_OPEN


def no_canvas(window: MainWindow) -> str | None:
    """Why a command that only looks around cannot run."""
    return None if window.area.view else NOTHING_OPEN


def no_selection(window: MainWindow) -> str | None:
    """Why a command that needs a selection cannot run."""
    return no_tab(window) or (None if window.desk.selection else NOTHING_SELECTED)


def no_layer_selected(window: MainWindow) -> str | None:
    """Why a command that needs a selected layer cannot run; notes are none."""
    return no_tab(window) or (None if selected_nodes(window) else NOTHING_SELECTED)


def not_one_node(window: MainWindow) -> str | None:
    """Why a command that needs exactly one layer cannot run."""
    return no_selection(window) or (None if len(selected_nodes(window)) == 1 else "Select exactly one layer.")


def not_one_group(window: MainWindow) -> str | None:
    """Why a command that needs a group cannot run."""
    reason = not_one_node(window)
    if reason:
        return reason
    document = window.desk.document
    node = document.tables.nodes[selected_nodes(window)[0]] if document else None
    is_group = document is not None and node is not None and document.library[node.layer].group
    return None if is_group else "Select a group."


def no_undo(window: MainWindow) -> str | None:
    """Why there is nothing to undo."""
    document = window.desk.document
    return no_tab(window) or (None if document and document.can_undo else "There is nothing to undo.")


def no_redo(window: MainWindow) -> str | None:
    """Why there is nothing to redo."""
    document = window.desk.document
    return no_tab(window) or (None if document and document.can_redo else "There is nothing to redo.")


def nothing_to_delete(window: MainWindow) -> str | None:
    """Why there is nothing to delete; wires can be deleted too."""
    view = window.desk.view
    chosen = window.desk.selection or (view.selected_wires() if view else [])
    return no_tab(window) or (None if chosen else "Select a layer or a wire first.")


def nothing_drawn(window: MainWindow) -> str | None:
    """Why there is nothing to compile or picture."""
    document = window.desk.document
    return no_tab(window) or (
        None if document and document.tables.nodes else "The canvas is empty; draw a network first."
    )


def nothing_runs(window: MainWindow) -> str | None:
    """Why there is nothing to cancel."""
    return None if window.jobs.running else "Nothing is running."


def nothing_found(window: MainWindow) -> str | None:
    """Why find cannot go on."""
    return no_tab(window) or (None if window.found else f"Find a layer first{_key(window, 'edit.find')}.")


def not_compiled(window: MainWindow) -> str | None:
    """Why there is nothing to compile again."""
    once = f"Compile once first{_key(window, 'compile.compile')}."
    return nothing_drawn(window) or (None if window.compiler.last else once)


def no_problem(window: MainWindow) -> str | None:
    """Why there is no problem to go to."""
    counted = window.is_filled and window.panels.problems.topLevelItemCount()
    return no_tab(window) or (None if counted else "There are no problems.")


def one_tab(window: MainWindow) -> str | None:
    """Why there is no other tab to go to."""
    return no_tab(window) or (None if window.area.tabs.count() > 1 else "There is only one tab.")


def at_top(window: MainWindow) -> str | None:
    """Why there is no group to leave."""
    tab = window.desk.tab
    return no_tab(window) or (None if tab and tab.group is not None else "This is the top level already.")


def dock_shown(window: MainWindow, name: str) -> bool:
    """True while a panel is open, in front or behind another."""
    return not window.docks[name].isHidden()


def no_value(window: MainWindow) -> str | None:
    """Why there is nothing whose value could be an output."""
    view = window.desk.view
    chosen = selected_nodes(window) or (view.selected_wires() if view else [])
    return no_tab(window) or (None if chosen else "Select layers or wires first.")


def no_input(window: MainWindow) -> str | None:
    """Why there is no input whose shape could be set."""
    return no_tab(window) or _no_layer(window, ("Input",), "This network has no Input; add one first.")


def no_norm(window: MainWindow) -> str | None:
    """Why there is nothing to fuse."""
    norms = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
    return no_tab(window) or _no_layer(window, norms, "This network has no BatchNorm.")


def not_operators(window: MainWindow) -> str | None:
    """Why the selection cannot be raised to layers."""
    return no_selection(window) or (None if True in _are_operators(window) else "Select operators first.")


def not_layers(window: MainWindow) -> str | None:
    """Why the selection cannot be shown as operators."""
    return no_selection(window) or (
        None if False in _are_operators(window) else "These are operators already."
    )


def _no_layer(window: MainWindow, layers: tuple[str, ...], reason: str) -> str | None:
    document = window.desk.document
    return None if document and not document.tables.layers.isdisjoint(layers) else reason


def _are_operators(window: MainWindow) -> set[bool]:
    """Whether the selected nodes are operators: {True}, {False}, both, or empty."""
    document = window.desk.document
    return {document.library[name].is_operator for name in window.desk.chosen.layers} if document else set()


def _key(window: MainWindow, command: str) -> str:
    """The key of a command in parentheses, nothing when it has none."""
    keys = window.services.settings.shortcut(command)
    return f" ({keys[0]})" if keys else ""
