"""The commands that open groups in place and close them, and show the wires that badges stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.gui import fold_jobs
from sketch.gui.edit_commands import with_tab
from sketch.gui.fold_reasons import are_wired, chosen_groups, sources
from sketch.gui.reasons import selected_nodes
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow


def fold(window: MainWindow) -> None:
    """Open the selected groups in place, or close them when all are open; else close the frame around the selection."""

    def run(tab: CanvasTab) -> None:
        groups, open_ = chosen_groups(tab.document, selected_nodes(window), tab.group)
        fold_jobs.fold(window, tab, groups, open_, lambda: tab.view.select(groups))

    with_tab(window, run)


def fold_all(window: MainWindow, *, open_: bool) -> None:
    """Open every group of the network in place, or close them all."""
    with_tab(window, lambda tab: fold_jobs.fold_all(window, tab, open_))


def show_wires(window: MainWindow) -> None:
    """Draw the wires of the selected sources however many they are; badges again when they are all drawn."""

    def run(tab: CanvasTab) -> None:
        chosen, on = sources(tab.document, selected_nodes(window)), not are_wired(window)
        tab.view.change("Show wires", lambda document: commands.show_wires(document, chosen, on), stays=True)

    with_tab(window, run)
