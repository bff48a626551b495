"""A main window with a small network on it, and two ways to use it: a mouse, and keys alone."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget, QMenu, QWidget

from sketch.graph.rows import Edge
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.main_window import MainWindow
from sketch.state import commands
from tests.gui.conftest import Hand
from tests.gui.windows import CTRL, press

NONE = Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier


class Desk:
    """Input, conv and relu and Output below each other at x = 0, wired; a free tanh at (300, 200)."""

    def __init__(self, window: MainWindow):
        self.window = window
        window.opener.new()
        QApplication.processEvents()
        self.document = window.desk.document
        self.view = window.desk.view
        self.hand = Hand(self.view)
        ids = []
        for number, layer in enumerate(("Input", "Conv2d", "ReLU", "Output")):
            ids.append(commands.add_layer(self.document, layer, (0.0, 100.0 * number)))
            if number:
                commands.connect(self.document, ids[-2], 0, ids[-1])
        self.input, self.conv, self.relu, self.output = ids
        self.tanh = commands.add_layer(self.document, "Tanh", (300.0, 200.0))
        self.look()

    def look(self) -> None:
        """Look at the network at actual size."""
        self.view.restore_view({"zoom": 1.0, "x": 0.0, "y": 150.0})
        QApplication.processEvents()

    # --- what is drawn ---------------------------------------------------------------------------

    @property
    def edges(self) -> set[Edge]:
        """All wires."""
        return {edge for node in self.document.tables.nodes.values() for edge in node.next}

    def layers(self, layer: str) -> list[int]:
        """Ids of the layers of a type."""
        return [node.id for node in self.document.tables.nodes.values() if node.layer == layer]

    def place(self, node_id: int) -> tuple[float, float]:
        """Where a node stands."""
        row = self.document.tables.places[node_id]
        return row.x, row.y

    # --- keys ------------------------------------------------------------------------------------

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, times: int = 1) -> None:
        """Press a key where the keyboard is."""
        for _ in range(times):
            press(focus(self.window), key, modifiers)

    def walk_to(self, node_id: int) -> None:
        """Go to a node with the arrows alone, from wherever the keys are."""
        keys = {
            "down": Qt.Key.Key_Down,
            "up": Qt.Key.Key_Up,
            "left": Qt.Key.Key_Left,
            "right": Qt.Key.Key_Right,
        }
        for _ in range(20):
            if self.view.current == node_id and self.view.selected() == [node_id]:
                return
            self.key(keys[self._way_to(node_id)])
        raise AssertionError(f"the arrows do not lead to {node_id}")

    def _way_to(self, node_id: int) -> str:
        current = self.view.current
        if current not in self.view.canvas.wiring.boxes:
            return "down"
        here, there = self.view.canvas.wiring.boxes[current], self.view.canvas.wiring.boxes[node_id]
        if there.y != here.y:
            return "down" if there.y > here.y else "up"
        return "right" if there.x >= here.x else "left"

    def type_in_popup(self, text: str) -> None:
        """Type into the list that is open and take its first line."""
        popup = active_popup()
        QTest.keyClicks(popup.field, text)
        QApplication.processEvents()
        press(popup.field, Qt.Key.Key_Return)

    # --- mouse -----------------------------------------------------------------------------------

    def click_in_popup(self, title: str) -> None:
        """Click a line of the list that is open."""
        click_line(active_popup().list, title)

    def menu(self, *path: str) -> None:
        """Open a menu of the window with the mouse and click one of its lines."""
        bar = self.window.menuBar()
        action = _action(bar.actions(), path[0])
        _click(bar, bar.actionGeometry(action).center())
        click_menu(path[1:])

    def context_menu(self, where: tuple[float, float], *path: str) -> None:
        """Open the context menu at a point of the scene and click one of its lines."""
        at = self.hand.at(*where)
        viewport = self.view.viewport()
        reason = QContextMenuEvent.Reason.Mouse
        QApplication.sendEvent(viewport, QContextMenuEvent(reason, at, viewport.mapToGlobal(at)))
        QApplication.processEvents()
        click_menu(path)

    def click(self, *where: tuple[float, float], modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Click points of the scene, those after the first with Ctrl."""
        for number, point in enumerate(where):
            self.hand.click(point, modifiers=CTRL if number else modifiers)
            QApplication.processEvents()

    def drag(self, start: tuple[float, float], end: tuple[float, float], **how: object) -> None:
        """Drag from one point of the scene to another."""
        self.hand.drag(start, end, **how)
        QApplication.processEvents()


def focus(window: MainWindow) -> QWidget:
    """Where keys go."""
    return QApplication.activePopupWidget() or QApplication.focusWidget() or window


def active_popup() -> FilterPopup:
    """The list that is open."""
    found = QApplication.activePopupWidget()
    assert isinstance(found, FilterPopup), found
    return found


def click_line(lines: QListWidget, title: str) -> None:
    """Click the line of a list that has a choice of this title."""
    for row in range(lines.count()):
        item = lines.item(row)
        if item.data(Qt.ItemDataRole.UserRole).title == title:
            lines.scrollToItem(item)
            _click(lines.viewport(), lines.visualItemRect(item).center())
            return
    raise AssertionError(f"{title} is not in the list")


def click_menu(path: Iterable[str]) -> None:
    """Click through the menu that is open."""
    for title in path:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu), menu
        action = _action(menu.actions(), title)
        assert action.isEnabled(), action.toolTip()
        if action.menu() is None:
            _click(menu, menu.actionGeometry(action).center())
        else:
            menu.setActiveAction(action)
            press(menu, Qt.Key.Key_Right)


def _action(actions: Iterable[QAction], title: str) -> QAction:
    known = {action.text().replace("&", "").split("\t")[0].removesuffix("..."): action for action in actions}
    assert title in known, f"{title} is not among {', '.join(known)}"
    return known[title]


def _click(widget: QWidget, where: QPoint | QPointF) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, NONE, where)
    QApplication.processEvents()


Story = Callable[[Desk], None]
