"""Quick-add, the command palette and replace: lists that a person types into."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sketch.gui.category_dots import CategoryDots
from sketch.gui.filter_popup import FilterPopup, top_middle
from sketch.gui.palette import command_palette
from sketch.gui.quick_add import layer_choice, quick_add
from sketch.gui.reasons import selected_nodes
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

__all__ = ["command_palette", "quick_add", "replace_layer"]


def replace_layer(window: MainWindow) -> FilterPopup | None:
    """Offer other types for the selected layers; what fits is kept, what does not is said."""
    tab, library = window.desk.tab, window.services.library
    chosen = selected_nodes(window)
    if tab is None or not chosen:
        return None
    dots = CategoryDots(window.theme)
    choices = [layer_choice(spec, dots) for spec in library if not spec.hidden and not spec.group]

    def replace(key: str) -> None:
        retype = partial(commands.replace_layers, ids=chosen, layer=key)
        tab.view.change(
            "Change of type", retype, lambda lost: window.say(f"Now {key}. {lost}"), ids=chosen, stays=True
        )
        tab.view.setFocus()

    title = "Replace by" if len(chosen) == 1 else f"Replace {len(chosen)} layers by"
    popup = FilterPopup(window, title, choices, replace)
    popup.open_at(top_middle(window, popup))
    return popup
