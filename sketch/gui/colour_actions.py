"""The commands of View/Colour by, and of hiding by type: one row each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sketch.gui.action_rows import Action, later
from sketch.gui.reasons import no_tab

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

MENU = "View/Colour by"
TITLES = (
    ("type", "&Type", "Colour layers by the category of the toolbox"),
    ("layer", "&Layer", "Colour by the class of the layer"),
    ("dtype", "&Element type", "Colour by the element type of the first output"),
    ("parameters", "&Parameters", "Colour by trainable parameters"),
    ("flops", "&FLOPs", "Colour by floating-point operations"),
    ("memory", "&Memory", "Colour by the bytes of the outputs"),
    ("weight_mean", "Mea&n |weight|", "Colour by the mean magnitude of the trained weights"),
    ("weight_std", "Weight de&viation", "Colour by the standard deviation of the trained weights"),
    ("weight_largest", "Large&st |weight|", "Colour by the largest magnitude of the trained weights"),
    ("weight_zeros", "&Zero weights", "Colour by the share of zeros among the trained weights"),
    ("depth", "&Depth", "Colour by the number of layers from an input"),
    ("group", "&Group", "Colour by the group around a layer"),
    ("frozen", "F&rozen", "Colour by whether training changes the weights"),
    ("problems", "Pro&blems", "Colour by the worst problem"),
)
"""Key, title in the menu and hint of each rule of graph/colour_rules.py, which loads at first use."""
APART = ("parameters", "weight_mean", "depth")


def _is(window: MainWindow, key: str) -> bool:
    return window.desk.tab is not None and window.desk.tab.colours.key == key


def _has_legend(window: MainWindow) -> bool:
    return window.desk.tab is not None and window.desk.tab.colours.has_legend


def nothing_hidden(window: MainWindow) -> str | None:
    """Why there is nothing to show again."""
    return no_tab(window) or (
        None if window.desk.tab and window.desk.tab.colours.hidden else "Nothing is hidden."
    )


COLOUR = (
    *(
        Action(
            f"colour.{key}", title, MENU, later("colour_commands", "colour_by", key=key), no_tab, hint,
            checked=partial(_is, key=key), apart=key in APART,
        )
        for key, title, hint in TITLES
    ),
    Action(
        "colour.legend", "Show the le&gend", MENU, later("colour_commands", "switch_legend"), no_tab,
        "What the colours mean", checked=_has_legend, apart=True,
    ),
    Action(
        "view.types", "Show t&ypes...", "View", later("colour_commands", "show_types"), no_tab,
        "Hide layers by their type",
    ),
    Action(
        "view.show_hidden", "Show all &hidden layers", "View", later("colour_commands", "show_hidden"), nothing_hidden,
        "Show every type again",
    ),
)  # fmt: skip


def as_choices(window: MainWindow) -> None:
    """Mark the rules in the menu as choices of which one holds."""
    from PySide6.QtGui import QActionGroup  # the table itself needs no Qt

    choices = QActionGroup(window)
    for key, _, _ in TITLES:
        choices.addAction(window.actions_[f"colour.{key}"])
