"""Documents that are made on a thread (rows, shapes, wires) and then adopted by the window, finished, in few turns."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from sketch.gui import background
from sketch.gui.long_lived import let_go, settle

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.gui.canvas.wires import Wiring
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.glance import Glance
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

log = logging.getLogger(__name__)
WRITE_LATER_MS = 1500
"""The journal writes a document that was opened this long after it can be seen; edits of meanwhile come after it."""
Make = Callable[[Path, "Job"], "Document"]
"""Makes a document whose journal is in this folder; it runs on a thread."""


@dataclass(frozen=True)
class Ready:
    """A document with all that its first picture needs."""

    document: Document
    wiring: Wiring


def adopt(
    window: MainWindow,
    title: str,
    make: Make,
    shown: Callable[[CanvasTab], object],
    *,
    failed: Callable[[str], object],
    path: Path | None = None,
    at_once: bool = False,
    glance: Glance | None = None,
) -> Job:
    """Make a document beside the window and show it in a tab of its own; a cancel leaves no tab and no file.

    Args:
        title: what the job bar says.
        shown: is given the tab.
        failed: is given the one line of an error.
        path: the file of Sketch that the document is of, for the session.
        at_once: make it here and now, because it is small.
        glance: the first picture, whose place the tab takes; it goes in any case.
    """
    from sketch.state.session import fresh_folder

    folder, arrival = fresh_folder(window.services.session), _Arrival(window, glance)

    def then(ready: Ready) -> None:
        window.keeper.new_tab(ready.document.name, path, folder)
        shown(arrival.show(ready))

    def refused(reason: str) -> None:
        _end(glance)
        failed(reason)

    return background.run(
        window.jobs, title, lambda task: _ready(make, folder, task), then,
        failed=refused, dropped=arrival.drop, stopped=lambda: _end(glance), building=arrival.build, at_once=at_once,
    )  # fmt: skip


def bring_back(
    window: MainWindow, folder: Path, name: str, shown: Callable[[CanvasTab], object],
    *, failed: Callable[[str], object], stopped: Callable[[], object], at_once: bool = False,
) -> None:  # fmt: skip
    """Make the document of a journal anew and show it in a tab; a cancel leaves the journal as it is."""
    services = window.services
    if at_once:
        return _bring_back_now(window, folder, name, shown, failed)
    arrival = _Arrival(window, leave=lambda document: document.close())
    background.run(
        window.jobs, f"Bring back {name}",
        lambda task: _drawn(services.document(folder, name), task), lambda ready: shown(arrival.show(ready)),
        failed=failed, dropped=arrival.drop, stopped=stopped, building=arrival.build,
    )  # fmt: skip
    return None


def _bring_back_now(
    window: MainWindow,
    folder: Path,
    name: str,
    shown: Callable[[CanvasTab], object],
    failed: Callable[[str], object],
) -> None:
    """Without a job: what that needs is not loaded before the first paint."""
    from sketch.graph.errors import GraphError
    from sketch.state.journal_file import JournalError

    try:
        ready = _drawn(window.services.document(folder, name))
    except (GraphError, JournalError, OSError) as error:
        log.exception("session.not_restored folder=%s", folder)
        failed(str(error))
        return
    shown(_Arrival(window).show(ready))


class _Arrival:
    """A finished document comes into the window, a part a turn: its tab is made, put in front, and then painted.

    Args:
        glance: the first picture, whose place the tab takes.
        leave: lets go of the document when nobody will see it.
    """

    def __init__(
        self,
        window: MainWindow,
        glance: Glance | None = None,
        leave: Callable[[Document], object] | None = None,
    ):
        self._window, self._glance, self._leave = window, glance, leave or _forget
        self._tab: CanvasTab | None = None
        self._options: list[str] = []
        self._unsubscribe: Callable[[], object] = lambda: None

    def build(self, ready: Ready) -> Iterator[None]:
        """Make the tab; nobody sees it yet."""
        self._tab = self._made(ready)
        yield
        self._connect(self._tab)
        yield

    def show(self, ready: Ready) -> CanvasTab:
        """Put the tab in front, or where the first picture is."""
        window, document, tab = self._window, ready.document, self._tab
        was_built = tab is not None
        if tab is None:
            self._connect(tab := self._made(ready))
        self._catch_up(tab)
        with window.area.painted_later() if was_built else nullcontext():
            if self._glance is None:
                window.add_tab(tab)
            else:
                self._glance.take_place(tab)
        if document.recovery.message:
            window.say(document.recovery.message)
        settle()
        if document.journal is not None:
            QTimer.singleShot(WRITE_LATER_MS, lambda journal=document.journal: journal.hold(False))
        return tab

    def drop(self, ready: Ready) -> None:
        """Nobody will see the document."""
        self._leave(ready.document)
        self._unsubscribe()
        if self._tab is not None:
            self._tab.close_document()
            let_go(self._tab)

    def _made(self, ready: Ready) -> CanvasTab:
        from sketch.gui.canvas_tab import CanvasTab

        return CanvasTab(ready.document, self._window.theme, ready.wiring)

    def _connect(self, tab: CanvasTab) -> None:
        services = self._window.services
        self._window.connect_tab(tab)
        services.known(tab.document)
        self._unsubscribe = services.settings.subscribe(self._options.append)

    def _catch_up(self, tab: CanvasTab) -> None:
        """What the person chose between two turns."""
        self._unsubscribe()
        window, settings = self._window, self._window.services.settings
        if tab.view.canvas.ink.theme is not window.theme:
            tab.view.set_theme(window.theme)
        if self._options:
            tab.use(settings.get, settings.shortcut)


def _end(glance: Glance | None) -> None:
    if glance is not None:
        glance.end()


def _ready(make: Make, folder: Path, task: Job) -> Ready:
    try:
        return _drawn(make(folder, task), task)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _drawn(document: Document, task: Job | None = None) -> Ready:
    from sketch.gui.canvas.indexing import prepare
    from sketch.gui.canvas.wires import Wiring

    try:
        if task is not None:
            task.step(0, 0, "Drawing wires")
        wiring = Wiring(document.tables, document.library, None)
        prepare(wiring)
        if task is not None:
            task.check()
    except BaseException:
        document.close(forget=True)
        raise
    return Ready(document, wiring)


def _forget(document: Document) -> None:
    """Let go of a document that nobody will see, with its folder."""
    document.close(forget=True)
    if document.folder is not None:
        shutil.rmtree(document.folder, ignore_errors=True)


def views_of(views: Mapping[str, dict[str, Any]]) -> dict[int | None, dict[str, Any]]:
    """The views of a session's tab, by group."""
    return {
        None if group == "top" else int(group): view
        for group, view in views.items()
        if group.lstrip("-").isdigit() or group == "top"
    }
