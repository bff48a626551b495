"""Dragging a layer out of the toolbox with a real drag and drop, which only a real window server gives."""

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.windows import CTRL, main_window, press

NONE = Qt.KeyboardModifier.NoModifier


@pytest.mark.xvfb
def test_a_layer_dragged_from_the_toolbox_lands_under_the_pointer(qtbot):
    with main_window(qtbot) as window:
        press(window, Qt.Key.Key_N, CTRL)
        tree, view = window.panels.toolbox.tree, window.desk.view
        item = window.panels.toolbox.item("Conv2d")
        start = tree.visualItemRect(item).center()
        goal = view.viewport().rect().center() + QPoint(40, 30)
        wanted = view.mapToScene(goal)
        handle = window.windowHandle()
        there = view.viewport().mapTo(window, goal)

        def move(step: int) -> None:
            QTest.mouseMove(handle, there - QPoint(4 * (3 - step), 0))

        for step in range(4):
            QTimer.singleShot(150 + 80 * step, lambda step=step: move(step))
        QTimer.singleShot(600, lambda: QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, NONE, there))
        QTest.mousePress(tree.viewport(), Qt.MouseButton.LeftButton, NONE, start)
        for step in range(1, 6):
            QTest.mouseMove(tree.viewport(), start + QPoint(8 * step, 2 * step))
            QApplication.processEvents()
        tables = window.desk.document.tables
        qtbot.waitUntil(lambda: len(tables.nodes) == 1, timeout=20_000)
        (node,) = tables.nodes.values()
        assert node.layer == "Conv2d"
        place = tables.places[node.id]
        assert abs(place.x - wanted.x()) <= 16
        assert abs(place.y - wanted.y()) <= 16
