"""All panels of a window, made together after the first paint and put into their docks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from sketch.gui.desk import Desk
from sketch.gui.directory_tree import DirectoryTree
from sketch.gui.docks import NARROWEST
from sketch.gui.kernel_mirror import KernelMirror
from sketch.gui.look_viewer import OutputViewer
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
    viewer: OutputViewer

    def fill(self, docks: Mapping[str, QDockWidget]) -> None:
        """Put each panel into its dock, in place of the empty one that was painted first."""
        for name, dock in docks.items():
            panel = getattr(self, name)
            panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            panel.setMinimumWidth(NARROWEST.get(name, 0))
            empty = dock.widget()
            dock.setWidget(panel)
            if empty is not None:
                empty.deleteLater()
            if dock.isFloating() and not dock.isHidden():
                _bring_forward(dock)

    def set_theme(self, theme: Theme) -> None:
        """Show all panels in the colours of a theme."""
        for field in fields(self):
            panel = getattr(self, field.name)
            if hasattr(panel, "set_theme"):
                panel.set_theme(theme)


def _bring_forward(dock: QDockWidget) -> None:
    """Show a floating panel again: it was restored before the window was there, and now lies behind it."""
    dock.hide()
    dock.show()
    dock.raise_()


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
        viewer=OutputViewer(desk, theme),
    )
