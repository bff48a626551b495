"""A first picture of a model's file, long before it is read: a kernel's glance, laid out and wired on a thread.

    glance = Glance(window, path)
    job = binder.import_model(path, ..., first=glance.first)       # the worker is asked when the picture was painted
    glance.follow(job)
    ...
    adopting.adopt(..., glance=glance)                             # the document's tab takes the place

No document of the session is made: what ends in between leaves nothing behind.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from sketch.graph.collection import paused_collection
from sketch.gui.background import short_turns
from sketch.gui.late_paint import NEXT_MS
from sketch.gui.long_lived import let_go, settle

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.binder.kernel import Kernel
    from sketch.gui.canvas.wires import Wiring
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.glance_page import GlancePage
    from sketch.gui.glance_rows import Glanced
    from sketch.gui.main_window import MainWindow

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 3.0
"""The import waits for the picture no longer than this."""
BEAT_SECONDS = 0.02


class Glance(QObject):
    """The first picture of one file, from the thread that draws it to the tab that takes its place."""

    _made = Signal(object)

    def __init__(self, window: MainWindow, path: Path):
        super().__init__(window)
        self.page: GlancePage | None = None
        self._coming: GlancePage | None = None
        self._window, self._path = window, path
        services = window.services
        self._library, self._store = services.library, services.store  # loaded here, not on the thread
        self._badges = bool(services.settings.get("canvas.badges"))
        self._job: Job | None = None
        self._is_over = False
        self._drawn: Wiring | None = None
        self._settled = threading.Event()
        self._made.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def first(self, job: Job, kernel: Kernel) -> None:
        """On the thread of the job that reads the file: wait for the picture, or until there will be none."""
        threading.Thread(target=self._look, args=(kernel,), name="glance", daemon=True).start()
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._settled.wait(BEAT_SECONDS) and time.monotonic() < end:
            job.check()
        if self._drawn is not None and self._settled.is_set():
            self._drawn.rest()

    def follow(self, job: Job) -> None:
        """This job is what the picture waits for: it is cancelled when the person closes the picture."""
        self._job = job

    def take_place(self, tab: CanvasTab) -> None:
        """Put the document's tab where the picture is; it looks where the person has looked."""
        self._window.add_tab(tab, self.page)
        if self.page is not None:
            self.page.hand_over(tab.view)
        self.end()

    def end(self) -> None:
        """Take the picture away, if there is one; none comes any more."""
        if self._is_over:
            return
        shown, page = self.page, self.page or self._coming
        self.page, self._coming, self._is_over = None, None, True
        self._settled.set()
        self.deleteLater()
        if shown is not None:
            shown.hide()  # what is let go of is never painted again
            self._window.area.remove_glance(shown)
        if page is not None:
            page.close_view()
            let_go(page)

    # --- inside ------------------------------------------------------------------------------------

    def _look(self, kernel: Kernel) -> None:
        from sketch.gui.glance_rows import glanced

        try:
            with paused_collection(), short_turns():
                made = glanced(kernel, self._path, self._library, self._store, badges=self._badges)
            if made is not None and not self._is_over:
                self._drawn = made.wiring
                self._made.emit(made)
                return
        except Exception:
            log.exception("glance.failed path=%s", self._path)
        self._settled.set()

    def _show(self, made: Glanced) -> None:
        """In the window's thread: the picture, in a tab in front, made and shown in turns of their own."""
        from sketch.gui.canvas.options import CanvasOptions
        from sketch.gui.glance_page import GlancePage, GlanceView

        window = self._window
        if self._is_over or (self._job is not None and self._job.is_cancelled):
            self._settled.set()
            return
        view = GlanceView(made.document, window.theme, made.wiring)
        view.set_options(CanvasOptions.of(window.services.settings.get, window.services.settings.shortcut))
        view.message.connect(window.say)
        view.seen.connect(self._settled.set)
        window.actions_.attach(view)
        page = GlancePage(self._path, view)
        page.dismissed.connect(self._dismiss)
        self._coming = page
        QTimer.singleShot(NEXT_MS, self, self._bring_forward)

    def _bring_forward(self) -> None:
        if self._coming is None:
            return
        window, self.page, self._coming = self._window, self._coming, None
        if self.page.view.canvas.ink.theme is not window.theme:  # chosen between the two turns
            self.page.view.set_theme(window.theme)
        with window.area.painted_later():
            window.area.add_glance(self.page)
        settle()

    def _dismiss(self) -> None:
        job = self._job
        self.end()
        if job is not None:
            job.cancel()
