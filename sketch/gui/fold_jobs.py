"""Folding of very many layers: the new picture is worked out beside the window, and shown together with the edit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from sketch.graph.collection import paused_collection
from sketch.graph.delta import Change, Delta
from sketch.graph.folding import foldable, is_open, open_row
from sketch.gui import background
from sketch.gui.long_lived import settle
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.tables import Tables
    from sketch.gui.canvas.wires import Wiring
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

MOST_OPENED, MOST_CLOSED = 1000, 4000
"""Up to so many layers come into view or leave it within the tenth of a second that an edit may take."""


def attach(window: MainWindow, tab: CanvasTab) -> None:
    """Let the fold marks of a tab's canvas do what takes long beside the window, too."""
    tab.view.fold_aside = partial(_fold_aside, window, tab)


def fold(
    window: MainWindow,
    tab: CanvasTab,
    groups: list[int],
    open_: bool,
    then: Callable[[], object] = lambda: None,
) -> None:
    """Open groups in place or close them, one step; `then` follows."""
    edit = partial(commands.fold, tab.document, groups, open_)
    _do(window, tab, groups, open_, lambda: (edit(), then()))


def fold_all(window: MainWindow, tab: CanvasTab, open_: bool) -> None:
    """Open every group of the network in place, or close them all."""
    tables = tab.document.tables
    _do(window, tab, tables.parents(), open_, partial(commands.fold_all, tab.document, open_))


def _fold_aside(window: MainWindow, tab: CanvasTab, groups: list[int], open_: bool) -> bool:
    if not takes_long(tab.document, groups, open_):
        return False
    fold(window, tab, groups, open_)
    return True


def takes_long(document: Document, groups: Iterable[int], open_: bool) -> bool:
    """True when so many layers come into view or leave it that the window would stand still."""
    tables = document.tables
    changing = (group for group in groups if is_open(tables, group) != open_)
    return sum(len(tables.children(group)) for group in changing) > (MOST_OPENED if open_ else MOST_CLOSED)


def _do(
    window: MainWindow, tab: CanvasTab, groups: Iterable[int], open_: bool, edit: Callable[[], object]
) -> None:
    """Run an edit that opens or closes groups, at once or with a job before it."""
    document, view = tab.document, tab.view
    if not takes_long(document, groups, open_):
        edit()
        return
    rows, library, group, badges = background.rows(document), document.library, tab.group, _badges(tab)
    with paused_collection():
        known = view.canvas.wiring.known()
    delta = _delta(rows, foldable(rows, library, groups), open_)

    def body(task: Job) -> Wiring:
        from sketch.gui.canvas.indexing import prepare
        from sketch.gui.canvas.wires import Wiring

        task.step(0, 0, "Drawing wires")
        rows.apply(delta)
        wiring = Wiring(rows, library, group, badges=badges, known=known)
        prepare(wiring)
        task.check()
        return wiring

    def show(wiring: Wiring) -> None:
        from sketch.gui.edit_commands import attempt  # not needed before the first command

        if tab.group == group and _badges(tab) == badges:
            view.canvas.expect(delta, wiring)
        attempt(window, edit)
        settle()
        _let_go(wiring)

    background.run(
        window.jobs, "Unfold" if open_ else "Fold", body, show,
        still=background.unchanged(document), failed=window.say, dropped=_let_go,
    )  # fmt: skip


def _badges(tab: CanvasTab) -> bool:
    return tab.view.canvas.ink.options.badges


def _delta(tables: Tables, groups: list[int], open_: bool) -> Delta:
    """The rows that a fold changes."""
    return tuple(
        Change("meta", open_row(group), tables.meta.get(open_row(group)), True if open_ else None)
        for group in dict.fromkeys(groups)
        if is_open(tables, group) != open_
    )


def _let_go(wiring: Wiring) -> None:
    """Free what nobody looks at any more, on a thread."""

    def free() -> None:
        with background.short_turns():
            wiring.let_go()

    threading.Thread(target=free, name="let go", daemon=True).start()
