"""The panels around the canvas and where they stand: toolbox left, editor and files right, text and lists below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

DOCKS: Mapping[str, str] = {
    "toolbox": "Toolbox", "editor": "Node editor", "files": "Working folder", "minimap": "Map", "source": "Source",
    "summary": "Summary", "problems": "Problems", "history": "History", "log": "Log",
    "viewer": "Output viewer",
}  # fmt: skip
"""Name and title of each dock."""
FIRST_IN_AREA = {
    "toolbox": Qt.DockWidgetArea.LeftDockWidgetArea,
    "editor": Qt.DockWidgetArea.RightDockWidgetArea,
    "source": Qt.DockWidgetArea.BottomDockWidgetArea,
}
BEHIND = {
    "minimap": "files",
    "problems": "summary",
    "history": "summary",
    "log": "summary",
    "viewer": "source",
}
"""Docks that first stand as a tab behind another."""
NARROWEST = {"toolbox": 190, "editor": 300, "files": 200}
"""Smallest useful widths, px."""


def build_docks(window: QMainWindow) -> dict[str, QDockWidget]:
    """The docks by name, still empty: their panels come after the first paint."""
    window.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
    window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
    return {name: _dock(window, name, title) for name, title in DOCKS.items()}


def arrange_docks(window: QMainWindow, docks: dict[str, QDockWidget]) -> None:
    """The places of the first start."""
    for _ in arranging_docks(window, docks):
        pass


def arranging_docks(window: QMainWindow, docks: dict[str, QDockWidget]) -> Iterator[None]:
    """The same step by step: what "Reset panels" brings back."""
    for dock in docks.values():
        window.removeDockWidget(dock)
    yield
    for name, area in FIRST_IN_AREA.items():
        window.addDockWidget(area, docks[name])
    window.splitDockWidget(docks["editor"], docks["files"], Qt.Orientation.Vertical)
    window.splitDockWidget(docks["source"], docks["summary"], Qt.Orientation.Horizontal)
    for name, front in BEHIND.items():
        window.tabifyDockWidget(docks[front], docks[name])
    for dock in docks.values():
        yield
        dock.setFloating(False)
        dock.show()
    yield
    docks["summary"].raise_()
    docks["source"].raise_()
    docks["files"].raise_()
    window.resizeDocks([docks["toolbox"], docks["editor"]], [212, 316], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["source"], docks["summary"]], [500, 500], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["source"], docks["summary"]], [270, 270], Qt.Orientation.Vertical)
    window.resizeDocks([docks["editor"], docks["files"]], [640, 230], Qt.Orientation.Vertical)


def _dock(window: QMainWindow, name: str, title: str) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(f"dock-{name}")
    empty = QWidget()
    empty.setMinimumWidth(NARROWEST.get(name, 0))
    dock.setWidget(empty)
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetClosable
        | QDockWidget.DockWidgetFeature.DockWidgetMovable
        | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    )
    return dock
