"""Who asks for a dialog and types at once means the dialog, though it is shown a moment later."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QVBoxLayout, QWidget

from sketch.gui import held_keys
from sketch.gui.dialog_parts import ask_soon, ok_cancel, show_soon
from sketch.gui.weights_initialise import InitialiseWeights
from sketch.state import commands
from tests.gui.windows import CTRL, bring_to_front, new_window


class Canvas(QWidget):
    """Hears keys."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heard: list[tuple[QEvent.Type, str]] = []

    def keyPressEvent(self, event) -> None:
        self.heard.append((event.type(), event.text()))

    def keyReleaseEvent(self, event) -> None:
        self.keyPressEvent(event)


class Ask(QDialog):
    """Two fields, OK and Cancel."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        column = QVBoxLayout(self)
        self.first, self.second = QLineEdit(), QLineEdit()
        for widget in (self.first, self.second, ok_cancel(self.accept, self.reject)):
            column.addWidget(widget)


@pytest.fixture
def canvas(show) -> Canvas:
    return show(Canvas())


def type_text(canvas: Canvas, text: str) -> None:
    """By way of the shortcuts, and with no turn of the event loop in between."""
    for letter in text:
        QTest.keyClick(canvas, letter)


def presses(canvas: Canvas) -> str:
    return "".join(text for kind, text in canvas.heard if kind == QEvent.Type.KeyPress)


def test_what_is_typed_before_it_is_shown_comes_into_its_fields(canvas, qtbot):
    dialog = Ask(canvas)
    show_soon(dialog.open, dialog)
    type_text(canvas, "gate")
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    type_text(canvas, "7")
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: dialog.second.text() == "7")
    assert dialog.first.text() == "gate"
    QTest.keyClicks(dialog.second, "8")
    assert (dialog.second.text(), canvas.heard) == ("78", [])
    dialog.reject()


def test_enter_answers_it_and_what_follows_goes_where_it_was_typed(canvas, qtbot):
    dialog, answers = Ask(canvas), []
    ask_soon(dialog, lambda accepted: answers.append((accepted, dialog.first.text())))
    type_text(canvas, "gate\rz")
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [(True, "gate")]
    qtbot.waitUntil(lambda: presses(canvas) == "z")


def test_a_key_that_was_pressed_before_is_let_go_where_it_was_pressed(canvas, qtbot):
    QTest.keyPress(canvas, "a")
    dialog = Ask(canvas)
    show_soon(dialog.open, dialog)
    QTest.keyRelease(canvas, "a")
    assert [kind for kind, _ in canvas.heard] == [QEvent.Type.KeyPress, QEvent.Type.KeyRelease]
    QTest.keyPress(canvas, "b")
    QTest.keyRelease(canvas, "b")
    qtbot.waitUntil(lambda: dialog.first.text() == "b")
    dialog.reject()


@pytest.mark.parametrize("ends", ["deleted", "never shown"])
def test_without_the_dialog_nothing_is_lost(canvas, qtbot, monkeypatch, ends):
    monkeypatch.setattr(held_keys, "LONGEST_MS", 50)
    dialog = Ask(canvas)
    show_soon(lambda: None, dialog)
    type_text(canvas, "abc")
    assert presses(canvas) == ""
    if ends == "deleted":
        dialog.deleteLater()
    qtbot.waitUntil(lambda: presses(canvas) == "abc")
    type_text(canvas, "d")
    assert presses(canvas) == "abcd"


def test_one_that_nobody_asked_for_just_now_takes_no_keys(canvas, qtbot):
    dialog = Ask(canvas)
    show_soon(dialog.open, dialog, asked=False)
    type_text(canvas, "abc")
    assert presses(canvas) == "abc"
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.first.text() == ""
    dialog.reject()


def test_keys_of_the_canvas_typed_after_a_command_choose_in_its_dialog(qtbot, user_folders):
    with new_window(qtbot) as window:
        document = window.desk.document
        conv = commands.add_layer(document, "Conv2d", (0.0, 0.0))
        commands.connect(document, commands.add_layer(document, "Input", (0.0, -100.0)), 0, conv)
        bring_to_front(window)
        window.desk.view.select([conv])
        window.desk.view.setFocus()
        QApplication.processEvents()
        window.actions_.run("weights.initialise")
        QTest.keyClick(window.desk.view, "z")
        QTest.keyClick(
            window.windowHandle(), Qt.Key.Key_Delete
        )  # a command, were it the canvas that hears it
        QTest.keyClick(window.desk.view, Qt.Key.Key_B, CTRL)  # a command in any case
        qtbot.waitUntil(lambda: any(each.isVisible() for each in window.findChildren(InitialiseWeights)))
        dialog = next(each for each in window.findChildren(InitialiseWeights) if each.isVisible())
        qtbot.waitUntil(lambda: dialog.scheme.currentText().lower().startswith("z"))
        assert conv in document.tables.nodes
        dialog.reject()
