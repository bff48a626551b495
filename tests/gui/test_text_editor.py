"""The keys of the source editor, its search, and what it knows of the text without running it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from sketch.gui import text_reading
from sketch.gui.text_brackets import matching
from sketch.gui.text_find import FindBar
from sketch.gui.text_keys import toggle_comment
from sketch.gui.text_marks import MANY, NEAR, Marks, _brackets
from sketch.gui.text_reading import Question, answer
from sketch.gui.text_syntax import Fault, classes, fault, moved, moved_ranges, same_program
from sketch.gui.text_view import CodeView
from tests.gui.windows import CTRL, SHIFT, press

KEY = Qt.Key


@pytest.fixture
def code(light, show):
    view = show(CodeView(light))
    view.set_editable(True)
    return view


def typed(code, before, *keys):
    """The text after keys, with the cursor as `|`; the text before has one, or two around a selection."""
    first, last = before.index("|"), before.rindex("|")
    code.setPlainText(before.replace("|", ""))
    cursor = code.textCursor()
    cursor.setPosition(first)
    cursor.setPosition(last - (last != first), QTextCursor.MoveMode.KeepAnchor)
    code.setTextCursor(cursor)
    for key, *modifiers in keys:
        press(code, key, *modifiers)
    text, place = code.toPlainText(), code.textCursor().position()
    return f"{text[:place]}|{text[place:]}"


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("x|", KEY.Key_Tab, "x   |"),
        ("|", KEY.Key_Tab, "    |"),
        ("    x = 1|", KEY.Key_Return, "    x = 1\n    |"),
        ("def f(x):|", KEY.Key_Return, "def f(x):\n    |"),
        ("    return x|", KEY.Key_Return, "    return x\n|"),
        ("f(|)", KEY.Key_Return, "f(\n    |\n)"),
        ("        |", KEY.Key_Backspace, "    |"),
        ("      |x", KEY.Key_Backspace, "    |x"),
        ("    ab|", KEY.Key_Backspace, "    a|"),
        ("    ab|", KEY.Key_Home, "    |ab"),
        ("    |ab", KEY.Key_Home, "|    ab"),
    ],
)
def test_keys_do_what_a_code_editor_does(code, before, key, after):
    assert typed(code, before, (key,)) == after


def test_selected_lines_move_right_and_left_as_one_step(code):
    assert typed(code, "a|\n  b\n\n|c", (KEY.Key_Tab,)).replace("|", "") == "    a\n      b\n\nc"
    press(code, KEY.Key_Backtab, SHIFT)
    assert code.toPlainText() == "a\n  b\n\nc"
    code.undo()
    assert code.toPlainText() == "    a\n      b\n\nc"


def test_lines_become_comments_and_code_again(code):
    code.setPlainText("  a\n\n    b\nc")
    cursor = code.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(len("  a\n\n    b"), QTextCursor.MoveMode.KeepAnchor)
    code.setTextCursor(cursor)
    code.change(toggle_comment)
    assert code.toPlainText() == "  # a\n\n  #   b\nc"
    code.change(toggle_comment)
    assert code.toPlainText() == "  a\n\n    b\nc"


def test_text_to_read_takes_no_keys(code):
    code.setPlainText("a\nb")
    code.set_editable(False)
    for key in (KEY.Key_Tab, KEY.Key_Return, KEY.Key_X, KEY.Key_Backspace):
        press(code, key)
    assert code.toPlainText() == "a\nb"


def test_undo_is_the_windows_while_nothing_is_edited(code):
    heard = []
    code.wanted.connect(heard.append)
    code.set_keys({"text.accept": ["Ctrl+Return"]})
    QTest.keyClicks(code, "ab")
    press(code, KEY.Key_Z, CTRL)
    assert code.toPlainText() == "ab"
    code.is_edited = True
    press(code, KEY.Key_Z, CTRL)
    assert code.toPlainText() == ""
    press(code, KEY.Key_Y, CTRL)
    assert code.toPlainText() == "ab"
    press(code, KEY.Key_Return, CTRL)
    assert heard == ["text.accept"]


def test_words_are_found_round_the_end(code, light):
    bar = FindBar(code, light)
    places = []
    bar.found.connect(places.append)
    code.setPlainText("one two ONE\none")
    bar.enter()
    QTest.keyClicks(bar.field, "one")
    assert places[-1] == [(0, 3), (8, 11), (12, 15)]
    assert (code.textCursor().selectionStart(), bar.count.text()) == (0, "1 of 3")
    press(bar.field, KEY.Key_Return, SHIFT)
    assert (code.textCursor().selectionStart(), bar.count.text()) == (12, "3 of 3")
    press(bar.field, KEY.Key_Return)
    assert code.textCursor().selectionStart() == 0
    press(bar.field, KEY.Key_Escape)
    assert bar.isHidden()
    assert places[-1] == []


@pytest.mark.parametrize(
    ("text", "position", "pair"),
    [("f(a[0])", 2, (1, 6)), ("f(a[0])", 7, (6, 1)), ("f(')')", 1, (1, 5)), ("f(a", 2, (1, -1)), ("f(]", 2, (1, -1)),
     ("abc", 1, None), ("", 0, None), ("# (", 3, None)],
)  # fmt: skip
def test_brackets_find_their_partners(text, position, pair):
    assert matching(text, position) == pair


MODEL = """
class Part(nn.Module):
    def __init__(self, width, *, deep, bias=True): ...

class Plain: ...

class Whole(nn.Module):
    def forward(self, x, mask=None, *, scale=1): ...
"""


def test_classes_and_their_arguments_are_read_without_running():
    assert [str(item) for item in classes(MODEL)] == ["Part(width, deep)", "Whole()"]
    assert [item.inputs for item in classes(MODEL)] == [(), ("x", "mask", "scale")]
    assert [item.lines for item in classes(MODEL)] == [(2, 3), (7, 8)]
    assert classes("class (") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = (\n", 2), ("return 1", 1), ("x = '\\d'", None), ("def f():\nx", 2), ("a\0", 0)],
)
def test_faults_have_their_lines(text, line):
    found = fault(text)
    assert (None if found is None else found.line) == line


def test_comments_and_layout_are_no_change():
    assert same_program("x = 1  # one\n", "\nx = (1)")
    assert not same_program("x = 1", "x = 2")


def test_lines_are_followed_through_an_edit():
    places = moved("a\nb\nc\nd\n", "a\nnew\nb\nC\nd\n")
    assert places == {1: 1, 2: 3, 4: 5}
    assert moved_ranges({7: ((1, 2),), 8: ((3, 3),), 9: ((4, 4),)}, places) == {7: ((1, 3),), 9: ((5, 5),)}


def test_of_very_many_selected_lines_those_in_view_are_marked_also_after_scrolling(code, light):
    def marked() -> list[int]:
        return [mark.cursor.blockNumber() + 1 for mark in code.extraSelections()]

    code.setPlainText("\n".join(map(str, range(2000))))
    code.verticalScrollBar().valueChanged.connect(lambda: marks.follow(code))
    marks = Marks(selected=list(range(1, 2001, 2)))
    marks.show(code, light, editing=False)
    assert marked()[:3] == [1, 3, 5]
    assert len(marked()) < MANY
    code.verticalScrollBar().setValue(1000)
    assert marked()[0] == 1001
    marks.selected = [7, 1500]
    marks.show(code, light, editing=False)
    assert marked() == [7, 1500]


def test_of_very_many_found_words_those_in_view_are_marked_also_after_scrolling(code, light):
    def marked() -> list[str]:
        return [
            f"{mark.cursor.block().text()}: {mark.cursor.selectedText()}" for mark in code.extraSelections()
        ]

    lines = [f"word {number}" for number in range(2000)]
    code.setPlainText("\n".join(lines))
    marks = Marks(
        found=[
            (place, place + 4)
            for place in (code.document().findBlockByNumber(n).position() for n in range(2000))
        ]
    )
    code.verticalScrollBar().valueChanged.connect(lambda: marks.follow(code))
    marks.show(code, light, editing=False)
    assert marked()[:3] == ["word 0: word", "word 1: word", "word 2: word"]
    assert len(marked()) < 100
    code.verticalScrollBar().setValue(1000)
    assert marked()[0] == "word 1000: word"
    assert 5 < len(marked()) < 100
    marks.found = marks.found[:3]
    marks.show(code, light, editing=False)
    assert len(marked()) == 3


EDITED = [
    MODEL, MODEL.replace("width, ", ""), MODEL + "\n# a word\n", MODEL + "\nclass (", "x = 1\n" * 40, "", "a\0",
    "é\ud800",
]  # fmt: skip


@pytest.mark.parametrize("text", EDITED)
def test_a_process_reads_what_is_read_at_once(text, monkeypatch):
    question = Question(MODEL, text, {3: ((2, 3),), 4: ((7, 8), (5, 5))}, compares=True)
    at_once = answer(question)
    monkeypatch.setattr(text_reading, "FEW", -1)
    apart = answer(question)
    assert apart == at_once
    for found, expected in ((apart.classes, at_once.classes), (apart.base_classes, at_once.base_classes)):
        assert [(item.inputs, item.lines) for item in found] == [
            (item.inputs, item.lines) for item in expected
        ]
    assert at_once.is_same == (text in (MODEL, MODEL + "\n# a word\n"))


def test_a_text_of_megabytes_is_read_while_somebody_looks_on(monkeypatch):
    monkeypatch.setattr(text_reading, "LOOK_SECONDS", 0.001)
    looks = []
    found = answer(Question(MODEL, MODEL + "x = 1  # and so on\n" * 60_000, {}), lambda: looks.append(1))
    assert found.fault is None
    assert len(found.classes) == 2
    assert len(looks) > 2


def test_text_that_ends_its_reader_is_only_a_fault(monkeypatch):
    monkeypatch.setattr(text_reading, "FEW", -1)
    monkeypatch.setattr(text_reading.sys, "executable", "false")
    assert answer(Question(MODEL, MODEL, {})).fault == Fault(0, "The text cannot be read as Python.")


def test_nobody_waits_for_an_answer_that_is_not_wanted(monkeypatch):
    class OverError(Exception):
        pass

    def check():
        raise OverError

    monkeypatch.setattr(text_reading, "FEW", -1)
    with pytest.raises(OverError):
        answer(Question("x = 1\n" * 200_000, "x = 2\n" * 200_000, {}), check)


def test_brackets_of_a_long_text_are_looked_for_near_the_cursor(code, light):
    lines = [f"f({number})" for number in range(3 * NEAR)]
    lines[2 * NEAR] = "g("
    code.setPlainText("\n".join(lines))
    code.go_to(NEAR + 50, 2)
    assert [mark.cursor.selectedText() for mark in _brackets(code, light)] == ["(", ")"]
    assert {mark.cursor.blockNumber() for mark in _brackets(code, light)} == {NEAR + 49}
    code.go_to(2 * NEAR + 1, 2)
    assert _brackets(code, light) == [], "its partner may be farther off"
    code.setPlainText("g(")
    code.go_to(1, 2)
    assert [mark.cursor.selectedText() for mark in _brackets(code, light)] == ["("]
