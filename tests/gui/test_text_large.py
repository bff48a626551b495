"""Edits of thousands of lines of the source: in steps, yet the same text, one step of undo, and cancelled whole."""

import json
import threading
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.gui import slices, text_drafts, text_keys, text_typing
from sketch.gui.text_bar import State
from sketch.gui.text_keys import toggle_comment
from sketch.gui.text_large import AT_ONCE, MANY
from sketch.gui.text_view import CodeView
from tests.gui.test_text_story import at_end_of, panel, settle
from tests.gui.windows import CTRL, SHIFT, main_window

KEY = Qt.Key
LINES = 3 * MANY
BEFORE = "\n".join("    " * (line % 3) + f"x{line} = f({line})" * (line % 7 > 0) for line in range(LINES))
CLIP = "\n".join(f"new {line}" for line in range(2 * MANY + 7))


@pytest.fixture(autouse=True)
def one_step_a_turn(monkeypatch):
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)


@pytest.fixture
def code(light, show):
    view = show(CodeView(light))
    view.set_editable(True)
    view.is_edited = True
    return view


def select(code, first, last) -> None:
    """From the middle of one line to the middle of another."""
    cursor, document = code.textCursor(), code.document()
    cursor.setPosition(document.findBlockByNumber(first).position() + 1)
    cursor.setPosition(document.findBlockByNumber(last).position() + 2, QTextCursor.MoveMode.KeepAnchor)
    code.setTextCursor(cursor)


def whole(qtbot, code) -> str:
    qtbot.waitUntil(lambda: code.is_whole)
    return code.toPlainText()


def press(code, key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    """A key, and no turn of the event loop after it."""
    QTest.keyClick(code, key, modifiers)


def choose(code, name) -> None:
    """Take an entry of the menu that a right click opens."""
    place = QPoint(20, 20)
    QApplication.sendEvent(
        code.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, code.mapToGlobal(place))
    )
    menu = QApplication.activePopupWidget()
    next(action for action in menu.actions() if action.objectName() == name).trigger()
    menu.close()


def drop(code) -> None:
    data = QMimeData()
    data.setText(CLIP)
    code.insertFromMimeData(data)


EDITS = {
    "indent": lambda code: press(code, KEY.Key_Tab),
    "dedent": lambda code: press(code, KEY.Key_Backtab, SHIFT),
    "comment": lambda code: code.change(toggle_comment),
    "paste": lambda code: press(code, KEY.Key_V, CTRL),
    "drop": drop,
    "delete": lambda code: press(code, KEY.Key_Delete),
    "back": lambda code: press(code, KEY.Key_Backspace),
    "type": lambda code: QTest.keyClick(code, "y"),
    "capital": lambda code: QTest.keyClick(code, "Y", SHIFT),
    "break": lambda code: press(code, KEY.Key_Return),
    "cut": lambda code: press(code, KEY.Key_X, CTRL),
    "menu cut": lambda code: choose(code, "edit-cut"),
    "menu delete": lambda code: choose(code, "edit-delete"),
    "menu paste": lambda code: choose(code, "edit-paste"),
}
"""What a person does to selected lines."""


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("lines", [(3, LINES - 5), (0, LINES - 1), (MANY, MANY)], ids=["most", "all", "one"])
def test_a_large_edit_is_what_a_small_one_is(code, qtbot, monkeypatch, name, lines):
    def edited() -> tuple[str, int, str]:
        QApplication.clipboard().setText(CLIP)
        code.setPlainText(BEFORE)
        select(code, *lines)
        EDITS[name](code)
        text = whole(qtbot, code)
        return text, code.textCursor().position(), QApplication.clipboard().text()

    with monkeypatch.context() as small:
        small.setattr(text_typing, "MANY", 10**6)
        expected = edited()
    assert edited() == expected


@pytest.mark.parametrize("name", [*EDITS])
def test_a_large_edit_is_one_step_of_the_undo(code, qtbot, name):
    QApplication.clipboard().setText(CLIP)
    code.setPlainText(BEFORE)
    QTest.keyClicks(code, "ab")
    typed = code.toPlainText()
    select(code, 1, LINES - 2)
    EDITS[name](code)
    assert not code.is_whole
    after = whole(qtbot, code)
    for _ in range(2):
        press(code, KEY.Key_Z, CTRL)
        assert not code.is_whole
        assert whole(qtbot, code) == typed
        choose(code, "edit-redo")
        assert whole(qtbot, code) == after
    choose(code, "edit-undo")
    assert whole(qtbot, code) == typed
    press(code, KEY.Key_Z, CTRL)
    assert whole(qtbot, code) == BEFORE
    press(code, KEY.Key_Y, CTRL)
    press(code, KEY.Key_Y, CTRL)
    assert whole(qtbot, code) == after


def test_another_edit_after_an_undo_has_steps_of_its_own(code, qtbot):
    code.setPlainText(BEFORE)
    select(code, 0, LINES - 1)
    press(code, KEY.Key_Tab)
    whole(qtbot, code)
    press(code, KEY.Key_Z, CTRL)
    whole(qtbot, code)
    texts = [code.toPlainText()]
    for line in range(40):
        code.go_to(line + 1)
        press(code, KEY.Key_Return)
        texts.append(code.toPlainText())
    press(code, KEY.Key_Y, CTRL)
    assert code.toPlainText() == texts.pop()
    while texts:
        press(code, KEY.Key_Z, CTRL)
        assert whole(qtbot, code) == texts.pop()


def test_nobody_types_into_half_an_edit_and_it_is_told_once(code, qtbot):
    told, shares = [], []
    code.typed.connect(lambda: told.append(code.toPlainText()))
    code.large.went_on.connect(shares.append)
    code.setPlainText(BEFORE)
    code.selectAll()
    told.clear()
    press(code, KEY.Key_Tab)
    QTest.keyClicks(code, "abc")
    press(code, KEY.Key_Z, CTRL)
    after = whole(qtbot, code)
    assert after == "\n".join(f"    {line}" if line.strip() else line for line in BEFORE.split("\n"))
    assert told == [after]
    assert shares == sorted(shares)
    assert len(shares) == LINES // AT_ONCE
    assert 0 <= shares[0] < 0.1
    assert 0.9 < shares[-1] <= 1
    QTest.keyClicks(code, "d")
    assert whole(qtbot, code) == "d"


@pytest.mark.parametrize("name", ["comment", "paste", "delete"])
def test_a_cancelled_edit_leaves_nothing(code, qtbot, name):
    QApplication.clipboard().setText(CLIP)
    code.setPlainText(BEFORE)
    QTest.keyClicks(code, "ab")
    typed = code.toPlainText()
    select(code, 1, LINES - 2)
    EDITS[name](code)
    with qtbot.waitSignal(code.large.went_on):
        pass
    assert code.toPlainText() != typed or name == "comment"
    code.large.cancel()
    code.large.cancel()
    assert whole(qtbot, code) == typed
    press(code, KEY.Key_Y, CTRL)
    assert whole(qtbot, code) == typed
    press(code, KEY.Key_Z, CTRL)
    assert code.toPlainText() == BEFORE


def test_a_cancelled_undo_or_redo_leaves_the_text_as_it_was(code, qtbot):
    code.setPlainText(BEFORE)
    code.selectAll()
    press(code, KEY.Key_Delete)
    assert whole(qtbot, code) == ""
    for key, text, other in ((KEY.Key_Z, "", BEFORE), (KEY.Key_Y, BEFORE, "")):
        press(code, key, CTRL)
        with qtbot.waitSignal(code.large.went_on):
            pass
        code.large.cancel()
        assert whole(qtbot, code) == text
        press(code, key, CTRL)
        assert whole(qtbot, code) == other


def test_another_text_takes_the_place_of_half_an_edit(code, qtbot):
    code.setPlainText(BEFORE)
    code.selectAll()
    press(code, KEY.Key_Tab)
    with qtbot.waitSignal(code.large.went_on):
        pass
    code.show_text("another")
    assert whole(qtbot, code) == "another"
    assert not code.isReadOnly()


def test_an_edit_that_changes_no_line_is_no_step_of_the_undo(code, qtbot):
    code.setPlainText("\n".join(map(str, range(LINES))))
    QTest.keyClicks(code, "ab")
    typed = code.toPlainText()
    select(code, 1, LINES - 2)
    press(code, KEY.Key_Backtab, SHIFT)
    assert whole(qtbot, code) == typed
    press(code, KEY.Key_Z, CTRL)
    assert whole(qtbot, code) == typed[2:]


def test_a_picture_that_is_pasted_leaves_the_text_alone(code):
    data = QMimeData()
    data.setImageData(QImage(3, 3, QImage.Format.Format_RGB32))
    code.setPlainText(BEFORE)
    code.selectAll()
    code.insertFromMimeData(data)
    assert (code.is_whole, code.toPlainText()) == (True, BEFORE)


def test_a_step_that_fails_leaves_a_text_that_can_be_edited(code, qtbot):
    def steps():
        yield 0.5
        raise ValueError("no")

    with qtbot.captureExceptions() as errors:
        code.large.run(steps())
        assert code.isReadOnly()
        qtbot.waitUntil(lambda: bool(errors))
    assert not code.isReadOnly()
    QTest.keyClicks(code, "a")
    assert code.toPlainText() == "a"


def test_very_many_lines_are_copied_as_they_are(code):
    code.setPlainText(BEFORE)
    code.selectAll()
    code.copy()
    assert QApplication.clipboard().text() == BEFORE


# --- in the window -----------------------------------------------------------------------------------


@pytest.fixture
def window(qtbot, monkeypatch):
    monkeypatch.setattr(text_keys, "AT_ONCE", 5)
    monkeypatch.setattr(text_typing, "MANY", 3)
    with main_window(qtbot) as made:
        made.opener.example("lenet5")
        settle(made, qtbot)
        yield made


def test_the_bar_says_how_far_a_large_edit_is_and_cancels_it(window, qtbot):
    code, bar = at_end_of(window, "self.fc1 = "), panel(window).bar
    before = code.toPlainText()
    said = []
    code.large.went_on.connect(lambda _share: said.append((bar.title.text(), bar.discard.text())))
    code.selectAll()
    press(code, KEY.Key_Tab)
    assert (bar.state, bar.isHidden(), bar.accept.isHidden()) == (State.CHANGING, False, True)
    assert window.actions_.why_not("text.accept") == "Lines of the source are being changed."
    with qtbot.waitSignal(code.large.went_on):
        pass
    press(code, KEY.Key_Escape)
    assert whole(qtbot, code) == before
    assert said[0] == ("Changing the lines: 9%", "Cancel (Escape)")
    assert bar.isHidden()
    assert panel(window).draft is None


def test_a_large_edit_is_a_draft_like_any_other(window, qtbot):
    code = at_end_of(window, "self.fc1 = ")
    before = code.toPlainText()
    code.selectAll()
    window.actions_.run("text.comment")
    after = whole(qtbot, code)
    assert all(line.startswith("# ") for line in after.splitlines() if line)
    assert panel(window).draft.text == after
    assert not panel(window).bar.isHidden()
    press(code, KEY.Key_Z, CTRL)
    assert whole(qtbot, code) == before
    qtbot.waitUntil(lambda: panel(window).draft is None)
    assert panel(window).bar.isHidden()


def test_an_edit_that_ends_while_a_thread_writes_it_down_leaves_no_file(window, qtbot, monkeypatch):
    begun, go, dumps = threading.Event(), threading.Event(), json.dumps

    def slow(raw: object) -> str:
        begun.set()
        assert go.wait(20)
        return dumps(raw)

    monkeypatch.setattr(text_drafts, "LARGE", 0)
    monkeypatch.setattr(text_drafts, "json", SimpleNamespace(dumps=slow))
    code, folder = at_end_of(window, "self.fc1 = "), window.desk.document.folder
    QTest.keyClicks(code, "#")
    qtbot.waitUntil(begun.is_set)
    press(code, KEY.Key_Z, CTRL)
    qtbot.waitUntil(lambda: panel(window).draft is None)
    assert not (folder / text_drafts.FILE).exists()
    go.set()
    qtbot.waitUntil(lambda: not any(thread.name == "keep source" for thread in threading.enumerate()))
    assert not list(folder.glob("source-edit*"))
