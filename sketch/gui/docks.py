"""The panels around the canvas and where they stand: toolbox left, editor and files right, text and lists below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from sketch.binder.registry import KernelRegistry

_Area = Qt.DockWidgetArea


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


DOCKS: tuple[tuple[str, str, Qt.DockWidgetArea], ...] = (
    ("toolbox", "Toolbox", _Area.LeftDockWidgetArea),
    ("editor", "Node editor", _Area.RightDockWidgetArea),
    ("files", "Working folder", _Area.RightDockWidgetArea),
    ("minimap", "Map", _Area.RightDockWidgetArea),
    ("source", "Source", _Area.BottomDockWidgetArea),
    ("summary", "Summary", _Area.BottomDockWidgetArea),
    ("problems", "Problems", _Area.BottomDockWidgetArea),
    ("history", "History", _Area.BottomDockWidgetArea),
    ("log", "Log", _Area.BottomDockWidgetArea),
)
"""Name, title and first place of each dock."""


def build_panels(
    desk: Desk, mirror: KernelMirror, theme: Theme
) -> Panels:
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
    window.setDockOptions(
        QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
    )
    window.setCorner(Qt.Corner.BottomLeftCorner, _Area.LeftDockWidgetArea)
    window.setCorner(Qt.Corner.BottomRightCorner, _Area.RightDockWidgetArea)
    docks = {name: _dock(window, name, title, getattr(panels, name)) for name, title, _ in DOCKS}
    arrange_docks(window, docks)
    return docks


def arrange_docks(window: QMainWindow, docks: dict[str, QDockWidget]) -> None:
    """The places of the first start; also what "Reset panels" brings back."""
    for name, _, area in DOCKS:
        window.addDockWidget(area, docks[name])
        docks[name].setFloating(False)
        docks[name].show()
    window.tabifyDockWidget(docks["files"], docks["minimap"])
    window.splitDockWidget(docks["source"], docks["summary"], Qt.Orientation.Horizontal)
    for name in ("problems", "history", "log"):
        window.tabifyDockWidget(docks["summary"], docks[name])
    docks["summary"].raise_()
    docks["files"].raise_()
    window.resizeDocks([docks["toolbox"]], [216], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["editor"]], [320], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["source"], docks["summary"]], [480, 480], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["source"]], [280], Qt.Orientation.Vertical)
    window.resizeDocks([docks["editor"], docks["files"]], [620, 260], Qt.Orientation.Vertical)


def _dock(window: QMainWindow, name: str, title: str, panel: QWidget) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(f"dock-{name}")
    dock.setWidget(panel)
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetClosable
        | QDockWidget.DockWidgetFeature.DockWidgetMovable
        | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    )
    return dock
