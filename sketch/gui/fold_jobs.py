"""Folding of very many layers: the new picture is worked out beside the window, and shown together with the edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sketch.graph.folding import group_of, is_open
from sketch.gui import asides
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.graph.delta import Delta
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

MOST_OPENED, MOST_CLOSED = 300, 600
"""Up to so many layers come into view or leave it within a frame."""


def attach(window: MainWindow, tab: CanvasTab) -> None:
    """Let the fold marks of a tab's canvas do what takes long beside the window, too."""
    tab.view.fold_aside = lambda groups, open_: fold(window, tab, groups, open_)


def fold(
    window: MainWindow,
    tab: CanvasTab,
    groups: list[int],
    open_: bool,
    then: Callable[[], object] = lambda: None,
) -> None:
    """Open groups in place or close them, one step; `then` follows."""
    edit = partial(commands.fold, ids=groups, open_=open_)
    _do(window, tab, groups, open_, edit, then)


def fold_all(window: MainWindow, tab: CanvasTab, open_: bool) -> None:
    """Open every group of the network in place, or close them all."""
    _do(window, tab, tab.document.tables.parents(), open_, partial(commands.fold_all, open_=open_))


def takes_long(document: Document, groups: Iterable[int], open_: bool) -> bool:
    """True when so many layers come into view or leave it that the window would stand still."""
    tables = document.tables
    changing = (group for group in groups if group in tables.nodes and is_open(tables, group) != open_)
    return sum(len(tables.children(group)) for group in changing) > (MOST_OPENED if open_ else MOST_CLOSED)


def change_many(document: Document, deltas: Sequence[Delta]) -> bool:
    """True when these, or taking them back, are about very many rows, or open or close groups of very many layers."""
    if sum(map(len, deltas)) > 2 * asides.MANY:
        return True
    rows = (change.key for delta in deltas for change in delta if change.table == "meta")
    groups = {group for row in rows if (group := group_of(row)) is not None}
    return takes_long(document, groups, open_=True) or takes_long(document, groups, open_=False)


def is_fold(delta: Delta) -> bool:
    """True for a delta that opens or closes groups and changes nothing else."""
    return all(change.table == "meta" and group_of(change.key) is not None for change in delta)


def _do(
    window: MainWindow,
    tab: CanvasTab,
    groups: list[int],
    open_: bool,
    edit: Callable[[Document], None],
    then: Callable[[], object] = lambda: None,
) -> None:
    asides.edit(
        window, tab, "Unfold" if open_ else "Fold", edit, lambda _done: then(),
        many=lambda: takes_long(tab.document, groups, open_), folds=lambda: True,
    )  # fmt: skip
