"""The commands that colour and hide, and what connects the colours of a tab with its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.colour_hidden import TypeList
    from sketch.gui.main_window import MainWindow


def connect(window: MainWindow, tab: CanvasTab) -> None:
    """Let the window follow the colours of a new tab."""
    colours = tab.colours
    colours.changed.connect(window.actions_.refresh)
    colours.changed.connect(window.keeper.touch)
    colours.unmeasured.connect(lambda: _measure(window, tab))
    if colours.needs_sums:
        _measure(window, tab)


def colour_by(window: MainWindow, key: str) -> None:
    """Colour the document in front by a rule."""
    if window.desk.tab is not None:
        window.desk.tab.colours.use(key)


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

    meter_of(window).measure(tab)
