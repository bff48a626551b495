"""Laying out what is in view, a selection, or the whole drawing the other way round.

Each is one step. Up to `background.FEW` layers it is done at once; above, on a thread beside the window: the job bar
shows it, and it can be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sketch.gui import asides, background
from sketch.gui.reasons import selected_nodes

if TYPE_CHECKING:
    from sketch.graph.arrange import Places
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document


def arrange(window: MainWindow) -> None:
    """Lay out the canvas in view, and those of the groups that are open in it."""
    tab = window.desk.tab
    if tab is None:
        return
    levels = [tab.group, *tab.view.canvas.wiring.frames]

    def act(document: Document) -> None:
        from sketch.graph.arrange import arrange_levels  # not needed before something is laid out

        places = arrange_levels(document.tables, levels, document.library, document.task)
        _take(document, places, "Arrange")

    count = sum(len(tab.document.tables.children(group)) for group in levels)
    _run(window, tab, "Arrange", act, count, tab.view.frame_all)


def arrange_selection(window: MainWindow) -> None:
    """Lay out the selected layers among themselves, around the middle of where they are."""
    tab = window.desk.tab
    if tab is None:
        return
    chosen, title = selected_nodes(window), "Arrange the selection"

    def act(document: Document) -> None:
        from sketch.graph.arrange import arrange_some

        places = arrange_some(document.tables, document.library, chosen, document.task)
        _take(document, places, title)

    _run(window, tab, title, act, len(chosen))


def turn(window: MainWindow, runs: str | None = None) -> None:
    """Let the drawing run `down` or `right` (None: the other way), every canvas laid out for it."""
    from sketch.graph.geometry import DOWN, RIGHT, direction

    tab = window.desk.tab
    if tab is None:
        return
    tables = tab.document.tables
    goal = runs or (DOWN if direction(tables.meta) == RIGHT else RIGHT)

    def act(document: Document) -> None:
        from sketch.graph.arrange import arrange_all
        from sketch.state import commands

        places = arrange_all(document.tables, document.library, document.task, runs=goal)
        commands.turn(document, goal, places)

    _run(window, tab, "Turn the drawing", act, len(tables.nodes), tab.view.frame_all)


def _run(
    window: MainWindow,
    tab: CanvasTab,
    title: str,
    act: Callable[[Document], None],
    count: int,
    then: Callable[[], object] = lambda: None,
) -> None:
    asides.edit(window, tab, title, act, lambda _done: then(), many=lambda: count > background.FEW)


def _take(document: Document, places: Places, label: str) -> None:
    """One step, unless everything stands there already."""
    from sketch.state import commands

    if any(document.tables.places.get(key) != place for key, place in places.items()):
        commands.place_all(document, places, label)
