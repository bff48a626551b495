"""The commands that find layers and that select what is alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from sketch.graph.rows import Node
from sketch.gui.find_bar import FindBar
from sketch.gui.reasons import selected_nodes

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

HISTORY, MOST_KEPT = "find.history", 20
"""Where the session keeps queries, and how many."""


def open_bar(window: MainWindow) -> FindBar | None:
    """Show the find bar of the tab in front."""
    tab = window.desk.tab
    if tab is None:
        return None
    bar = bar_of(window, tab)
    if not bar.field.text():
        bar.look_for(window.found)
    bar.enter()
    return bar


def bar_of(window: MainWindow, tab: CanvasTab) -> FindBar:
    """The find bar of a tab, made at its first use."""
    bar: FindBar | None = tab.findChild(FindBar)
    if bar is None:
        bar = FindBar(tab, window.theme)
        bar.said.connect(window.say)
        bar.asked.connect(lambda text: _remember(window, text))
        window.desk.settled.connect(bar.refresh)
    elif bar.theme != window.theme:
        bar.set_theme(window.theme)
    bar.field.history = tuple(window.services.session.get(HISTORY, ()))
    return bar


def find_again(window: MainWindow, by: int) -> None:
    """Go to the next or previous layer that the last query finds, the bar open or not."""
    tab = window.desk.tab
    if tab is None:
        return
    bar = bar_of(window, tab)
    if bar.isHidden():
        bar.field.blockSignals(True)
        bar.field.setText(window.found)
        bar.field.blockSignals(False)
        bar.ask(window.found)
        bar.search.finish()
    bar.step(by)
    if not bar.search.ids:
        window.say(f"Nothing fits '{window.found}' any more.")


def select_type(window: MainWindow) -> None:
    """Select every layer on the canvas, in open groups too, that has the type of a selected one."""
    _select(window, lambda node: node.layer)


def select_similar(window: MainWindow) -> None:
    """Select every layer on the canvas, in open groups too, of the type and the parameters of a selected one."""
    document = window.desk.document
    if document is not None:
        _select(window, _alike(document))


def _select(window: MainWindow, kind: Callable[[Node], Hashable]) -> None:
    """Select the layers of the same kind as a selected one."""
    tab = window.desk.tab
    if tab is None:
        return
    nodes = tab.document.tables.nodes
    chosen = set(selected_nodes(window))
    kinds = {kind(nodes[key]) for key in chosen}
    boxes = tab.view.canvas.wiring.boxes
    found = [key for key in boxes if key in chosen or kind(nodes[key]) in kinds]
    tab.view.select(found)
    window.say(f"{len(found):,} selected.")


def _alike(document: Document) -> Callable[[Node], Hashable]:
    """Gives layers of the same type and parameters the same number. Those that are alike share their parameters."""
    known: dict[int, tuple[object, int]] = {}
    numbers: dict[Hashable, int] = {}

    def kind(node: Node) -> int:
        params = document.inference.of(node.id).params
        found = known.get(id(params))
        if found is None:
            number = numbers.setdefault((node.layer, params), len(numbers))
            found = known[id(params)] = params, number  # kept, so that no other gets its id
        return found[1]

    return kind


def _remember(window: MainWindow, text: str) -> None:
    """Put a query at the head of the history."""
    window.found = text
    session = window.services.session
    before = session.get(HISTORY, ())
    if not before or before[0] != text:
        session.set(HISTORY, [text, *(other for other in before if other != text)][:MOST_KEPT])
        window.actions_.refresh()
