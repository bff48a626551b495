"""The commands that colour and hide, and what connects the colours of a tab with its window."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from sketch.graph.colour_scale import PLAIN
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.colouring import Colouring
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.colour_hidden import TypeList
    from sketch.gui.main_window import MainWindow

MANY = 2000
"""Up to so many layers are counted within a frame."""


def connect(window: MainWindow, tab: CanvasTab) -> None:
    """Let the window follow the colours of a new tab."""
    colours = tab.colours
    colours.changed.connect(window.actions_.refresh)
    colours.changed.connect(window.keeper.touch)
    measuring = Slices(tab)  # in a turn of its own: the canvas is painted first
    colours.unmeasured.connect(lambda: measuring.replace([partial(_measure, window, tab)]))
    if colours.needs_sums:
        colours.unmeasured.emit()


def colour_by(window: MainWindow, key: str) -> None:
    """Colour the document in front by a rule; a big one is counted beside the window."""
    tab = window.desk.tab
    if tab is None:
        return
    if key == PLAIN or len(tab.document.tables.nodes) <= MANY:
        tab.colours.use(key)
    else:
        _count(window, tab, key)


def _count(window: MainWindow, tab: CanvasTab, key: str) -> None:
    from sketch.graph.colour_rules import RULES
    from sketch.graph.colouring import Colouring
    from sketch.gui import background

    colours, document = tab.colours, tab.document
    rows = background.rows(document)
    facts = replace(colours.facts(), tables=rows, inference=document.inference.copy(rows))

    def body(task: Job) -> Colouring:
        task.step(0, 0, "Counting")
        return Colouring(RULES[key], facts)

    def anew(_counted: Colouring) -> None:
        if not job.is_cancelled and not document.is_closed:
            colours.use(key)

    job = background.run(
        window.jobs, f"Colour by {RULES[key].title}", body, lambda counted: colours.use(key, counted),
        failed=window.say, still=background.unchanged(document), dropped=anew,
    )  # fmt: skip


def switch_legend(window: MainWindow) -> None:
    """Show the legend, or hide it."""
    if window.desk.tab is not None:
        colours = window.desk.tab.colours
        colours.show_legend(not colours.has_legend)


def show_types(window: MainWindow) -> TypeList | None:
    """Offer every type of layer with a check box."""
    from sketch.gui.colour_hidden import TypeList

    tab = window.desk.tab
    if tab is None:
        return None
    popup = TypeList(tab.colours, window)
    room = tab.view.viewport().rect()
    popup.open_at(tab.view.viewport().mapToGlobal(QPoint(room.right() - popup.sizeHint().width() - 12, 12)))
    return popup


def show_hidden(window: MainWindow) -> None:
    """Show every type again."""
    if window.desk.tab is not None:
        window.desk.tab.colours.set_hidden({})


def refusals_changed(window: MainWindow) -> None:
    """The chosen kernel refuses other layers than before: colours by problems follow."""
    tab = window.desk.tab
    if tab is not None and tab.colours.key == "problems":
        tab.colours.recount()


def _measure(window: MainWindow, tab: CanvasTab) -> None:
    from sketch.gui.colour_weights import meter_of

    if tab.colours.needs_sums and not tab.document.is_closed:
        meter_of(window).measure(tab)
