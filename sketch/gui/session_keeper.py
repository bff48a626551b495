"""Keeps the session in step with the window, and brings the window back as it was."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QPixmap

from sketch.gui.docks import arrange_docks
from sketch.state.journal import is_leaving

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.session_state import Tab

log = logging.getLogger(__name__)
LATER_MS = 300
QUICK_BYTES = 64 << 10
"""A document whose journal is no bigger than this (empty, or some edits) is shown with the first paint."""


class SessionKeeper(QObject):
    """Writes views, docks and tabs to the session a moment after they change."""

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        self._session = window.services.session
        self._restoring = True  # until what the session holds is there
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LATER_MS)
        self._later.timeout.connect(self.save_now)

    @property
    def folder(self) -> Path:
        """The working folder of the last time, else the folder Sketch was started in."""
        return Path(self._session.get("working_directory") or Path.cwd())

    def recent(self) -> list[Path]:
        """The files opened last that are still there, newest first."""
        return [path for text in self._session.recent if (path := Path(text)).is_file()]

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        self._session.add_recent(path, self._window.services.settings.get("session.recent"))

    def new_tab(self, name: str, path: Path | None = None, folder: Path | None = None) -> Tab:
        """A tab of the session with a journal folder of its own."""
        return self._session.add_tab(path, name, folder)

    def tab_closed(self, tab: CanvasTab) -> None:
        """Keep how a tab looked, then close it in the session."""
        if tab.document.folder is not None:
            self._save_views(tab)
            self._session.close_tab(tab.document.folder)

    def touch(self) -> None:
        """Something about the look changed: write it in a moment."""
        if not self._restoring:
            self._later.start()

    def save_now(self) -> None:
        """Write how the window looks."""
        self._later.stop()
        window, session = self._window, self._session
        session.set_geometry("window", bytes(window.saveGeometry().data()))
        session.set_geometry("docks", bytes(window.saveState().data()))
        if window.is_filled:  # before, they are not those of the session yet
            session.set("working_directory", str(window.folder))
            session.set("kernel", window.desk.kernel)
        for index, tab in enumerate(() if self._restoring else window.area):
            folder = tab.document.folder
            if folder is None:
                continue
            if index >= len(session.tabs) or session.tabs[index].folder != str(folder):
                session.move_tab(folder, index)
            known = session.tab(folder)
            if known and (known.name, known.path) != (
                tab.document.name,
                str(tab.document.path or "") or None,
            ):
                session.update_tab(folder, path=tab.document.path, name=tab.document.name)
            self._save_views(tab)
        front = window.area.front
        if (
            front is not None
            and front.document.folder is not None
            and session.active != session.tab(front.document.folder)
        ):
            session.set_active(front.document.folder)

    def restore_look(self) -> None:
        """Size, place and docks as they were, or as at the first start; called before the first paint."""
        window, docks = self._window, self._window.docks
        geometry, state = self._session.geometry("window"), self._session.geometry("docks")
        if geometry:
            window.restoreGeometry(geometry)
        nowhere = Qt.DockWidgetArea.NoDockWidgetArea
        if (
            state
            and window.restoreState(state)
            and all(window.dockWidgetArea(dock) != nowhere for dock in docks.values())
        ):
            return
        arrange_docks(window, docks)  # the first start, or there is a panel that the last one did not know
        if state:
            window.restoreState(state)

    def restore_front(self) -> None:
        """Open the tab that was in front if that is quick, so that the first paint shows it; the rest comes later."""
        tab, session = self._session.active, self._session
        wanted = self._window.services.settings.get("session.restore") and not session.is_looping
        if wanted and tab is not None and _is_quick(tab):
            self._restore_tab(tab, lambda: None)

    def restore_tabs(self) -> None:
        """Open what was open, with unsaved edits and undo history; what cannot be opened is said and left out.

        Big documents come one after the other, beside the window.
        """
        if not self._window.services.settings.get("session.restore"):
            self._restoring = False
            return
        self._restore_next(list(self._session.tabs), self._session.active, self._window.area.front)

    def _restore_next(self, waiting: list[Tab], active: Tab | None, early: CanvasTab | None) -> None:
        while waiting:
            tab = waiting.pop(0)
            if early is not None and tab.folder == str(early.document.folder):
                self._window.area.to_end(early)
            elif self._session.is_looping and tab == self._session.suspect:
                log.warning("session.skipped name=%s folder=%s", tab.name, tab.folder)
                self._window.say(
                    f"'{tab.name}' stopped Sketch twice and stays closed; Ctrl+Shift+T opens it."
                )
                self._session.close_tab(tab.folder)
            else:
                if not _is_quick(tab):
                    return self._restore_tab(tab, lambda: self._restore_next(waiting, active, early))
                self._restore_tab(tab, lambda: None)
        return self._restored(active)

    def _restored(self, active: Tab | None) -> None:
        """Everything is back: the window looks as it did, and what changes is written again."""
        self._restoring = False
        self._session.restored()
        for shown in self._window.area:
            if active is not None and str(shown.document.folder) == active.folder:
                self._window.area.tabs.setCurrentWidget(shown)
        log.info("session.restored tabs=%s", len(self._session.tabs))
        self._say_what_came_back()

    def _say_what_came_back(self) -> None:
        documents = [tab.document for tab in self._window.area]
        unsaved = [document.name for document in documents if document.is_modified]
        if unsaved and not any(document.recovery.message for document in documents):
            self._window.say(f"Back as you left it, with unsaved work in {', '.join(unsaved)}.")

    def bring_back(self, tab: Tab, then: Callable[[], object] = lambda: None) -> None:
        """Show the document of a tab of the session, where and how it was; a big one beside the window."""
        from sketch.gui import adopting

        def shown(made: CanvasTab) -> None:
            made.restore(adopting.views_of(tab.views))
            then()

        def failed(reason: str) -> None:
            log.error("session.not_restored folder=%s %s", tab.folder, reason)
            self._window.say(f"'{tab.name}' could not be brought back: {reason}")
            then()

        def stopped() -> None:
            self._session.close_tab(tab.folder)
            self._window.say(f"'{tab.name}' stays closed; Ctrl+Shift+T opens it.")
            then()

        adopting.bring_back(
            self._window, Path(tab.folder), tab.name, shown,
            failed=failed, stopped=stopped, at_once=_is_quick(tab),
        )  # fmt: skip

    def close(self) -> None:
        """End the session in good order; its tabs stay for the next start."""
        self._later.stop()
        self._session.close()

    def example_picture(self, key: str, size: QSize) -> QPixmap:
        """A small drawing of an example."""
        from sketch.graph import examples
        from sketch.graph.draft import Draft
        from sketch.graph.tables import Tables
        from sketch.gui.thumbnails import draw_graph

        tables, library = Tables(), self._window.services.library
        draft = Draft(tables, library)
        examples.build(key, draft)
        tables.apply(draft.delta())
        return draw_graph(tables, library, size, self._window.theme, self._window.devicePixelRatioF())

    def _restore_tab(self, tab: Tab, then: Callable[[], object]) -> None:
        self._session.restoring(tab.folder)
        self.bring_back(tab, then)

    def _save_views(self, tab: CanvasTab) -> None:
        folder = tab.document.folder
        if folder is None:
            return
        for group, state in tab.views().items():
            if self._session.view(folder, group) != state:
                self._session.set_view(folder, group, state)


def _is_quick(tab: Tab) -> bool:
    """True for a small journal, with what its writer has not merged yet, of which all is on the disk."""
    folder = Path(tab.folder)
    if is_leaving(folder):  # its files come and go
        return False
    return sum(path.stat().st_size for path in folder.glob("journal.db*")) <= QUICK_BYTES
