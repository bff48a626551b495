"""The middle of the window (area D): one tab a document, the welcome page while there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QTabWidget

from sketch.gui.late_paint import NEXT_MS
from sketch.gui.welcome import WelcomePage

if TYPE_CHECKING:
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.glance_page import GlancePage


class TabArea(QStackedWidget):
    """Tabs over the welcome page. `turned` follows the tab in front, `close_wanted` the crosses."""

    turned = Signal(object)
    close_wanted = Signal(object)
    arranged = Signal()

    def __init__(self, welcome: WelcomePage):
        super().__init__()
        self.welcome = welcome
        self.glances: list[GlancePage] = []
        """First pictures of files that are still being read: tabs without a document."""
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setMovable(True)
        self.tabs.setTabsClosable(True)
        self.tabs.setAccessibleName("Open networks")
        self.addWidget(welcome)
        self.addWidget(self.tabs)
        self.tabs.currentChanged.connect(lambda _index: self._on_turned())
        self.tabs.tabCloseRequested.connect(self._on_close)
        self.tabs.tabBar().tabMoved.connect(lambda _from, _to: self.arranged.emit())

    def __iter__(self) -> Iterator[CanvasTab]:
        pages = [self.tabs.widget(index) for index in range(self.tabs.count())]
        return iter([cast("CanvasTab", page) for page in pages if page not in self.glances])

    @property
    def front(self) -> CanvasTab | None:
        """The tab in front, None on the welcome page and while a file is being read there."""
        page = self.tabs.currentWidget()
        return None if page in self.glances else cast("CanvasTab | None", page)

    @property
    def glance(self) -> GlancePage | None:
        """The first picture in front, if there is one."""
        return next((page for page in self.glances if page is self.tabs.currentWidget()), None)

    @property
    def view(self) -> CanvasView | None:
        """The canvas in front, that of a first picture included."""
        page = self.glance or self.front
        return None if page is None else page.view

    def of_path(self, path: Path) -> CanvasTab | None:
        """The tab that shows this file."""
        return next((tab for tab in self if path in (tab.document.path, tab.source)), None)

    def add(self, tab: CanvasTab, instead: GlancePage | None = None) -> None:
        """Add a tab and bring it to the front; `instead` of a first picture it is where and in front as that was."""
        if instead is None:
            index = self.tabs.addTab(tab, tab.title)
        else:
            index = self.tabs.insertTab(self.tabs.indexOf(instead), tab, tab.title)
        tab.renamed.connect(lambda: self.rename(tab))
        self.rename(tab)
        self.setCurrentWidget(self.tabs)
        if instead is None or self.glance is instead:
            had_focus = instead is None or instead.view.hasFocus()
            self.tabs.setCurrentIndex(index)
            if had_focus:
                tab.setFocus()

    def add_glance(self, page: GlancePage) -> None:
        """Show a first picture in front."""
        self.glances.append(page)
        index = self.tabs.addTab(page, page.title.replace("&", "&&"))
        self._name_cross(index, page.title)
        self.tabs.setTabToolTip(index, f"Reading {page.path}")
        self.setCurrentWidget(self.tabs)
        self.tabs.setCurrentIndex(index)
        page.setFocus()

    def remove_glance(self, page: GlancePage) -> None:
        """Take a first picture away."""
        self.remove(page)
        self.glances.remove(page)

    def glance_of(self, path: Path) -> GlancePage | None:
        """The first picture of this file."""
        return next((page for page in self.glances if page.path == path), None)

    @contextmanager
    def painted_later(self) -> Iterator[None]:
        """What comes to the front inside is painted in a turn of its own; until then there is what was seen before."""
        if not (self.isVisible() and self.updatesEnabled()):
            yield
            return
        self.setUpdatesEnabled(False)
        try:
            yield
        finally:
            QTimer.singleShot(NEXT_MS, self, lambda: self.setUpdatesEnabled(True))

    def to_end(self, tab: CanvasTab) -> None:
        """Put a tab behind the others; it stays in front if it is."""
        self.tabs.tabBar().moveTab(self.tabs.indexOf(tab), self.tabs.count() - 1)

    def remove(self, tab: CanvasTab | GlancePage) -> None:
        """Take a tab away; the last one leaves the welcome page."""
        is_last = self.tabs.count() == 1
        blocked = self.tabs.blockSignals(is_last)  # what is in front is told once, when it is seen
        self.tabs.removeTab(self.tabs.indexOf(tab))
        self.tabs.blockSignals(blocked)
        if is_last:
            self.setCurrentWidget(self.welcome)
            self.turned.emit(None)

    def rename(self, tab: CanvasTab) -> None:
        """Show the present name and modified mark of a tab."""
        index = self.tabs.indexOf(tab)
        title = tab.title.replace("&", "&&")
        if index >= 0 and self.tabs.tabText(index) != title:
            self.tabs.setTabText(index, title)
        self._name_cross(index, tab.title)
        self.tabs.setTabToolTip(index, str(tab.document.path or "Not saved to a file; the session keeps it"))

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) tab, round the end."""
        if self.tabs.count():
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + by) % self.tabs.count())

    def _name_cross(self, index: int, title: str) -> None:
        for side in (QTabBar.ButtonPosition.LeftSide, QTabBar.ButtonPosition.RightSide):
            button = self.tabs.tabBar().tabButton(index, side)
            if button is not None:
                button.setAccessibleName(f"Close {title}")

    def _on_close(self, index: int) -> None:
        page = self.tabs.widget(index)
        glance = next((one for one in self.glances if one is page), None)
        if glance is None:
            self.close_wanted.emit(page)
        else:
            glance.dismissed.emit()

    def _on_turned(self) -> None:
        self.turned.emit(self.front)
