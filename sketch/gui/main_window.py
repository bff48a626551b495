"""The main window: puts title, menus, tool bar, canvas tabs and panels together and passes events on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QMainWindow, QMenu, QToolBar, QWidget

from sketch.gui.action_table import TABLE, TOOL_BAR
from sketch.gui.actions import ActionSet
from sketch.gui.desk import Desk
from sketch.gui.docks import build_docks
from sketch.gui.icons import app_icon
from sketch.gui.jobs import JobBar, Jobs
from sketch.gui.kernel_mirror import KernelMirror
from sketch.gui.session_keeper import SessionKeeper
from sketch.gui.shell_style import window_style
from sketch.gui.summary_panel import totals_text
from sketch.gui.tab_area import TabArea
from sketch.gui.theme import Theme, load_theme, palette
from sketch.gui.welcome import WelcomePage

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.compiling import Compiler
    from sketch.gui.opening import Opener
    from sketch.gui.panel_set import Panels
    from sketch.gui.services import Services

log = logging.getLogger(__name__)
MESSAGE_MS = 8000
CONTEXT = (
    "edit.cut", "edit.copy", "edit.paste", "edit.duplicate", "edit.delete", "",
    "edit.rename", "edit.replace_layer", "",
    "group.group", "group.ungroup", "group.enter", "group.save_block", "",
    "insert.quick_add", "insert.note",
)  # fmt: skip
"""The context menu of the canvas; an empty name is a line."""


class MainWindow(QMainWindow):
    """The editor. `start` fills it after the first paint."""

    def __init__(self, services: Services):
        super().__init__()
        self.services = services
        self.theme: Theme = load_theme(theme_name(services.settings.get("appearance.theme")))
        _dress(self.theme)
        self.folder = Path.cwd()
        self.found = ""
        self._started = False
        self.desk = Desk(self)
        self.jobs = Jobs(self)
        self.mirror = KernelMirror(self.desk, lambda: services.registry if self._started else None, self)
        self.area: TabArea = TabArea(WelcomePage(self.theme))
        self.docks = build_docks(self)
        self.keeper: SessionKeeper = SessionKeeper(self)
        self.kernel = QComboBox()
        self.totals = QLabel()
        self.job_bar: JobBar = JobBar(self.jobs, self.theme)
        self.actions_ = ActionSet(self, TABLE, services.settings)
        self.tool_bar = self._tool_bar()
        self._assemble()
        self._connect()
        self._unsubscribe = [services.settings.subscribe(self._on_setting)]
        self._draw_icons(self.theme)
        self.tool_bar.setVisible(services.settings.get("appearance.toolbar"))
        self.keeper.restore_look()
        self.area.setFocus()

    @cached_property
    def panels(self) -> Panels:
        """The panels around the canvas."""
        from sketch.gui.panel_set import build_panels

        return build_panels(self.desk, self.mirror, self.theme)

    @cached_property
    def opener(self) -> Opener:
        """Opens, saves and closes documents."""
        from sketch.gui.opening import Opener

        return Opener(self)

    @cached_property
    def compiler(self) -> Compiler:
        """Compiles the document in front."""
        from sketch.gui.compiling import Compiler

        return Compiler(self)

    # --- for commands and panels -------------------------------------------------------------------

    def start(self) -> None:
        """Load what the first paint did not need: layers, kernels, the session, the working folder."""
        if self._started:
            return
        self._started = True
        self._fill_docks()
        from sketch.graph import examples

        self.area.welcome.show_examples(examples.names())
        self.show_blocks()
        self._offer_kernels()
        self.set_folder(self.keeper.folder)
        self.panels.files.start()
        self.keeper.restore_tabs()
        self.area.welcome.show_recent(self.keeper.recent())
        self.area.welcome.show_pictures(self.keeper.example_picture)
        self.actions_.refresh()

    def say(self, text: str) -> None:
        """One line in the status bar; it goes after a while."""
        log.info("said %s", text)
        self.statusBar().showMessage(text, MESSAGE_MS)

    def add_tab(self, tab: CanvasTab) -> None:
        """Show a document in a tab of its own."""
        self.actions_.attach(tab.view)
        tab.use(self.services.settings.get, self.services.settings.shortcut)
        tab.view.message.connect(self.say)
        tab.view.quick_add_requested.connect(self._quick_add)
        tab.view.context_menu_requested.connect(self._context_menu)
        tab.moved.connect(self.keeper.touch)
        tab.renamed.connect(self._on_update)
        self.area.add(tab)
        if not tab.document.tables.nodes:
            tab.view.zoom(1.0)

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
        self.theme = theme
        _dress(theme)
        self._draw_icons(theme)
        if self._started:
            self.panels.set_theme(theme)
        self.job_bar.set_theme(theme)
        self.area.welcome.set_theme(theme)
        for tab in self.area:
            tab.view.set_theme(theme)
        if self._started:
            self.area.welcome.show_pictures(self.keeper.example_picture)

    # --- events ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = _dropped_files(event)
        if files:
            event.acceptProposedAction()
            QTimer.singleShot(0, lambda: self.opener.open_files(list(files)))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is asked: the session keeps all edits, saved or not."""
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

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.ActivationChange, QEvent.Type.WindowStateChange) and self._started:
            self.actions_.refresh()

    # --- assembly ----------------------------------------------------------------------------------

    def _assemble(self) -> None:
        self.setObjectName("main-window")
        self.setCentralWidget(self.area)
        self.setAcceptDrops(True)
        self.resize(1480, 940)
        self.actions_.fill(self.menuBar())
        self.addToolBar(self.tool_bar)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addPermanentWidget(self.job_bar)
        bar.addPermanentWidget(self.totals)
        self.totals.setAccessibleName("Totals")

    def _tool_bar(self) -> QToolBar:
        bar = QToolBar("Tool bar")
        bar.setObjectName("tool-bar")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        for action_id in TOOL_BAR:
            if action_id:
                bar.addAction(self.actions_[action_id])
            else:
                bar.addSeparator()
        gap = QWidget()
        gap.setSizePolicy(gap.sizePolicy().Policy.Expanding, gap.sizePolicy().Policy.Preferred)
        bar.addWidget(gap)
        label = QLabel("Kernel ")
        label.setProperty("role", "muted")
        bar.addWidget(label)
        self.kernel.setAccessibleName("Kernel")
        self.kernel.setToolTip("The framework whose source is shown and that compiles")
        self.kernel.setMinimumWidth(110)
        bar.addWidget(self.kernel)
        bar.addSeparator()
        bar.addAction(self.actions_["compile.compile"])
        button = bar.widgetForAction(self.actions_["compile.compile"])
        if button is not None:
            button.setProperty("toolButtonStyle", Qt.ToolButtonStyle.ToolButtonTextBesideIcon.value)
        bar.addAction(self.actions_["view.theme"])
        return bar

    def _connect(self) -> None:
        desk, welcome = self.desk, self.area.welcome
        self.area.turned.connect(self._on_turned)
        self.area.close_wanted.connect(self._close_tab)
        self.area.arranged.connect(self.keeper.touch)
        desk.said.connect(self.say)
        desk.updated.connect(lambda _update: self._on_update())
        desk.selection_changed.connect(lambda _ids: self.actions_.refresh())
        self.kernel.activated.connect(lambda _index: self._choose_kernel(self.kernel.currentData()))
        welcome.example_chosen.connect(self._open_example)
        welcome.file_chosen.connect(lambda path: self.opener.open_file(Path(path)))
        welcome.new_wanted.connect(self.actions_["file.new"].trigger)
        welcome.open_wanted.connect(self.actions_["file.open"].trigger)
        self.jobs.progressed.connect(lambda *_progress: self.actions_.refresh())
        self.jobs.ended.connect(lambda _job: self.actions_.refresh())
        for dock in self.docks.values():
            dock.visibilityChanged.connect(lambda _on: self.keeper.touch())
            dock.dockLocationChanged.connect(lambda _area: self.keeper.touch())

    def _draw_icons(self, theme: Theme) -> None:
        self.setWindowIcon(app_icon(theme))
        self.actions_.set_theme(theme)

    def _fill_docks(self) -> None:
        panels = self.panels
        panels.fill(self.docks)
        panels.toolbox.append_wanted.connect(self._append)
        panels.files.open_wanted.connect(lambda path: self.opener.open_file(Path(path)))
        panels.files.folder_changed.connect(lambda path: setattr(self, "folder", Path(path)))
        panels.problems.counted.connect(self._count_problems)
        for record in self.services.log.records():
            panels.log.receive(record)
        self._unsubscribe.append(self.services.log.subscribe(panels.log.receive))
        self._use_text_options()

    # --- reactions ---------------------------------------------------------------------------------

    def _on_turned(self, tab: CanvasTab | None) -> None:
        self.desk.turn_to(tab)
        if tab is not None:
            self.kernel.setCurrentIndex(self.kernel.findData(tab.document.kernel))
            self.desk.choose_kernel(tab.document.kernel)
        else:
            self.area.welcome.show_recent(self.keeper.recent())
        self._on_update()
        self.keeper.touch()

    def _on_update(self) -> None:
        document = self.desk.document
        self.totals.setText(totals_text(document))
        name = f"{document.name}[*] - {self.kernel.currentText()} - Sketch" if document else "Sketch"
        if self.windowTitle() != name:
            self.setWindowTitle(name)
        self.setWindowModified(bool(document and document.is_modified))
        self.actions_.refresh()

    def _choose_kernel(self, name: str) -> None:
        document = self.desk.document
        if document is not None and name:
            document.kernel = name
        self.desk.choose_kernel(name)
        log.info("kernel.chosen name=%s", name)
        self._on_update()

    def _offer_kernels(self) -> None:
        registry = self.services.registry
        for kernel in registry:
            self.kernel.addItem(kernel.info.title, kernel.info.name)
        for name, reason in registry.failures.items():
            log.warning("kernel.failed name=%s reason=%s", name, reason)
        wanted = self.services.settings.get("compile.kernel")
        self.kernel.setCurrentIndex(max(0, self.kernel.findData(wanted)))
        self.desk.choose_kernel(self.kernel.currentData() or "")

    def _count_problems(self, errors: int, warnings: int) -> None:
        count = errors + warnings
        self.docks["problems"].setWindowTitle(f"Problems ({count})" if count else "Problems")
        self.actions_.refresh()

    def _close_tab(self, tab: CanvasTab) -> None:
        self.opener.close(tab)

    def _open_example(self, key: str) -> None:
        self.opener.example(key)

    def _use_canvas_options(self) -> None:
        settings = self.services.settings
        for tab in self.area:
            tab.use(settings.get, settings.shortcut)

    def _use_text_options(self) -> None:
        get = self.services.settings.get
        self.panels.source.use(
            follow=get("text.follow"), font_size=get("text.font_size"), wrap=get("text.wrap")
        )

    def _append(self, key: str) -> None:
        from sketch.gui import edit_commands

        edit_commands.append(self, key)

    def _quick_add(self, scene: QPointF, place: QPoint, wire: Any) -> None:
        from sketch.gui import popups

        popups.quick_add(self, scene, place, wire)

    def _context_menu(self, place: QPoint, _thing: Any) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action_id in CONTEXT:
            if action_id:
                menu.addAction(self.actions_[action_id])
            else:
                menu.addSeparator()
        menu.popup(place)

    def _on_setting(self, name: str) -> None:
        if name == "appearance.theme":
            self.use_theme(load_theme(theme_name(self.services.settings.get(name))))
        elif name.startswith("shortcut"):
            self.actions_.apply_shortcuts()
            self._use_canvas_options()
        elif name.startswith("canvas."):
            self._use_canvas_options()
        elif name.startswith("text."):
            self._use_text_options()
        elif name == "appearance.toolbar":
            self.tool_bar.setVisible(self.services.settings.get(name))
        self.actions_.refresh()


def theme_name(wanted: str) -> str:
    """`light` or `dark`; `system` follows the desktop."""
    if wanted != "system":
        return wanted
    hints = QGuiApplication.styleHints()
    return "dark" if hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark else "light"


def _dress(theme: Theme) -> None:
    """Give the application the colours of a theme; before widgets exist, since each would be styled again."""
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setPalette(palette(theme))
        application.setStyleSheet(window_style(theme))


def _dropped_files(event: QDragEnterEvent | QDropEvent) -> Sequence[Path]:
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
