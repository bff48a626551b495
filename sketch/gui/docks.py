"""The panels around the canvas and where they stand: toolbox left, editor and files right, text and lists below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from sketch.gui.desk import Desk
from sketch.gui.directory_tree import DirectoryTree
from sketch.gui.kernel_mirror import KernelMirror
from sketch.gui.minimap_panel import MiniMapPanel
from sketch.gui.node_editor import NodeEditor
from sketch.gui.panels import HistoryPanel, LogPanel, ProblemsPanel
from sketch.gui.summary_panel import SummaryPanel
from sketch.gui.text_panel import TextPanel
from sketch.gui.theme import Theme
from sketch.gui.toolbox import Toolbox


@dataclass(frozen=True)
class Panels:
    """The panels of a window by name."""

    toolbox: Toolbox
    editor: NodeEditor
    files: DirectoryTree
    minimap: MiniMapPanel
    source: TextPanel
    summary: SummaryPanel
    problems: ProblemsPanel
    history: HistoryPanel
    log: LogPanel

    def set_theme(self, theme: Theme) -> None:
        """Show all panels in the colours of a theme."""
        for field in fields(self):
            panel = getattr(self, field.name)
            if hasattr(panel, "set_theme"):
                panel.set_theme(theme)


DOCKS: Mapping[str, str] = {
    "toolbox": "Toolbox", "editor": "Node editor", "files": "Working folder", "minimap": "Map", "source": "Source",
    "summary": "Summary", "problems": "Problems", "history": "History", "log": "Log",
}  # fmt: skip
"""Name and title of each dock."""
FIRST_IN_AREA = {
    "toolbox": Qt.DockWidgetArea.LeftDockWidgetArea,
    "editor": Qt.DockWidgetArea.RightDockWidgetArea,
    "source": Qt.DockWidgetArea.BottomDockWidgetArea,
}
BEHIND = {"minimap": "files", "problems": "summary", "history": "summary", "log": "summary"}
"""Docks that first stand as a tab behind another."""
NARROWEST = {"toolbox": 190, "editor": 300, "files": 200}
"""Smallest useful widths, px."""


def build_panels(desk: Desk, mirror: KernelMirror, theme: Theme) -> Panels:
    """Make all panels; they fill when something is opened."""
    return Panels(
        toolbox=Toolbox(theme),
        editor=NodeEditor(desk, theme),
        files=DirectoryTree(theme),
        minimap=MiniMapPanel(desk, theme),
        source=TextPanel(desk, mirror, theme),
        summary=SummaryPanel(desk),
        problems=ProblemsPanel(desk, mirror, theme),
        history=HistoryPanel(desk, theme),
        log=LogPanel(theme),
    )


def build_docks(window: QMainWindow, panels: Panels) -> dict[str, QDockWidget]:
    """Put each panel into a dock and the docks to their first places."""
    window.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
    window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
    return {name: _dock(window, name, title, getattr(panels, name)) for name, title in DOCKS.items()}


def arrange_docks(window: QMainWindow, docks: dict[str, QDockWidget]) -> None:
    """The places of the first start; also what "Reset panels" brings back."""
    for dock in docks.values():
        window.removeDockWidget(dock)
    for name, area in FIRST_IN_AREA.items():
        window.addDockWidget(area, docks[name])
    window.splitDockWidget(docks["editor"], docks["files"], Qt.Orientation.Vertical)
    window.splitDockWidget(docks["source"], docks["summary"], Qt.Orientation.Horizontal)
    for name, front in BEHIND.items():
        window.tabifyDockWidget(docks[front], docks[name])
    for dock in docks.values():
        dock.setFloating(False)
        dock.show()
    docks["summary"].raise_()
    docks["files"].raise_()
    window.resizeDocks([docks["toolbox"], docks["editor"]], [212, 316], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["source"], docks["summary"]], [500, 500], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["source"], docks["summary"]], [270, 270], Qt.Orientation.Vertical)
    window.resizeDocks([docks["editor"], docks["files"]], [640, 230], Qt.Orientation.Vertical)


def _dock(window: QMainWindow, name: str, title: str, panel: QWidget) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(f"dock-{name}")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    panel.setMinimumWidth(NARROWEST.get(name, 0))
    dock.setWidget(panel)
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetClosable
        | QDockWidget.DockWidgetFeature.DockWidgetMovable
        | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    )
    return dock
