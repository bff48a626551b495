"""A whole main window for tests, with the real layers and kernels in empty user folders, and fingers to drive it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox, QWidget

from sketch.app import make_services
from sketch.gui.main_window import MainWindow
from sketch.gui.node_editor import NodeEditor
from sketch.gui.param_fields import IntField, NumbersOrChoiceField, OptionalField, ParamField, TextField
from sketch.state.log import tear_down_logging

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LENET = (
    ("Input", {"shape": "N, 1, 28, 28"}),
    ("Conv2d", {"out_channels": "6", "kernel_size": "5", "padding": "2"}),
    ("Tanh", {}),
    ("AvgPool2d", {"kernel_size": "2"}),
    ("Conv2d", {"out_channels": "16", "kernel_size": "5"}),
    ("Tanh", {}),
    ("AvgPool2d", {"kernel_size": "2"}),
    ("Flatten", {}),
    ("Linear", {"out_features": "120"}),
    ("Tanh", {}),
    ("Linear", {"out_features": "84"}),
    ("Tanh", {}),
    ("Linear", {"out_features": "10"}),
    ("Output", {}),
)
LENET_PARAMETERS = 61_706


@contextmanager
def main_window(qtbot, size: tuple[int, int] = (1500, 950), *, started: bool = True) -> Iterator[MainWindow]:
    """A shown, active window; closed again at the end."""
    window = MainWindow(make_services())
    window.resize(*size)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    if started:
        window.start()
    QApplication.processEvents()
    try:
        yield window
    finally:
        close(window)


@contextmanager
def new_window(qtbot) -> Iterator[MainWindow]:
    """A window with an empty network in front."""
    with main_window(qtbot) as window:
        window.opener.new()
        QApplication.processEvents()
        yield window


def idle(window, qtbot) -> None:
    """Wait until no job runs, and one turn more."""
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=120_000)
    QApplication.processEvents()


@contextmanager
def example_window(qtbot, key: str) -> Iterator[MainWindow]:
    """A window with an example in front, its canvas focused."""
    with main_window(qtbot) as window:
        window.opener.example(key)
        QApplication.processEvents()
        bring_to_front(window)
        window.desk.view.setFocus()
        yield window


def close(window: MainWindow) -> None:
    """Close a window and let Qt delete it."""
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()
    tear_down_logging()


def press(
    widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """One key."""
    QTest.keyClick(widget, key, modifiers)
    QApplication.processEvents()


def click(widget: QWidget, where: QPoint | None = None) -> None:
    """One click of the left button."""
    QTest.mouseClick(
        widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where or widget.rect().center()
    )
    QApplication.processEvents()


def pick_layer(window: MainWindow, layer: str) -> None:
    """Search a layer in the toolbox and click it."""
    toolbox = window.panels.toolbox
    click(toolbox.search)
    press(toolbox.search, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(toolbox.search, layer)
    item = toolbox.item(layer)
    assert item is not None, f"{layer} is not found by its name"
    toolbox.tree.scrollToItem(item)
    click(toolbox.tree.viewport(), toolbox.tree.visualItemRect(item).center())


def form(window: MainWindow) -> NodeEditor:
    """The node editor with all of its form, which is built in slices after the canvas was painted."""
    editor = window.panels.editor
    assert editor.rows is not None
    QApplication.processEvents()
    return editor


def type_value(window: MainWindow, name: str, text: str) -> None:
    """Type into the field of a parameter of the selected layer, as a person would."""
    for editor in editors(window.panels.editor.rows[name].field):
        window.panels.editor.ensureWidgetVisible(editor)
        click(editor, QPoint(8, editor.height() // 2))
        press(editor, Qt.Key.Key_A, CTRL)
        QTest.keyClicks(editor, text)
        press(editor, Qt.Key.Key_Return)


def editors(field: ParamField) -> list[QWidget]:
    """The inner widgets of a field that take text."""
    if isinstance(field, IntField):
        return list[QWidget](field.boxes)
    if isinstance(field, TextField):
        return [field.line]
    if isinstance(field, (OptionalField, NumbersOrChoiceField)):
        return editors(field._inner)
    raise AssertionError(f"no text goes into {type(field).__name__}")


def spin_box(window: MainWindow, name: str) -> QSpinBox:
    """The first spin box of a parameter."""
    box = editors(window.panels.editor.rows[name].field)[0]
    assert isinstance(box, QSpinBox)
    return box


def draw_lenet(window: MainWindow) -> None:
    """LeNet-5 from an empty canvas, by mouse and keys."""
    press(window, Qt.Key.Key_N, CTRL)
    for layer, params in LENET:
        pick_layer(window, layer)
        for name, text in params.items():
            type_value(window, name, text)


def bring_to_front(window: MainWindow) -> None:
    """Make the window active: no window manager does it when a dialog closes."""
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    while not window.isActiveWindow():  # the application hears of it later than the window does
        window.activateWindow()
        QTest.qWait(5)


def undo_everything(window: MainWindow) -> int:
    """Ctrl+Z until nothing is left; how many steps there were."""
    return _repeat(window, lambda: window.desk.document.can_undo, Qt.Key.Key_Z, CTRL)


def redo_everything(window: MainWindow) -> int:
    """Ctrl+Shift+Z until nothing is left; how many steps there were."""
    return _repeat(window, lambda: window.desk.document.can_redo, Qt.Key.Key_Z, CTRL | SHIFT)


def _repeat(window: MainWindow, more: Callable[[], bool], key: Qt.Key, modifiers: Qt.KeyboardModifier) -> int:
    bring_to_front(window)
    window.desk.view.setFocus()
    count = 0
    while more():
        press(window.desk.view, key, modifiers)
        count += 1
        assert count < 500, "the key does nothing"
    return count
