"""Laying out what is in view, a selection, or the whole drawing the other way round.

Each is one step. Up to `background.FEW` layers it is done at once; above, on a thread beside the window: the job bar
shows it, and it can be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sketch.gui import background
from sketch.gui.reasons import selected_nodes

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.arrange import Places
    from sketch.graph.tables import Tables
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow


def arrange(window: MainWindow) -> Job | None:
    """Lay out the canvas in view, and those of the groups that are open in it."""
    tab = window.desk.tab
    if tab is None:
        return None
    library = tab.document.library
    levels = [tab.group, *tab.view.canvas.wiring.frames]

    def body(tables: Tables, task: Job) -> Places:
        from sketch.graph.arrange import arrange_levels  # not needed before something is laid out

        return arrange_levels(tables, levels, library, task)

    def show(places: Places) -> None:
        _take(tab, places, "Arrange")
        tab.view.frame_all()

    return _run(window, tab, "Arrange", body, show, sum(len(tab.document.tables.children(g)) for g in levels))


def arrange_selection(window: MainWindow) -> Job | None:
    """Lay out the selected layers among themselves, around the middle of where they are."""
    tab = window.desk.tab
    if tab is None:
        return None
    library, chosen = tab.document.library, selected_nodes(window)

    def body(tables: Tables, task: Job) -> Places:
        from sketch.graph.arrange import arrange_some

        return arrange_some(tables, library, chosen, task)

    def show(places: Places) -> None:
        _take(tab, places, "Arrange the selection")

    return _run(window, tab, "Arrange the selection", body, show, len(chosen))


def turn(window: MainWindow, runs: str | None = None) -> Job | None:
    """Let the drawing run `down` or `right` (None: the other way), every canvas laid out for it."""
    from sketch.graph.geometry import DOWN, RIGHT, direction

    tab = window.desk.tab
    if tab is None:
        return None
    document, library = tab.document, tab.document.library
    goal = runs or (DOWN if direction(document.tables.meta) == RIGHT else RIGHT)

    def body(tables: Tables, task: Job) -> Places:
        from sketch.graph.arrange import arrange_all

        return arrange_all(tables, library, task, runs=goal)

    def show(places: Places) -> None:
        from sketch.state import commands

        commands.turn(document, goal, places)
        tab.view.frame_all()

    return _run(window, tab, "Turn the drawing", body, show, len(document.tables.nodes))


def _run(
    window: MainWindow,
    tab: CanvasTab,
    title: str,
    body: Callable[[Tables, Job], Places],
    show: Callable[[Places], object],
    count: int,
) -> Job:
    document = tab.document
    rows = background.rows(document)
    return background.run(
        window.jobs,
        title,
        lambda task: body(rows, task),
        show,
        failed=window.say,
        still=background.unchanged(document),
        at_once=count <= background.FEW,
    )


def _take(tab: CanvasTab, places: Places, label: str) -> None:
    """One step, unless everything stands there already."""
    from sketch.state import commands

    if any(tab.document.tables.places.get(key) != place for key, place in places.items()):
        commands.place_all(tab.document, places, label)
