"""Why a command for wires, frames, bookmarks and places cannot run now: one sentence each, None when it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.graph.rows import FRAME
from sketch.gui.reasons import no_tab, selected_nodes

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.state.commands import Bookmark


def not_two(window: MainWindow) -> str | None:
    """Why there is nothing to align."""
    return no_tab(window) or (None if len(window.desk.selection) > 1 else "Select at least two layers first.")


def not_three(window: MainWindow) -> str | None:
    """Why there is nothing to distribute."""
    return no_tab(window) or (
        None if len(window.desk.selection) > 2 else "Select at least three layers first."
    )


def not_one_thing(window: MainWindow) -> str | None:
    """Why there is nothing whose name or text could be changed."""
    return no_tab(window) or (
        None if len(window.desk.selection) == 1 else "Select exactly one layer, note or frame."
    )


def not_a_frame(window: MainWindow) -> str | None:
    """Why there is no frame to change."""
    document, chosen = window.desk.document, window.desk.chosen
    notes = document.tables.notes if document else {}
    frames = len(chosen.ids) > len(chosen.nodes) and any(
        key in notes and notes[key].kind == FRAME for key in chosen.ids
    )
    return no_tab(window) or (None if frames else "Select a frame first.")


def not_plain_layers(window: MainWindow) -> str | None:
    """Why there is no layer whose type could be changed."""
    document, layers = window.desk.document, window.desk.chosen.layers
    if document is None or not layers:
        return no_tab(window) or "Select a layer first."
    groups = any(document.library[name].group for name in layers)
    return "A group cannot become a layer; ungroup it first." if groups else None


def not_inside(window: MainWindow) -> str | None:
    """Why there is nothing to take out of a group."""
    document, chosen = window.desk.document, selected_nodes(window)
    inside = document is not None and any(document.tables.nodes[key].parent is not None for key in chosen[:1])
    return no_tab(window) or (None if inside else "Select a layer inside a group first.")


def not_wired(window: MainWindow) -> str | None:
    """Why there is no wire to break."""
    document = window.desk.document
    nodes = document.tables.nodes if document else {}
    wiring = window.desk.view.canvas.wiring if window.desk.view is not None else None
    for key in selected_nodes(window):
        if (
            nodes[key].prior
            or nodes[key].next
            or (wiring is not None and any(True for _ in wiring.lines_at(key)))
        ):
            return None
    return no_tab(window) or "Select a layer that has wires first."


def no_current(window: MainWindow) -> str | None:
    """Why there is no layer to start a wire at."""
    view = window.desk.view
    known = len(selected_nodes(window)) == 1 or (view is not None and view.current is not None)
    return no_tab(window) or (None if known else "Select the layer that the wire starts at first.")


def no_wire(window: MainWindow) -> str | None:
    """Why there is no wire to change."""
    view = window.desk.view
    one = view is not None and len(view.selected_wires()) == 1
    return no_tab(window) or (None if one else "Select one wire first; E walks along those of a layer.")


def no_end(window: MainWindow) -> str | None:
    """Why there is no consumer or producer to go to."""
    view = window.desk.view
    chosen = view is not None and (selected_nodes(window) or view.selected_wires())
    return no_tab(window) or (None if chosen else "Select a layer or a wire first.")


def nothing_behind(window: MainWindow) -> str | None:
    """Why there is no place to go back to."""
    tab = window.desk.tab
    return no_tab(window) or (None if tab and tab.trail.can_go_back else "There is no place to go back to.")


def nothing_ahead(window: MainWindow) -> str | None:
    """Why there is no place to go forward to."""
    tab = window.desk.tab
    return no_tab(window) or (None if tab and tab.trail.can_go_forward else "Go back first.")


def no_bookmark(window: MainWindow, number: int) -> str | None:
    """Why there is no such bookmark to go to."""
    keys = window.services.settings.shortcut(f"bookmark.set_{number}")
    how = f"; {keys[0]} sets it" if keys else ""
    return no_tab(window) or (None if number in _marks(window) else f"Bookmark {number} is not set{how}.")


def no_bookmarks(window: MainWindow) -> str | None:
    """Why there is nothing to clear."""
    return no_tab(window) or (None if _marks(window) else "There are no bookmarks.")


def bookmark_title(window: MainWindow, number: int) -> str:
    """How the menu calls a bookmark: by its number and name."""
    mark = _marks(window).get(number)
    return f"&{number}  {mark.name.replace('&', '&&')}" if mark else f"&{number}  (not set)"


def _marks(window: MainWindow) -> dict[int, Bookmark]:
    if window.desk.document is None:
        return {}
    from sketch.state.commands import bookmarks  # not needed for the first paint

    return bookmarks(window.desk.document.tables)
