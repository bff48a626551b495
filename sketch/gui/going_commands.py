"""Getting about: producers and consumers, back and forward, bookmarks of views, the areas of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from sketch.gui.canvas import surroundings
from sketch.gui.category_dots import CategoryDots
from sketch.gui.choices import Choice
from sketch.gui.edit_commands import with_tab
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.node_editor import NodeEditor
from sketch.gui.reasons import selected_nodes
from sketch.state import commands
from sketch.state.commands import Bookmark, bookmarks

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

MOST_LISTED = 500


def jump(window: MainWindow, *, forward: bool) -> FilterPopup | None:
    """Go to the consumer (producer) of what is selected; a list asks when there are several."""
    tab = window.desk.tab
    ends = surroundings.ends_of_selection(tab.view, forward=forward) if tab is not None else []
    if tab is None or not ends:
        window.say("Nothing reads it." if forward else "Nothing feeds it.")
        return None
    if len(ends) == 1:
        tab.reveal(ends[0])
        return None
    title = "Go to a consumer" if forward else "Go to a producer"
    dots = CategoryDots(window.theme)
    popup = FilterPopup(window, title, [_choice(tab, key, dots) for key in ends[:MOST_LISTED]], tab.reveal)
    popup.open_at(surroundings.beside_current(tab.view))
    return popup


def go_back(window: MainWindow) -> None:
    """Look where one looked before the last jump."""
    with_tab(window, lambda tab: tab.go_back())


def go_forward(window: MainWindow) -> None:
    """Look where one looked before going back."""
    with_tab(window, lambda tab: tab.go_forward())


def set_bookmark(window: MainWindow, number: int) -> None:
    """Keep the view under a number, with the drawing."""

    def run(tab: CanvasTab) -> None:
        state = tab.view.view_state()
        name = _name_of_view(tab, selected_nodes(window), state["x"], state["y"])
        mark = Bookmark(name, state["group"], state["x"], state["y"], state["zoom"])
        tab.view.change(
            "Bookmark", partial(commands.set_bookmark, number=number, mark=mark),
            lambda _done: window.say(f"Bookmark {number} is here: {name}."), stays=True,
        )  # fmt: skip

    with_tab(window, run)


def go_to_bookmark(window: MainWindow, number: int) -> None:
    """Look where a bookmark was set."""

    def run(tab: CanvasTab) -> None:
        mark = bookmarks(tab.document.tables)[number]
        tab.look_at({"group": mark.group, "x": mark.x, "y": mark.y, "zoom": mark.zoom})
        window.say(f"Bookmark {number}: {mark.name}")

    with_tab(window, run)


def clear_bookmarks(window: MainWindow) -> None:
    """Take all bookmarks of the drawing away."""
    with_tab(window, lambda tab: tab.view.change("Clear bookmarks", commands.clear_bookmarks, stays=True))


def go_to_area(window: MainWindow, by: int) -> None:
    """Put the keyboard into the next (1) or previous (-1) area of the window that is in view."""
    areas = _areas(window)
    focus = window.focusWidget()
    here = next((n for n, area in enumerate(areas) if focus is not None and _holds(area, focus)), None)
    chosen = areas[(here + by) % len(areas) if here is not None else 0]
    target = _first_field(chosen)
    target.setFocus(Qt.FocusReason.TabFocusReason if by > 0 else Qt.FocusReason.BacktabFocusReason)
    window.say(chosen.accessibleName() or chosen.windowTitle())


def edit_parameters(window: MainWindow) -> None:
    """Put the keyboard into the parameters of the selected layer."""
    dock = window.docks["editor"]
    dock.show()
    dock.raise_()
    field = window.panels.editor.first_field()
    (field or window.panels.editor).setFocus(Qt.FocusReason.ShortcutFocusReason)


# --- inside --------------------------------------------------------------------------------------------


def _choice(tab: CanvasTab, key: int, dots: CategoryDots) -> Choice:
    node = tab.document.tables.nodes[key]
    spec = tab.document.library[node.layer]
    value = tab.document.inference.output(key, 0) if spec.outputs else None
    detail = f"{spec.title}   {value}" if value is not None else spec.title
    return Choice(key, node.name, detail, words=(node.layer,), icon=dots(spec.category))


def _name_of_view(tab: CanvasTab, chosen: list[int], x: float, y: float) -> str:
    """The group in view, and the selected layer or the one nearest to the middle."""
    nodes = tab.document.tables.nodes
    group = nodes[tab.group].name if tab.group is not None else ""
    near = chosen[0] if len(chosen) == 1 else surroundings.nearest(tab.view, QPointF(x, y))
    parts = [group, nodes[near].name if near is not None else ""]
    return " / ".join(part for part in parts if part) or tab.document.name


def _areas(window: MainWindow) -> list[QWidget]:
    """What the keyboard can go to, in the order of the window: canvas, then the docks in view."""
    middle: list[QWidget] = [window.desk.view] if window.desk.view is not None else [window.area.welcome]
    docks = [
        dock for dock in window.docks.values() if dock.isVisible() and not dock.visibleRegion().isEmpty()
    ]
    return [*middle, *docks]


def _holds(area: QWidget, widget: QWidget) -> bool:
    return area is widget or area.isAncestorOf(widget)


def _first_field(area: QWidget) -> QWidget:
    """Where the keyboard goes in an area: the area itself, or the first thing in it that takes keys."""
    inner = getattr(area, "widget", None)
    panel = inner() if callable(inner) else area
    if not isinstance(panel, QWidget):
        return area
    if isinstance(panel, NodeEditor) and (field := panel.first_field()) is not None:
        return field
    for widget in (panel.focusProxy(), panel, *panel.findChildren(QWidget)):
        takes = widget is not None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if takes and widget is not None and widget.isVisible() and widget.isEnabled():
            return widget
    return area
