"""The middle of the window (area D): one tab a document, the welcome page while there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QTabWidget

from sketch.gui.welcome import WelcomePage

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab


class TabArea(QStackedWidget):
    """Tabs over the welcome page. `turned` follows the tab in front, `close_wanted` the crosses."""

    turned = Signal(object)
    close_wanted = Signal(object)
    arranged = Signal()

    def __init__(self, welcome: WelcomePage):
        super().__init__()
        self.welcome = welcome
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setMovable(True)
        self.tabs.setTabsClosable(True)
        self.tabs.setAccessibleName("Open networks")
        self.addWidget(welcome)
        self.addWidget(self.tabs)
        self.tabs.currentChanged.connect(lambda _index: self._on_turned())
        self.tabs.tabCloseRequested.connect(lambda index: self.close_wanted.emit(self.tabs.widget(index)))
        self.tabs.tabBar().tabMoved.connect(lambda _from, _to: self.arranged.emit())

    def __iter__(self) -> Iterator[CanvasTab]:
        return iter([cast("CanvasTab", self.tabs.widget(index)) for index in range(self.tabs.count())])

    @property
    def front(self) -> CanvasTab | None:
        """The tab in front, None on the welcome page."""
        return cast("CanvasTab | None", self.tabs.currentWidget())

    def of_path(self, path: Path) -> CanvasTab | None:
        """The tab that shows this file."""
        return next((tab for tab in self if path in (tab.document.path, tab.source)), None)

    def add(self, tab: CanvasTab) -> None:
        """Add a tab and bring it to the front."""
        index = self.tabs.addTab(tab, tab.title)
        tab.renamed.connect(lambda: self.rename(tab))
        self.rename(tab)
        self.setCurrentWidget(self.tabs)
        self.tabs.setCurrentIndex(index)
        tab.setFocus()

    def to_end(self, tab: CanvasTab) -> None:
        """Put a tab behind the others; it stays in front if it is."""
        self.tabs.tabBar().moveTab(self.tabs.indexOf(tab), self.tabs.count() - 1)

    def remove(self, tab: CanvasTab) -> None:
        """Take a tab away; the last one leaves the welcome page."""
        self.tabs.removeTab(self.tabs.indexOf(tab))
        if not self.tabs.count():
            self.setCurrentWidget(self.welcome)
            self.turned.emit(None)

    def rename(self, tab: CanvasTab) -> None:
        """Show the present name and modified mark of a tab."""
        index = self.tabs.indexOf(tab)
        title = tab.title.replace("&", "&&")
        if index >= 0 and self.tabs.tabText(index) != title:
            self.tabs.setTabText(index, title)
        for side in (QTabBar.ButtonPosition.LeftSide, QTabBar.ButtonPosition.RightSide):
            button = self.tabs.tabBar().tabButton(index, side)
            if button is not None:
                button.setAccessibleName(f"Close {tab.title}")
        self.tabs.setTabToolTip(index, str(tab.document.path or "Not saved to a file; the session keeps it"))

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) tab, round the end."""
        if self.tabs.count():
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + by) % self.tabs.count())

    def _on_turned(self) -> None:
        self.turned.emit(self.front)
