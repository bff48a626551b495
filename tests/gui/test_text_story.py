"""The source beside the canvas is edited with keys, and the drawing follows: accepted, refused, undone, thrown away."""

import json

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from sketch.graph.placing import placed
from sketch.graph.tables import snapshot, whole
from sketch.gui import long_text, text_drafts, text_panel, text_reading, text_view
from sketch.gui.text_bar import State
from sketch.state import commands
from tests.contract.zone_drawings import sign_flip
from tests.gui.windows import CTRL, SHIFT, bring_to_front, click, idle, main_window, press

KEY = Qt.Key


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        made.opener.example("lenet5")
        settle(made, qtbot)
        yield made


def settle(window, qtbot):
    with qtbot.waitSignal(window.mirror.changed, timeout=20_000):
        window.desk.text_due.emit()
    QApplication.processEvents()


def panel(window):
    return window.panels.source


def lines(window):
    return panel(window).code.toPlainText().splitlines()


def line_with(window, words):
    return next(number for number, text in enumerate(lines(window), 1) if words in text)


def named(window):
    return {node.name: key for key, node in window.desk.document.tables.nodes.items()}


def at_end_of(window, words):
    """Put the cursor to the end of the line with these words, as a click and End do."""
    code = panel(window).code
    bring_to_front(window)
    code.setFocus()
    code.go_to(line_with(window, words))
    press(code, KEY.Key_End)
    return code


def replace(window, words, old, new):
    """Select a part of a line and type over it."""
    code = at_end_of(window, words)
    cursor = code.textCursor()
    start = cursor.block().position() + cursor.block().text().index(old)
    cursor.setPosition(start)
    cursor.setPosition(start + len(old), QTextCursor.MoveMode.KeepAnchor)
    code.setTextCursor(cursor)
    QTest.keyClicks(code, new)


def answer(window, title, button, seen=None):
    """Wait for a question and press one of its buttons."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, look)
            return
        if seen is not None:
            seen.append(box.text())
        assert box.windowTitle() == title
        click(next(item for item in box.buttons() if item.text() == button))
        bring_to_front(window)

    QTimer.singleShot(20, look)


def accept(window, qtbot, *, asked=False):
    if asked:
        answer(window, "Run this source?", "Run it")
    press(panel(window).code, KEY.Key_Return, CTRL)
    idle(window, qtbot)


def insert_dropout(window):
    code = at_end_of(window, "self.fc1 = ")
    press(code, KEY.Key_Return)
    QTest.keyClicks(code, "self.drop = nn.Dropout(0.25)")
    code = at_end_of(window, "self.fc1(x)")
    name = lines(window)[code.line - 1].split("=")[0].strip()
    press(code, KEY.Key_Return)
    QTest.keyClicks(code, f"{name} = self.drop({name})")


def test_edits_of_the_source_become_steps_of_the_drawing(window, qtbot):
    document, before = window.desk.document, snapshot(window.desk.document.tables)
    text, steps = panel(window).code.toPlainText(), len(document.history)
    places, known = dict(document.tables.places), named(window)

    # a layer is inserted between two others
    insert_dropout(window)
    assert panel(window).draft.state is State.EDITED
    accept(window, qtbot, asked=True)
    drop = named(window)["drop"]
    assert len(document.history) == steps + 1
    assert document.history.undo_step.label == "Edit source"
    node = document.tables.nodes[drop]
    assert (node.layer, node.params) == ("Dropout", {"p": 0.25})
    assert [document.tables.nodes[edge.source].name for edge in node.prior] == ["fc1"]
    assert {key: document.tables.places[key] for key in places} == places
    assert list(window.desk.selection) == [drop]
    assert panel(window).draft is None
    assert panel(window).bar.isHidden()
    assert "self.drop(" in lines(window)[panel(window).code.line - 1]

    # the document's own undo, with the cursor still in the text
    press(panel(window).code, KEY.Key_Z, CTRL)
    settle(window, qtbot)
    assert {**snapshot(document.tables), "meta": 0} == {**before, "meta": 0}
    assert panel(window).code.toPlainText() == text

    # 10 classes become 100
    replace(window, "self.fc3 = ", "10", "100")
    accept(window, qtbot)
    assert document.tables.nodes[named(window)["fc3"]].params["out_features"] == 100
    assert set(document.tables.nodes) == set(before["nodes"])

    # a layer gets another name, in both lines
    fc3 = named(window)["fc3"]
    replace(window, "self.fc3 = ", "fc3", "head")
    replace(window, "self.fc3(", "fc3", "head")
    accept(window, qtbot)
    assert named(window)["head"] == fc3

    # a layer goes: it is still made, but no longer called
    code = at_end_of(window, "self.fc2(")
    press(code, KEY.Key_Home, SHIFT)
    press(code, KEY.Key_Backspace)
    replace(window, "self.head = ", "84", "120")
    accept(window, qtbot)
    assert "'fc2' is made but never called" in window.statusBar().currentMessage()
    assert "fc2" not in named(window)
    assert "fc2" not in panel(window).code.toPlainText()
    assert set(before["nodes"]) - set(document.tables.nodes) == {known["fc2"]}
    assert document.problems() == ()


def test_an_error_of_the_run_stands_at_its_line(window, qtbot):
    state = snapshot(window.desk.document.tables)
    replace(window, "self.fc3 = ", "84", "85")
    accept(window, qtbot, asked=True)
    wrong = line_with(window, "self.fc3(")
    assert panel(window).draft.fault.line == wrong
    assert panel(window).bar.text.text().startswith(f"Line {wrong}: RuntimeError: ")
    assert panel(window).bar.text.text().endswith("(2x84 and 85x10).")
    assert panel(window).code.faults == {wrong}
    assert panel(window).code.line == wrong
    assert snapshot(window.desk.document.tables) == state
    assert "(85, 10)" in panel(window).code.toPlainText()
    replace(window, "self.fc3 = ", "85", "84")
    assert panel(window).draft is None


def test_without_permission_nothing_runs(window, tmp_path):
    canary, before = tmp_path / "ran", snapshot(window.desk.document.tables)
    code = at_end_of(window, "import torch")
    press(code, KEY.Key_Return)
    QTest.keyClicks(code, f"open({str(canary)!r}, 'w')")
    seen: list[str] = []
    answer(window, "Run this source?", "Do not run", seen)
    press(code, KEY.Key_Return, CTRL)
    assert "lenet5" in seen[0]
    assert not window.jobs.running
    assert not canary.exists()
    assert snapshot(window.desk.document.tables) == before
    assert f"open({str(canary)!r}, 'w')" in lines(window)


def test_a_syntax_error_is_marked_while_one_types_and_is_not_run(window, qtbot):
    replace(window, "self.fc3 = ", "nn.Linear(", "nn.Linear((")
    wrong = line_with(window, "self.fc3 = ")
    qtbot.waitUntil(lambda: panel(window).code.faults == {wrong})
    assert panel(window).draft.state is State.FAULTY
    assert panel(window).bar.text.text().startswith(f"Line {wrong}: ")
    press(panel(window).code, KEY.Key_Return, CTRL)
    assert not window.jobs.running
    assert panel(window).code.line == wrong


def test_the_keys_of_undo_belong_to_the_text_while_it_is_edited(window, qtbot):
    document = window.desk.document
    commands.set_param(document, [named(window)["fc1"]], "out_features", 100)
    settle(window, qtbot)
    text, steps = panel(window).code.toPlainText(), document.history.cursor
    code = at_end_of(window, "self.fc3 = ")
    QTest.keyClicks(code, "  # x")
    press(code, KEY.Key_Z, CTRL)
    assert code.toPlainText() == text
    assert document.history.cursor == steps
    press(code, KEY.Key_Z, CTRL | SHIFT)
    assert code.toPlainText() != text
    while panel(window).draft is not None:
        press(code, KEY.Key_Z, CTRL)
    press(code, KEY.Key_Z, CTRL)
    assert document.history.cursor != steps
    assert "out_features" not in dict(document.tables.nodes[named(window)["fc1"]].params) or (
        document.tables.nodes[named(window)["fc1"]].params["out_features"] != 100
    )


def test_a_comment_changes_nothing_and_nothing_is_asked(window):
    text, steps = panel(window).code.toPlainText(), window.desk.document.history.cursor
    code = at_end_of(window, "self.fc3 = ")
    QTest.keyClicks(code, "  # the classes")
    press(code, KEY.Key_Return, CTRL)
    assert "Nothing changed" in window.statusBar().currentMessage()
    assert code.toPlainText() == text
    assert window.desk.document.history.cursor == steps


def test_discarding_asks_and_brings_the_source_back(window):
    text = panel(window).code.toPlainText()
    replace(window, "self.fc3 = ", "10", "12")
    answer(window, "Discard the edits?", "Keep editing")
    press(panel(window).code, KEY.Key_Escape)
    assert panel(window).draft is not None
    answer(window, "Discard the edits?", "Discard")
    press(panel(window).code, KEY.Key_Escape)
    assert panel(window).draft is None
    assert panel(window).code.toPlainText() == text


def test_the_drawing_may_change_while_the_text_is_edited(window, qtbot):
    document = window.desk.document
    replace(window, "self.fc3 = ", "10", "12")
    commands.set_param(document, [named(window)["fc1"]], "out_features", 100)
    settle(window, qtbot)
    assert panel(window).draft.state is State.STALE
    assert "12" in lines(window)[line_with(window, "self.fc3 = ") - 1]
    assert panel(window).bar.accept.text().startswith("Accept anyway")
    accept(window, qtbot, asked=True)
    params = {
        name: document.tables.nodes[named(window)[name]].params["out_features"] for name in ("fc1", "fc3")
    }
    assert params == {"fc1": 100, "fc3": 12}


def test_edited_text_waits_in_its_tab(window, qtbot):
    replace(window, "self.fc3 = ", "10", "12")
    tab, text = window.desk.tab, panel(window).code.toPlainText()
    window.opener.new()
    settle(window, qtbot)
    assert panel(window).code.toPlainText() == ""
    assert panel(window).bar.isHidden()
    window.area.tabs.setCurrentWidget(tab)
    settle(window, qtbot)
    assert panel(window).code.toPlainText() == text
    assert not panel(window).bar.isHidden()
    press(panel(window).code, KEY.Key_Z, CTRL)
    assert panel(window).draft is None


def test_edited_text_comes_back_with_the_session(qtbot):
    with main_window(qtbot) as first:
        first.opener.example("lenet5")
        settle(first, qtbot)
        replace(first, "self.fc3 = ", "10", "12")
        text = panel(first).code.toPlainText()
    with main_window(qtbot) as second:
        settle(second, qtbot)
        assert second.desk.document.name == "lenet5"
        assert panel(second).code.toPlainText() == text
        assert panel(second).draft.state is State.EDITED
        answer(second, "Discard the edits?", "Discard")
        press(panel(second).code, KEY.Key_Escape)
        assert panel(second).draft is None
    with main_window(qtbot) as third:
        settle(third, qtbot)
        assert panel(third).draft is None


def test_a_click_finds_the_node_of_a_line_that_has_moved(window, qtbot):
    code = at_end_of(window, "import torch")
    press(code, KEY.Key_Return)
    QTest.keyClicks(code, "import math")
    panel(window).ready()
    code.go_to(line_with(window, "self.fc2 = "))
    click(code.viewport(), code.cursorRect().center())
    assert list(window.desk.selection) == [named(window)["fc2"]]
    assert code.hasFocus()
    window.desk.view.select([named(window)["fc1"]])
    QApplication.processEvents()
    marked = [mark.cursor.block().text() for mark in code.extraSelections()]
    assert any("self.fc1" in line for line in marked)


def test_the_body_of_a_zone_is_edited_on_the_canvas(window, qtbot):
    window.opener.new().document.load(placed(whole(branching()), window.services.library), "Draw")
    settle(window, qtbot)
    before = snapshot(window.desk.document.tables)
    replace(window, "self.positive = ", "ReLU", "GELU")
    press(panel(window).code, KEY.Key_Return, CTRL)
    wrong = line_with(window, "self.positive = ")
    assert (
        panel(window).bar.text.text()
        == f"Line {wrong}: 'if1' comes back from no text; edit it on the canvas."
    )
    assert not window.jobs.running
    assert snapshot(window.desk.document.tables) == before


def branching():
    drawing = sign_flip()
    drawing.network()
    return drawing.tables


def test_the_text_of_another_kernel_is_to_read(window, qtbot):
    window.desk.choose_kernel("onnx")
    settle(window, qtbot)
    assert panel(window).code.isReadOnly()
    assert "PyTorch can be edited" in panel(window).head.status.text()


def test_a_pasted_model_replaces_the_drawing_with_the_class_that_is_chosen(window, qtbot):
    code = at_end_of(window, "import torch")
    press(code, KEY.Key_A, CTRL)
    QApplication.clipboard().setText(PASTED)
    press(code, KEY.Key_V, CTRL)
    panel(window).ready()
    bar = panel(window).bar
    assert [bar.classes.itemText(n) for n in range(bar.classes.count())] == ["Small()", "Wide(width)"]
    assert "another model" in bar.text.text()
    bar.classes.setCurrentIndex(1)
    assert bar.arguments.placeholderText() == "width=..."
    QTest.keyClicks(bar.arguments, "24")
    accept(window, qtbot, asked=True)
    document = window.desk.document
    assert document.problems() == ()
    assert sorted(node.layer for node in document.tables.nodes.values()) == [
        "Input",
        "Linear",
        "Linear",
        "Output",
        "ReLU",
    ]
    first = named(window)["first"]
    assert document.tables.nodes[first].params["out_features"] == 24
    row = document.tables.tensors[document.tables.weights_of(first)["weight"]]
    assert document.store.get(row.digest, row.shape, row.dtype).shape == (24, 12)


def test_a_model_is_pasted_beside_an_empty_canvas(window, qtbot):
    window.opener.new()
    settle(window, qtbot)
    code = panel(window).code
    bring_to_front(window)
    code.setFocus()
    QApplication.clipboard().setText(PASTED[: PASTED.index("class Wide")])
    press(code, KEY.Key_V, CTRL)
    assert panel(window).bar.text.isHidden()
    accept(window, qtbot, asked=True)
    document = window.desk.document
    assert sorted(node.layer for node in document.tables.nodes.values()) == ["Input", "Linear", "Output"]
    assert set(document.tables.places) == set(document.tables.nodes)
    assert "self.only = nn.Linear(12, 3)" in code.toPlainText()
    press(code, KEY.Key_Z, CTRL)
    assert document.tables.nodes == {}


def test_a_run_can_be_stopped(window, qtbot):
    code = at_end_of(window, "import torch")
    press(code, KEY.Key_Return)
    QTest.keyClicks(code, "import time; time.sleep(600)")
    answer(window, "Run this source?", "Run it")
    press(code, KEY.Key_Return, CTRL)
    assert panel(window).draft.state is State.RUNNING
    assert code.isReadOnly()
    before = snapshot(window.desk.document.tables)
    click(panel(window).bar.discard)
    idle(window, qtbot)
    assert panel(window).draft.state is State.EDITED
    assert not code.isReadOnly()
    assert snapshot(window.desk.document.tables) == before


@pytest.fixture
def long(window, monkeypatch):
    """Every text counts as a long one: it is read in a process, and taken in pauses."""
    monkeypatch.setattr(text_reading, "FEW", -1)
    monkeypatch.setattr(text_panel, "LONG", 0)
    monkeypatch.setattr(text_drafts, "LARGE", 0)
    return window


def test_long_text_is_read_beside_the_window(long, qtbot):
    replace(long, "self.fc3 = ", "nn.Linear(", "nn.Linear((")
    wrong = line_with(long, "self.fc3 = ")
    assert panel(long).code.faults == set()
    qtbot.waitUntil(lambda: panel(long).code.faults == {wrong}, timeout=20_000)
    replace(long, "self.fc3 = ", "nn.Linear((", "nn.Linear(")
    qtbot.waitUntil(lambda: panel(long).draft is None, timeout=20_000)
    replace(long, "self.fc3 = ", "10", "100")
    answer(long, "Run this source?", "Run it")
    press(panel(long).code, KEY.Key_Return, CTRL)
    assert panel(long).draft.state is State.READING
    assert panel(long).bar.title.text() == "Reading the source"
    assert panel(long).code.isReadOnly()
    idle(long, qtbot)
    document = long.desk.document
    assert document.tables.nodes[named(long)["fc3"]].params["out_features"] == 100
    assert panel(long).draft is None
    assert not (document.folder / text_drafts.FILE).exists()


def test_a_long_edit_waits_in_its_tab(long, qtbot, monkeypatch):
    for module in (long_text, text_view, text_panel):
        monkeypatch.setattr(module, "LONG", 5)
    base = panel(long).code.toPlainText()
    replace(long, "self.fc3 = ", "10", "12")
    tab, text = long.desk.tab, panel(long).code.toPlainText()
    for wait in (False, True):  # the second time while the text is still coming
        long.opener.new()
        settle(long, qtbot)
        assert panel(long).draft is None
        long.area.tabs.setCurrentWidget(tab)
        if wait:
            qtbot.waitUntil(lambda: panel(long).code.toPlainText() == text)
    assert panel(long).draft.text == text
    qtbot.waitUntil(lambda: not panel(long).code.isReadOnly())
    press(panel(long).code, KEY.Key_Z, CTRL)
    assert panel(long).code.toPlainText() == base
    qtbot.waitUntil(lambda: panel(long).draft is None)


def test_what_was_typed_just_before_the_drawing_changes_stays(long, qtbot):
    code = at_end_of(long, "self.fc3 = ")
    QTest.keyClicks(code, "  # a")
    qtbot.waitUntil(lambda: panel(long).draft.text.count("# a") == 1)
    QTest.keyClicks(code, "bc")
    text = code.toPlainText()
    commands.set_param(long.desk.document, [named(long)["fc1"]], "out_features", 100)
    settle(long, qtbot)
    assert code.toPlainText() == text
    assert panel(long).draft.text == text
    long.desk.choose_kernel("onnx")
    settle(long, qtbot)
    QTest.qWait(300)
    long.desk.choose_kernel("pytorch")
    settle(long, qtbot)
    assert code.toPlainText() == text
    assert panel(long).draft.text == text


def test_a_fault_that_was_not_seen_yet_runs_nothing(long, qtbot):
    replace(long, "self.fc3 = ", "nn.Linear(", "nn.Linear((")
    at_end_of(long, "import torch")
    press(panel(long).code, KEY.Key_Return, CTRL)
    idle(long, qtbot)
    assert panel(long).draft.state is State.FAULTY
    assert panel(long).code.line == line_with(long, "self.fc3 = ")
    assert not panel(long).code.isReadOnly()


def test_long_text_that_is_as_it_was_is_no_edit(long, qtbot):
    text = panel(long).code.toPlainText()
    code = at_end_of(long, "self.fc3 = ")
    QTest.keyClicks(code, "x")
    assert panel(long).draft is not None
    press(code, KEY.Key_Backspace)
    qtbot.waitUntil(lambda: panel(long).draft is None)
    assert code.toPlainText() == text
    assert panel(long).bar.isHidden()


def test_reading_a_long_text_can_be_stopped(long, qtbot):
    code = at_end_of(long, "self.fc3 = ")
    QTest.keyClicks(code, "  # the classes")
    press(code, KEY.Key_Return, CTRL)
    assert panel(long).draft.state is State.READING
    click(panel(long).bar.discard)
    idle(long, qtbot)
    assert panel(long).draft.state is State.EDITED
    assert "Stopped" in long.statusBar().currentMessage()
    press(code, KEY.Key_Return, CTRL)
    idle(long, qtbot)
    assert "Nothing changed" in long.statusBar().currentMessage()
    assert panel(long).draft is None


def test_a_long_edit_comes_back_with_the_session(qtbot, monkeypatch):
    monkeypatch.setattr(text_reading, "FEW", -1)
    monkeypatch.setattr(text_drafts, "LARGE", 0)
    with main_window(qtbot) as first:
        first.opener.example("lenet5")
        settle(first, qtbot)
        replace(first, "self.fc3 = ", "nn.Linear(", "nn.Linear((")
        text, kept = panel(first).code.toPlainText(), first.desk.document.folder / text_drafts.FILE
        qtbot.waitUntil(lambda: kept.is_file() and json.loads(kept.read_text("utf-8"))["text"] == text)
    with main_window(qtbot) as second:
        settle(second, qtbot)
        assert panel(second).code.toPlainText() == text
        qtbot.waitUntil(lambda: panel(second).draft.state is State.FAULTY, timeout=20_000)


PASTED = """import torch
from torch import nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.only = nn.Linear(12, 3)

    def forward(self, x):
        return self.only(x)


class Wide(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(12, width)
        self.last = nn.Linear(width, 3)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))
"""


def test_words_are_found_anew_when_another_text_is_shown(window, qtbot):
    window.actions_.run("text.find")
    QTest.keyClicks(panel(window).find_bar.field, "self")
    code, bar = panel(window).code, panel(window).find_bar
    assert len(found_in(code)) == code.toPlainText().count("self") > 9
    window.opener.new()
    commands.add_layer(window.desk.document, "ReLU", (0, 0))
    settle(window, qtbot)
    assert not bar.isHidden()
    assert len(found_in(code)) == code.toPlainText().count("self") < 9
    window.opener.close()
    window.opener.close()
    settle(window, qtbot)
    assert found_in(code) == []


def found_in(code):
    return [mark.cursor.selectedText() for mark in code.extraSelections() if mark.cursor.hasSelection()]
