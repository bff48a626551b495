"""All panels of a window, made after the first paint and put into their docks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from sketch.gui.desk import Desk
from sketch.gui.directory_tree import DirectoryTree
from sketch.gui.docks import DOCKS, NARROWEST
from sketch.gui.kernel_mirror import KernelMirror
from sketch.gui.look_viewer import OutputViewer
from sketch.gui.minimap_panel import MiniMapPanel
from sketch.gui.node_editor import NodeEditor
from sketch.gui.panels import HistoryPanel, LogPanel, ProblemsPanel
from sketch.gui.summary_panel import SummaryPanel
from sketch.gui.text_panel import TextPanel
from sketch.gui.theme import Theme
from sketch.gui.toolbox import Toolbox


class Panels:
    """The panels of a window by name; each is made when it is first asked for, and fills when something is opened."""

    def __init__(self, desk: Desk, mirror: KernelMirror, theme: Theme):
        self._desk = desk
        self._mirror = mirror
        self._theme = theme

    @cached_property
    def toolbox(self) -> Toolbox:
        """Every layer by category."""
        return Toolbox(self._theme)

    @cached_property
    def editor(self) -> NodeEditor:
        """The parameters of what is selected."""
        return NodeEditor(self._desk, self._theme)

    @cached_property
    def files(self) -> DirectoryTree:
        """The working folder."""
        return DirectoryTree(self._theme)

    @cached_property
    def minimap(self) -> MiniMapPanel:
        """The whole drawing, small."""
        return MiniMapPanel(self._desk, self._theme)

    @cached_property
    def source(self) -> TextPanel:
        """The source text of the kernel."""
        return TextPanel(self._desk, self._mirror, self._theme)

    @cached_property
    def summary(self) -> SummaryPanel:
        """Every layer in a table, and the totals."""
        return SummaryPanel(self._desk)

    @cached_property
    def problems(self) -> ProblemsPanel:
        """What is wrong with the network."""
        return ProblemsPanel(self._desk, self._mirror, self._theme)

    @cached_property
    def history(self) -> HistoryPanel:
        """Every edit."""
        return HistoryPanel(self._desk, self._theme)

    @cached_property
    def log(self) -> LogPanel:
        """What the program has noted."""
        return LogPanel(self._theme)

    @cached_property
    def viewer(self) -> OutputViewer:
        """The values of a run."""
        return OutputViewer(self._desk, self._theme)

    def put(self, name: str, dock: QDockWidget) -> None:
        """Put a panel into its dock, in place of the empty one that was painted first."""
        panel = getattr(self, name)
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        panel.setMinimumWidth(NARROWEST.get(name, 0))
        empty = dock.widget()
        dock.setWidget(panel)
        if empty is not None:
            empty.deleteLater()
        if dock.isFloating() and not dock.isHidden():
            _bring_forward(dock)

    def dressing(self, theme: Theme) -> list[Callable[[], object]]:
        """The steps that show the panels in the colours of a theme; those made from now on have them."""
        self._theme = theme
        made = [panel for name, panel in vars(self).items() if name in DOCKS]
        return [partial(panel.set_theme, theme) for panel in made if hasattr(panel, "set_theme")]


def _bring_forward(dock: QDockWidget) -> None:
    """Show a floating panel again: it was restored before the window was there, and now lies behind it."""
    dock.hide()
    dock.show()
    dock.raise_()
