"""The quiet bar above the canvas of an opened file: repeated blocks were found, and can be folded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from sketch.gui import asides, background
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.repeats import Repeat
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document, Update

FEWEST_COVERED = 12
"""Layers in repeated blocks from which on they are worth a word that nobody asked for."""
SHARE = 0.15
"""Of all layers, for the same."""
LATER_MS = 100
"""The look for repeated blocks begins this long after the canvas is there: painting it comes first."""


class GroupOffer(QFrame):
    """Hidden until something is offered; the next edit, an answer, or the person's own look ends it."""

    fold_wanted = Signal()
    look_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Repeat] = []
        self.setObjectName("group-offer")
        self.setAccessibleName("Repeated blocks were found")
        self.hide()

    def offer(self, found: list[Repeat]) -> None:
        """Say what was found."""
        if self.layout() is None:
            self._lay_out()
        self.found = found
        self.text.setText(offer_text(found))
        self.show()

    def close_bar(self) -> None:
        """Hide; nothing is offered any more."""
        self.found = []
        self.hide()

    def _lay_out(self) -> None:
        """Make what is in it: hardly a tab needs that."""
        from sketch.gui.dialog_parts import lead_into  # with dialogs, which the first paint does without

        self.text = QLabel()
        self.fold = _link("Fold them into groups", self.fold_wanted.emit)
        self.look = _link("Look...", self.look_wanted.emit)
        self.leave = _link("Not now", self.close_bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 2)
        row.setSpacing(4)
        row.addWidget(self.text)
        for button in (self.fold, self.look, self.leave):
            row.addWidget(button)
        row.addStretch(1)
        lead_into(self, self.fold, self.look, self.leave)


def attach(window: MainWindow, tab: CanvasTab) -> None:
    """Look once at a document that was just opened, when it has been painted, and offer what is found."""
    bar, document = tab.offer, tab.document

    def follow(update: Update) -> None:
        if update.of("nodes"):
            bar.close_bar()

    document.subscribe(follow)
    bar.fold_wanted.connect(lambda: _fold(window, tab))
    bar.look_wanted.connect(lambda: _look(window, tab))
    if is_flat(document):
        QTimer.singleShot(LATER_MS, bar, lambda: _begin(window, tab))


def is_flat(document: Document) -> bool:
    """True for a document that was opened without groups, and has not been edited."""
    tables = document.tables
    few = len(tables.nodes) < FEWEST_COVERED
    return not few and not document.can_undo and not any(n is not None for n in tables.parents())


def look(window: MainWindow, tab: CanvasTab, then: Callable[[list[Repeat]], object]) -> None:
    """Find the repeated blocks of a document, beside the window where it is large."""
    document = tab.document
    rows, library = background.rows(document), document.library

    def body(task: Job) -> list[Repeat]:
        from sketch.graph.repeats import find_repeats  # with numpy; not needed to start

        return find_repeats(rows, library, task)

    background.run(
        window.jobs,
        "Find repeated blocks",
        body,
        then,
        failed=window.say,
        still=background.unchanged(document),
        at_once=len(rows.nodes) <= background.FEW,
    )


def fold(
    window: MainWindow,
    tab: CanvasTab,
    found: list[Repeat],
    then: Callable[[list[int]], object],
    *,
    linked: bool = True,
) -> None:
    """Fold repeated blocks, worked out beside the window where the network is large; `then` is given the groups."""
    nodes = tab.document.tables.nodes
    asides.edit(
        window, tab, "Fold repeated blocks",
        lambda document: commands.fold_repeats(document, found, linked=linked), then,
        many=lambda: len(nodes) > background.FEW, stays=True,
    )  # fmt: skip


def worth_offering(document: Document, found: list[Repeat]) -> bool:
    """True where the blocks are a good part of the network."""
    covered = sum(repeat.size * len(repeat.parts) for repeat in found)
    return covered >= max(FEWEST_COVERED, SHARE * len(document.tables.nodes))


def offer_text(found: list[Repeat]) -> str:
    """`12 equal blocks of 14 layers were found, and 3 more kinds.`"""
    first = found[0]
    what = "groups" if first.are_groups else "blocks"
    more = len(found) - 1
    rest = "" if not more else f", and {more} more kind{'' if more == 1 else 's'}"
    return f"{len(first.parts)} equal {what} of {first.size} layers were found{rest}."


def _begin(window: MainWindow, tab: CanvasTab) -> None:
    def then(found: list[Repeat]) -> None:
        if found and worth_offering(tab.document, found):
            tab.offer.offer(found)

    if not tab.document.is_closed:
        look(window, tab, then)


def _fold(window: MainWindow, tab: CanvasTab) -> None:
    found = list(tab.offer.found)
    tab.offer.close_bar()

    def then(groups: list[int]) -> None:
        tab.view.frame_all()
        window.say(f"{len(groups)} linked groups; Undo takes them apart again.", for_now=True)

    fold(window, tab, found, then)


def _look(window: MainWindow, tab: CanvasTab) -> None:
    from sketch.gui.group_commands import show_finds

    show_finds(window, tab, list(tab.offer.found))


def _link(title: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(title)
    button.setProperty("role", "link")
    button.clicked.connect(lambda: run())  # noqa: PLW0108 - clicked gives a flag
    return button
