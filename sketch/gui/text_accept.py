"""Edited source becomes the drawing: permission first, then a run in the worker, then one step of the history."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from PySide6.QtWidgets import QMessageBox, QWidget

from sketch.gui import background
from sketch.gui.text_drafts import TextDraft
from sketch.gui.text_reading import Answer, answer
from sketch.gui.text_run import FILE, Result, SourceRun
from sketch.gui.text_syntax import Fault
from sketch.gui.text_zones import zone_fault

if TYPE_CHECKING:
    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.graph.delta import Delta
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.gui.text_panel import TextPanel
    from sketch.state.document import Document

log = logging.getLogger(__name__)
LABEL = "Edit source"
_PLACE = re.compile(rf"{re.escape(FILE)}:(\d+):\s*(.*)", re.DOTALL)
_ASKING = re.compile(r"\); give the shapes of its inputs.*$", re.DOTALL)
"""What follows an error of the run where no shapes were given; here the drawing gives them."""


def attach(window: MainWindow) -> None:
    """Let the text panel of a window run what was edited in it."""
    window.panels.source.editable = lambda kernel: reads_source(window, kernel)
    window.panels.source.wanted.connect(window.actions_.run)
    settings, panel = window.services.settings, window.panels.source
    panel.use_keys(settings.shortcut)
    window.on_close(
        settings.subscribe(
            lambda name: panel.use_keys(settings.shortcut) if name.startswith("shortcut") else None
        )
    )
    window.__dict__["text_acceptor"] = Acceptor(window)


def acceptor_of(window: MainWindow) -> Acceptor:
    """The window's own."""
    found: Acceptor = window.__dict__["text_acceptor"]
    return found


def reads_source(window: MainWindow, kernel: str) -> bool:
    """True for a kernel that makes a drawing of Python source."""
    registry = window.services.registry
    return kernel in registry and ".py" in registry[kernel].info.reads


class Acceptor:
    """Runs edited source. Permission holds for one document, as long as the window lives."""

    def __init__(self, window: MainWindow):
        self._window = window
        self._allowed: WeakSet[Document] = WeakSet()
        self._jobs: dict[CanvasTab, Job] = {}

    @property
    def _panel(self) -> TextPanel:
        return self._window.panels.source

    def accept(self) -> None:
        """Let the drawing in front follow its text: read it, then run it."""
        draft, tab = self._panel.ready(), self._window.desk.tab
        question = None if draft is None or draft.is_busy else draft.question(compares=True)
        if draft is None or tab is None or question is None:
            self._window.say("The source is not edited.")
            return

        def begin(found: Answer) -> None:
            if not self._end_job(tab, draft):
                return
            draft.take(found)
            if tab is self._window.desk.tab:
                self._panel.ready()  # which class is meant may only be asked now
            self._accept(tab, draft, is_same=found.is_same)

        self._panel.reader.stop()
        draft.is_reading = not question.is_short
        job = background.run(
            self._window.jobs, "Read the source", lambda task: answer(question, task.check), begin,
            failed=lambda text: self._stay(tab, draft, text), at_once=question.is_short,
            stopped=lambda: self._stay(tab, draft, "Stopped; the text stays as you edited it."),
        )  # fmt: skip
        if draft.is_reading:
            self._jobs[tab] = job
            self._panel.refresh()

    def _accept(self, tab: CanvasTab, draft: TextDraft, *, is_same: bool) -> None:
        """Run a text that was read, unless there is something to be said of it first."""
        found = zone_fault(draft, tab.document.tables) if draft.is_edit and not draft.is_syntax else None
        if draft.is_syntax:
            self._stay(tab, draft, draft.said)
            if self._panel.draft is draft:
                self._panel.show_fault()
        elif not draft.class_ and is_same:
            self._panel.drop(tab)
            self._window.say("Nothing changed: comments and layout are not kept.")
        elif found is not None:
            self._show(draft, found)
        elif not self._may_run(tab):
            self._stay(tab, draft, "Nothing ran; the text stays as you edited it.")
        else:
            self._start(tab, draft)

    def discard(self) -> None:
        """Ask, then show the source of the drawing again; while the text runs, stop that."""
        draft, tab = self._panel.ready(), self._window.desk.tab
        if draft is None or tab is None:
            return
        if draft.is_busy:
            self._jobs[tab].cancel()
        elif draft.is_stale or ask_to_discard(self._window):
            self._panel.drop(tab)
            self._window.say("The edits of the source are discarded.")

    def _may_run(self, tab: CanvasTab) -> bool:
        if tab.document not in self._allowed and ask_to_run(self._window, tab.document.name):
            self._allowed.add(tab.document)
        return tab.document in self._allowed

    def _start(self, tab: CanvasTab, draft: TextDraft) -> None:
        window, services = self._window, self._window.services
        make, made = background.frozen(tab.document), Path(mkdtemp(prefix="sketch-source-"))
        kernel, library, text = services.registry[draft.base.kernel], services.library, draft.text

        def run(job: Job, runs: Runs) -> Result:
            return SourceRun(kernel, library, make(), draft, text, made).run(job, runs)

        job = services.binder.job("Run the source", run, made)
        draft.is_running = True
        self._jobs[tab] = job
        self._panel.refresh()
        log.info("text.accepted document=%s lines=%s", tab.document.name, draft.text.count("\n"))
        window.jobs.follow(job, lambda done: self._ended(done, tab, draft))

    def _end_job(self, tab: CanvasTab, draft: TextDraft) -> bool:
        """The job of a text has ended; False when its tab was closed meanwhile."""
        self._jobs.pop(tab, None)
        draft.is_reading = draft.is_running = False
        return tab in list(self._window.area)

    def _stay(self, tab: CanvasTab, draft: TextDraft, text: str) -> None:
        """The text stays as it is edited, for this reason."""
        if self._end_job(tab, draft):
            self._panel.refresh()
            self._window.say(text)

    def _ended(self, job: Job, tab: CanvasTab, draft: TextDraft) -> None:
        if not self._end_job(tab, draft):
            return
        if job.state == "done":
            self._take_in(tab, draft, job.result)
        elif job.state == "failed":
            self._fail(draft, job.error)
        else:
            self._stay(tab, draft, "Stopped; the text stays as you edited it.")

    def _fail(self, draft: TextDraft, error: str) -> None:
        """The error stands at its line; the text and the drawing stay as they are."""
        found = _PLACE.search(error)
        place = int(found.group(1)) if found else 0
        text = _ASKING.sub("", found.group(2)).strip() if found else error
        self._show(draft, Fault(place, text))

    def _show(self, draft: TextDraft, fault: Fault) -> None:
        draft.fault, draft.is_syntax = fault, False
        self._panel.refresh()
        if self._panel.draft is draft:
            self._panel.show_fault()
        self._window.say(draft.said)

    def _take_in(self, tab: CanvasTab, draft: TextDraft, result: Result) -> None:
        from sketch.gui.model_jobs import take_prepared

        show = partial(self._show_drawing, tab, result)
        take_prepared(self._window, tab, LABEL, result.delta, show, partial(self._fail, draft))

    def _show_drawing(self, tab: CanvasTab, result: Result) -> None:
        """The drawing follows the text: say what differs from the nodes before, and show it."""
        for remark in result.remarks:
            log.warning("text.remark %s", remark)
        edited = edited_nodes(result.delta)
        self._window.say(told(edited, result.remarks) if result.delta else "Nothing changed.")
        focused = self._panel.code.hasFocus()
        if tab is self._window.desk.tab:
            self._window.mirror.refresh()
        self._panel.drop(tab)
        if tab is self._window.desk.tab:
            _show_changes(tab, edited)
            if focused:
                self._panel.code.setFocus()


class EditedNodes(NamedTuple):
    """The ids of nodes that came, that are others than before, and that went."""

    added: list[int]
    changed: list[int]
    removed: list[int]


def edited_nodes(delta: Delta) -> EditedNodes:
    """What a Delta with one change a row does to nodes; one that only has other wires is the same."""
    found = EditedNodes([], [], [])
    for change in delta:
        if change.table == "nodes" and _facts(change.before) != _facts(change.after):
            kind = 0 if change.before is None else 2 if change.after is None else 1
            found[kind].append(change.key)
    return found


def told(edited: EditedNodes, remarks: Sequence[str] = ()) -> str:
    """What an accepted edit did, in one line."""
    parts = [f"{len(ids):,} {word}" for word, ids in edited._asdict().items() if ids]
    more = f" Mind: {remarks[0]}" if remarks else ""
    return f"The drawing follows the source: {', '.join(parts) or 'wires changed'}.{more}"


def ask_to_run(parent: QWidget, name: str) -> bool:
    """Ask whether the edited source may run; the answer is no unless the person says yes."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Run this source?")
    box.setText(f"To draw the source of {name}, Sketch runs it. Do you know and trust this code?")
    box.setInformativeText(
        "Everything in the text runs, pasted parts too, in a process of its own but with your rights: it could read "
        "and change your files. The answer holds for this document until Sketch is closed."
    )
    yes = box.addButton("Run it", QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton("Do not run", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.exec()
    return box.clickedButton() is yes


def ask_to_discard(parent: QWidget) -> bool:
    """Ask whether edited text may go."""
    box = QMessageBox(parent)
    box.setWindowTitle("Discard the edits?")
    box.setText("The edits of the source are not in the drawing yet. Discard them?")
    yes = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    no = box.addButton("Keep editing", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.exec()
    return box.clickedButton() is yes


def _show_changes(tab: CanvasTab, edited: EditedNodes) -> None:
    """Select what is new, else what changed, on the canvas in view; elsewhere go to the first of it."""
    nodes, found = tab.document.tables.nodes, edited.added or edited.changed
    here = [key for key in found if nodes[key].parent == tab.group]
    if here:
        tab.view.select(here)
    elif found:
        tab.reveal(found[0])


def _facts(row: Any) -> tuple[Any, ...]:
    """What a node is, without its wires; nothing for no row."""
    return () if row is None else (row.layer, row.name, row.params, row.parent)
