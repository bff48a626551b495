"""The main window: puts title, menus, tool bar, canvas tabs and panels together and passes events on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QMainWindow

from sketch.gui.action_table import TABLE
from sketch.gui.actions import ActionSet
from sketch.gui.collector import Collector
from sketch.gui.desk import Desk
from sketch.gui.docks import build_docks
from sketch.gui.icons import app_icon
from sketch.gui.jobs import JobBar, Jobs
from sketch.gui.kernel_mirror import KernelMirror
from sketch.gui.late_paint import LatePaint
from sketch.gui.session_keeper import SessionKeeper
from sketch.gui.shell_style import dress, theme_name
from sketch.gui.slices import Walk
from sketch.gui.status_line import Corner, StatusLine, Totals
from sketch.gui.tab_area import TabArea
from sketch.gui.theme import Theme, load_theme
from sketch.gui.tool_bar import ToolBar
from sketch.gui.totals import TotalsReader
from sketch.gui.welcome import WelcomePage
from sketch.gui.wiring import connect_tab, connect_window, on_setting

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.compiling import Compiler
    from sketch.gui.glance_page import GlancePage
    from sketch.gui.opening import Opener
    from sketch.gui.panel_set import Panels
    from sketch.gui.services import Services

log = logging.getLogger(__name__)
FIRST_SIZE, SMALLEST_SIZE = QSize(1560, 980), QSize(960, 640)
"""Size of the first start, px, as far as the screen has room, and what it takes at least."""


class MainWindow(QMainWindow):
    """The editor. `start` fills it after the first paint."""

    def __init__(self, services: Services):
        super().__init__()
        self.services: Services = services
        self.collector = Collector(self)
        self.theme: Theme = load_theme(theme_name(services.settings.get("appearance.theme")))
        dress(self, self.theme)
        self.folder = Path.cwd()
        self.found = ""
        self._line = StatusLine(self.statusBar())
        self.is_filled = False  # true when panels and kernels are there
        self.desk = Desk(self)
        self.jobs = Jobs(self)
        self.mirror = KernelMirror(self.desk, lambda: services.registry if self.is_filled else None, self)
        self.area: TabArea = TabArea(WelcomePage(self.theme))
        self.docks = build_docks(self)
        self.painting: LatePaint = LatePaint(self)
        self.keeper: SessionKeeper = SessionKeeper(self)
        self.totals = Totals()
        self._reader = TotalsReader(self, self.totals.setText)
        self.job_bar: JobBar = JobBar(self.jobs, self.theme)
        self.actions_ = ActionSet(self, TABLE, services.settings)
        self.tool_bar: ToolBar = ToolBar(self.actions_)
        self.kernel = self.tool_bar.kernel
        self._assemble()
        self.area.turned.connect(self._on_turned)
        self.desk.updated.connect(lambda _update: self._on_update())
        self.desk.followed.connect(lambda _update: self._show_totals())
        self.desk.selection_changed.connect(lambda _ids: self._line.forget())
        self.tool_bar.kernel_chosen.connect(self.choose_kernel)
        connect_window(self)
        self._unsubscribe: list[Callable[[], object]] = [
            services.settings.subscribe(lambda name: on_setting(self, name))
        ]
        self.setWindowIcon(app_icon(self.theme))
        self.tool_bar.setVisible(services.settings.get("appearance.toolbar"))
        self.keeper.restore_look()
        self.area.setFocus()

    @cached_property
    def panels(self) -> Panels:
        """The panels around the canvas."""
        from sketch.gui.panel_set import Panels

        return Panels(self.desk, self.mirror, self.theme)

    @cached_property
    def rest(self) -> Walk:
        """The start after the first paint; it goes on while nothing else is done."""
        from sketch.gui import starting

        walk = Walk(self, starting.steps(self), slowly=True)
        walk.ended.connect(self.collector.begin)
        return walk

    @cached_property
    def opener(self) -> Opener:
        """Opens, saves and closes documents."""
        from sketch.gui.opening import Opener

        self.start()  # what the session brings back comes before what is opened
        return Opener(self)

    @cached_property
    def compiler(self) -> Compiler:
        """Compiles the document in front."""
        from sketch.gui.compiling import Compiler

        return Compiler(self)

    # --- for commands and panels -------------------------------------------------------------------

    def start(self) -> None:
        """Do at once what is left of the start."""
        self.rest.finish()

    def say(self, text: str, *, for_now: bool = False) -> None:
        """One line in the status bar; it goes after a while, `for_now` with the next edit or selection."""
        self._line.say(text, for_now=for_now)

    def connect_tab(self, tab: CanvasTab) -> None:
        """Let the window hear a tab that `add_tab` will show."""
        self.actions_.attach(tab.view)
        connect_tab(self, tab)
        tab.renamed.connect(self._on_update)

    def add_tab(self, tab: CanvasTab, instead: GlancePage | None = None) -> None:
        """Show a connected tab in front, `instead` of the first picture of its file if there was one."""
        self.area.add(tab, instead)
        if not tab.document.tables.nodes:
            tab.view.zoom(1.0)

    def choose_kernel(self, name: str) -> None:
        """Show and compile the document in front with another kernel."""
        document = self.desk.document
        if document is not None:
            document.kernel = name
        self.desk.choose_kernel(name)
        log.info("kernel.chosen name=%s", name)
        self._on_update()

    def on_close(self, leave: Callable[[], object]) -> None:
        """Call this when the window closes."""
        self._unsubscribe.append(leave)

    def set_folder(self, folder: Path) -> None:
        """Change the working folder."""
        self.panels.files.go_to(folder)
        self.folder = self.panels.files.folder
        self.keeper.touch()

    def show_blocks(self) -> None:
        """Fill the toolbox: all layers and the saved blocks."""
        from sketch.state import blocks

        self.panels.toolbox.show_library(self.services.library, blocks.names())

    def use_theme(self, theme: Theme) -> None:
        """Show everything in another theme."""
        from sketch.gui.dressing import redress  # not before the first paint

        redress(self, theme)

    # --- events ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = _dropped_files(event)
        if files:
            event.acceptProposedAction()
            QTimer.singleShot(0, lambda: self.opener.open_files(list(files)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key that nobody took may be that of a command that cannot run now."""
        self.actions_.explain(event.keyCombination())
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is asked: the session keeps all edits, saved or not."""
        self.rest.stop()
        self.keeper.save_now()
        self.jobs.cancel_all()
        self.mirror.close()
        for leave in self._unsubscribe:
            leave()
        self.desk.turn_to(None)
        self.keeper.close()
        for tab in list(self.area):
            tab.close_document()
        self.services.close()
        log.info("window.closed")
        event.accept()

    def _assemble(self) -> None:
        self.setObjectName("main-window")
        self.setCentralWidget(self.area)
        self.setAcceptDrops(True)
        room = QGuiApplication.primaryScreen().availableSize()
        self.resize(FIRST_SIZE.boundedTo(room).expandedTo(SMALLEST_SIZE))
        self.actions_.head(self.menuBar())
        self.addToolBar(self.tool_bar)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addPermanentWidget(self.totals)
        Corner(bar, self.job_bar, self.totals)

    def show_front(self) -> None:
        """Let everything around the tab in front show it."""
        self._on_turned(self.area.front)

    def _on_turned(self, tab: CanvasTab | None) -> None:
        self.desk.turn_to(tab)
        if tab is not None:
            self.tool_bar.show_kernel(tab.document.kernel)
            self.desk.choose_kernel(tab.document.kernel)
        else:
            self.area.welcome.show_recent(self.keeper.recent())
        self._on_update()
        self.keeper.touch()

    def _show_totals(self) -> None:
        """The line of totals; of a network whose shapes are on their way when they are there."""
        document = self.desk.document
        if document is None or not document.inference.is_behind:
            self._reader.tell(document)

    def _on_update(self) -> None:
        self._line.forget()
        document = self.desk.document
        self._show_totals()
        name = f"{document.name}[*] - {self.tool_bar.kernel.currentText()} - Sketch" if document else "Sketch"
        if self.windowTitle() != name:
            self.setWindowTitle(name)
        self.setWindowModified(bool(document and document.is_modified))
        self.actions_.refresh()


def _dropped_files(event: QDragEnterEvent | QDropEvent) -> Sequence[Path]:
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
